"""Label and macro taken out of files that are TIFFs. Each function changes the file in place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from api.slides.tiff_directory import DESCRIPTION, Directory, TiffDirectories

_APERIO_PRIVATE = re.compile(r"^Aperio [^\n]*\n(label|macro)\b", re.IGNORECASE)
_PHILIPS_PRIVATE = re.compile(r"^(label|macro)", re.IGNORECASE)
_NDPI_LENS = 65421
"""Magnification; below 0 for what is no level: the macro image, which shows the label too, and the map of the scan."""
_PHILIPS_OBJECT = re.compile(rb"<DataObject\b|</DataObject>")
_PHILIPS_IMAGE = b'<DataObject ObjectType="DPScannedImage"'
_PHILIPS_KIND = re.compile(rb">\s*(LABELIMAGE|MACROIMAGE)\s*<")
_PHILIPS_BARCODE = re.compile(rb'Name="PIM_DP_UFS_BARCODE"[^>]*>([^<]*)<')


def redact_aperio(path: Path) -> None:
    """SVS: directories of their own, called so in their description."""
    _take_out(path, lambda _, one: bool(_APERIO_PRIVATE.match(one.description.replace("\r\n", "\n"))))


def redact_ndpi(path: Path) -> None:
    """Hamamatsu NDPI: directories of their own, known by their lens."""
    _take_out(path, lambda chain, one: any(lens < 0 for lens in chain.numbers(one, _NDPI_LENS)))


def redact_philips(path: Path) -> None:
    """Philips TIFF: directories of their own, or pictures and the label's barcode within the first one's XML."""
    _take_out(path, lambda _, one: bool(_PHILIPS_PRIVATE.match(one.description)))
    with path.open("r+b") as file:
        chain = TiffDirectories(file)
        for one in chain.read():
            if DESCRIPTION in one.values:
                chain.overwrite(one, DESCRIPTION, _blanked(chain.raw(one, DESCRIPTION)))


def _take_out(path: Path, is_private: Callable[[TiffDirectories, Directory], bool]) -> None:
    with path.open("r+b") as file:
        chain = TiffDirectories(file)
        directories = chain.read()
        removed = [one for one in directories if is_private(chain, one)]
        chain.keep([one for one in directories if one not in removed], removed)


def _blanked(xml: bytes) -> bytes:
    """Philips' XML with blanks where label, macro and barcode were; as long as it was."""
    out = bytearray(xml)
    at = 0
    while (start := xml.find(_PHILIPS_IMAGE, at)) >= 0:
        end = _end_of_object(xml, start)
        if _PHILIPS_KIND.search(xml, start, end):
            out[start:end] = b" " * (end - start)
        at = end
    for found in _PHILIPS_BARCODE.finditer(xml):
        start, end = found.span(1)
        out[start:end] = b" " * (end - start)
    return bytes(out)


def _end_of_object(xml: bytes, start: int) -> int:
    """Where the element that begins at `start` ends, with those inside it."""
    depth = 0
    for tag in _PHILIPS_OBJECT.finditer(xml, start):
        depth += -1 if tag.group().startswith(b"</") else 1
        if depth == 0:
            return tag.end()
    return len(xml)

"""A copy of a slide without its label and macro images, which may show a patient's name.

Only for isolated processes. What is taken out is overwritten, not only unlinked: no byte of it stays in the copy.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

from api.slides.archive import pack
from api.slides.magic import TIFF, is_dicom
from api.slides.redactable import not_removable
from api.slides.tiff_directory import TiffDirectories

_APERIO_PRIVATE = re.compile(r"^Aperio [^\n]*\n(label|macro)\b", re.IGNORECASE)
_DICOM_IMAGE_TYPE = b"\x08\x00\x08\x00CS"
_DICOM_PRIVATE = (b"LABEL", b"OVERVIEW")
_HEAD_BYTES = 1 << 16


def redact(source: Path, target: Path, vendor: str) -> None:
    """Write a copy without label and macro.

    Args:
        source: the file as it was uploaded, a TIFF or an archive of a DICOM series.
        vendor: OpenSlide's name of the format.

    Raises:
        UnsupportedSlide: `LABEL_NOT_REMOVABLE`, nothing is known about how this format keeps them.
    """
    with source.open("rb") as file:
        head = file.read(4)
    if vendor == "aperio" and head.startswith(TIFF):
        shutil.copyfile(source, target)
        _redact_aperio(target)
    elif vendor == "dicom" and zipfile.is_zipfile(source):
        _redact_dicom(source, target)
    else:
        raise not_removable(vendor)


def _redact_aperio(path: Path) -> None:
    with path.open("r+b") as file:
        chain = TiffDirectories(file)
        directories = chain.read()
        removed = [one for one in directories if _APERIO_PRIVATE.match(one.description.replace("\r\n", "\n"))]
        chain.keep([one for one in directories if one not in removed], removed)


def _redact_dicom(source: Path, target: Path) -> None:
    folder = target.with_name("redacting")
    folder.mkdir()
    try:
        kept: list[tuple[str, Path]] = []
        with zipfile.ZipFile(source) as archive:
            for number, info in enumerate(archive.infolist()):
                with archive.open(info) as file:
                    head = file.read(_HEAD_BYTES)
                if not is_dicom(head) or _is_private(head):
                    continue
                path = folder / f"{number:04}.dcm"
                with archive.open(info) as file, path.open("xb") as out:
                    shutil.copyfileobj(file, out, 1 << 20)
                kept.append((path.name, path))
        pack(kept, target)
    finally:
        shutil.rmtree(folder)


def _is_private(head: bytes) -> bool:
    """Whether a DICOM file says in its Image Type (0008,0008) that it is the label or the overview."""
    at = head.find(_DICOM_IMAGE_TYPE)
    if at < 0:
        return False
    start = at + len(_DICOM_IMAGE_TYPE) + 2
    length = int.from_bytes(head[start - 2 : start], "little")
    return any(part.strip() in _DICOM_PRIVATE for part in head[start : start + length].split(b"\\"))

"""What kind of file this is, from its first bytes and directory: whether a slide, a flat image, or which other thing.

Only for isolated processes. OpenSlide says "unsupported" to everything it does not know; people need the reason.
"""

from __future__ import annotations

import enum
import re
import struct
from pathlib import Path

import openslide
import tifffile

from api.errors import UnsupportedSlide
from api.slides.slide_file import damaged, not_a_slide


class FileKind(enum.StrEnum):
    """What can be made of a file."""

    SLIDE = "SLIDE"
    FLAT_IMAGE = "FLAT_IMAGE"


_DICOM_MAGIC_AT = 128
_SOP_CLASS_TAG = b"\x02\x00\x02\x00UI"
"""Media Storage SOP Class UID (0002,0002); the header it is in is explicit little endian in every DICOM file."""

_SOP_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.66.4": "a segmentation",
    "1.2.840.10008.5.1.4.1.1.91.1": "bulk annotations",
    "1.2.840.10008.5.1.4.1.1.66.7": "a label map",
    "1.2.840.10008.5.1.4.1.1.30": "a parametric map",
    "1.2.840.10008.5.1.4.1.1.2": "a CT image",
    "1.2.840.10008.5.1.4.1.1.4": "an MR image",
}
_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_ZIP = b"PK\x03\x04"
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def sniff(path: Path) -> FileKind:
    """Whether a file is a slide or an image that can be made into one.

    Raises:
        UnsupportedSlide: it is neither; the code and message say what it is.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise UnsupportedSlide("The file is empty. Choose the slide file again.", code="SLIDE_EMPTY")
    vendor = openslide.OpenSlide.detect_format(path)
    if head[_DICOM_MAGIC_AT : _DICOM_MAGIC_AT + 4] == b"DICM":
        _require_whole_slide(head)
    if vendor is not None:
        return FileKind.SLIDE
    if head.startswith((_PNG, _JPEG)):
        return FileKind.FLAT_IMAGE
    if head.startswith(_TIFF):
        return _sniff_tiff(path)
    if head.startswith(_ZIP):
        raise UnsupportedSlide(
            "This is a zip archive. Unpack it and upload the slide file itself.", code="ARCHIVE_NOT_SUPPORTED"
        )
    if re.match(rb"\xef?\xbb?\xbf?\[GENERAL\]", head):
        raise UnsupportedSlide(
            "A MIRAX slide is this .mrxs file and a folder of the same name; the folder is missing. Export the slide "
            "as one file, such as pyramid TIFF or DICOM.",
            code="SLIDE_INCOMPLETE",
        )
    raise not_a_slide()


def _require_whole_slide(head: bytes) -> None:
    """Raise when a DICOM object says that it is something else than a whole-slide image."""
    at = head.find(_SOP_CLASS_TAG)
    if at < 0:
        return
    (length,) = struct.unpack_from("<H", head, at + len(_SOP_CLASS_TAG))
    start = at + len(_SOP_CLASS_TAG) + 2
    sop_class = head[start : start + length].rstrip(b"\0 ").decode("ascii", "replace")
    if sop_class != _WHOLE_SLIDE:
        what = _SOP_CLASSES.get(sop_class, f"an object of class {sop_class}")
        raise UnsupportedSlide(
            f"This DICOM file is {what}, not a whole-slide image. Upload the VL Whole Slide Microscopy file.",
            code="DICOM_NOT_A_SLIDE",
            params={"sop_class": sop_class, "what": what},
        )


def _sniff_tiff(path: Path) -> FileKind:
    """Why OpenSlide does not open this TIFF; a flat 8-bit picture can be converted."""
    try:
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages.first
            samples, bits, size = page.samplesperpixel, page.bitspersample, (page.imagewidth, page.imagelength)
            is_tiled, photometric = page.is_tiled, int(page.photometric)
    except (tifffile.TiffFileError, IndexError, struct.error, ValueError, KeyError, TypeError) as error:
        raise damaged(str(error) or "its TIFF directory is broken") from error
    if bits != 8 or samples not in (1, 3, 4) or photometric not in (0, 1, 2, 3, 6):
        raise UnsupportedSlide(
            f"The image has {samples} channel(s) of {bits} bits; only 8-bit RGB brightfield slides are supported. "
            f"Export it as 8-bit RGB.",
            code="SLIDE_NOT_RGB",
            params={"channels": samples, "bits": str(bits)},
        )
    if is_tiled:
        raise damaged(f"its {size[0]} x {size[1]} pixel image is tiled in a way OpenSlide does not know")
    return FileKind.FLAT_IMAGE

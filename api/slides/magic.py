"""What a file can be at all, from its first bytes: the refusal that need not wait for the last of 10 GB. PURE."""

from __future__ import annotations

import re
import struct

from api.errors import UnsupportedSlide

HEAD_BYTES = 4096
"""So much of a file decides; a shorter one is looked at whole."""

ZIP = b"PK\x03\x04"
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ZEISS = b"ZISRAWFILE"
_SAKURA = b"SQLite format 3\0"
MIRAX = re.compile(rb"\s*(\xef\xbb\xbf)?\s*\[GENERAL\]")
_HAMAMATSU = re.compile(rb"\s*\[(Uncompressed )?Virtual Microscope Specimen\]")

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


def require_possible(head: bytes) -> None:
    """Raise when nothing that can be shown begins like this.

    Args:
        head: the first `HEAD_BYTES` of a file, or all of a shorter one.

    Raises:
        UnsupportedSlide: `SLIDE_EMPTY`, `NOT_A_SLIDE` or `DICOM_NOT_A_SLIDE`.
    """
    if not head:
        raise UnsupportedSlide("The file is empty. Choose the slide file again.", code="SLIDE_EMPTY")
    if is_dicom(head):
        require_whole_slide(head)
        return
    known = head.startswith((*TIFF, PNG, JPEG, ZIP, _ZEISS, _SAKURA))
    if not known and not MIRAX.match(head) and not _HAMAMATSU.match(head):
        raise not_a_slide()


def is_dicom(head: bytes) -> bool:
    return head[_DICOM_MAGIC_AT : _DICOM_MAGIC_AT + 4] == b"DICM"


def require_whole_slide(head: bytes) -> None:
    """Raise when a DICOM object says that it is something else than a whole-slide image.

    Raises:
        UnsupportedSlide: `DICOM_NOT_A_SLIDE`.
    """
    at = head.find(_SOP_CLASS_TAG)
    start = at + len(_SOP_CLASS_TAG) + 2
    if at < 0 or start > len(head):
        return
    (length,) = struct.unpack_from("<H", head, start - 2)
    sop_class = head[start : start + length].rstrip(b"\0 ").decode("ascii", "replace")
    if sop_class != _WHOLE_SLIDE:
        what = _SOP_CLASSES.get(sop_class, f"an object of class {sop_class}")
        raise UnsupportedSlide(
            f"This DICOM file is {what}, not a whole-slide image. Upload the VL Whole Slide Microscopy file.",
            code="DICOM_NOT_A_SLIDE",
            params={"sop_class": sop_class, "what": what},
        )


def not_a_slide() -> UnsupportedSlide:
    return UnsupportedSlide(
        "The file is no whole-slide image that OpenSlide 4 knows. Upload the scanner's own file, such as SVS, "
        "NDPI, SCN, BIF, a pyramid TIFF or a DICOM whole-slide image.",
        code="NOT_A_SLIDE",
    )

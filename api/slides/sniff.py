"""What kind of file this is, from its first bytes and directory: whether a slide, a flat image, or which other thing.

Only for isolated processes. OpenSlide says "unsupported" to everything it does not know; people need the reason.
"""

from __future__ import annotations

import struct
from pathlib import Path

import openslide
import tifffile

from api.errors import UnsupportedSlide
from api.slides.file_kind import FileKind
from api.slides.magic import HEAD_BYTES, JPEG, MIRAX, PNG, TIFF, ZIP, not_a_slide, require_possible
from api.slides.slide_file import damaged


def sniff(path: Path) -> FileKind:
    """Whether a file is a slide, an image that can be made into one, or an archive that may hold one.

    Raises:
        UnsupportedSlide: it is neither; the code and message say what it is.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    require_possible(head)
    if openslide.OpenSlide.detect_format(path) is not None:
        if head.startswith(TIFF):
            _require_brightfield(path)
        return FileKind.SLIDE
    if head.startswith((PNG, JPEG)):
        return FileKind.FLAT_IMAGE
    if head.startswith(TIFF):
        return _sniff_tiff(path)
    if head.startswith(ZIP):
        return FileKind.ARCHIVE
    if MIRAX.match(head):
        raise UnsupportedSlide(
            "A MIRAX slide is this .mrxs file and a folder of the same name; the folder is missing. Pack both into one "
            "zip archive and upload that.",
            code="SLIDE_INCOMPLETE",
        )
    raise not_a_slide()


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
        raise _not_rgb(samples, bits)
    if is_tiled:
        raise damaged(f"its {size[0]} x {size[1]} pixel image is tiled in a way OpenSlide does not know")
    return FileKind.FLAT_IMAGE


def _require_brightfield(path: Path) -> None:
    """Raise when a TIFF that OpenSlide would show in greys is of fluorescence: single channels, or more than 8 bits."""
    try:
        with tifffile.TiffFile(path) as tiff:
            page = tiff.pages.first
            samples, bits = page.samplesperpixel, page.bitspersample
    except (tifffile.TiffFileError, IndexError, struct.error, ValueError, KeyError, TypeError):
        # OpenSlide reads it; if that was an error too, opening it says so better.
        return
    if bits != 8 or samples not in (3, 4):
        raise _not_rgb(samples, bits)


def _not_rgb(samples: int, bits: object) -> UnsupportedSlide:
    return UnsupportedSlide(
        f"The image has {samples} channel(s) of {bits} bits; only 8-bit RGB brightfield slides are supported. Export "
        f"it as 8-bit RGB.",
        code="SLIDE_NOT_RGB",
        params={"channels": samples, "bits": str(bits)},
    )

"""A flat picture (PNG, JPEG, plain TIFF) made into a tiled pyramid, line by line. Only for isolated processes.

libvips reads, halves and writes as it goes: a picture of gigapixels needs no more memory than some of its rows.
"""

from __future__ import annotations

from pathlib import Path

import pyvips

from api.errors import UnsupportedSlide
from api.slides.progress import teller
from api.slides.slide_file import MAX_SIDE_PX, damaged

MAX_FLAT_PX = 20_000_000_000
TILE_SIZE = 256
QUALITY = 92
UNKNOWN_PX_PER_MM = 1.0
"""A resolution that no microscope has: what readers take for unknown."""


def convert_to_pyramid(source: Path, target: Path, mpp: float | None = None, progress: Path | None = None) -> None:
    """Write a pyramid TIFF of JPEG tiles, levels halving until one tile is left.

    Args:
        mpp: micrometres per pixel to say in the file; a picture's own resolution is never a microscope's.
        progress: a file that says from time to time how much is done, 0 to 1.

    Raises:
        UnsupportedSlide: `SLIDE_TOO_LARGE`, `SLIDE_NOT_RGB`, or `SLIDE_DAMAGED` when it can't be decoded.
    """
    # Nothing is read twice, and what was read is not to be kept.
    pyvips.cache_set_max(0)
    try:
        picture = _as_rgb(pyvips.Image.new_from_file(str(source), access="sequential", fail_on="error"))
        per_mm = UNKNOWN_PX_PER_MM if mpp is None else 1000 / mpp
        picture = picture.copy(xres=per_mm, yres=per_mm)
        if progress is not None:
            _tell(picture, progress)
        picture.tiffsave(
            str(target),
            compression="jpeg",
            Q=QUALITY,
            tile=True,
            tile_width=TILE_SIZE,
            tile_height=TILE_SIZE,
            pyramid=True,
            region_shrink="mean",
            resunit="cm",
            bigtiff=picture.width * picture.height > 1_000_000_000,
            keep="none",
        )
    except pyvips.Error as error:
        raise damaged(_reason(error)) from error


def _as_rgb(picture: pyvips.Image) -> pyvips.Image:
    """The picture as 8-bit RGB; what is transparent is laid over white."""
    width, height = picture.width, picture.height
    if width * height > MAX_FLAT_PX or max(width, height) > MAX_SIDE_PX:
        raise UnsupportedSlide(
            f"The picture has {width} x {height} pixels; {MAX_FLAT_PX // 1_000_000} million and {MAX_SIDE_PX} a side "
            f"are possible. Convert it to a tiled pyramid TIFF and upload that.",
            code="SLIDE_TOO_LARGE",
            params={"width": width, "height": height, "limit": MAX_FLAT_PX},
        )
    if picture.format != "uchar":
        raise UnsupportedSlide(
            f"The picture's pixels are of kind '{picture.format}'; only 8-bit pictures are supported. Export it as "
            f"8-bit RGB.",
            code="SLIDE_NOT_RGB",
            params={"mode": picture.format},
        )
    if picture.interpretation not in ("srgb", "b-w", "rgb", "cmyk", "multiband"):
        raise UnsupportedSlide(
            f"The picture's colours are of kind '{picture.interpretation}'; only RGB and grey are supported. Export it "
            f"as 8-bit RGB.",
            code="SLIDE_NOT_RGB",
            params={"mode": picture.interpretation},
        )
    if picture.hasalpha():
        picture = picture.flatten(background=255)
    if picture.interpretation != "srgb" or picture.bands != 3:
        picture = picture.colourspace("srgb")
    if picture.bands != 3:
        raise damaged(f"it has {picture.bands} channels that are no RGB")
    return picture.cast("uchar")


def _tell(picture: pyvips.Image, progress: Path) -> None:
    """Write how far the picture has come into a file."""
    tell = teller(progress)

    def evaluated(_: pyvips.Image, state: object) -> None:
        tell(int(getattr(state, "percent", 0)) / 100)

    picture.set_progress(True)
    picture.signal_connect("eval", evaluated)


def _reason(error: pyvips.Error) -> str:
    """The first line of what libvips says, without the file's path."""
    lines = [line.strip() for line in str(getattr(error, "detail", "") or error).splitlines() if line.strip()]
    return (lines[0] if lines else "it can't be decoded")[:200]

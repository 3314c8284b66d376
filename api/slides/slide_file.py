"""One open slide file, read synchronously through OpenSlide.

Only for isolated processes: OpenSlide decodes hostile input in C.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import openslide
from PIL import ImageCms

from api.errors import UnsupportedSlide
from api.slides.facts import AssociatedImage, SlideFacts
from api.slides.magic import not_a_slide
from api.slides.pyramid import grid_tile_size, native_downsamples

Pixels = npt.NDArray[np.uint8]

MAX_SIDE_PX = 2_000_000
MAX_REGION_PX = 64_000_000
MAX_ASSOCIATED_PX = 64_000_000
MAX_MPP = 100.0
"""Micrometres per pixel beyond which a resolution tag is a printer's default (72 dpi is 353 um), not a microscope's."""

_ASSOCIATED_NAMES = {"label": "LABEL", "macro": "MACRO", "thumbnail": "THUMBNAIL"}


class SlideFile:
    """A slide opened with OpenSlide.

    Raises:
        UnsupportedSlide: `NOT_A_SLIDE`, `SLIDE_DAMAGED` or `SLIDE_TOO_LARGE`, naming what is wrong.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._slide = _open(path)
        self._is_open = True
        self.level_sizes: tuple[tuple[int, int], ...] = tuple(self._slide.level_dimensions)
        self.level_downsamples = native_downsamples(self.level_sizes)
        width, height = self.level_sizes[0]
        if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
            raise UnsupportedSlide(
                f"The slide is {width} x {height} pixels; each side may have at most {MAX_SIDE_PX}. Export a "
                f"smaller region.",
                code="SLIDE_TOO_LARGE",
                params={"width": width, "height": height, "limit": MAX_SIDE_PX},
            )

    def describe(self) -> SlideFacts:
        """The file's facts; what it does not say is None, never guessed."""
        properties = dict(self._ready().properties)
        return SlideFacts(
            vendor=properties.get(openslide.PROPERTY_NAME_VENDOR, "unknown"),
            level_sizes=self.level_sizes,
            tile_size=grid_tile_size(
                _whole(properties.get("openslide.level[0].tile-width")),
                _whole(properties.get("openslide.level[0].tile-height")),
            ),
            mpp_x=_number(properties.get(openslide.PROPERTY_NAME_MPP_X), below=MAX_MPP),
            mpp_y=_number(properties.get(openslide.PROPERTY_NAME_MPP_Y), below=MAX_MPP),
            objective_power=_number(properties.get(openslide.PROPERTY_NAME_OBJECTIVE_POWER), below=1000),
            associated=self._associated(),
            properties=properties,
            icc_bytes=_whole(properties.get("openslide.icc-size")),
        )

    def read_region(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """Pixels (height, width, 3) uint8 RGB of one of the file's levels; outside the slide is white.

        Args:
            level: index in the file.
            x, y, width, height: pixels of that level.

        Raises:
            UnsupportedSlide: `SLIDE_DAMAGED`, the pixels can't be decoded.
            ValueError: the region is empty or over `MAX_REGION_PX`.
        """
        if width < 1 or height < 1 or width * height > MAX_REGION_PX:
            raise ValueError(f"a region of {width} x {height} pixels is not between 1 and {MAX_REGION_PX} pixels")
        slide = self._ready()
        # OpenSlide divides by its own ratio, in which a rounded size is not an exact power of two.
        own_downsample = slide.level_downsamples[level]
        location = (round(x * own_downsample), round(y * own_downsample))
        try:
            rgba = np.asarray(slide.read_region(location, level, (width, height)))
        except openslide.OpenSlideError as error:
            self.close()
            raise damaged(str(error)) from error
        pixels = on_white(rgba)
        level_width, level_height = self.level_sizes[level]
        pixels[max(0, level_height - y) :] = 255
        pixels[:, max(0, level_width - x) :] = 255
        return pixels

    def best_level(self, downsample: float) -> int:
        """The coarsest level of the file that still is at least as fine as `downsample`, with 1 % of tolerance."""
        fine = [level for level, own in enumerate(self.level_downsamples) if own <= downsample * 1.01]
        return max(fine, key=lambda level: self.level_downsamples[level], default=0)

    def associated_image(self, name: str) -> Pixels | None:
        """The associated image LABEL, MACRO or THUMBNAIL as (height, width, 3) uint8 RGB.

        None when the file has none.
        """
        slide = self._ready()
        for own_name, public_name in _ASSOCIATED_NAMES.items():
            if public_name == name and own_name in slide.associated_images:
                try:
                    return on_white(np.asarray(slide.associated_images[own_name]))
                except openslide.OpenSlideError as error:
                    self.close()
                    raise damaged(str(error)) from error
        return None

    def colour_profile(self) -> bytes:
        """The embedded ICC profile; empty when there is none, or one that no colour engine can read."""
        try:
            profile = self._ready().color_profile
        except ImageCms.PyCMSError:
            return b""
        return bytes(profile.tobytes()) if profile is not None else b""

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._is_open:
            self._slide.close()
            self._is_open = False

    def _ready(self) -> openslide.OpenSlide:
        """The open slide. After one error OpenSlide refuses every later read, so a broken place costs a reopening."""
        if not self._is_open:
            self._slide = _open(self.path)
            self._is_open = True
        return self._slide

    def _associated(self) -> tuple[AssociatedImage, ...]:
        found = []
        for own_name, public_name in _ASSOCIATED_NAMES.items():
            prefix = f"openslide.associated.{own_name}"
            width = _whole(self._slide.properties.get(f"{prefix}.width"))
            height = _whole(self._slide.properties.get(f"{prefix}.height"))
            if width and height and width * height <= MAX_ASSOCIATED_PX:
                found.append(AssociatedImage(public_name, width, height))
        return tuple(found)


def open_slide(path: Path) -> SlideFile:
    """The slide at `path`, opened; see `SlideFile`."""
    return SlideFile(path)


def _open(path: Path) -> openslide.OpenSlide:
    try:
        return openslide.OpenSlide(path)
    except openslide.OpenSlideUnsupportedFormatError as error:
        raise not_a_slide() from error
    except openslide.OpenSlideError as error:
        raise _refused(str(error)) from error


def on_white(rgba: Pixels) -> Pixels:
    """(h, w, 4) uint8 laid over white, as (h, w, 3); fully opaque pixels are unchanged."""
    rgb = np.ascontiguousarray(rgba[:, :, :3])
    if rgba.shape[2] == 3:
        return rgb
    alpha = rgba[:, :, 3]
    if alpha.min() == 255:
        return rgb
    weight = alpha[:, :, None].astype(np.uint16)
    return ((rgb * weight + 255 * (255 - weight) + 127) // 255).astype(np.uint8)


def damaged(reason: str) -> UnsupportedSlide:
    return UnsupportedSlide(
        f"The file looks like a slide but can't be read: {reason}. Copy it from the scanner again and upload it anew.",
        code="SLIDE_DAMAGED",
        params={"reason": reason},
    )


def _refused(reason: str) -> UnsupportedSlide:
    """What OpenSlide's error at opening means to the file's owner."""
    if reason == "No pyramid levels found":
        return UnsupportedSlide(
            "This DICOM file holds only the label, overview or thumbnail of a slide. Upload the series' file with the "
            "full-resolution image.",
            code="SLIDE_INCOMPLETE",
        )
    return damaged(reason)


def _whole(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() else None


def _number(value: str | None, *, below: float) -> float | None:
    try:
        number = float(value) if value else 0.0
    except ValueError:
        return None
    return number if 0 < number < below else None

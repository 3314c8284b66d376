"""Fixed changes to an image and its labels, to measure what they cost. Nothing at random."""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.uint8]
Change = Callable[[Image.Image], Image.Image]


def _hue(degrees: float) -> Change:
    def change(image: Image.Image) -> Image.Image:
        planes = np.asarray(image.convert("HSV")).copy()
        planes[..., 0] += np.uint8(round(degrees / 360 * 256) % 256)
        return Image.fromarray(planes, "HSV").convert("RGB")

    return change


def _blur(radius_px: float) -> Change:
    return lambda image: image.filter(ImageFilter.GaussianBlur(radius_px))


def _jpeg(quality: int) -> Change:
    def change(image: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return change


CHANGES: dict[str, Change] = {
    "hue+17": _hue(17),
    "hue-17": _hue(-17),
    "blur": _blur(1.5),
    "jpeg40": _jpeg(40),
}
SCALES = {"scale0.7": 0.7, "scale1.4": 1.4}
NAMES = (*CHANGES, *SCALES)


def perturb(image: Pixels, labels: Pixels, name: str) -> tuple[Pixels, Pixels]:
    """The image and labels after one change of `NAMES`.

    Args:
        image: (height, width, 3).
        labels: (height, width).
    """
    picture, planes = Image.fromarray(image), Image.fromarray(labels)
    if name in SCALES:
        width, height = (max(1, round(side * SCALES[name])) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
        planes = planes.resize((width, height), Image.Resampling.NEAREST)
    else:
        picture = CHANGES[name](picture)
    return np.asarray(picture), np.asarray(planes)

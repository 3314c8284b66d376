"""The IIIF Image API 3 as far as viewers need it: `info.json`, and what a region and size in an address mean. PURE.

Compliance level 1, and regions and sizes of any shape; no rotation, no other quality or format than JPEG.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from api.errors import InvalidInput
from api.slides.pyramid import Pyramid, TileAddress

MAX_SIDE_PX = 2048
"""Of one answer; who wants more asks for tiles."""

_REGION = re.compile(r"(\d{1,9}),(\d{1,9}),(\d{1,9}),(\d{1,9})")
_SIZE = re.compile(r"(!?)(\d{0,9}),(\d{0,9})")


@dataclass(frozen=True)
class ImageRequest:
    """A region in level-0 pixels, and how large it is to be in the answer."""

    x: int
    y: int
    width: int
    height: int
    out_width: int
    out_height: int


def info(pyramid: Pyramid, address: str) -> dict[str, Any]:
    """The image's `info.json`; `address` is where the image's own addresses begin."""
    return {
        "@context": "http://iiif.io/api/image/3/context.json",
        "id": address,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level1",
        "width": pyramid.width,
        "height": pyramid.height,
        "maxWidth": MAX_SIDE_PX,
        "maxHeight": MAX_SIDE_PX,
        "tiles": [
            {
                "width": pyramid.tile_size,
                "scaleFactors": [1 << level.index for level in pyramid.levels],
            }
        ],
        "extraFeatures": ["regionByPx", "sizeByW", "sizeByWh", "sizeByConfinedWh"],
    }


def parse(pyramid: Pyramid, region: str, size: str) -> ImageRequest:
    """What is asked for; a region that reaches beyond the slide is cut off there.

    Raises:
        InvalidInput: `IIIF_REQUEST`, it can't be understood or is larger than allowed.
    """
    x, y, width, height = _region(pyramid, region)
    out_width, out_height = _size(width, height, size)
    if not (0 < out_width <= MAX_SIDE_PX and 0 < out_height <= MAX_SIDE_PX):
        raise _wrong(f"the answer would have {out_width} x {out_height} pixels; {MAX_SIDE_PX} a side are possible")
    if out_width > width or out_height > height:
        raise _wrong(f"{width} x {height} pixels can't be enlarged to {out_width} x {out_height}")
    return ImageRequest(x, y, width, height, out_width, out_height)


def tile_of(pyramid: Pyramid, request: ImageRequest) -> TileAddress | None:
    """The tile that is exactly what is asked for, if one is."""
    for level in pyramid.levels:
        side = pyramid.tile_size << level.index
        if request.x % side or request.y % side:
            continue
        column, row = request.x // side, request.y // side
        if column >= level.columns or row >= level.rows:
            continue
        address = TileAddress(level.index, column, row)
        _, _, width, height = pyramid.tile_extent(address)
        covers = min(side, pyramid.width - request.x), min(side, pyramid.height - request.y)
        if (request.width, request.height) == covers and (request.out_width, request.out_height) == (width, height):
            return address
    return None


def _region(pyramid: Pyramid, text: str) -> tuple[int, int, int, int]:
    if text == "full":
        return 0, 0, pyramid.width, pyramid.height
    if text == "square":
        side = min(pyramid.width, pyramid.height)
        return (pyramid.width - side) // 2, (pyramid.height - side) // 2, side, side
    found = _REGION.fullmatch(text)
    if found is None:
        raise _wrong(f"the region '{text[:40]}' is not full, square or x,y,w,h in whole pixels")
    x, y, width, height = (int(number) for number in found.groups())
    if not width or not height or x >= pyramid.width or y >= pyramid.height:
        raise _wrong(f"the region '{text[:40]}' is empty or outside the slide")
    return x, y, min(width, pyramid.width - x), min(height, pyramid.height - y)


def _size(width: int, height: int, text: str) -> tuple[int, int]:
    if text == "max":
        shrink = max(1.0, width / MAX_SIDE_PX, height / MAX_SIDE_PX)
        return max(1, int(width / shrink)), max(1, int(height / shrink))
    found = _SIZE.fullmatch(text)
    if found is None or found.group(2) == found.group(3) == "":
        raise _wrong(f"the size '{text[:40]}' is not max, w, ,h w,h or !w,h")
    confined, wide, high = found.group(1), found.group(2), found.group(3)
    if confined:
        if not wide or not high:
            raise _wrong(f"the size '{text[:40]}' needs both numbers")
        share = min(1.0, int(wide) / width, int(high) / height)
        return max(1, round(width * share)), max(1, round(height * share))
    out_width = int(wide) if wide else round(width * int(high) / height)
    out_height = int(high) if high else round(height * int(wide) / width)
    return max(1, out_width) if wide != "0" else 0, max(1, out_height) if high != "0" else 0


def _wrong(what: str) -> InvalidInput:
    return InvalidInput(f"This image can't be made: {what}. Read info.json for what can.", code="IIIF_REQUEST")

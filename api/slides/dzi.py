"""Deep Zoom's way of naming levels and tiles, for viewers that read it. PURE.

Deep Zoom counts levels from one pixel up; ours from full resolution down, until the slide fits into one tile.
"""

from __future__ import annotations

from api.errors import NotFound
from api.slides.pyramid import Pyramid, TileAddress


def descriptor(pyramid: Pyramid) -> str:
    """The `.dzi` file."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" Overlap="0" '
        f'TileSize="{pyramid.tile_size}"><Size Width="{pyramid.width}" Height="{pyramid.height}"/></Image>\n'
    )


def top_level(pyramid: Pyramid) -> int:
    """Deep Zoom's number of full resolution."""
    return (max(pyramid.width, pyramid.height) - 1).bit_length()


def tile_of(pyramid: Pyramid, level: int, column: int, row: int) -> TileAddress | tuple[int, int]:
    """Which of our tiles a Deep Zoom tile is; below our coarsest level the (width, height) of the whole slide there.

    Raises:
        NotFound: there is no such tile.
    """
    index = top_level(pyramid) - level
    if index < 0 or level < 0:
        raise NotFound(f"The slide has Deep Zoom levels 0 to {top_level(pyramid)}, not {level}.", code="NO_SUCH_TILE")
    if index < len(pyramid.levels):
        address = TileAddress(index, column, row)
        pyramid.tile_extent(address)
        return address
    if column or row:
        raise NotFound(f"Deep Zoom level {level} is one tile.", code="NO_SUCH_TILE")
    return -(-pyramid.width >> index) or 1, -(-pyramid.height >> index) or 1

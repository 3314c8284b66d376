"""The client's pyramid: every level half the one before, all on one square tile grid. PURE.

Level 0 is full resolution. Each following level halves the one before, rounding up, until the slide fits into one tile.
Where the file stores a level of that size (vendors round both ways), its size is taken over, so that its tiles can be
passed through as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from api.errors import InvalidInput, NotFound

DEFAULT_TILE_SIZE = 256
SMALLEST_NATIVE_TILE = 128
LARGEST_NATIVE_TILE = 1024
TIFF_TILE_STEP = 16
"""Sides of tiles in a TIFF are multiples of it."""


@dataclass(frozen=True, order=True)
class TileAddress:
    """One tile of a slide: level, column from the left, row from the top."""

    level: int
    column: int
    row: int


@dataclass(frozen=True)
class Level:
    """One level of the client's pyramid.

    Attributes:
        downsample: level-0 pixels per pixel of this level; exactly 2 ** index.
        columns, rows: how many tiles the level has; those at the right and bottom edges may be smaller.
        native: index of the level in the file that holds exactly these pixels, or None where the file lacks it.
    """

    index: int
    width: int
    height: int
    downsample: float
    columns: int
    rows: int
    native: int | None


@dataclass(frozen=True)
class Pyramid:
    """A slide's levels, finest first, and the side of their square tiles in pixels."""

    tile_size: int
    levels: tuple[Level, ...]

    @property
    def width(self) -> int:
        return self.levels[0].width

    @property
    def height(self) -> int:
        return self.levels[0].height

    def tile_extent(self, address: TileAddress) -> tuple[int, int, int, int]:
        """The tile's (x, y, width, height) in pixels of its own level; edge tiles end where the slide ends.

        Raises:
            NotFound: there is no such tile.
        """
        if not 0 <= address.level < len(self.levels):
            raise NotFound(
                f"The slide has levels 0 to {len(self.levels) - 1}, not {address.level}.", code="NO_SUCH_TILE"
            )
        level = self.levels[address.level]
        if not (0 <= address.column < level.columns and 0 <= address.row < level.rows):
            raise NotFound(
                f"Level {level.index} has {level.columns} x {level.rows} tiles; there is no column "
                f"{address.column}, row {address.row}.",
                code="NO_SUCH_TILE",
            )
        x, y = address.column * self.tile_size, address.row * self.tile_size
        return x, y, min(self.tile_size, level.width - x), min(self.tile_size, level.height - y)

    def is_edge(self, address: TileAddress) -> bool:
        """Whether the tile is smaller than the grid's tiles."""
        _, _, width, height = self.tile_extent(address)
        return width < self.tile_size or height < self.tile_size

    def children(
        self, address: TileAddress
    ) -> tuple[TileAddress | None, TileAddress | None, TileAddress | None, TileAddress | None]:
        """The four tiles of the finer level that make up this one: top left, top right, bottom left, bottom right.

        Those beyond the edge of the finer level are None.
        """
        below = self.levels[address.level - 1]

        def child(column: int, row: int) -> TileAddress | None:
            return TileAddress(below.index, column, row) if column < below.columns and row < below.rows else None

        column, row = 2 * address.column, 2 * address.row
        return child(column, row), child(column + 1, row), child(column, row + 1), child(column + 1, row + 1)

    def addresses(self, level: int) -> Iterator[TileAddress]:
        """All tiles of a level, row by row."""
        shape = self.levels[level]
        for row in range(shape.rows):
            for column in range(shape.columns):
                yield TileAddress(level, column, row)

    def as_rows(self) -> list[dict[str, Any]]:
        """What `Slide.levels` stores."""
        return [
            {"width": level.width, "height": level.height, "downsample": level.downsample, "native": level.native}
            for level in self.levels
        ]

    @classmethod
    def from_rows(cls, rows: Sequence[dict[str, Any]], tile_size: int) -> Pyramid:
        """The pyramid that `as_rows` wrote."""
        return cls(
            tile_size,
            tuple(
                _level(index, int(row["width"]), int(row["height"]), tile_size, row.get("native"))
                for index, row in enumerate(rows)
            ),
        )


def grid_tile_size(native_width: int | None, native_height: int | None) -> int:
    """The side of the client's tiles: the file's own where a TIFF can hold tiles of that size too, else 256."""
    if native_width is None or native_width != native_height:
        return DEFAULT_TILE_SIZE
    if not SMALLEST_NATIVE_TILE <= native_width <= LARGEST_NATIVE_TILE or native_width % TIFF_TILE_STEP:
        return DEFAULT_TILE_SIZE
    return native_width


def build_pyramid(native_sizes: Sequence[tuple[int, int]], tile_size: int) -> Pyramid:
    """The client's pyramid for a file whose levels have these (width, height), finest first.

    Raises:
        InvalidInput: a size is not positive.
    """
    if not native_sizes or any(width < 1 or height < 1 for width, height in native_sizes):
        raise InvalidInput(f"Level sizes must be positive, not {list(native_sizes)}.", field="levels")
    width, height = native_sizes[0]
    levels = [_level(0, width, height, tile_size, 0)]
    while levels[-1].columns > 1 or levels[-1].rows > 1:
        index = len(levels)
        native = _native_at(index, native_sizes)
        if native is not None:
            level_width, level_height = native_sizes[native]
        else:
            level_width, level_height = _half(levels[-1].width), _half(levels[-1].height)
        levels.append(_level(index, level_width, level_height, tile_size, native))
    return Pyramid(tile_size, tuple(levels))


def native_downsamples(native_sizes: Sequence[tuple[int, int]]) -> tuple[float, ...]:
    """Level-0 pixels per pixel of each of the file's levels.

    The power of two that its rounded size stands for, else the mean of the ratios.
    """
    width, height = native_sizes[0]
    return tuple(
        next(
            (
                float(1 << power)
                for power in range(width.bit_length())
                if _stands_for(size, native_sizes[0], 1 << power)
            ),
            (width / size[0] + height / size[1]) / 2,
        )
        for size in native_sizes
    )


def _level(index: int, width: int, height: int, tile_size: int, native: int | None) -> Level:
    return Level(index, width, height, float(1 << index), -(-width // tile_size), -(-height // tile_size), native)


def _half(size: int) -> int:
    return -(-size // 2)


def _native_at(index: int, native_sizes: Sequence[tuple[int, int]]) -> int | None:
    """The file's level that is level 0 shrunk 2 ** index times."""
    for native, size in enumerate(native_sizes):
        if native and _stands_for(size, native_sizes[0], 1 << index):
            return native
    return None


def _stands_for(size: tuple[int, int], level0_size: tuple[int, int], factor: int) -> bool:
    """Whether `size` is `level0_size` shrunk `factor` times, rounded either way."""
    return all(abs(own * factor - full) < factor for own, full in zip(size, level0_size, strict=True))

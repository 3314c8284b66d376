"""The heatmap of a prediction: where its tiles lie on the slide, and the files that hold them.

A tile of one version never changes. Its file is written whole before the database tells of it, and the version before
it stays until the next one, so that a client which asks for what it was just told finds it.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
_FILE = re.compile(r"(\d+)_(\d+)\.(\d+)\.png")


@dataclass(frozen=True)
class HeatmapLevel:
    """One level of the heatmap's pyramid: size in its own pixels, `downsample` against the slide's level 0."""

    index: int
    width: int
    height: int
    downsample: float
    columns: int
    rows: int


@dataclass(frozen=True)
class TileKey:
    """A heatmap tile's address."""

    level: int
    column: int
    row: int

    @property
    def parent(self) -> TileKey:
        return TileKey(self.level + 1, self.column // 2, self.row // 2)


def heatmap_levels(width: int, height: int, downsample: float, tile_px: int) -> list[HeatmapLevel]:
    """The pyramid over a slide of `width` x `height` level-0 pixels, from the model's resolution up to one tile."""
    levels: list[HeatmapLevel] = []
    w, h = max(1, math.ceil(width / downsample)), max(1, math.ceil(height / downsample))
    while True:
        columns, rows = -(-w // tile_px), -(-h // tile_px)
        levels.append(HeatmapLevel(len(levels), w, h, downsample * 2 ** len(levels), columns, rows))
        if columns == rows == 1:
            return levels
        w, h = -(-w // 2), -(-h // 2)


class HeatmapStore:
    """The tile files of one prediction, `<folder>/heatmap/<level>/<column>_<row>.<version>.png`."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "heatmap"

    def write(self, key: TileKey, version: int, png: bytes) -> None:
        """Keep a tile's version, whole or not at all."""
        path = str(self._path(key, version))
        half_written = f"{path}.{os.getpid()}"
        try:
            descriptor = os.open(half_written, _NEW, 0o644)
        except FileNotFoundError:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(half_written, _NEW, 0o644)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 (thousands of tiles a prediction)
                file.write(png)
            os.replace(half_written, path)  # noqa: PTH105
        except OSError:
            Path(half_written).unlink(missing_ok=True)
            raise

    def forget(self, key: TileKey, version: int) -> None:
        """Remove one version of a tile, if it is there."""
        self._path(key, version).unlink(missing_ok=True)

    def read(self, key: TileKey, version: int) -> bytes | None:
        """A tile of exactly this version, or None."""
        try:
            return self._path(key, version).read_bytes()
        except FileNotFoundError:
            return None

    def newest(self, key: TileKey) -> tuple[int, bytes] | None:
        """The newest version of a tile, or None when there is none yet."""
        # The newest may be replaced between looking and reading, but then one still newer is there.
        for _ in range(3):
            versions = [found[1] for found in self._files(key.level, f"{key.column}_{key.row}.*.png")]
            if not versions:
                return None
            data = self.read(key, max(versions))
            if data is not None:
                return max(versions), data
        return None

    def versions(self) -> dict[TileKey, list[int]]:
        """Every tile there is, with its versions from old to new."""
        found: dict[TileKey, list[int]] = {}
        for folder in self._root.glob("[0-9]*"):
            for key, version in self._files(int(folder.name), "*.png"):
                found.setdefault(key, []).append(version)
        return {key: sorted(versions) for key, versions in found.items()}

    def _files(self, level: int, pattern: str) -> list[tuple[TileKey, int]]:
        files = []
        for path in (self._root / str(level)).glob(pattern):
            if match := _FILE.fullmatch(path.name):
                column, row, version = (int(part) for part in match.groups())
                files.append((TileKey(level, column, row), version))
        return files

    def _path(self, key: TileKey, version: int) -> Path:
        return self._root / str(key.level) / f"{key.column}_{key.row}.{version}.png"

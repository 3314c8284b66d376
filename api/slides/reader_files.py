"""Files that an isolated reader keeps open, for the next request is likely about the same slide."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from api.slides.container import StoredTiles
from api.slides.patch_source import PatchSource
from api.slides.slide_file import SlideFile

OPEN_SLIDES = 8

Opened = TypeVar("Opened", SlideFile, PatchSource, StoredTiles)


class OpenFiles:
    """The files read last, kept open. A path names one content: files are replaced by others, never changed."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, str, int], Any] = OrderedDict()

    def slide(self, path: str) -> SlideFile:
        return self._get("slide", path, lambda: SlideFile(Path(path)))

    def patches(self, path: str) -> PatchSource:
        return self._get("patches", path, lambda: PatchSource(Path(path)))

    def stored(self, path: str, index: str) -> StoredTiles:
        return self._get("stored", path, lambda: StoredTiles.beside(Path(path), Path(index)))

    def _get(self, kind: str, path: str, open_file: Callable[[], Opened]) -> Opened:
        key = (kind, path, os.stat(path).st_ino)  # noqa: PTH116 - for every tile
        if key not in self._open:
            self._open[key] = open_file()
            if len(self._open) > OPEN_SLIDES:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(key)
        opened: Opened = self._open[key]
        return opened

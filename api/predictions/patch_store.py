"""The checkpoint of a prediction: each finished patch's probabilities, safe against kill -9.

Every process that works on the prediction writes files of its own in the folder `patches`: `<writer>.u8` holds patches
one after the other, `<writer>.log` says which slot each is. A patch is written before its line in the log, and the line
has the patch's checksum, so a torn write of either is noticed and that patch counts as not done. Nobody writes into
another's file, so machines that share the folder need no lock, and a worker that lost its lease harms nothing.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.uint8]
"""(P, patch_px, patch_px) uint8, the planes that are kept of a model's answer."""

FOLDER = "patches"
_LINE = struct.Struct("<II")
_WRITER = re.compile(r"[0-9A-Za-z]{1,64}")
_RECENT = 32
"""Patches kept in memory, of 0.75 MB each for three planes of 512 x 512."""


@dataclass
class _Files:
    """What one writer has left: its open data file, and how many lines of its log have been read."""

    data: int
    lines: int = 0


class PatchStore:
    """Reading and writing may happen in different threads.

    Args:
        folder: the prediction's folder; made if missing.
        planes, patch_px: the shape of a patch's probabilities.
        share: of the patches kept in memory, where several stores are open.
        writer: whose files this one writes, letters and digits; nobody else's name, now or earlier.
    """

    def __init__(
        self, folder: Path, *, planes: int, patch_px: int, share: float = 1.0, writer: str | None = None
    ) -> None:
        self._shape = (planes, patch_px, patch_px)
        self._patch_bytes = planes * patch_px * patch_px
        self._writer = writer or os.urandom(8).hex()
        if not _WRITER.fullmatch(self._writer):
            raise ValueError(f"{self._writer!r} is no name of a writer")
        # Guards the descriptors: after `close` the system may give their numbers to other files.
        self._lock = threading.Lock()
        self._is_open = True
        self._most_recent = max(4, round(_RECENT * share))
        self._recent: OrderedDict[int, Probabilities] = OrderedDict()
        self._places: dict[int, tuple[str, int]] = {}  # slot: writer, place in its file
        self._others: dict[str, _Files] = {}
        self._untold: list[int] = []
        self._folder = folder / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._written = 0
        self._data = self._opened(self._writer, "u8")
        self._log = self._opened(self._writer, "log")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._is_open = False
            for descriptor in (self._data, self._log, *(files.data for files in self._others.values())):
                os.close(descriptor)
            self._others.clear()

    @staticmethod
    def discard(folder: Path) -> None:
        """Remove a checkpoint that nobody needs any more; nothing happens where there is none."""
        shutil.rmtree(folder / FOLDER, ignore_errors=True)

    def has(self, slot: int) -> bool:
        """Whether a patch was written here or found by `find_new`."""
        return slot in self._places

    def find_new(self) -> list[int]:
        """The slots that others have finished since the last look, whole ones only; at the first look all there are."""
        found = [slot for log in self._logs() for slot in self._find_of(log, None)]
        with self._lock:
            untold, self._untold = self._untold, []
        return untold + found

    def find_among(self, slots: Collection[int]) -> None:
        """Find those of the slots that others have finished, without reading the rest of what they wrote."""
        missing = {slot for slot in slots if slot not in self._places}
        for log in self._logs() if missing else ():
            found = self._find_of(log, missing)
            with self._lock:
                self._untold += found

    def _logs(self) -> list[Path]:
        return [log for log in sorted(self._folder.glob("*.log")) if log.stem != self._writer]

    def _find_of(self, log: Path, wanted: Collection[int] | None) -> list[int]:
        """Slots of one writer that were not known: all after those seen at the last look, or the wanted ones."""
        # Opened anew at each look: on a network drive only that shows what another machine has written since.
        try:
            lines = log.read_bytes()
        except FileNotFoundError:
            return []
        with self._lock:
            self._check_open()
            count = len(lines) // _LINE.size
            seen = self._others[log.stem].lines if log.stem in self._others else 0
            first = seen if wanted is None else 0
            if count <= first or not self._open_again(log):
                return []
            found: list[int] = []
            is_unbroken = wanted is None
            for place in range(first, count):
                slot, checksum = _LINE.unpack_from(lines, place * _LINE.size)
                if wanted is not None and slot not in wanted:
                    continue
                is_known = slot in self._places
                if is_known or self._is_whole(log.stem, slot, place, checksum):
                    if not is_known:
                        self._places[slot] = (log.stem, place)
                        found.append(slot)
                else:
                    # Torn, or not here yet: looked at again next time, with all that follow.
                    is_unbroken = False
                self._others[log.stem].lines += is_unbroken
            return found

    def _open_again(self, log: Path) -> bool:
        """Open a writer's data as it is now; False when it is gone."""
        try:
            data = os.open(log.with_suffix(".u8"), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        files = self._others.setdefault(log.stem, _Files(data))
        if files.data != data:
            os.close(files.data)
            files.data = data
        return True

    def _is_whole(self, writer: str, slot: int, place: int, checksum: int) -> bool:
        """Whether a patch lies there as its writer wrote it."""
        patch = os.pread(self._others[writer].data, self._patch_bytes, place * self._patch_bytes)
        if len(patch) != self._patch_bytes or zlib.crc32(patch) != checksum:
            return False
        self._remember(slot, np.frombuffer(patch, np.uint8).reshape(self._shape))
        return True

    def write(self, slot: int, probabilities: Probabilities) -> None:
        """Keep a patch. Once this returns, a killed process does not lose it."""
        data = np.ascontiguousarray(probabilities, np.uint8)
        if probabilities.shape != self._shape:
            raise ValueError(f"expected {self._shape}, got {probabilities.shape}")
        with self._lock:
            self._check_open()
            _write_all(self._data, data.data.cast("B"), self._written * self._patch_bytes)
            self._note_done(_LINE.pack(slot, zlib.crc32(data.data)))
            self._places[slot] = (self._writer, self._written)
            self._written += 1
            self._remember(slot, data)

    def hand_over(self) -> None:
        """Let machines that share the folder over a network see what was written: closing a file sends it there."""
        with self._lock:
            self._check_open()
            for descriptor in (self._data, self._log):
                os.close(os.dup(descriptor))

    def _note_done(self, line: bytes) -> None:
        """Add a line to the log, whole or not at all: the disk may get full in the middle."""
        before = self._written * _LINE.size
        try:
            written = os.pwrite(self._log, line, before)
        except OSError:
            os.ftruncate(self._log, before)
            raise
        if written != len(line):
            os.ftruncate(self._log, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def read(self, slot: int) -> Probabilities:
        """A finished patch, (P, patch_px, patch_px) uint8, read-only."""
        with self._lock:
            self._check_open()
            if slot in self._recent:
                self._recent.move_to_end(slot)
                return self._recent[slot]
            writer, place = self._places[slot]
            data = self._data if writer == self._writer else self._others[writer].data
            found = os.pread(data, self._patch_bytes, place * self._patch_bytes)
            patch = np.frombuffer(found, np.uint8).reshape(self._shape)
            self._remember(slot, patch)
            return patch

    def _remember(self, slot: int, patch: Probabilities) -> None:
        """Keep the patches used last: each is read when its own and its neighbours' cells are blended."""
        patch.flags.writeable = False
        self._recent[slot] = patch
        self._recent.move_to_end(slot)
        while len(self._recent) > self._most_recent:
            self._recent.popitem(last=False)

    def _opened(self, writer: str, kind: str) -> int:
        path = self._folder / f"{writer}.{kind}"
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def _check_open(self) -> None:
        if not self._is_open:
            raise ValueError("the patch store is closed")


def _write_all(descriptor: int, view: memoryview, offset: int) -> None:
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written

"""The checkpoint of a prediction: each finished patch's probabilities, safe against kill -9.

`patches.u8` holds one slot a patch; `done.log` says which slots are whole. A slot is written before its line in the
log, and the line has the slot's checksum, so a torn write of either is noticed and that patch counts as not done.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
import zlib
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.uint8]
"""(P, patch_px, patch_px) uint8, the planes of a model's answer: see `ModelInfo.planes`."""

_PATCHES, _DONE = "patches.u8", "done.log"
_LINE = struct.Struct("<II")
_RECENT = 48
"""Patches kept in memory, of 1 MB each for four planes of 512 x 512."""


class PatchStore:
    """One writer at a time; reading and writing may happen in different threads.

    Args:
        folder: the prediction's folder; made if missing.
        planes, patch_px: the shape of a patch's probabilities.
        share: of the patches kept in memory, where several stores are open.
    """

    def __init__(self, folder: Path, *, planes: int, patch_px: int, share: float = 1.0) -> None:
        self._shape = (planes, patch_px, patch_px)
        self._slot_bytes = planes * patch_px * patch_px
        # Guards the descriptors: after `close` the system may give their numbers to other files.
        self._lock = threading.Lock()
        self._is_open = True
        self._most_recent = max(4, round(_RECENT * share))
        self._recent: OrderedDict[int, Probabilities] = OrderedDict()
        folder.mkdir(parents=True, exist_ok=True)
        self._data = os.open(folder / _PATCHES, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._log = os.open(folder / _DONE, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._is_open = False
            os.close(self._data)
            os.close(self._log)

    @staticmethod
    def discard(folder: Path) -> None:
        """Remove a checkpoint that nobody needs any more; nothing happens where there is none."""
        for name in (_DONE, _PATCHES):
            (folder / name).unlink(missing_ok=True)

    def finished(self) -> list[int]:
        """The slots that are whole, in the order in which they were written; a torn end of the log is cut off."""
        with self._lock:
            self._check_open()
            size = os.fstat(self._log).st_size
            whole = size - size % _LINE.size
            if whole != size:
                os.ftruncate(self._log, whole)
            lines = os.pread(self._log, whole, 0)
        checksums: dict[int, int] = dict(_LINE.iter_unpack(lines))
        return [slot for slot, checksum in checksums.items() if self._checksum(slot) == checksum]

    def write(self, slot: int, probabilities: Probabilities) -> None:
        """Keep a patch. Once this returns, a killed process does not lose it."""
        data = np.ascontiguousarray(probabilities, np.uint8)
        if probabilities.shape != self._shape:
            raise ValueError(f"expected {self._shape}, got {probabilities.shape}")
        with self._lock:
            self._check_open()
            _write_all(self._data, data.data.cast("B"), slot * self._slot_bytes)
            self._note_done(_LINE.pack(slot, zlib.crc32(data.data)))
            self._remember(slot, data)

    def _note_done(self, line: bytes) -> None:
        """Add a line to the log, whole or not at all: the disk may get full in the middle."""
        before = os.fstat(self._log).st_size
        try:
            written = os.write(self._log, line)
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
            patch = np.frombuffer(self._bytes(slot), np.uint8).reshape(self._shape)
            self._remember(slot, patch)
            return patch

    def _checksum(self, slot: int) -> int:
        with self._lock:
            self._check_open()
            return zlib.crc32(self._bytes(slot))

    def _remember(self, slot: int, patch: Probabilities) -> None:
        """Keep the patches used last: each is read when its own and its neighbours' cells are blended."""
        patch.flags.writeable = False
        self._recent[slot] = patch
        self._recent.move_to_end(slot)
        while len(self._recent) > self._most_recent:
            self._recent.popitem(last=False)

    def _bytes(self, slot: int) -> bytes:
        return os.pread(self._data, self._slot_bytes, slot * self._slot_bytes)

    def _check_open(self) -> None:
        if not self._is_open:
            raise ValueError("the patch store is closed")


def _write_all(descriptor: int, view: memoryview, offset: int) -> None:
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written

"""Regions of system shared memory that a model server on the same machine reads patches from and writes answers to.

A region's file is named after the process that made it; `sweep` removes those of processes that are gone.
"""

from __future__ import annotations

import mmap
import os
import re
import secrets
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path("/dev/shm")  # noqa: S108 (the kernel's own place for it)
_NAME = re.compile(r"coslide_(\d+)_[0-9a-f]+")


class SharedRegion:
    """One region of `size` bytes, as long as it is not closed.

    Raises:
        OSError: the machine has no shared memory, or no room in it.
    """

    def __init__(self, size: int) -> None:
        self.name = f"coslide_{os.getpid()}_{secrets.token_hex(6)}"
        self.size = size
        descriptor = os.open(ROOT / self.name, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
            self._map = mmap.mmap(descriptor, size)
        except BaseException:
            (ROOT / self.name).unlink()
            raise
        finally:
            os.close(descriptor)

    @property
    def key(self) -> str:
        """The name by which `shm_open` finds it."""
        return f"/{self.name}"

    def array(self, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
        """The region's first bytes as an array that shares them. Drop it before `close`."""
        return np.frombuffer(self._map, np.uint8, int(np.prod(shape))).reshape(shape)

    def close(self) -> None:
        """Remove it; what is mapped elsewhere stays until it is unmapped there."""
        (ROOT / self.name).unlink(missing_ok=True)
        self._map.close()


def sweep() -> int:
    """Remove the regions of processes that are gone; how many there were."""
    removed = 0
    for path in ROOT.glob("coslide_*"):
        match = _NAME.fullmatch(path.name)
        if match and not Path("/proc", match[1]).exists():
            path.unlink(missing_ok=True)
            removed += 1
    return removed

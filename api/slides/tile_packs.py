"""The made images of one slide on disk: packs of records, appended to and never changed.

    record = "CST1", u16 length of the name, u32 length of the data (little endian), name, data

Each process appends to a pack that it holds; all read all. A record that a crash cut short ends its pack. A file for
each tile would cost as much CPU in directory entries as the tile's JPEG.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterable
from pathlib import Path

_HEAD = struct.Struct("<4sHI")
_MAGIC = b"CST1"
MAX_PACK_BYTES = 64 << 20
SUFFIX = ".pack"
TOUCH_EVERY_S = 60.0


class _Pack:
    """One open pack; how far it has been read, and whether this process may append to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.scanned_bytes = 0
        self.touched_s = 0.0
        self.is_own = False

    def take(self) -> bool:
        """Hold the pack against all other processes, as long as it is open; whether nobody else holds it."""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self.is_own = True
        return True

    def scan(self) -> Iterable[tuple[str, int, int]]:
        """(name, offset, length) of the records that have come since the last time."""
        size = os.fstat(self.fd).st_size
        while self.scanned_bytes + _HEAD.size <= size:
            magic, name_length, length = _HEAD.unpack(os.pread(self.fd, _HEAD.size, self.scanned_bytes))
            start = self.scanned_bytes + _HEAD.size + name_length
            if magic != _MAGIC or start + length > size:
                return
            name = os.pread(self.fd, name_length, self.scanned_bytes + _HEAD.size)
            self.scanned_bytes = start + length
            yield name.decode(), start, length

    def close(self) -> None:
        os.close(self.fd)


class TilePacks:
    """Reads and appends the packs in one slide's folder. Blocking; not thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._packs: dict[str, _Pack] = {}
        # The pack that is appended to: held by this process, among all others.
        self._own: _Pack | None = None
        self._places: dict[str, tuple[_Pack, int, int]] = {}
        self.refresh()

    def read(self, name: str) -> bytes | None:
        """The data kept under `name`, as far as `refresh` has seen it."""
        place = self._places.get(name)
        if place is None:
            return None
        pack, offset, length = place
        self._touch(pack)
        return os.pread(pack.fd, length, offset)

    def append(self, records: Iterable[tuple[str, bytes]]) -> int:
        """Keep data under names; the bytes written.

        Raises:
            OSError: the disk is full or away; what is there stays readable.
        """
        pack = self._own
        if pack is None or pack.scanned_bytes >= MAX_PACK_BYTES or not os.fstat(pack.fd).st_nlink:
            pack = self._own = self._new_pack()
        parts: list[bytes] = []
        places: list[tuple[str, int, int]] = []
        at = pack.scanned_bytes
        for name, data in records:
            encoded = name.encode()
            parts += (_HEAD.pack(_MAGIC, len(encoded), len(data)), encoded, data)
            places.append((name, at + _HEAD.size + len(encoded), len(data)))
            at += _HEAD.size + len(encoded) + len(data)
        block = b"".join(parts)
        written = 0
        while written < len(block):
            written += os.pwrite(pack.fd, block[written:], pack.scanned_bytes + written)
        pack.scanned_bytes = at
        for name, offset, length in places:
            self._places[name] = pack, offset, length
        return len(block)

    def refresh(self) -> None:
        """See what other processes have appended, and forget packs that were removed."""
        try:
            names = {entry.name for entry in os.scandir(self._folder) if entry.name.endswith(SUFFIX)}
        except FileNotFoundError:
            names = set()
        for name in self._packs.keys() - names:
            self._forget(self._packs.pop(name))
        for name in names - self._packs.keys():
            self._packs[name] = _Pack(self._folder / name)
        for pack in self._packs.values():
            if pack is not self._own:
                self._see(pack)

    def close(self) -> None:
        for pack in self._packs.values():
            pack.close()
        self._packs.clear()
        self._places.clear()
        self._own = None

    def _new_pack(self) -> _Pack:
        """A pack to append to: one that a process which has ended left unfilled, else a new one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.refresh()
        for pack in self._packs.values():
            if pack.scanned_bytes < MAX_PACK_BYTES and not pack.is_own and pack.take():
                self._see(pack)
                # A record that was cut short by a crash gives way.
                os.ftruncate(pack.fd, pack.scanned_bytes)
                return pack
        name = f"{os.urandom(8).hex()}{SUFFIX}"
        pack = self._packs[name] = _Pack(self._folder / name)
        pack.take()
        return pack

    def _see(self, pack: _Pack) -> None:
        for name, offset, length in pack.scan():
            self._places[name] = pack, offset, length

    def _forget(self, pack: _Pack) -> None:
        self._places = {name: place for name, place in self._places.items() if place[0] is not pack}
        if pack is self._own:
            self._own = None
        pack.close()

    def _touch(self, pack: _Pack) -> None:
        """Say that the pack is in use, so that it is not the next to be removed."""
        now = time.monotonic()
        if now - pack.touched_s > TOUCH_EVERY_S:
            pack.touched_s = now
            os.utime(pack.fd)

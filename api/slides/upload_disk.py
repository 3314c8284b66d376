"""What has arrived of uploads, on the disk. Blocking."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID


def write_synced(file: int, offset: int, chunks: list[bytes]) -> int:
    """Write chunks one after the other from `offset` on and wait until the disk has them; the bytes written."""
    at = offset
    for chunk in chunks:
        left = memoryview(chunk)
        while left:
            written = os.pwrite(file, left, at)
            at += written
            left = left[written:]
    os.fdatasync(file)
    return at - offset


def folders_before(root: Path, timestamp: float) -> list[UUID]:
    """Ids of the upload folders that were last changed before a time."""
    if not root.is_dir():
        return []
    return [
        UUID(folder.name) for folder in root.iterdir() if _is_id(folder.name) and folder.stat().st_mtime < timestamp
    ]


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False

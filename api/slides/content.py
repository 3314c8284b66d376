"""What a file holds, as numbers: its size, and the hash under which it is stored."""

from __future__ import annotations

import hashlib
from pathlib import Path

from api.errors import InvalidInput


def size_of(path: Path) -> int:
    """The file's size in bytes.

    Raises:
        InvalidInput: there is no such file.
    """
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}. Check the path.", code="NO_SUCH_FILE", field="path")
    return path.stat().st_size


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Stamps: a file inside a product that says what it was made from, so that an unchanged product is left alone.

The stamp lies in the product, so deleting the product deletes the stamp.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

NAME = ".coslide-stamp"
BLOCK = 1 << 20


def of_file(path: Path) -> str:
    """SHA-256 of a file's content, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def of_files(root: Path, paths: Iterable[Path]) -> str:
    """SHA-256 over names (relative to `root`) and contents of files, in hex, whatever their order."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(root).as_posix()}\0{of_file(path)}\n".encode())
    return digest.hexdigest()


def files_under(folder: Path, *, without: Iterable[str] = ()) -> list[Path]:
    """All files below `folder`, leaving out folders and files with the given names."""
    left_out = set(without)
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and left_out.isdisjoint(path.relative_to(folder).parts)
    ]


def is_current(product: Path, stamp: str) -> bool:
    """Whether `product` was finished from what `stamp` describes."""
    try:
        return (product / NAME).read_text(encoding="utf-8") == stamp
    except OSError:
        return False


def write(product: Path, stamp: str) -> None:
    """Mark `product` as finished. Last, so that an interrupted step runs again."""
    (product / NAME).write_text(stamp, encoding="utf-8")


def clear(product: Path) -> None:
    """Mark `product` as unfinished. First, so that an interrupted step runs again."""
    (product / NAME).unlink(missing_ok=True)

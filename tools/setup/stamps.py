"""Stamps: a file inside a product that says what it was made from, so that an unchanged product is left alone.

The stamp lies in the product, so deleting the product deletes the stamp.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
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
        path for path in folder.rglob("*") if path.is_file() and left_out.isdisjoint(path.relative_to(folder).parts)
    ]


def read(product: Path) -> list[str]:
    """The stamps that `product` carries; none when it is not there or not finished."""
    try:
        return (product / NAME).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def write(product: Path, stamps: Sequence[str]) -> None:
    """Say what `product` holds. Called after the work, so that an interrupted step runs again."""
    (product / NAME).write_text("".join(f"{stamp}\n" for stamp in stamps), encoding="utf-8")

"""Where files lie: by hash and id only, whole or not at all."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest

from api.slides.storage import Storage, write_atomically
from tests.slides.conftest import files_under

SHA = "ab" + "0" * 62


def test_paths_follow_the_layout(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    upload = UUID(int=1)
    assert storage.slide_path(SHA) == tmp_path / "slides/ab" / SHA / "slide"
    assert storage.original_path(SHA) == tmp_path / "slides/ab" / SHA / "slide"
    assert storage.cache_path(SHA, "tiles", "0") == tmp_path / "cache/ab" / SHA / "tiles/0"
    assert storage.upload_path(upload) == tmp_path / f"uploads/{upload}/slide"
    assert storage.prediction_path(upload) == tmp_path / f"predictions/{upload}"


@pytest.mark.parametrize("name", ["", "..", "../" * 21 + "x", SHA.upper(), SHA + "0", "a/" * 32])
def test_only_hashes_name_slides(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is not a SHA-256"):
        Storage(tmp_path).slide_path(name)


def test_adopting_and_removing(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    folder = storage.new_upload_folder(UUID(int=1))
    (folder / "slide").write_bytes(b"image")
    (folder / "pyramid").write_bytes(b"tiles")
    storage.adopt_slide(folder / "slide", SHA, b"index", folder / "pyramid")
    storage.remove_upload(UUID(int=1))
    assert files_under(tmp_path) == [f"slides/ab/{SHA}/{name}" for name in ("index", "original", "slide")]
    assert storage.slide_path(SHA).read_bytes() == b"tiles"
    assert storage.original_path(SHA).read_bytes() == b"image"
    write_atomically(storage.cache_path(SHA, "thumbnail.jpg"), b"x")
    storage.remove_slide(SHA)
    assert files_under(tmp_path) == []


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert files_under(tmp_path) == ["file"]


async def test_one_at_a_time_for_the_same_content(tmp_path: Path) -> None:
    """Two `Storage` objects stand for two processes: the lock is the file's."""
    order: list[str] = []
    inside = asyncio.Event()

    async def first() -> None:
        async with Storage(tmp_path).exclusive(SHA):
            inside.set()
            order.append("first in")
            await asyncio.sleep(0)
            order.append("first out")

    async def second() -> None:
        await inside.wait()
        async with Storage(tmp_path).exclusive(SHA):
            order.append("second in")

    await asyncio.gather(first(), second())
    assert order == ["first in", "first out", "second in"]

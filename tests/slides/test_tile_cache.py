"""Made tiles on disk and in memory, within their limits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from api.slides.storage import Storage
from api.slides.tile_cache import TileCache

MB = 1 << 20


def put_file(path: Path, size: int, age_s: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (1_700_000_000 - age_s, 1_700_000_000 - age_s))


def key(name: str) -> tuple[str, str]:
    return "ab" + "0" * 62, f"tiles/0/{name}.jpg"


async def test_what_was_put_is_found_by_another_process(tmp_path: Path) -> None:
    await TileCache(Storage(tmp_path), 1).put(key("0_0"), b"tile")
    path = tmp_path / "cache/ab" / key("")[0] / "tiles/0/0_0.jpg"
    assert path.read_bytes() == b"tile"
    other = TileCache(Storage(tmp_path), 1)
    assert other.get(key("0_0")) == b"tile"
    path.unlink()
    assert other.get(key("0_0")) == b"tile"  # in memory
    assert TileCache(Storage(tmp_path), 1).get(key("0_0")) is None


async def test_without_disk_space_only_memory_is_used(tmp_path: Path) -> None:
    cache = TileCache(Storage(tmp_path), 0)
    await cache.put(key("a"), b"tile")
    assert cache.get(key("a")) == b"tile"
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_refuses_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "ab").write_bytes(b"")  # a file where a folder should be
    cache = TileCache(Storage(tmp_path), 1)
    await cache.put(key("a"), b"tile")
    assert cache.get(key("a")) == b"tile"
    assert TileCache(Storage(tmp_path), 1).get(key("a")) is None


async def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.slides.tile_cache.MEMORY_BYTES", 10)
    cache = TileCache(Storage(tmp_path), 0)
    for name in "abc":
        await cache.put(key(name), b"1234")
    assert [cache.get(key(name)) for name in "abc"] == [None, b"1234", b"1234"]


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    for number in range(10):
        put_file(tmp_path / "cache" / "ab" / f"{number}.jpg", MB // 4, age_s=number)
    assert TileCache(Storage(tmp_path), 2).sweep() <= int(2 * MB * 0.9)
    assert sorted(path.name for path in (tmp_path / "cache" / "ab").iterdir()) == [
        f"{number}.jpg" for number in range(7)
    ]


def test_within_the_limit_nothing_goes(tmp_path: Path) -> None:
    for number in range(4):
        put_file(tmp_path / "cache" / f"{number}.jpg", MB // 4, age_s=number)
    assert TileCache(Storage(tmp_path), 1).sweep() == MB
    assert len(list((tmp_path / "cache").iterdir())) == 4


async def test_writing_much_sweeps(tmp_path: Path) -> None:
    cache = TileCache(Storage(tmp_path), 1)
    for number in range(40):
        await cache.put(key(f"{number}_0"), b"x" * (MB // 16))
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.jpg")) <= MB + MB // 16

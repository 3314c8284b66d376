"""Made tiles on disk and in memory, within their limits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from api.slides.storage import Storage
from api.slides.tile_cache import REFRESH_EVERY_S, TileCache

MB = 1 << 20


def put_file(path: Path, size: int, age_s: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (1_700_000_000 - age_s, 1_700_000_000 - age_s))


def key(name: str) -> tuple[str, str]:
    return "ab" + "0" * 62, f"0/{name}"


def packs(folder: Path) -> list[Path]:
    return sorted((folder / "cache/ab" / key("")[0]).glob("*.pack"))


async def test_what_was_put_is_found_by_another_process(tmp_path: Path) -> None:
    cache = TileCache(Storage(tmp_path), 1)
    cache.put(key("0_0"), b"tile")
    assert cache.get(key("0_0")) == b"tile"
    await cache.aclose()
    assert len(packs(tmp_path)) == 1
    other = TileCache(Storage(tmp_path), 1)
    assert other.get(key("0_0")) == b"tile"
    assert other.get(key("0_1")) is None
    packs(tmp_path)[0].unlink()
    assert other.get(key("0_0")) == b"tile"  # in memory
    assert TileCache(Storage(tmp_path), 1).get(key("0_0")) is None
    await other.aclose()


async def test_what_another_process_puts_later_is_found_too(tmp_path: Path) -> None:
    now_s = 0.0
    one, other = TileCache(Storage(tmp_path), 1), TileCache(Storage(tmp_path), 1, clock=lambda: now_s)
    assert other.get(key("0_0")) is None
    one.put(key("0_0"), b"tile")
    await one.flush()
    assert other.get(key("0_0")) is None  # not looked for at every miss
    now_s += REFRESH_EVERY_S
    assert other.get(key("0_0")) == b"tile"
    await one.aclose()
    await other.aclose()


async def test_putting_writes_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.slides.tile_cache.FLUSH_AFTER_S", 0)
    cache = TileCache(Storage(tmp_path), 1)
    cache.put(key("0_0"), b"tile")
    flushing = cache._flushing
    assert flushing is not None
    await flushing
    assert packs(tmp_path)[0].read_bytes().endswith(b"0/0_0tile")
    await cache.aclose()


async def test_without_disk_space_only_memory_is_used(tmp_path: Path) -> None:
    cache = TileCache(Storage(tmp_path), 0)
    cache.put(key("a"), b"tile")
    assert cache.get(key("a")) == b"tile"
    await cache.aclose()
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_refuses_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "ab").write_bytes(b"")  # a file where a folder should be
    cache = TileCache(Storage(tmp_path), 1)
    cache.put(key("a"), b"tile")
    await cache.flush()
    assert cache.get(key("a")) == b"tile"
    assert TileCache(Storage(tmp_path), 1).get(key("a")) is None
    await cache.aclose()


async def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.slides.tile_cache.MEMORY_BYTES", 10)
    cache = TileCache(Storage(tmp_path), 0)
    for name in "abc":
        cache.put(key(name), b"1234")
    assert [cache.get(key(name)) for name in "abc"] == [None, b"1234", b"1234"]


async def test_a_slide_is_forgotten_in_memory_and_on_disk(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    cache = TileCache(storage, 1)
    cache.put(key("a"), b"old")
    await cache.flush()
    cache.put(key("b"), b"never written")
    storage.remove_slide(key("")[0])
    cache.forget(key("")[0])
    assert cache.get(key("a")) is None
    assert cache.get(key("b")) is None
    cache.put(key("a"), b"new")
    await cache.aclose()
    assert TileCache(storage, 1).get(key("a")) == b"new"


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    for number in range(10):
        put_file(tmp_path / "cache" / "ab" / f"{number}.pack", MB // 4, age_s=number)
    assert TileCache(Storage(tmp_path), 2).sweep() <= int(2 * MB * 0.9)
    assert sorted(path.name for path in (tmp_path / "cache" / "ab").iterdir()) == [
        f"{number}.pack" for number in range(7)
    ]


def test_within_the_limit_nothing_goes(tmp_path: Path) -> None:
    for number in range(4):
        put_file(tmp_path / "cache" / f"{number}.pack", MB // 4, age_s=number)
    assert TileCache(Storage(tmp_path), 1).sweep() == MB
    assert len(list((tmp_path / "cache").iterdir())) == 4


async def test_writing_much_sweeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.slides.tile_packs.MAX_PACK_BYTES", MB // 8)
    cache = TileCache(Storage(tmp_path), 1)
    for number in range(40):
        cache.put(key(f"{number}_0"), b"x" * (MB // 16))
        await cache.flush()
    await cache.aclose()
    assert sum(path.stat().st_size for path in packs(tmp_path)) <= MB + MB // 8
    assert TileCache(Storage(tmp_path), 1).get(key("39_0")) == b"x" * (MB // 16)

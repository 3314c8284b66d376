"""The checkpoint: what is kept, what others see of it, and what a torn write costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from api.predictions.patch_store import PatchStore

RNG = np.random.default_rng(7)
PATCHES = RNG.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)


def opened(folder: Path, writer: str | None = None) -> PatchStore:
    return PatchStore(folder, planes=3, patch_px=32, writer=writer)


def filled(folder: Path) -> None:
    with opened(folder, "first") as store:
        for slot in (2, 0, 3):
            store.write(slot, PATCHES[slot])


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    filled(tmp_path)
    with opened(tmp_path) as store:
        assert store.find_new() == [2, 0, 3]
        assert store.find_new() == []
        for slot in (0, 2, 3):
            assert np.array_equal(store.read(slot), PATCHES[slot])
        assert [store.has(slot) for slot in range(4)] == [True, False, True, True]


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_torn_log_costs_the_last_patch_only(tmp_path: Path, cut: int) -> None:
    filled(tmp_path)
    log = tmp_path / "patches" / "first.log"
    log.write_bytes(log.read_bytes()[:-cut])
    with opened(tmp_path) as store:
        assert store.find_new() == [2, 0]
        store.write(1, PATCHES[1])
    with opened(tmp_path) as store:
        assert sorted(store.find_new()) == [0, 1, 2]


def test_a_torn_patch_does_not_count_until_it_is_whole(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "patches" / "first.u8"
    whole = path.read_bytes()
    torn = bytearray(whole)
    torn[100] ^= 1  # in slot 2, the first that was written
    path.write_bytes(torn[:-1])  # and the last, slot 3, lacks a byte
    with opened(tmp_path) as store:
        assert store.find_new() == [0]
        assert not store.has(2)
        path.write_bytes(whole)
        assert store.find_new() == [2, 3]
        assert np.array_equal(store.read(3), PATCHES[3])


def test_two_writers_see_each_others_patches_and_read_them(tmp_path: Path) -> None:
    with opened(tmp_path, "first") as first, opened(tmp_path, "second") as second:
        first.write(0, PATCHES[0])
        second.write(1, PATCHES[1])
        assert (first.find_new(), second.find_new()) == ([1], [0])
        first.write(2, PATCHES[2])
        first.write(1, PATCHES[1])  # known already: no news
        assert (first.find_new(), second.find_new()) == ([], [2])
        for slot in range(3):
            assert np.array_equal(first.read(slot), PATCHES[slot])
            assert np.array_equal(second.read(slot), PATCHES[slot])


def test_looking_for_some_leaves_the_rest_for_later_and_is_still_news(tmp_path: Path) -> None:
    filled(tmp_path)
    with opened(tmp_path) as store:
        store.find_among([3, 1])
        assert [store.has(slot) for slot in range(4)] == [False, False, False, True]
        assert sorted(store.find_new()) == [0, 2, 3]
        assert store.find_new() == []


def test_patches_beyond_memory_are_read_from_the_file(tmp_path: Path) -> None:
    with PatchStore(tmp_path, planes=3, patch_px=32, share=0.01) as store:  # four in memory
        for slot in range(40):
            store.write(slot, PATCHES[slot % 4])
        assert np.array_equal(store.read(1), PATCHES[1])
        assert np.array_equal(store.read(38), PATCHES[2])


def test_writing_again_replaces(tmp_path: Path) -> None:
    filled(tmp_path)
    with opened(tmp_path) as store:
        assert sorted(store.find_new()) == [0, 2, 3]
        store.write(2, PATCHES[1])
        assert np.array_equal(store.read(2), PATCHES[1])


def test_a_discarded_checkpoint_is_gone(tmp_path: Path) -> None:
    filled(tmp_path)
    PatchStore.discard(tmp_path)
    PatchStore.discard(tmp_path)
    with opened(tmp_path) as store:
        assert store.find_new() == []


def test_misuse_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'\.\./x' is no name of a writer"):
        opened(tmp_path, "../x")
    store = opened(tmp_path)
    with pytest.raises(ValueError, match=r"expected \(3, 32, 32\), got \(2, 32, 32\)"):
        store.write(0, PATCHES[0, :2])
    store.close()
    with pytest.raises(ValueError, match="the patch store is closed"):
        store.write(0, PATCHES[0])

"""The checkpoint: what is kept, and what a torn write costs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from api.predictions.patch_store import PatchStore

RNG = np.random.default_rng(7)
PATCHES = RNG.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)


def filled(folder: Path) -> None:
    with PatchStore(folder, planes=3, patch_px=32) as store:
        for slot in (2, 0, 3):
            store.write(slot, PATCHES[slot])


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    filled(tmp_path)
    with PatchStore(tmp_path, planes=3, patch_px=32) as store:
        assert store.finished() == [2, 0, 3]
        for slot in (0, 2, 3):
            assert np.array_equal(store.read(slot), PATCHES[slot])


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_torn_log_costs_the_last_patch_only(tmp_path: Path, cut: int) -> None:
    filled(tmp_path)
    log = tmp_path / "done.log"
    log.write_bytes(log.read_bytes()[:-cut])
    with PatchStore(tmp_path, planes=3, patch_px=32) as store:
        assert store.finished() == [2, 0]
        store.write(1, PATCHES[1])
    with PatchStore(tmp_path, planes=3, patch_px=32) as store:
        assert store.finished() == [2, 0, 1]


def test_a_torn_patch_does_not_count(tmp_path: Path) -> None:
    filled(tmp_path)
    with (tmp_path / "patches.u8").open("r+b") as data:
        data.seek(3 * 32 * 32)  # the middle of nothing: slot 1 was never written
        data.write(b"x")
        data.seek(2 * 3 * 32 * 32 + 100)
        data.write(bytes([PATCHES[2].reshape(-1)[100] ^ 1]))
    with PatchStore(tmp_path, planes=3, patch_px=32) as store:
        assert store.finished() == [0, 3]


def test_writing_again_replaces(tmp_path: Path) -> None:
    filled(tmp_path)
    with PatchStore(tmp_path, planes=3, patch_px=32) as store:
        store.write(2, PATCHES[1])
        assert sorted(store.finished()) == [0, 2, 3]
        assert np.array_equal(store.read(2), PATCHES[1])


def test_misuse_is_refused(tmp_path: Path) -> None:
    store = PatchStore(tmp_path, planes=3, patch_px=32)
    with pytest.raises(ValueError, match=r"expected \(3, 32, 32\), got \(2, 32, 32\)"):
        store.write(0, PATCHES[0, :2])
    store.close()
    with pytest.raises(ValueError, match="the patch store is closed"):
        store.write(0, PATCHES[0])

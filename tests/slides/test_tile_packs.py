"""Packs of tiles: appended to, cut short by crashes, removed under the reader's feet."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.slides.tile_packs import TilePacks

names = st.text(st.characters(codec="utf-8"), max_size=30)


def pack_of(folder: Path) -> Path:
    (only,) = folder.glob("*.pack")
    return only


@given(st.lists(st.tuples(names, st.binary(max_size=200)), max_size=20), st.integers(0, 10_000))
def test_whatever_a_crash_cuts_off_the_rest_is_read(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[str, bytes]], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("packs")
    writer = TilePacks(folder)
    ends = [writer.append([record]) for record in records]
    writer.close()
    if records:
        pack = pack_of(folder)
        whole = pack.read_bytes()
        pack.write_bytes(whole[: max(0, len(whole) - cut)])
    kept = 0
    while kept < len(records) and sum(ends[: kept + 1]) <= sum(ends) - cut:
        kept += 1
    reader = TilePacks(folder)
    expected = dict(records[:kept])
    for name, _ in records:
        assert reader.read(name) == expected.get(name)
    reader.close()


def test_two_processes_write_and_each_reads_both(tmp_path: Path) -> None:
    one, other = TilePacks(tmp_path), TilePacks(tmp_path)
    one.append([("a", b"of one")])
    other.append([("b", b"of the other")])
    assert one.read("b") is None
    one.refresh()
    other.refresh()
    assert [packs.read(name) for packs in (one, other) for name in "ab"] == [b"of one", b"of the other"] * 2
    one.close()
    other.close()


def test_a_process_that_comes_after_another_goes_on_with_its_pack(tmp_path: Path) -> None:
    """However often a server is restarted, packs do not become more."""
    for number in range(5):
        packs = TilePacks(tmp_path)
        packs.append([(str(number), b"tile")])
        packs.close()
    assert pack_of(tmp_path).exists()
    reader = TilePacks(tmp_path)
    assert [reader.read(str(number)) for number in range(5)] == [b"tile"] * 5
    reader.close()


def test_rubbish_in_a_pack_ends_it(tmp_path: Path) -> None:
    writer = TilePacks(tmp_path)
    writer.append([("a", b"good")])
    writer.close()
    with pack_of(tmp_path).open("ab") as file:
        file.write(b"\0" * 500)
    reader = TilePacks(tmp_path)
    assert reader.read("a") == b"good"
    reader.append([("b", b"more")])
    assert reader.read("b") == b"more"
    reader.close()
    after = TilePacks(tmp_path)
    assert [after.read(name) for name in "ab"] == [b"good", b"more"]
    after.close()


def test_a_removed_pack_is_forgotten_and_a_new_one_begun(tmp_path: Path) -> None:
    packs = TilePacks(tmp_path)
    packs.append([("a", b"1")])
    pack_of(tmp_path).unlink()
    packs.refresh()
    assert packs.read("a") is None
    packs.append([("a", b"2")])
    pack_of(tmp_path).unlink()
    packs.append([("b", b"3")])  # not into a file that has no name any more
    packs.refresh()
    assert (packs.read("a"), packs.read("b")) == (None, b"3")
    packs.close()


def test_a_pack_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.slides.tile_packs.MAX_PACK_BYTES", 10)
    packs = TilePacks(tmp_path)
    for name in "abc":
        packs.append([(name, b"12345678")])
    assert len(list(tmp_path.glob("*.pack"))) == 3
    assert [packs.read(name) for name in "abc"] == [b"12345678"] * 3
    packs.close()

"""Where heatmap tiles lie, and their files."""

from __future__ import annotations

from pathlib import Path

from api.predictions.heatmap import HeatmapLevel, HeatmapStore, TileKey, heatmap_levels


def test_levels_go_from_the_models_resolution_to_one_tile() -> None:
    assert heatmap_levels(4000, 1800, 2.0, 448) == [
        HeatmapLevel(0, 2000, 900, 2.0, 5, 3),
        HeatmapLevel(1, 1000, 450, 4.0, 3, 2),
        HeatmapLevel(2, 500, 225, 8.0, 2, 1),
        HeatmapLevel(3, 250, 113, 16.0, 1, 1),
    ]
    assert heatmap_levels(100, 50, 4.0, 448) == [HeatmapLevel(0, 25, 13, 4.0, 1, 1)]


def test_a_tile_and_its_parents() -> None:
    assert TileKey(0, 5, 3).parent == TileKey(1, 2, 1)
    assert TileKey(0, 5, 3).parent.parent == TileKey(2, 1, 0)


def test_versions_are_kept_apart(tmp_path: Path) -> None:
    store = HeatmapStore(tmp_path)
    key, other = TileKey(1, 10, 2), TileKey(1, 0, 2)
    assert store.newest(key) is None
    assert store.versions() == {}

    store.write(key, 9, b"nine")
    store.write(key, 10, b"ten")
    store.write(other, 3, b"three")

    assert (store.read(key, 9), store.read(key, 10), store.read(key, 11)) == (b"nine", b"ten", None)
    assert store.newest(key) == (10, b"ten")
    assert store.newest(other) == (3, b"three")
    assert store.versions() == {key: [9, 10], other: [3]}
    store.forget(key, 9)
    store.forget(key, 9)
    assert store.read(key, 9) is None
    assert [path.name for path in tmp_path.rglob("*") if path.name.startswith(".")] == []

"""Outlines: exact along pixel edges, joined over blocks, valid whatever the mask."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from workers.contours import ContourTracer, Outline, _trace, cut_of

MASKS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24)))


def tracer(downsample: float = 1.0, min_area_px: float = 0, size: int = 100_000) -> ContourTracer:
    return ContourTracer(
        threshold=0.5, downsample=downsample, class_index=2, min_area_px=min_area_px, l0_size=(size, size)
    )


def outlines(block: np.ndarray, side: int = 10_000, **options: float) -> list[Outline]:
    """The polygons of a probability map given in blocks of `side` pixels."""
    made = tracer(**options)  # type: ignore[arg-type]
    for y in range(0, block.shape[0], side):
        for x in range(0, block.shape[1], side):
            made.add(block[y : y + side, x : x + side], x, y)
    return made.finish()


def blobs(seed: int, size: int = 300) -> np.ndarray:
    noise = np.random.default_rng(seed).random((size, size)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 7)
    spread = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return (spread * 255).astype(np.uint8)


def chamfered(x0: float, y0: float, x1: float, y1: float, pixel: float = 1.0) -> shapely.Polygon:
    """A box whose four corners are cut half a pixel from each."""
    cut = pixel / 2
    across, down = ((x0, x1), (x0 + cut, x1 - cut)), ((y0 + cut, y1 - cut), (y0, y1))
    corners = [(x, y) for xs, ys in zip(across, down, strict=True) for x in xs for y in ys]
    return shapely.MultiPoint(corners).convex_hull


def test_a_slanted_edge_is_a_straight_line() -> None:
    steps = np.triu(np.full((30, 30), 255, np.uint8))
    (found,) = outlines(steps)
    assert found.shape.normalize().equals(
        shapely.Polygon([(0.5, 0), (29.5, 0), (30, 0.5), (30, 29.5), (29.5, 30), (0, 0.5)]).normalize()
    )


def test_a_square_has_its_pixels_edges() -> None:
    block = np.zeros((20, 20), np.uint8)
    block[5:9, 3:11] = 200
    (found,) = outlines(block, downsample=2.0)
    assert found.shape.normalize().equals(chamfered(6, 10, 22, 18, pixel=2).normalize())
    assert found.mean == 200 / 255
    assert found.class_index == 2
    assert found.area_mm2(0.5) == pytest.approx((16 * 8 - 4 * 0.5) * 0.25e-6)


def test_a_hole_and_an_island_in_it() -> None:
    block = np.zeros((40, 40), np.uint8)
    block[5:35, 5:35] = 255
    block[10:30, 10:30] = 0
    block[15:20, 16:22] = 128
    ring, island = outlines(block)
    assert ring.shape.normalize().equals(chamfered(5, 5, 35, 35).difference(chamfered(10, 10, 30, 30)).normalize())
    assert island.shape.normalize().equals(chamfered(16, 15, 22, 20).normalize())
    assert (ring.mean, island.mean) == (1.0, 128 / 255)


@settings(max_examples=300, deadline=None)
@given(mask=MASKS)
def test_before_simplifying_the_area_is_that_of_the_pixels(mask: np.ndarray) -> None:
    """Whatever the mask: valid, disjoint, and exact but for gaps and holes one pixel wide, which close."""
    block = mask.astype(np.uint8) * 255
    shapes = [part.shape for part in _trace(block, 128, 0, 0)]
    assert all(shape.is_valid and shape.geom_type == "Polygon" for shape in shapes)
    union = shapely.union_all(shapes)
    assert union.area == pytest.approx(sum(shape.area for shape in shapes))
    rows, columns = np.nonzero(mask)
    assert shapely.contains_xy(union, columns + 0.5, rows + 0.5).all()
    outside_rows, outside_columns = np.nonzero(~_closed(mask))
    assert not shapely.contains_xy(union, outside_columns + 0.5, outside_rows + 0.5).any()


def _closed(mask: np.ndarray) -> np.ndarray:
    """The mask with every pixel set all of whose corners belong to set pixels."""
    corners = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), bool)
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        corners[dy : dy + mask.shape[0], dx : dx + mask.shape[1]] |= mask
    return corners[:-1, :-1] & corners[1:, :-1] & corners[:-1, 1:] & corners[1:, 1:]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), side=st.sampled_from([64, 100, 128, 299]))
def test_blocks_are_joined_as_if_there_were_none(seed: int, side: int) -> None:
    block = blobs(seed)
    whole, joined = outlines(block), outlines(block, side=side)
    assert len(whole) == len(joined)
    one = shapely.union_all([found.shape for found in whole])
    other = shapely.union_all([found.shape for found in joined])
    assert shapely.symmetric_difference(one, other).area <= 0.01 * one.area
    assert [found.mean for found in joined] == pytest.approx([found.mean for found in whole], abs=0.01)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_simplified_outlines_are_valid_and_stay_within_a_pixel(seed: int) -> None:
    block = blobs(seed)
    found = outlines(block)
    assert all(one.shape.is_valid and one.shape.geom_type == "Polygon" for one in found)
    exact = shapely.union_all([part.shape for part in _trace(block, cut_of(0.5), 0, 0)])
    simple = shapely.union_all([one.shape for one in found])
    assert shapely.hausdorff_distance(exact.boundary, simple.boundary) < 1
    assert sum(one.shape.area for one in found) == pytest.approx(int((block >= 128).sum()), rel=0.02)
    points = sum(len(shapely.get_coordinates(one.shape)) for one in found)
    assert points < 0.6 * len(shapely.get_coordinates(exact))


def test_small_ones_are_dropped_and_none_leaves_the_slide() -> None:
    block = np.zeros((50, 50), np.uint8)
    block[0:3, 0:3] = 255
    block[20:50, 20:50] = 255
    (found,) = outlines(block, min_area_px=10, downsample=2.0, size=90)
    assert found.shape.normalize().equals(
        chamfered(40, 40, 100, 100, pixel=2).intersection(shapely.box(0, 0, 90, 90)).normalize()
    )


def test_small_holes_are_filled_and_larger_ones_stay() -> None:
    block = np.full((40, 40), 255, np.uint8)
    block[5:8, 5:8] = 0
    block[20:24, 20:24] = 0
    (found,) = outlines(block, min_area_px=10)
    (hole,) = found.shape.interiors
    assert shapely.Polygon(hole).normalize().equals(chamfered(20, 20, 24, 24).normalize())


@pytest.mark.parametrize(
    ("threshold", "cut"), [(0.5, 128), (0.55, 141), (1 / 255, 1), (0.0001, 1), (0.2, 51), (1.0, 255)]
)
def test_the_cut_is_the_first_value_at_or_over_the_threshold(threshold: float, cut: int) -> None:
    assert cut_of(threshold) == cut


def test_nothing_gives_nothing() -> None:
    assert outlines(np.zeros((30, 30), np.uint8)) == []


@pytest.mark.parametrize("seed", range(6))
def test_leaving_specks_out_early_covers_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(seed).normal(size=(480, 600)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4 + seed % 3)
    block = np.clip(128 + smooth / smooth.std() * 60 + noise * 12, 0, 255).astype(np.uint8)

    early = outlines(block, side=240, min_area_px=60)
    traced = _trace
    monkeypatch.setattr("workers.contours._trace", lambda *block: traced(*block[:4]))
    late = outlines(block, side=240, min_area_px=60)

    # But for holes that meet an outline in a corner, which filling early closes: pieces that met there are one.
    assert 0 < len(early) <= len(late)
    areas = [shapely.union_all([outline.shape for outline in found]) for found in (early, late)]
    assert shapely.symmetric_difference(*areas).area < 0.011 * areas[1].area

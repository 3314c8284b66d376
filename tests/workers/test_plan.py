"""Plans: made from afar, kept, and the same when loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from api.errors import InvalidInput
from api.slides.patch_source import PatchSource, read_at
from tests.predictions.made import REDNESS
from tests.workers.painted import PaintedSlide, paint_slide
from workers.patches import Region
from workers.plan import Plan, make_plan

SIZE = (3200, 2400)


def plan_of(slide: PaintedSlide, **options: object) -> Plan:
    source = PatchSource(slide.path)
    try:
        return make_plan(source, REDNESS, l0_size=SIZE, mpp=slide.mpp, **options)  # type: ignore[arg-type]
    finally:
        source.close()


@pytest.fixture(scope="module")
def slide(tmp_path_factory: pytest.TempPathFactory) -> PaintedSlide:
    """Tissue in the cells (0, 0) and (3, 2) alone."""
    return paint_slide(
        tmp_path_factory.mktemp("plan") / "slide.tiff",
        mpp=0.5,
        tissue=[shapely.box(100, 100, 300, 300), shapely.box(1400, 960, 1560, 1120)],
    )


def test_only_cells_with_tissue_are_planned(slide: PaintedSlide) -> None:
    plan = plan_of(slide)
    assert plan.grid.downsample == 2.0
    assert plan.cells == ((0, 0), (3, 2))
    # The map has pixels of 8 um; those on the border count whole.
    assert plan.tissue_mm2 == pytest.approx((200 * 200 + 160 * 160) / 1e6, rel=0.06)


def test_a_plan_survives_saving(slide: PaintedSlide, tmp_path: Path) -> None:
    plan = plan_of(slide, region=Region(0, 0, 1500, 1500), focus=Region(0, 0, 10, 10))
    plan.save(tmp_path / "plan.json")
    assert Plan.load(tmp_path / "plan.json") == plan
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_a_region_is_cut_to_the_slide_or_refused(slide: PaintedSlide) -> None:
    assert plan_of(slide, region=Region(2700, 1800, 9000, 9000)).cells == ((3, 2),)
    grid = plan_of(slide, region=Region(-50, -50, 150, 150)).grid
    assert (grid.m_left, grid.m_top, grid.m_right, grid.m_bottom) == (0, 0, 50, 50)
    with pytest.raises(InvalidInput, match="lies outside the slide of 3200 x 2400 pixels"):
        plan_of(slide, region=Region(3200, 0, 10, 10))


def test_a_coarse_slide_is_enlarged(tmp_path: Path) -> None:
    slide = paint_slide(tmp_path / "coarse.tiff", mpp=2.0, tissue=[shapely.box(0, 0, 800, 600)], levels=1)
    source = PatchSource(slide.path)
    pixels = read_at(source, 100, 100, 50, 40, 0.5)
    source.close()
    assert pixels.shape == (80, 100, 3)
    assert set(map(tuple, pixels.reshape(-1, 3).tolist())) == {(200, 120, 200)}

"""`coslide predict` on painted slides: what comes out is where it was painted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
from shapely.geometry import shape

from api.errors import InvalidInput, NotFound
from api.settings import Settings
from tests.servers.triton import TritonProcess
from tests.workers.painted import LESION_PROBABILITY, PaintedSlide, paint_slide
from workers.run import predict_file

pytestmark = pytest.mark.triton


def settings_for(triton: TritonProcess, data: Path) -> Settings:
    return Settings(data=data, triton_url=triton.address)


def assert_same_but_for_corners(found: shapely.Polygon, expected: shapely.Polygon, model_pixel: float) -> None:
    """Each right-angled corner may be cut by half a model pixel each way; everything else is exact."""
    corners = sum(len(ring.coords) - 1 for ring in (expected.exterior, *expected.interiors))
    assert shapely.symmetric_difference(found, expected).area <= corners * model_pixel**2 / 8 + 1e-6
    assert found.bounds == expected.bounds


@pytest.mark.parametrize("mpp", [1.0, 0.5, 0.25])
async def test_polygons_lie_where_the_lesions_were_painted(mpp: float, triton: TritonProcess, tmp_path: Path) -> None:
    ring = shapely.box(200, 200, 800, 700).difference(shapely.box(400, 350, 600, 500))
    disc = shapely.Point(1150, 700).buffer(220, quad_segs=64)
    slide = paint_slide(
        tmp_path / "slide.tiff", mpp=mpp, tissue=[shapely.box(100, 100, 1500, 1100)], lesions=[ring, disc], levels=3
    )
    out = tmp_path / "out.geojson"

    figures = await predict_file(settings_for(triton, tmp_path), slide.path, out, model="redness")

    features = json.loads(out.read_text())["features"]
    shapes = sorted((shape(feature["geometry"]) for feature in features), key=lambda found: found.bounds[0])
    assert [found.is_valid for found in shapes] == [True, True]
    # The straight outline and its hole lose their eight corners across patches, nothing else; the round one is within
    # one model pixel.
    assert_same_but_for_corners(shapes[0], shapely.transform(ring, lambda points: points / mpp), 1 / mpp)
    expected_disc = shapely.transform(disc, lambda points: points / mpp)
    assert shapely.hausdorff_distance(shapes[1], expected_disc) <= 1.0 / mpp
    assert shapes[1].area == pytest.approx(expected_disc.area, rel=0.005)
    assert figures["polygons"] == 2
    assert figures["triton"] == "2.51.0"
    assert figures["cancer_mm2"] == pytest.approx((ring.area + disc.area) / 1e6, rel=0.002)
    assert figures["tissue_mm2"] == pytest.approx(1.4, rel=0.05)
    assert features[0]["properties"]["classification"] == {"name": "Red", "color": [214, 40, 57]}
    assert features[0]["properties"]["measurements"]["Mean probability"] == pytest.approx(LESION_PROBABILITY, abs=1e-3)


async def test_what_does_not_look_like_the_training_is_told_apart(triton: TritonProcess, tmp_path: Path) -> None:
    sure, odd = shapely.box(200, 200, 500, 600), shapely.box(500, 200, 900, 600)
    slide = paint_slide(
        tmp_path / "slide.tiff", mpp=0.5, tissue=[shapely.box(100, 100, 1500, 1100)], lesions=[sure], odd_lesions=[odd]
    )
    out = tmp_path / "out.geojson"

    figures = await predict_file(settings_for(triton, tmp_path), slide.path, out, model="doubtful")

    found = {
        feature["properties"]["classification"]["name"]: (feature, shape(feature["geometry"]))
        for feature in json.loads(out.read_text())["features"]
    }
    assert list(found) == ["Red", "Unsure: Red"]
    assert found["Red"][1].bounds == (400, 400, 1000, 1200)
    assert found["Unsure: Red"][1].bounds == (1000, 400, 1800, 1200)
    assert found["Red"][0]["properties"]["metadata"]["unsure"] is False
    assert found["Unsure: Red"][0]["properties"]["metadata"]["unsure"] is True
    assert found["Unsure: Red"][0]["properties"]["classification"]["color"] == [240, 180, 76]
    assert figures["polygons"] == 2
    assert figures["cancer_mm2"] == pytest.approx(sure.area / 1e6, rel=0.002)
    assert figures["unsure_mm2"] == pytest.approx(odd.area / 1e6, rel=0.002)


async def test_a_blank_slide_needs_no_patch(triton: TritonProcess, tmp_path: Path) -> None:
    slide = paint_slide(tmp_path / "blank.tiff", mpp=0.5)

    figures = await predict_file(settings_for(triton, tmp_path), slide.path, tmp_path / "x.geojson", model="redness")

    assert (figures["patches"], figures["polygons"], figures["tissue_mm2"]) == (0, 0, 0.0)
    assert json.loads((tmp_path / "x.geojson").read_text()) == {"type": "FeatureCollection", "features": []}


async def test_a_region_is_cut_out(triton: TritonProcess, two_lesions: PaintedSlide, tmp_path: Path) -> None:
    out = tmp_path / "x.geojson"

    await predict_file(
        settings_for(triton, tmp_path), two_lesions.path, out, model="redness", region=(600, 600, 400, 300)
    )

    (feature,) = json.loads(out.read_text())["features"]
    expected = two_lesions.lesions_px.intersection(shapely.box(600, 600, 1000, 900))
    assert_same_but_for_corners(shape(feature["geometry"]), expected, 1 / two_lesions.mpp)


async def test_a_slide_without_mpp_is_refused_and_accepted_with_it(triton: TritonProcess, tmp_path: Path) -> None:
    slide = paint_slide(tmp_path / "slide.tiff", mpp=500.0, width_um=500_000, height_um=500_000, levels=1)
    out = tmp_path / "x.geojson"

    with pytest.raises(InvalidInput, match=r"does not say how many micrometres .* --mpp 0\.25"):
        await predict_file(settings_for(triton, tmp_path), slide.path, out, model="redness")
    assert not out.exists()

    figures = await predict_file(settings_for(triton, tmp_path), slide.path, out, model="redness", mpp=0.5)
    assert figures["patches"] == 0


async def test_an_unknown_model_is_named(triton: TritonProcess, two_lesions: PaintedSlide, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no model 'nonesuch'"):
        await predict_file(settings_for(triton, tmp_path), two_lesions.path, tmp_path / "x.geojson", model="nonesuch")


async def test_a_failing_model_leaves_no_file(triton: TritonProcess, two_lesions: PaintedSlide, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="the weights are melted"):
        await predict_file(settings_for(triton, tmp_path), two_lesions.path, tmp_path / "x.geojson", model="faulty")
    assert list(tmp_path.glob("*.geojson")) == []
    assert list(tmp_path.glob(".coslide-*")) == []


async def test_the_server_is_started_when_none_is_given(
    model_venv: Path, standin_repository: Path, two_lesions: PaintedSlide, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path, triton_venv=model_venv, model_repository=standin_repository, triton_url=None)

    figures = await predict_file(settings, two_lesions.path, tmp_path / "x.geojson", model="redness")

    assert figures["polygons"] == 2
    assert len(list((tmp_path / "logs").glob("coslide_triton_*.log"))) == 1

"""The main job, end to end, in a real browser with two people, on SQLite and on MariaDB."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from api.slides.convert import convert_to_pyramid
from tests.e2e.conftest import Running
from tests.e2e.stories import tell

SIDE = 4
MPP = 1.0


def make_tissue(data: Path, folder: Path) -> Path:
    """A slide of 4 x 4 fields of view of adenocarcinoma that the model was not trained on, at 1 um/px."""
    manifest = data / "ebhi_seg" / "manifest.csv"
    with manifest.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "val" and row["class"] == "Adenocarcinoma"]
    fields = [np.asarray(Image.open(manifest.parent / row["image"]).convert("RGB")) for row in rows[: SIDE * SIDE]]
    mosaic = np.concatenate([np.concatenate(fields[i : i + SIDE], axis=1) for i in range(0, SIDE * SIDE, SIDE)])
    picture, slide = folder / "colon.png", folder / "colon.tiff"
    Image.fromarray(mosaic).save(picture)
    convert_to_pyramid(picture, slide, mpp=MPP)
    return slide


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_two_people_annotate_predict_and_export(
    running: Running, node: str, chromium_path: Path, shared_data: Path, tmp_path: Path
) -> None:
    slides = shared_data / "slides"
    seen = tell(
        "story",
        running.url,
        chromium_path,
        slide=str(slides / "aperio_cmu" / "CMU-1-Small-Region.svs"),
        broken=str(slides / "tiny_and_broken" / "broken.svs"),
        tissue=str(make_tissue(shared_data, tmp_path)),
    )

    assert seen["slides"] == ["CMU-1-Small-Region", "colon"]
    assert seen["drawn"]["kind"] == "POLYGON"
    assert seen["drawn"]["createdBy"] == {"name": "Ann"}
    assert seen["restored"] == {"id": seen["drawn"]["id"], "areaPx": seen["drawn"]["areaPx"]}
    prediction = seen["prediction"]
    assert prediction["status"] == "SUCCEEDED", prediction
    assert prediction["polygons"] > 0
    whole_mm2 = (SIDE * 224 * MPP / 1000) ** 2
    assert 0 < prediction["cancerMm2"] <= prediction["tissueMm2"] <= whole_mm2 * 1.01
    exported = json.loads(Path(seen["export"]).read_text(encoding="utf-8"))
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in exported["features"]]
    assert len(shapes) == prediction["polygons"]
    assert all(shape.is_valid for shape in shapes)
    area_mm2 = dict.fromkeys(("Non-cancer epithelium", "Carcinoma", "Unsure: Carcinoma"), 0.0)
    for feature, shape in zip(exported["features"], shapes, strict=True):
        area_mm2[feature["properties"]["classification"]["name"]] += shape.area * (MPP / 1000) ** 2
    assert area_mm2["Carcinoma"] == pytest.approx(prediction["cancerMm2"], rel=0.02)
    assert area_mm2["Unsure: Carcinoma"] == pytest.approx(prediction["unsureMm2"], rel=0.02, abs=1e-3)
    assert area_mm2["Non-cancer epithelium"] == 0

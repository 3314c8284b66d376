"""A slide made of images with masks: `coslide predict` finds on it what the model finds in the images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from api.settings import get_settings
from training.classes import CARCINOMA, HIGH_GRADE
from training.manifest import Sample, read_manifest, select
from training.repository import NAME
from training.truth_slide import TruthSlide, choose, compare, lay_out, rasterise


def made_sample(folder: Path, name: str, diagnosis: str = "Adenocarcinoma") -> Sample:
    image, mask = folder / f"{name}.png", folder / f"{name}_mask.png"
    Image.fromarray(np.full((32, 32, 3), 40 * int(name), np.uint8)).save(image)
    inside = np.zeros((32, 32), np.uint8)
    inside[4 : 8 + int(name), 10:20] = 255
    Image.fromarray(inside).save(mask)
    return Sample(image, mask, diagnosis, name, "val")


def test_a_slide_shows_its_images_where_its_truth_says(tmp_path: Path) -> None:
    samples = [made_sample(tmp_path, str(number)) for number in range(4)]
    slide = lay_out(samples, 0.5, tmp_path / "slide.tiff")
    assert slide.truth.shape == (64, 64)
    for number, sample in enumerate(samples):
        row, column = divmod(number, 2)
        part = slide.truth[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32]
        assert np.array_equal(part, sample.read_labels() == CARCINOMA)


def test_polygons_cover_the_pixels_they_were_drawn_around(tmp_path: Path) -> None:
    slide = TruthSlide(tmp_path, 0.5, np.zeros((40, 60), np.bool_))
    box = [[20, 10], [60, 10], [60, 50], [20, 50], [20, 10]]
    hole = [[30, 20], [50, 20], [50, 40], [30, 40], [30, 20]]
    found = rasterise([{"geometry": {"type": "Polygon", "coordinates": [box, hole]}}], slide)
    expected = np.zeros((40, 60), np.bool_)
    expected[5:25, 10:30] = True
    expected[10:20, 15:25] = False
    assert np.array_equal(found, expected)


def test_only_images_whose_class_is_certain_are_chosen(tmp_path: Path) -> None:
    samples = [made_sample(tmp_path, str(number)) for number in range(6)]
    samples[2] = replace(samples[2], diagnosis="High-grade IN")
    chosen = choose(samples, 3)
    assert len(chosen) == 3
    assert HIGH_GRADE not in [sample.label for sample in chosen]


@pytest.mark.triton
@pytest.mark.parametrize("mpp", [1.0, 0.5, 0.25])
async def test_predicting_the_slide_is_as_good_as_predicting_the_images(
    mpp: float, triton_url: str, shared_data: Path, tmp_path: Path
) -> None:
    samples = choose(select(read_manifest(shared_data / "ebhi_seg"), "val"), 144)
    settings = get_settings().model_copy(update={"data": tmp_path, "triton_url": triton_url})
    seen = await compare(samples, mpp, settings, NAME, tmp_path)
    assert seen["images"] == 144
    assert seen["dice_images"] > 0.8
    assert seen["dice_slide"] == pytest.approx(seen["dice_images"], abs=0.02)

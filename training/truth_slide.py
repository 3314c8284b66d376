"""A slide whose truth is known, predicted as a user would: `python -m training.truth_slide --mpp 0.5`.

Images of a split are laid out as one slide, `coslide predict`'s own code predicts it, and its polygons are
compared with the masks. The Dice must be that of the images alone, measured by `training.evaluate`'s code on
the same ones: then coordinates, scale and stitching are right. Prints one JSON line. Needs no torch.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import shapely
import tifffile
from numpy.typing import NDArray
from shapely.geometry import shape

from api.errors import PlatformError
from api.settings import Settings, get_settings
from training.classes import CARCINOMA, HIGH_GRADE
from training.evaluate import measure_samples
from training.manifest import DEFAULT_FOLDER, ManifestError, Sample, read_manifest, select, side_by_side
from training.metrics import dice, pooled_confusion
from training.repository import NAME
from training.served import served_model
from workers.run import predict_file

MODEL_MPP = 1.0
TILE_PX = 256


@dataclass(frozen=True)
class TruthSlide:
    """A slide file and what is carcinoma on it.

    Attributes:
        mpp: micrometres per level-0 pixel.
        truth: [rows, columns] bool, at `MODEL_MPP`.
    """

    path: Path
    mpp: float
    truth: NDArray[np.bool_]


def choose(samples: list[Sample], count: int) -> list[Sample]:
    """Evenly spread samples whose class is certain and whose size is the commonest."""
    certain = [sample for sample in samples if sample.label != HIGH_GRADE]
    return certain[:: max(1, len(certain) // count)][:count]


def lay_out(samples: list[Sample], mpp: float, path: Path) -> TruthSlide:
    """Write the samples side by side, row by row, as a tiled pyramid of level-0 pixels of `mpp` micrometres.

    Args:
        samples: all of one size, at `MODEL_MPP`; as many as fill a square are used.
        mpp: `MODEL_MPP` or finer; the pictures are enlarged.
    """
    picture, labels = side_by_side(samples)
    scale = MODEL_MPP / mpp
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    level = picture if scale == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for number in range(3):
            tiff.write(
                np.ascontiguousarray(level),
                tile=(TILE_PX, TILE_PX),
                photometric="rgb",
                compression="adobe_deflate",
                resolution=(1e4 / (mpp * 2**number), 1e4 / (mpp * 2**number)),
                resolutionunit="CENTIMETER",
                subfiletype=1 if number else 0,
                metadata=None,
            )
            level = cv2.resize(level, (level.shape[1] // 2, level.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return TruthSlide(path, mpp, labels == CARCINOMA)


def rasterise(features: list[dict[str, Any]], slide: TruthSlide) -> NDArray[np.bool_]:
    """[rows, columns] bool of the polygons, at `MODEL_MPP`: a pixel counts when its centre lies inside.

    Args:
        features: GeoJSON polygons in level-0 pixels.
    """
    found = np.zeros(slide.truth.shape, np.bool_)
    factor = slide.mpp / MODEL_MPP
    for feature in features:
        polygon = shapely.transform(shape(feature["geometry"]), lambda points: points * factor)
        shapely.prepare(polygon)
        left, top, right, bottom = (round(bound) for bound in polygon.bounds)
        x, y = np.meshgrid(np.arange(left, right + 1) + 0.5, np.arange(top, bottom + 1) + 0.5)
        inside = shapely.contains_xy(polygon, x, y)[: found.shape[0] - top, : found.shape[1] - left]
        found[top : top + inside.shape[0], left : left + inside.shape[1]] |= inside
    return found


async def compare(samples: list[Sample], mpp: float, settings: Settings, name: str, folder: Path) -> dict[str, Any]:
    """Dice of the polygons on the slide and Dice of the same images alone, both by the served model.

    Raises:
        PlatformError: the slide, the model or its server fails.
    """
    slide = lay_out(samples, mpp, folder / "truth.tiff")
    out = folder / "truth.geojson"
    figures = await predict_file(settings, slide.path, out, model=name)
    called = rasterise(json.loads(out.read_text(encoding="utf-8"))["features"], slide)
    both, sizes = int((called & slide.truth).sum()), int(called.sum()) + int(slide.truth.sum())
    used = samples[: int(len(samples) ** 0.5) ** 2]
    async with served_model(name, settings.triton_url) as model:
        results = await measure_samples(model, used, None, sys.stderr)
    return {
        "images": len(used),
        "mpp": mpp,
        "dice_slide": round(2 * both / sizes, 4),
        "dice_images": round(dice(pooled_confusion(results), CARCINOMA), 4),
        **{key: figures[key] for key in ("patches", "polygons", "tissue_mm2", "cancer_mm2", "unsure_mm2")},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Predict a slide whose truth is known.")
    parser.add_argument("--manifest", type=Path, default=DEFAULT_FOLDER, help="CSV file or its folder")
    parser.add_argument("--split", default="val")
    parser.add_argument("--mpp", type=float, default=MODEL_MPP, help="of the slide's level 0, at most 1")
    parser.add_argument("--images", type=int, default=144)
    parser.add_argument("--model", default=NAME)
    options = parser.parse_args()
    try:
        samples = choose(select(read_manifest(options.manifest), options.split), options.images)
        with tempfile.TemporaryDirectory() as folder:
            seen = asyncio.run(compare(samples, options.mpp, get_settings(), options.model, Path(folder)))
    except (ManifestError, PlatformError, OSError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    print(json.dumps(seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())

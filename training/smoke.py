"""Look at a served model on a slide or a picture: `python -m training.smoke FILE --out OVERLAY.png`.

Reads the whole file at the model's um/px, segments it with overlapping windows, writes the picture with the
outlines of what is called carcinoma (red) and other epithelium (green) drawn over it, and prints one JSON
line with the share of the tissue called carcinoma. For files of a few square millimetres; the platform itself
predicts whole slides.
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

import numpy as np
import openslide
from numpy.typing import NDArray
from PIL import Image

from api.errors import PlatformError
from training.classes import BENIGN, CARCINOMA, CLASSES
from training.metrics import call_classes
from training.repository import NAME
from training.served import served_model

MODEL_MPP = 1.0
TISSUE_SATURATION = 18
"""A pixel is tissue when its largest and smallest channel differ by more than this."""


def read_at_mpp(path: Path, mpp: float | None) -> NDArray[np.uint8]:
    """The whole file at `MODEL_MPP`, (height, width, 3).

    Args:
        mpp: um/px of level 0, for a file that does not say.

    Raises:
        ValueError: if neither the file nor the caller gives it.
    """
    if openslide.OpenSlide.detect_format(path) is None:
        with Image.open(path) as opened:
            picture, known = opened.convert("RGB"), None
    else:
        with openslide.OpenSlide(path) as slide:
            picture = slide.read_region((0, 0), 0, slide.dimensions).convert("RGB")
            known = slide.properties.get(openslide.PROPERTY_NAME_MPP_X)
    if mpp is None:
        if known is None:
            raise ValueError(f"{path} does not say its micrometres per pixel. Give them: --mpp 0.25")
        mpp = float(known)
    scale = mpp / MODEL_MPP
    size = (round(picture.width * scale), round(picture.height * scale))
    return np.asarray(picture.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC))


def tissue_mask(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(height, width), where there is colour rather than glass."""
    spread: NDArray[np.bool_] = np.ptp(picture.astype(np.int16), axis=2) > TISSUE_SATURATION
    return spread


def draw_outlines(picture: NDArray[np.uint8], called: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with a two-pixel outline around each class of epithelium, carcinoma also tinted."""
    drawn = picture.copy()
    for index in (BENIGN, CARCINOMA):
        colour = np.array([int(CLASSES[index].colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
        inside = np.pad(called == index, 2)
        core = inside.copy()
        for rows, columns in ((-2, 0), (2, 0), (0, -2), (0, 2)):
            core &= np.roll(inside, (rows, columns), (0, 1))
        inside, core = inside[2:-2, 2:-2], core[2:-2, 2:-2]
        if index == CARCINOMA:
            drawn[core] = (0.7 * drawn[core] + 0.3 * colour).astype(np.uint8)
        drawn[inside & ~core] = colour
    return drawn


async def inspect(path: Path, mpp: float | None, address: str | None, name: str, out: Path) -> dict[str, float | str]:
    """Segment one file, write the overlay, and say how much of its tissue is called what."""
    picture = await asyncio.to_thread(read_at_mpp, path, mpp)
    async with served_model(name, address) as model:
        probability = await model.segment(picture)
    called, tissue = call_classes(probability, model.info.threshold), tissue_mask(picture)
    await asyncio.to_thread(Image.fromarray(draw_outlines(picture, called)).save, out)
    area = max(1, int(tissue.sum()))
    return {
        "file": path.name,
        "tissue_mm2": round(area * MODEL_MPP**2 / 1e6, 3),
        "carcinoma_share": round(float((called == CARCINOMA)[tissue].sum()) / area, 4),
        "benign_share": round(float((called == BENIGN)[tissue].sum()) / area, 4),
        "carcinoma_on_glass_mm2": round(float((called == CARCINOMA)[~tissue].sum()) * MODEL_MPP**2 / 1e6, 4),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Look at a served model on a slide or a picture.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--mpp", type=float, help="micrometres per pixel, where the file does not say")
    parser.add_argument("--triton", metavar="HOST:PORT", help="gRPC address of a running server; else one is started")
    parser.add_argument("--model", default=NAME)
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    options = parser.parse_args()
    try:
        seen = asyncio.run(inspect(options.file, options.mpp, options.triton, options.model, options.out))
    except (PlatformError, ValueError, OSError, openslide.OpenSlideError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    print(json.dumps(seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())

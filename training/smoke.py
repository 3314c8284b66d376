"""Look at a served model on a slide or a picture: `python -m training.smoke FILE --out OVERLAY.png`.

Reads the whole file at the model's um/px, segments it with overlapping windows, writes the picture with the
outlines of what is called carcinoma (red), of what would be but is unsure (amber) and of other epithelium
(green) drawn over it, and prints one JSON line with their shares of the tissue. For files of a few square
millimetres; the platform itself predicts whole slides.
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
from training.metrics import UNSURE_FROM, call_classes
from training.repository import NAME
from training.served import served_model

MODEL_MPP = 1.0
UNSURE_COLOUR = "#f0b44c"
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


def draw_outlines(
    picture: NDArray[np.uint8], called: NDArray[np.uint8], unsure: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """The picture with a two-pixel outline around each class of epithelium, carcinoma also tinted.

    Args:
        unsure: (height, width), what of the carcinoma is shown as unsure instead.
    """
    drawn = picture.copy()
    cancer = called == CARCINOMA
    for mask, colour, is_tinted in (
        (called == BENIGN, CLASSES[BENIGN].colour, False),
        (cancer & unsure, UNSURE_COLOUR, True),
        (cancer & ~unsure, CLASSES[CARCINOMA].colour, True),
    ):
        shade = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
        inside = np.pad(mask, 2)
        core = inside.copy()
        for rows, columns in ((-2, 0), (2, 0), (0, -2), (0, 2)):
            core &= np.roll(inside, (rows, columns), (0, 1))
        inside, core = inside[2:-2, 2:-2], core[2:-2, 2:-2]
        if is_tinted:
            drawn[core] = (0.7 * drawn[core] + 0.3 * shade).astype(np.uint8)
        drawn[inside & ~core] = shade
    return drawn


async def inspect(path: Path, mpp: float | None, address: str | None, name: str, out: Path) -> dict[str, float | str]:
    """Segment one file, write the overlay, and say how much of its tissue is called what."""
    picture = await asyncio.to_thread(read_at_mpp, path, mpp)
    async with served_model(name, address) as model:
        planes = await model.segment(picture)
    called, tissue = call_classes(planes, model.info.threshold), tissue_mask(picture)
    unsure = planes[len(CLASSES)] >= UNSURE_FROM if model.info.knows_unsure else np.zeros_like(tissue)
    await asyncio.to_thread(Image.fromarray(draw_outlines(picture, called, unsure)).save, out)
    area, cancer = max(1, int(tissue.sum())), called == CARCINOMA
    return {
        "file": path.name,
        "tissue_mm2": round(area * MODEL_MPP**2 / 1e6, 3),
        "carcinoma_share": round(float((cancer & ~unsure)[tissue].sum()) / area, 4),
        "unsure_share": round(float((cancer & unsure)[tissue].sum()) / area, 4),
        "benign_share": round(float((called == BENIGN)[tissue].sum()) / area, 4),
        "carcinoma_on_glass_mm2": round(float(cancer[~tissue].sum()) * MODEL_MPP**2 / 1e6, 4),
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

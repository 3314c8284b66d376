"""What choices at test time give and cost: `python -m training.choices`.

Windows over a mosaic of val images with known truth, joined with and without overlap and blending; and averages over
mirrored windows. By the graph that is served, in this process. Prints one line a choice: Dice of carcinoma, and how
many windows it took against the cheapest.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from training.classes import CARCINOMA, CLASSES, HIGH_GRADE
from training.export import Engine
from training.manifest import DEFAULT_FOLDER, read_manifest, select, side_by_side
from training.metrics import dice, measure_image
from training.repository import DEFAULT_FOLDER as REPOSITORY
from training.repository import NAME
from training.windows import WINDOW_PX, starts

SIDE = 16
"""Images along a side of the mosaic."""
Planes = NDArray[np.float32]


@dataclass(frozen=True)
class Choice:
    """How windows are laid and joined.

    Attributes:
        overlap_px: how far neighbouring windows overlap.
        blends: whether weights fall over the overlap; else each pixel comes from the window whose middle is nearest.
        mirrors: how many mirror images are averaged: 1, 2 (left and right) or 4.
    """

    overlap_px: int
    blends: bool
    mirrors: int = 1


CHOICES = (
    Choice(0, blends=False),
    Choice(64, blends=False),
    Choice(64, blends=True),
    Choice(128, blends=False),
    Choice(128, blends=True),
    Choice(256, blends=True),
    Choice(64, blends=True, mirrors=2),
    Choice(64, blends=True, mirrors=4),
)


def infer(request: openvino.InferRequest, window: NDArray[np.uint8], mirrors: int) -> Planes:
    """(C, 512, 512) class probabilities x 255 of one window, averaged over its mirror images."""
    flips: tuple[tuple[int, ...], ...] = ((), (1,), (0,), (0, 1))
    answers = []
    for axes in flips[:mirrors]:
        planes = request.infer([np.ascontiguousarray(np.flip(window, axes))[None]])[0][0, : len(CLASSES)]
        answers.append(np.flip(planes, tuple(axis + 1 for axis in axes)).astype(np.float32))
    return np.asarray(np.mean(answers, axis=0), np.float32)


def segment(request: openvino.InferRequest, pixels: NDArray[np.uint8], choice: Choice) -> tuple[NDArray[np.uint8], int]:
    """(C, side, side) uint8 of a whole picture, and how many windows were inferred."""
    side = pixels.shape[0]
    ramp = np.minimum(np.arange(1, WINDOW_PX + 1), np.arange(WINDOW_PX, 0, -1)).astype(np.float32)
    ramp = ramp.clip(max=max(1, choice.overlap_px)) if choice.blends else ramp
    weight = ramp[:, None] * ramp[None, :]
    total, best = np.zeros((len(CLASSES), side, side), np.float32), np.zeros((side, side), np.float32)
    windows = 0
    for row in starts(side, choice.overlap_px):
        for column in starts(side, choice.overlap_px):
            here = (slice(row, row + WINDOW_PX), slice(column, column + WINDOW_PX))
            answer = infer(request, pixels[here], choice.mirrors)
            windows += choice.mirrors
            if choice.blends:
                total[:, *here] += answer * weight
                best[here] += weight
            else:
                nearer = weight > best[here]
                total[:, *here][:, nearer] = answer[:, nearer]
                best[here][nearer] = weight[nearer]
    joined = total / best if choice.blends else total
    return (joined + 0.5).astype(np.uint8), windows


def main() -> None:
    parser = argparse.ArgumentParser(description="What overlap, blending and mirror images give and cost.")
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER, help="folder that holds manifest.csv")
    parser.add_argument("--model", type=Path, default=REPOSITORY / NAME / "1" / "model.xml")
    parser.add_argument("--threshold", type=float, default=0.6)
    options = parser.parse_args()
    certain = [sample for sample in select(read_manifest(options.data), "val") if sample.label != HIGH_GRADE]
    pixels, labels = side_by_side(certain[: SIDE**2])
    request = Engine(openvino.Core().read_model(options.model), "int8").request(1)
    rows, fewest = [], 0
    for choice in CHOICES:
        planes, windows = segment(request, pixels, choice)
        fewest = fewest or windows
        confusion = measure_image(planes, labels, "mosaic", options.threshold).confusion
        rows.append(
            {
                "overlap_px": choice.overlap_px,
                "blends": choice.blends,
                "mirrors": choice.mirrors,
                "dice_carcinoma": round(dice(confusion, CARCINOMA), 4),
                "windows": round(windows / fewest, 2),
            }
        )
        print(json.dumps(rows[-1]), flush=True)


if __name__ == "__main__":
    main()

"""Fit temperature, threshold and the limit of "unsure" on val: `python -m training.calibrate [--run FOLDER]`.

Temperature: the one number that, dividing the logits, makes the probabilities of val most likely (Guo et al.
2017). Threshold: the highest whose Dice on val is within `DICE_GIVEN` of the best one's, because a false
alarm on a whole slide costs a reader more than a rim of a few pixels.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.classes import CARCINOMA, HIGH_GRADE
from training.curves import plot_reliability
from training.data import Images, load
from training.manifest import DEFAULT_FOLDER, read_manifest, select
from training.metrics import ImageResult, calibration_error, dice, measure_image, pooled_confusion
from training.train import DEFAULT_RUN, load_network, load_recipe, predict_logits
from training.unsure import fit

CALIBRATION = "calibration.json"
UNSURE = "unsure.pt"
THRESHOLDS = tuple(round(0.3 + 0.05 * i, 2) for i in range(13))
DICE_GIVEN = 0.004


@dataclass(frozen=True)
class Calibration:
    """What val chose, and what it did there."""

    temperature: float
    threshold: float
    ece_before: float
    ece_after: float
    dice_by_threshold: dict[str, float]


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature of least cross-entropy over the pixels whose class is certain.

    Args:
        logits: (N, C, h, w).
        labels: (N, h, w) uint8.
    """
    certain = labels != HIGH_GRADE
    picked = logits.float().permute(0, 2, 3, 1)[certain][::7]
    truth = labels[certain][::7].long()
    logarithm = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.LBFGS([logarithm], lr=0.2, max_iter=40)

    def cost() -> Tensor:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(picked / logarithm.exp(), truth)
        loss.backward()
        return loss

    optimiser.step(cost)
    return float(logarithm.detach().exp())


def choose_threshold(dice_by_threshold: dict[float, float]) -> float:
    """The highest threshold within `DICE_GIVEN` of the best Dice."""
    best = max(dice_by_threshold.values())
    return max(threshold for threshold, value in dice_by_threshold.items() if value >= best - DICE_GIVEN)


def probabilities(logits: Tensor, temperature: float) -> list[NDArray[np.uint8]]:
    """(C, h, w) uint8 of each image, class probability x 255, of (N, C, h, w) logits."""
    return [((one.float() / temperature).softmax(0) * 255 + 0.5).to(torch.uint8).numpy() for one in logits]


def results_of(probabilities: list[NDArray[np.uint8]], images: Images, threshold: float) -> list[ImageResult]:
    """What is called carcinoma from `threshold` on, measured image by image."""
    return [
        measure_image(probability, labels.numpy(), sample.case, threshold)
        for probability, labels, sample in zip(probabilities, images.labels, images.samples, strict=True)
    ]


def _reliability(results: list[ImageResult]) -> NDArray[np.float64]:
    """(3, bins), summed over the images."""
    total: NDArray[np.float64] = np.sum([result.reliability for result in results], axis=0)
    return total


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Fit temperature, threshold and the limit of unsure on val.")
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER, help="folder that holds manifest.csv")
    parser.add_argument("--run", type=Path, default=DEFAULT_RUN, help="folder of a finished training run")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)

    torch.set_num_threads(options.threads)
    recipe = load_recipe(options.run)
    samples = read_manifest(options.data, recipe.fold)
    images, network = load(select(samples, "val")), load_network(options.run)
    torch.save(fit(network, load(select(samples, "train")), images).state_dict(), options.run / UNSURE)
    logits = predict_logits(network, images.pixels)
    temperature = fit_temperature(logits, images.labels)
    calibrated = probabilities(logits, temperature)
    by_threshold = {threshold: results_of(calibrated, images, threshold) for threshold in THRESHOLDS}
    curve = {threshold: dice(pooled_confusion(results), CARCINOMA) for threshold, results in by_threshold.items()}
    threshold = choose_threshold(curve)
    before = _reliability(results_of(probabilities(logits, 1.0), images, threshold))
    after = _reliability(by_threshold[threshold])
    calibration = Calibration(
        round(temperature, 4),
        threshold,
        round(calibration_error(before), 4),
        round(calibration_error(after), 4),
        {f"{key:.2f}": round(value, 4) for key, value in curve.items()},
    )
    (options.run / CALIBRATION).write_text(json.dumps(asdict(calibration), indent=1) + "\n", encoding="utf-8")
    plot_reliability(before, after, options.run / "reliability.png")
    print(json.dumps(asdict(calibration)))


if __name__ == "__main__":
    main()

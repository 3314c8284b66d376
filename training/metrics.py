"""Figures from predictions and labels. Pure numpy; every definition is here and only here.

High-grade images count in no figure but `highgrade_called_carcinoma`, because whether they are cancer is left open
(see `training.classes`). Pixel figures are pooled over all pixels of all images, not averaged over images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.classes import BACKGROUND, BENIGN, CARCINOMA, CLASSES, HIGH_GRADE

CONFIDENCE_BINS = 15
IMAGE_THRESHOLD = 0.5
"""An image is called carcinoma when at least half of its epithelium is."""
EPITHELIUM_FLOOR = 0.01
"""Share of an image counted as epithelium that is no carcinoma, so that a near-empty image scores near 0."""


@dataclass(frozen=True)
class ImageResult:
    """What one image adds to the pooled figures; sums only, so that a case or a bootstrap sample is a sum of these."""

    case: str
    label: int
    confusion: NDArray[np.int64]
    """(C, C) pixels, row = truth, column = called. Zero for a high-grade image."""
    carcinoma_share: float
    """Carcinoma's part of the predicted epithelium, in [0, 1]: the image's score."""
    bin_count: NDArray[np.int64]
    """(CONFIDENCE_BINS,) pixels by the confidence of their most probable class."""
    bin_confidence: NDArray[np.float64]
    """(CONFIDENCE_BINS,) sum of those confidences."""
    bin_correct: NDArray[np.int64]
    """(CONFIDENCE_BINS,) of those pixels, how many are right."""


def call_classes(probability: NDArray[np.uint8], threshold: float) -> NDArray[np.uint8]:
    """The class of each pixel: carcinoma from `threshold` on, else the likelier of the other two.

    Args:
        probability: (C, h, w) uint8, class probability x 255.
        threshold: in (0, 1).
    """
    other = np.where(probability[BENIGN] > probability[BACKGROUND], BENIGN, BACKGROUND)
    return np.where(probability[CARCINOMA] >= threshold * 255, CARCINOMA, other).astype(np.uint8)


def measure_image(
    probability: NDArray[np.uint8], labels: NDArray[np.uint8], case: str, threshold: float
) -> ImageResult:
    """The sums of one image.

    Args:
        probability: (C, h, w) uint8, class probability x 255.
        labels: (h, w) uint8, values of `training.classes`.
    """
    classes = len(CLASSES)
    label = int(labels.max())
    mass = probability.reshape(classes, -1).sum(1, dtype=np.float64) / 255
    share = mass[CARCINOMA] / (mass[BENIGN] + mass[CARCINOMA] + EPITHELIUM_FLOOR * labels.size)
    confusion = np.zeros((classes, classes), np.int64)
    count, correct = np.zeros(CONFIDENCE_BINS, np.int64), np.zeros(CONFIDENCE_BINS, np.int64)
    total = np.zeros(CONFIDENCE_BINS)
    if label != HIGH_GRADE:
        called = call_classes(probability, threshold)
        pairs = labels.astype(np.int64).ravel() * classes + called.ravel()
        confusion = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
        confidence = probability.max(0).ravel() / 255
        right = (probability.argmax(0) == labels).ravel()
        where = np.minimum((confidence * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
        count = np.bincount(where, minlength=CONFIDENCE_BINS)
        total = np.bincount(where, weights=confidence, minlength=CONFIDENCE_BINS)
        correct = np.bincount(where[right], minlength=CONFIDENCE_BINS)
    return ImageResult(case, label, confusion, float(share), count, total, correct)


def dice(confusion: NDArray[np.int64], class_index: int) -> float:
    """2 TP / (2 TP + FP + FN) of one class against the rest; 1 when the class is neither there nor called."""
    called, true = int(confusion[:, class_index].sum()), int(confusion[class_index].sum())
    return 2 * int(confusion[class_index, class_index]) / (called + true) if called + true else 1.0


def area_under_curve(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The chance that a positive scores above a negative, ties counting half (Mann-Whitney).

    Raises:
        ValueError: if one of the two kinds is absent.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(positive, bool)
    if truth.all() or not truth.any():
        raise ValueError("The area under the curve needs positive and negative images; the split holds only one kind.")
    above = values[truth][:, None] - values[~truth][None, :]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def calibration_error(count: NDArray[np.int64], confidence: NDArray[np.float64], correct: NDArray[np.int64]) -> float:
    """Expected calibration error of the most probable class: bins weighted by their pixels."""
    return float(np.abs(confidence - correct).sum() / max(1, count.sum()))


def bootstrap_interval(
    results: Sequence[ImageResult], class_index: int, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of a pooled Dice when whole cases, not images, are drawn again with replacement."""
    cases = sorted({result.case for result in results})
    order = {case: i for i, case in enumerate(cases)}
    sums = np.zeros((len(cases), *results[0].confusion.shape), np.int64)
    for result in results:
        sums[order[result.case]] += result.confusion
    random = np.random.default_rng(seed)
    picks = random.integers(0, len(cases), (resamples, len(cases)))
    values = [dice(sums[pick].sum(0), class_index) for pick in picks]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def summarise(results: Sequence[ImageResult]) -> dict[str, float | int]:
    """The figures of a split, ready for JSON; an entry that the split cannot give is absent.

    Raises:
        ValueError: if there is no image outside high-grade.
    """
    decided = [result for result in results if result.label != HIGH_GRADE]
    undecided = [result for result in results if result.label == HIGH_GRADE]
    if not decided:
        raise ValueError("Every image of the split is high-grade: no Dice can be given. Choose another split.")
    confusion = np.sum([result.confusion for result in decided], axis=0)
    low, high = bootstrap_interval(decided, CARCINOMA)
    figures: dict[str, float | int] = {
        "cases": len({result.case for result in results}),
        "images": len(results),
        "dice_carcinoma": dice(confusion, CARCINOMA),
        "dice_noncancer_epithelium": dice(confusion, BENIGN),
        "ece": calibration_error(
            np.sum([result.bin_count for result in decided], axis=0),
            np.sum([result.bin_confidence for result in decided], axis=0),
            np.sum([result.bin_correct for result in decided], axis=0),
        ),
        "dice_carcinoma_low95": low,
        "dice_carcinoma_high95": high,
    }
    scores = np.array([result.carcinoma_share for result in decided])
    positive = np.array([result.label == CARCINOMA for result in decided])
    if positive.any() and not positive.all():
        figures["image_auc"] = area_under_curve(list(scores), list(positive))
    if positive.any():
        figures["image_sensitivity"] = float((scores[positive] >= IMAGE_THRESHOLD).mean())
    if not positive.all():
        figures["image_specificity"] = float((scores[~positive] < IMAGE_THRESHOLD).mean())
    if undecided:
        called = [result.carcinoma_share >= IMAGE_THRESHOLD for result in undecided]
        figures["highgrade_called_carcinoma"] = float(np.mean(called))
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}

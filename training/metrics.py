"""Figures from predictions and labels. Pure numpy; every definition is here and only here.

High-grade images count in no figure but `highgrade_called_carcinoma`, because whether they are cancer is left
open (see `training.classes`). Pixel figures are pooled over all pixels of all images, not averaged over
images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.classes import BACKGROUND, BENIGN, CARCINOMA, CLASSES, HIGH_GRADE

CONFIDENCE_BINS = 15
IMAGE_THRESHOLD = 0.5
"""An image is called carcinoma when at least half of its epithelium is."""
UNSURE_FROM = 128
"""From this value of its plane on a model is unsure. The platform's own, `api.predictions.model_info.UNSURE_FROM`,
stands beside packages that training does without; a test compares the two.
"""
EPITHELIUM_FLOOR = 0.01
"""Share of an image counted as epithelium that is no carcinoma, so that a near-empty image scores near 0."""


Figures = dict[str, float | int | None]
"""Named figures of a split; None where the split cannot give one."""


@dataclass(frozen=True)
class ImageResult:
    """What one image adds to the pooled figures; sums only, so that a case or a bootstrap sample is a sum of
    these.
    """

    case: str
    label: int
    size: tuple[int, int]
    """(height, width) in pixels."""
    confusion: NDArray[np.int64]
    """(C, C) pixels, row = truth, column = called. Zero for a high-grade image."""
    carcinoma_share: float
    """Carcinoma's part of the predicted epithelium, in [0, 1]: the image's score."""
    reliability: NDArray[np.float64]
    """(3, CONFIDENCE_BINS), pixels by the confidence of their most probable class: how many, the sum of
    their confidences, how many are right. Zero for a high-grade image.
    """
    unsure: NDArray[np.int64]
    """Pixels: of carcinoma, of those the ones marked unsure, called carcinoma, of those the ones marked unsure."""


def call_classes(probability: NDArray[np.uint8], threshold: float) -> NDArray[np.uint8]:
    """The class of each pixel: carcinoma from `threshold` on, else the likelier of the other two.

    Args:
        probability: (C, h, w) uint8, class probability x 255.
        threshold: in (0, 1).
    """
    other = np.where(probability[BENIGN] > probability[BACKGROUND], BENIGN, BACKGROUND)
    return np.where(probability[CARCINOMA] >= threshold * 255, CARCINOMA, other).astype(np.uint8)


def measure_image(planes: NDArray[np.uint8], labels: NDArray[np.uint8], case: str, threshold: float) -> ImageResult:
    """The sums of one image.

    Args:
        planes: (P, h, w) uint8, class probability x 255, then "unsure" if the model knows it.
        labels: (h, w) uint8, values of `training.classes`.
    """
    classes = len(CLASSES)
    probability, is_unsure = planes[:classes], (planes[classes:] >= UNSURE_FROM).any(axis=0)
    label = int(labels.max())
    mass = probability.reshape(classes, -1).sum(1, dtype=np.float64) / 255
    share = mass[CARCINOMA] / (mass[BENIGN] + mass[CARCINOMA] + EPITHELIUM_FLOOR * labels.size)
    confusion = np.zeros((classes, classes), np.int64)
    reliability = np.zeros((3, CONFIDENCE_BINS))
    unsure = np.zeros(4, np.int64)
    if label != HIGH_GRADE:
        called = call_classes(probability, threshold)
        pairs = labels.astype(np.int64).ravel() * classes + called.ravel()
        confusion = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
        reliability = _reliability(probability, labels)
        cancer, as_cancer = labels == CARCINOMA, called == CARCINOMA
        unsure = np.array([one.sum() for one in (cancer, cancer & is_unsure, as_cancer, as_cancer & is_unsure)])
    size = (labels.shape[0], labels.shape[1])
    return ImageResult(case, label, size, confusion, float(share), reliability, unsure)


def _reliability(probability: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    confidence = probability.max(0).ravel() / 255
    right = (probability.argmax(0) == labels).ravel().astype(np.float64)
    where = np.minimum((confidence * CONFIDENCE_BINS).astype(np.int64), CONFIDENCE_BINS - 1)
    weights = (np.ones_like(confidence), confidence, right)
    return np.stack([np.bincount(where, weight, minlength=CONFIDENCE_BINS) for weight in weights])


def pooled_confusion(results: Sequence[ImageResult]) -> NDArray[np.int64]:
    """(C, C) pixels of all images, row = truth, column = called."""
    total: NDArray[np.int64] = np.sum([result.confusion for result in results], axis=0)
    return total


def dice(confusion: NDArray[np.int64], class_index: int) -> float:
    """2 TP / (2 TP + FP + FN) of one class against the rest; 1 when the class is neither there nor called."""
    called, true = int(confusion[:, class_index].sum()), int(confusion[class_index].sum())
    return 2 * int(confusion[class_index, class_index]) / (called + true) if called + true else 1.0


def area_under_curve(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The chance that a positive scores above a negative, ties counting half (Mann-Whitney).

    Raises:
        ValueError: if one of the two kinds is absent.
    """
    if not positive or not negative:
        raise ValueError("The area under the curve needs positive and negative images; only one kind was given.")
    above = np.asarray(positive, np.float64)[:, None] - np.asarray(negative, np.float64)[None, :]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def calibration_error(reliability: NDArray[np.float64]) -> float:
    """Expected calibration error of the most probable class: bins weighted by their pixels.

    Args:
        reliability: (3, bins), as in `ImageResult`.
    """
    count, confidence, right = reliability
    return float(np.abs(confidence - right).sum() / max(1.0, count.sum()))


def dice_by_case(results: Sequence[ImageResult], class_index: int = CARCINOMA) -> dict[str, float]:
    """Pooled Dice of each case that has pixels of the class."""
    cases = sorted({result.case for result in results})
    confusions = {case: pooled_confusion([one for one in results if one.case == case]) for case in cases}
    return {
        case: dice(confusion, class_index) for case, confusion in confusions.items() if confusion[class_index].any()
    }


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


def summarise(results: Sequence[ImageResult]) -> Figures:
    """The figures of a split, ready for JSON, rounded to four digits; None where the split holds no such
    image.

    Raises:
        ValueError: if there is no image outside high-grade.
    """
    decided = [result for result in results if result.label != HIGH_GRADE]
    if not decided:
        raise ValueError("Every image of the split is high-grade: no Dice can be given. Choose another split.")
    confusion = pooled_confusion(decided)
    reliability = np.sum([result.reliability for result in decided], axis=0)
    positive = [result.carcinoma_share for result in decided if result.label == CARCINOMA]
    negative = [result.carcinoma_share for result in decided if result.label != CARCINOMA]
    undecided = [result.carcinoma_share for result in results if result.label == HIGH_GRADE]
    low, high = bootstrap_interval(decided, CARCINOMA)
    cancer, cancer_unsure = np.sum([result.unsure for result in decided], axis=0)[:2]
    called_negative = share_called(negative)
    figures = {
        "dice_carcinoma": dice(confusion, CARCINOMA),
        "dice_noncancer_epithelium": dice(confusion, BENIGN),
        "image_auc": area_under_curve(positive, negative) if positive and negative else None,
        "image_sensitivity": share_called(positive),
        "image_specificity": None if called_negative is None else 1 - called_negative,
        "ece": calibration_error(reliability),
        "dice_carcinoma_low95": low,
        "dice_carcinoma_high95": high,
        "highgrade_called_carcinoma": share_called(undecided),
        "carcinoma_marked_unsure": float(cancer_unsure / cancer) if cancer else None,
    }
    counts = {"cases": len({result.case for result in results}), "images": len(results)}
    return {**counts, **{key: None if value is None else round(value, 4) for key, value in figures.items()}}


def share_called(scores: Sequence[float]) -> float | None:
    """Share of images whose score makes them carcinoma; None of none."""
    return float(np.mean(np.asarray(scores) >= IMAGE_THRESHOLD)) if scores else None

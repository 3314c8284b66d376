"""The figures: exact on cases worked out by hand, and what must hold for any prediction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from api.predictions import model_info
from training import metrics
from training.classes import BACKGROUND, BENIGN, CARCINOMA, HIGH_GRADE
from training.metrics import (
    ImageResult,
    area_under_curve,
    bootstrap_interval,
    calibration_error,
    call_classes,
    dice,
    measure_image,
    summarise,
)

SIDE = 8
PROBABILITIES = hnp.arrays(np.uint8, (3, SIDE, SIDE))
MASKS = hnp.arrays(np.bool_, (SIDE, SIDE))


def certain(labels: np.ndarray) -> np.ndarray:
    """The probabilities of a model that is right and sure of it."""
    return np.stack([np.where(labels == index, 255, 0) for index in range(3)]).astype(np.uint8)


def square(label: int) -> np.ndarray:
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[2:6, 2:6] = label
    return labels


def test_carcinoma_is_called_from_the_threshold_on_and_else_the_likelier_of_the_others() -> None:
    probability = np.array([[[100, 20, 128]], [[55, 108, 0]], [[100, 127, 127]]], np.uint8)
    assert call_classes(probability, 0.5).tolist() == [[BACKGROUND, BENIGN, BACKGROUND]]
    assert call_classes(probability, 127 / 255).tolist() == [[BACKGROUND, CARCINOMA, CARCINOMA]]
    assert call_classes(probability, 0.3).tolist() == [[CARCINOMA, CARCINOMA, CARCINOMA]]


def test_dice_is_pooled_over_pixels() -> None:
    confusion = np.array([[5, 0, 2], [0, 7, 1], [1, 0, 9]])
    assert dice(confusion, CARCINOMA) == 2 * 9 / (12 + 10)
    assert dice(confusion, BENIGN) == 2 * 7 / (7 + 8)


def test_dice_of_a_class_neither_there_nor_called_is_one() -> None:
    assert dice(np.diag([4, 0, 0]), CARCINOMA) == 1.0


def test_area_under_curve_counts_ties_half() -> None:
    assert area_under_curve([0.9, 0.5], [0.5, 0.1]) == (1 + 1 + 0.5 + 1) / 4


def test_area_under_curve_of_one_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="needs positive and negative images"):
        area_under_curve([0.9], [])


def test_calibration_error_weighs_bins_by_their_pixels() -> None:
    error = calibration_error(np.array([[10.0, 30.0], [6.0, 27.0], [8.0, 24.0]]))
    assert error == pytest.approx((2 + 3) / 40)


@given(PROBABILITIES, MASKS, st.sampled_from([BENIGN, CARCINOMA]), st.floats(0.05, 0.95))
def test_every_pixel_is_counted_once(probability: np.ndarray, mask: np.ndarray, label: int, threshold: float) -> None:
    result = measure_image(probability, np.where(mask, label, 0).astype(np.uint8), "a", threshold)
    assert result.confusion.sum() == result.reliability[0].sum() == SIDE * SIDE
    assert result.confusion[label].sum() == mask.sum()
    assert (result.reliability[1:] <= result.reliability[0]).all()
    assert 0 <= result.carcinoma_share < 1


@given(PROBABILITIES, MASKS)
def test_high_grade_pixels_count_in_no_pixel_figure(probability: np.ndarray, mask: np.ndarray) -> None:
    labels = np.where(mask, HIGH_GRADE, 0).astype(np.uint8)
    labels[0, 0] = HIGH_GRADE
    result = measure_image(probability, labels, "a", 0.5)
    assert result.confusion.sum() == result.reliability.sum() == 0


@given(PROBABILITIES, MASKS, st.floats(0.1, 0.5), st.floats(0.5, 0.9))
def test_a_higher_threshold_never_calls_more_carcinoma(
    probability: np.ndarray, mask: np.ndarray, low: float, high: float
) -> None:
    labels = np.where(mask, CARCINOMA, 0).astype(np.uint8)
    more = measure_image(probability, labels, "a", low).confusion[:, CARCINOMA]
    fewer = measure_image(probability, labels, "a", high).confusion[:, CARCINOMA]
    assert (fewer <= more).all()


def test_carcinoma_marked_unsure_is_counted_apart() -> None:
    labels = square(CARCINOMA)
    mark = np.zeros((1, *labels.shape), np.uint8)
    mark[0, : SIDE // 2] = 128
    mark[0, SIDE // 2 :] = 127
    result = measure_image(np.concatenate([certain(labels), mark]), labels, "a", 0.5)
    in_upper_half = int((labels[: SIDE // 2] == CARCINOMA).sum())
    assert result.unsure.tolist() == [
        (labels == CARCINOMA).sum(),
        in_upper_half,
        (labels == CARCINOMA).sum(),
        in_upper_half,
    ]
    assert np.array_equal(result.confusion, perfect("a", CARCINOMA).confusion)
    expected = in_upper_half / (labels == CARCINOMA).sum()
    assert summarise([result])["carcinoma_marked_unsure"] == pytest.approx(expected, abs=1e-4)


def test_training_and_platform_agree_from_where_a_model_is_unsure() -> None:
    assert metrics.UNSURE_FROM == model_info.UNSURE_FROM


def perfect(case: str, label: int) -> ImageResult:
    labels = square(label)
    shown = np.where(labels == HIGH_GRADE, CARCINOMA, labels)
    return measure_image(certain(shown), labels, case, 0.5)


def test_a_perfect_model_has_perfect_figures() -> None:
    cases = {"a": CARCINOMA, "b": BENIGN, "c": HIGH_GRADE}
    results = [perfect(case, label) for case, label in cases.items()]
    assert summarise(results) == {
        "cases": 3,
        "images": 3,
        "dice_carcinoma": 1.0,
        "dice_noncancer_epithelium": 1.0,
        "image_auc": 1.0,
        "image_sensitivity": 1.0,
        "image_specificity": 1.0,
        "ece": 0.0,
        "dice_carcinoma_low95": 1.0,
        "dice_carcinoma_high95": 1.0,
        "highgrade_called_carcinoma": 1.0,
        "carcinoma_marked_unsure": 0.0,
    }


def test_figures_a_split_cannot_give_are_none() -> None:
    figures = summarise([perfect("a", BENIGN)])
    assert figures["image_auc"] is None
    assert figures["image_sensitivity"] is None
    assert figures["highgrade_called_carcinoma"] is None
    assert figures["image_specificity"] == 1.0


def test_a_split_of_high_grade_only_is_refused() -> None:
    with pytest.raises(ValueError, match="Every image of the split is high-grade"):
        summarise([perfect("a", HIGH_GRADE)])


def missed(case: str) -> ImageResult:
    return measure_image(certain(square(BACKGROUND)), square(CARCINOMA), case, 0.5)


def test_the_interval_draws_cases_not_images() -> None:
    one_case = [perfect("a", CARCINOMA), missed("a")]
    pooled = 2 * 16 / (16 + 32)
    assert bootstrap_interval(one_case, CARCINOMA) == (pooled, pooled)
    two_cases = [perfect("a", CARCINOMA), missed("b")]
    assert bootstrap_interval(two_cases, CARCINOMA) == (0.0, 1.0)

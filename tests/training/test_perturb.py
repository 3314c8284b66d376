"""The fixed changes: labels follow the pixels, and only scale moves them."""

import numpy as np
import pytest

from training.perturb import NAMES, SCALES, perturb

RED = np.full((20, 30, 3), (200, 40, 40), np.uint8)
LABELS = np.zeros((20, 30), np.uint8)
LABELS[:10] = 2


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(SCALES)))
def test_colour_changes_leave_the_labels(name: str) -> None:
    image, labels = perturb(RED, LABELS, name)
    assert image.shape == RED.shape
    assert (labels == LABELS).all()


def test_hue_turns_both_ways() -> None:
    warmer, cooler = (perturb(RED, LABELS, name)[0][0, 0] for name in ("hue+17", "hue-17"))
    assert warmer[1] > warmer[2]
    assert cooler[2] > cooler[1]


@pytest.mark.parametrize(("name", "shape"), [("scale0.7", (14, 21)), ("scale1.4", (28, 42))])
def test_scale_moves_image_and_labels_together(name: str, shape: tuple[int, int]) -> None:
    image, labels = perturb(RED, LABELS, name)
    assert image.shape == (*shape, 3)
    assert labels.shape == shape
    assert (labels[: shape[0] // 2] == 2).all()
    assert (labels[shape[0] // 2 :] == 0).all()

"""The loss: cross-entropy and soft Dice, with a label that leaves the class open.

Masks outline whole glands, and disagree whether the lumen belongs to one. Nothing is done about that in the
loss: a soft answer there costs least, calibration keeps it soft, and the figures count it as the error it is.
"""

import torch
from torch import Tensor

from training.classes import BENIGN, CARCINOMA, HIGH_GRADE

DICE_WEIGHT = 0.25
DICE_SMOOTHING_PX = 50.0


def segmentation_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean loss of a batch.

    A pixel labelled `HIGH_GRADE` is asked for "benign or carcinoma" (the sum of both probabilities), and is
    left out of the Dice terms.

    Args:
        logits: (N, C, h, w) float32.
        labels: (N, h, w) int64, values of `training.classes`.
    """
    log_probability = logits.log_softmax(dim=1)
    undecided = labels == HIGH_GRADE
    certain = log_probability.gather(1, labels.clamp(max=CARCINOMA)[:, None])[:, 0]
    epithelium = torch.logsumexp(log_probability[:, BENIGN:], dim=1)
    loss = -torch.where(undecided, epithelium, certain).mean()
    for index in (BENIGN, CARCINOMA):
        truth = (labels == index).float()
        called = log_probability[:, index].exp() * ~undecided
        overlap, size = (called * truth).sum(), called.sum() + truth.sum()
        loss = loss + DICE_WEIGHT * (1 - (2 * overlap + DICE_SMOOTHING_PX) / (size + DICE_SMOOTHING_PX))
    return loss

"""Images and labels of a split as tensors, and which of them a batch draws; all of it fits in memory."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from training.manifest import Sample

DRAW_WEIGHT = {
    "Adenocarcinoma": 1.3,
    "High-grade IN": 0.4,
    "Low-grade IN": 1.0,
    "Polyp": 0.9,
    "Normal": 2.0,
    "Serrated adenoma": 2.0,
}
"""How often a batch draws an image of a diagnosis; the two rare benign ones more, the undecided one less."""


@dataclass(frozen=True)
class Images:
    """One split in memory."""

    pixels: Tensor
    """(N, 3, side, side) uint8 RGB."""
    labels: Tensor
    """(N, side, side) uint8, values of `training.classes`."""
    samples: list[Sample]


def load(samples: list[Sample], side: int = 224) -> Images:
    """Read every sample; an image of another size is cropped or mirrored to `side` around its centre."""
    pixels, labels = [], []
    for sample in tqdm(samples, desc=f"reading {samples[0].split}", unit="image"):
        pixels.append(torch.from_numpy(_square(sample.read_image(), side)).permute(2, 0, 1))
        labels.append(torch.from_numpy(_square(sample.read_labels(), side)))
    return Images(torch.stack(pixels).contiguous(), torch.stack(labels), samples)


def _square(array: np.ndarray, side: int) -> np.ndarray:
    for axis in (0, 1):
        short = max(0, side - array.shape[axis])
        if short:
            margins = [(0, 0)] * array.ndim
            margins[axis] = (short // 2, short - short // 2)
            array = np.pad(array, margins, mode="symmetric")
        start = (array.shape[axis] - side) // 2
        array = array[start : start + side] if axis == 0 else array[:, start : start + side]
    return np.ascontiguousarray(array)


def draw_weights(samples: list[Sample]) -> Tensor:
    """(N,) float: by diagnosis, and by one over the root of the case's image count, so no case rules."""
    images_of_case = Counter((sample.case, sample.diagnosis) for sample in samples)
    return torch.tensor([DRAW_WEIGHT[s.diagnosis] / images_of_case[s.case, s.diagnosis] ** 0.5 for s in samples])

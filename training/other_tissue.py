"""Tissue of another organ, which must not be called carcinoma: crops of a slide that is free to use.

The slide is CMU-1-Small-Region (CC0, OpenSlide test data; skin), one of the platform's own samples.
"""

import random
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.classes import NOT_CARCINOMA

SLIDE = Path("data/samples/CMU-1-Small-Region.svs")
SLIDE_MPP, MODEL_MPP = 0.499, 1.0
LEAST_TISSUE = 0.3
"""Share of a crop that is coloured; glass is painted elsewhere."""
COLOURED = 18
"""Spread of a pixel's channels from which it counts as coloured."""


class OtherTissue:
    """Random crops of one picture at the model's um/px.

    Args:
        picture: (3, height, width) uint8.
    """

    def __init__(self, picture: Tensor) -> None:
        self._picture = picture
        spread = picture.amax(0).int() - picture.amin(0).int()
        self._coloured = (spread > COLOURED).float()

    @classmethod
    def of_sample(cls, path: Path = SLIDE) -> "OtherTissue":
        """The sample slide.

        Raises:
            FileNotFoundError: it was not fetched yet.
        """
        if not path.is_file():
            raise FileNotFoundError(f"{path} does not exist. `make train` fetches it; so does `make setup`.")
        with Image.open(path) as opened:
            factor = SLIDE_MPP / MODEL_MPP
            size = (round(opened.width * factor), round(opened.height * factor))
            picture = opened.convert("RGB").resize(size, Image.Resampling.BOX)
        return cls(torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).contiguous())

    def mix_in(self, pixels: Tensor, labels: Tensor, probability: float) -> None:
        """Replace some images of a batch by crops, labelled `NOT_CARCINOMA`, in place.

        Args:
            pixels: (B, 3, side, side) uint8.
            labels: (B, side, side) uint8.
            probability: of each image being replaced.
        """
        for i in range(len(pixels)):
            if random.random() < probability:
                pixels[i] = self._crop(pixels.shape[-1])
                labels[i] = NOT_CARCINOMA

    def _crop(self, side: int) -> Tensor:
        _, height, width = self._picture.shape
        while True:
            y, x = random.randint(0, height - side), random.randint(0, width - side)
            if self._coloured[y : y + side, x : x + side].mean() >= LEAST_TISSUE:
                return self._picture[:, y : y + side, x : x + side]

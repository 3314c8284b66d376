"""Where the input does not look like the carcinoma of the training data: a distance between textures.

The encoder's features at 1/8 of the input, averaged over the tissue in a square of about 352 um, are compared with
those of training carcinoma by Mahalanobis' distance (Lee et al. 2018, "A simple unified framework for detecting
out-of-distribution samples"). The training pictures are recoloured, blurred, sharpened and coded at random first, and
variances are shrunken, so that another scanner alone is not far away. What else was tried is in docs/decisions/0007.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from training import augment
from training.classes import CARCINOMA
from training.data import Images
from training.metrics import UNSURE_FROM
from training.network import SegmentationNetwork, normalise
from training.windows import WindowGrid

FEATURE, STRIDE = 2, 8
"""Which of the encoder's features, and how many pixels of the input a side one of their cells is."""
CELL_PX = 32
"""Side of a cell of the distance's plane."""
CELLS_AVERAGED = 11
LEAST_CARCINOMA = 0.5
"""A cell is carcinoma when this share of it is."""
SHRINKAGE = 1.5
"""Added to each variance of the features scaled to variance 1."""
SAMPLED_PX = 4
"""Of which square one pixel is looked at, to tell tissue from glass."""
GLASS_CHROMA, TISSUE_CHROMA = 8.0, 20.0
"""How far the mean colour's channels lie apart in what counts not at all and in what counts fully as tissue."""
LEAST_TISSUE = 0.05
"""Share of tissue in a square under which its texture fades, and so looks unlike carcinoma."""
MARKED_SHARE = 0.02
"""Share of val's carcinoma that lies beyond the limit."""
LIMIT_VALUE = float(UNSURE_FROM)
"""The plane's value at the limit: twice the limit fills a byte."""


class Unsure(nn.Module):
    """Distance from the carcinoma of the training data, as a plane from 0 to 255.

    Args:
        mean: (C,) mean feature of training carcinoma.
        whitening: (C, C); |whitening @ (x - mean)| is the distance.
        limit: the distance from which the input counts as unlike.
    """

    mean: Tensor
    whitening: Tensor
    limit: Tensor

    def __init__(self, mean: Tensor, whitening: Tensor, limit: float) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("whitening", whitening)
        self.register_buffer("limit", torch.tensor(limit))

    def distance(self, features: list[Tensor], pixels: Tensor) -> Tensor:
        """The encoder's features of (N, 3, h, w) pixels in [0, 255] to (N, 1, h / 32, w / 32)."""
        weights = self.whitening[:, :, None, None]
        whitened = F.conv2d(texture(features, pixels), weights, -self.whitening @ self.mean)
        return whitened.square().sum(1, keepdim=True).sqrt()

    def forward(self, features: list[Tensor], pixels: Tensor) -> Tensor:
        """As `distance`, to (N, 1, h, w) float in [0, 255]; from `LIMIT_VALUE` on unsure."""
        return enlarged((self.distance(features, pixels) * (LIMIT_VALUE / self.limit)).clamp(0, 255))


def texture(features: list[Tensor], pixels: Tensor) -> Tensor:
    """The encoder's features to (N, C, h / 32, w / 32): their mean over the tissue of `CELLS_AVERAGED` cells a side.

    Glass counts nothing: the edge of a piece of tissue has the texture of its inside.
    """
    tissue = tissue_share(pixels)
    seen, weight = (_around(plane) for plane in (features[FEATURE] * tissue, tissue))
    return seen / weight.clamp(min=LEAST_TISSUE)


def tissue_share(pixels: Tensor) -> Tensor:
    """(N, 3, h, w) pixels in [0, 255] to (N, 1, h / 8, w / 8) in [0, 1]: tissue has colour, glass has none."""
    sampled = slice(SAMPLED_PX // 2, None, SAMPLED_PX)
    mean = F.avg_pool2d(pixels[..., sampled, sampled].float(), STRIDE // SAMPLED_PX)
    chroma = mean.amax(1, keepdim=True) - mean.amin(1, keepdim=True)
    return ((chroma - GLASS_CHROMA) / (TISSUE_CHROMA - GLASS_CHROMA)).clamp(0, 1)


def _around(plane: Tensor) -> Tensor:
    """(N, C, h, w) at `STRIDE` to the mean over `CELLS_AVERAGED` cells a side, fewer at the border."""
    cells = F.avg_pool2d(plane, CELL_PX // STRIDE)
    return F.avg_pool2d(cells, CELLS_AVERAGED, 1, CELLS_AVERAGED // 2, count_include_pad=False)


def enlarged(cells: Tensor) -> Tensor:
    """(N, 1, h, w) of cells to (N, 1, 32 h, 32 w) of pixels."""
    return F.interpolate(cells, scale_factor=CELL_PX, mode="bilinear", align_corners=False)


def _windows(
    network: SegmentationNetwork, pixels: Tensor, labels: Tensor, title: str
) -> Iterator[tuple[list[Tensor], Tensor, Tensor]]:
    """Of each image's first window, as served: the encoder's features, (1, 3, 512, 512) pixels in [0, 255] and
    (512, 512) where the image's own carcinoma is; only images with carcinoma.
    """
    grid = WindowGrid(*pixels.shape[-2:])
    (above, _), (left, _) = grid.margins
    inside = (slice(above, above + grid.height), slice(left, left + grid.width))
    for image, label in zip(tqdm(pixels, desc=title, unit="image", leave=False), labels, strict=True):
        if not (label == CARCINOMA).any():
            continue
        window = torch.from_numpy(grid.cut(image.permute(1, 2, 0).numpy())[:1]).permute(0, 3, 1, 2).float()
        where = torch.zeros(window.shape[-2:])
        where[inside] = (label == CARCINOMA).float()
        with torch.autocast("cpu", torch.bfloat16):
            x = normalise(window).contiguous(memory_format=torch.channels_last)
            features = network.encoder(x)
        yield [feature.float() for feature in features], window, where


@torch.no_grad()
def fit(network: SegmentationNetwork, train: Images, validation: Images, seed: int = 0) -> Unsure:
    """Mean and spread of the textures of training carcinoma, changed at random; the limit from val's carcinoma."""
    torch.manual_seed(seed)
    cancer = torch.tensor([i for i, sample in enumerate(train.samples) if sample.label == CARCINOMA])
    changed = [augment.damage(augment.recolour(part)).round().byte() for part in train.pixels[cancer].split(16)]
    seen = []
    for features, window, where in _windows(network, torch.cat(changed), train.labels[cancer], "textures"):
        share = F.avg_pool2d(where[None, None], CELL_PX)[0, 0]
        seen.append(texture(features, window)[0].permute(1, 2, 0)[share >= LEAST_CARCINOMA])
    mean, whitening = spread(torch.cat(seen))
    unlimited = Unsure(mean, whitening, 1.0)
    distances = [
        enlarged(unlimited.distance(features, window))[0, 0][where > 0][::7]
        for features, window, where in _windows(network, validation.pixels, validation.labels, "limit")
    ]
    limit = np.quantile(torch.cat(distances).numpy(), 1 - MARKED_SHARE)
    return Unsure(mean, whitening, float(limit))


def spread(features: Tensor) -> tuple[Tensor, Tensor]:
    """(C,) mean and (C, C) whitening of (N, C) features."""
    mean, scale = features.mean(0), features.std(0) + 1e-3
    scaled = (features - mean) / scale
    variance, directions = torch.linalg.eigh(scaled.T @ scaled / len(scaled))
    whitening = (directions / (variance + SHRINKAGE).sqrt()).T / scale
    return mean, whitening


def load_unsure(state: dict[str, Tensor]) -> Unsure:
    """What `state_dict` saved."""
    return Unsure(state["mean"], state["whitening"], float(state["limit"]))

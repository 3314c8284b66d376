"""Optical density and the haematoxylin, eosin, DAB basis (Ruifrok and Johnston 2001)."""

import torch
from torch import Tensor

HED = torch.nn.functional.normalize(torch.tensor([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]]), dim=1)
"""(3, 3): rows haematoxylin, eosin, the rest; columns optical density in red, green, blue."""
HED_INVERSE = torch.linalg.inv(HED)
HAEMATOXYLIN, EOSIN = HED[0], HED[1]


def density_from_pixels(pixels: Tensor) -> Tensor:
    """Pixels in [0, 255] to optical density in [0, 5.5]."""
    return -torch.log((pixels + 1) / 256)


def pixels_from_density(density: Tensor) -> Tensor:
    """Optical density to pixels in [0, 255]."""
    return torch.exp(-density.clamp(0, 6)) * 255

"""Random fields that synthetic tissue and masks are made of."""

import math
import random

import torch
import torch.nn.functional as F
from torch import Tensor


def smooth(side: int, cells: int) -> Tensor:
    """(side, side) smooth noise of unit variance with about `cells` bumps along a side."""
    grid = torch.randn(1, 1, cells, cells)
    return F.interpolate(grid, size=(side, side), mode="bicubic", align_corners=False)[0, 0]


def strands(side: int, cells: int, elongation: float) -> Tensor:
    """(side, side) noise stretched `elongation` times along one random direction and slightly warped."""
    size = side + 120
    grid = torch.randn(1, 1, max(2, int(cells / elongation)), cells)
    noise = F.interpolate(grid, size=(size, size), mode="bicubic", align_corners=False)
    angle = random.uniform(0, math.pi)
    c, s = 0.75 * math.cos(angle), 0.75 * math.sin(angle)
    where = F.affine_grid(torch.tensor([[[c, -s, 0.0], [s, c, 0.0]]]), [1, 1, side, side], align_corners=False)
    warp = F.interpolate(torch.randn(1, 2, 4, 4), size=(side, side), mode="bicubic", align_corners=False)
    where = where + 0.08 * warp.permute(0, 2, 3, 1)
    return F.grid_sample(noise, where, padding_mode="reflection", align_corners=False)[0, 0]


def lattice(side: int, spacing_px: float, disorder: float) -> tuple[Tensor, Tensor]:
    """Distances in pixels from every pixel to the nearest and the second nearest of scattered points.

    Args:
        spacing_px: mean distance of neighbouring points.
        disorder: 0 for a square grid, 1 for points anywhere in their own square of it.

    Returns:
        Two (side, side) float fields; where they are equal, two cells meet.
    """
    cells = int(side / spacing_px) + 4
    points = torch.stack(torch.meshgrid(torch.arange(cells), torch.arange(cells), indexing="ij")).float()
    points = (points + 0.5 + disorder * (torch.rand(2, cells, cells) - 0.5)) * spacing_px
    pixels = torch.arange(side).float() + 1.5 * spacing_px
    home = (pixels / spacing_px).long()
    distances = []
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            nearby = points[:, home + down][:, :, home + right]
            distances.append(torch.hypot(nearby[0] - pixels[:, None], nearby[1] - pixels[None, :]))
    nearest = torch.stack(distances).topk(2, dim=0, largest=False).values
    return nearest[0], nearest[1]


def top_share(field: Tensor, share: float) -> Tensor:
    """The value above which `share` of the field lies (estimated on every ninth value)."""
    return torch.quantile(field.flatten()[::9], 1 - share)


def blob_mask(side: int, share: float) -> Tensor:
    """(side, side) bool, a few smooth blobs covering about `share`."""
    field = smooth(side, random.choice([2, 3, 4]))
    return field > top_share(field, share)

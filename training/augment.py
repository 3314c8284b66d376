"""What a laboratory, a scanner and a camera do to a picture, done at random: stain, colour, geometry, damage.

Batches are (B, 3, h, w); pixels stay in [0, 255] throughout. Randomness comes from torch's and Python's
global generators, which `training.train` seeds and saves.
"""

import io
import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from training.noise import strands
from training.stain import HED, HED_INVERSE, density_from_pixels, pixels_from_density

LUMINANCE = torch.tensor([0.299, 0.587, 0.114])
CONCENTRATION_SPREAD = torch.tensor([0.22, 0.25, 0.15])


def uniform(count: int, low: float, high: float) -> Tensor:
    """(count,) float, uniform in [low, high)."""
    return torch.empty(count).uniform_(low, high)


def recolour(pixels: Tensor, strength: float = 1.0) -> Tensor:
    """Vary the stain (concentration and base of each dye), then the photograph (hue, saturation, white,
    contrast, gamma).

    Args:
        pixels: (B, 3, h, w) uint8 or float in [0, 255].
        strength: 1 for training images; less for synthetic tissue, which is coloured at random already.
    """
    shape, count = pixels.shape, len(pixels)
    x = _restain(pixels.float().flatten(2), count, strength)
    x = torch.einsum("bij,bjp->bip", _hue_and_saturation(count, strength), x)
    gain = torch.exp(strength * (torch.randn(count, 3) * 0.08 + torch.randn(count, 1) * 0.08))
    contrast = torch.exp(strength * torch.randn(count) * 0.15)[:, None, None]
    mean = x.mean((1, 2), keepdim=True)
    x = (x * gain[:, :, None] - mean) * contrast + mean
    gamma = torch.exp(strength * torch.randn(count) * 0.2)[:, None, None]
    return (x.clamp(0, 1) ** gamma * 255).view(shape)


def _restain(pixels: Tensor, count: int, strength: float) -> Tensor:
    gain = (1 + strength * torch.randn(count, 3) * CONCENTRATION_SPREAD).clamp(0.4, 1.8)
    base = (strength * torch.randn(count, 3) * 0.03) @ HED
    # One 3 x 3 matrix per image: density -> dye concentrations -> scaled -> density.
    remix = HED_INVERSE @ (gain[:, :, None] * HED)
    density = torch.einsum("bij,bip->bjp", remix, density_from_pixels(pixels)) + base[:, :, None]
    return pixels_from_density(density) / 255


def _hue_and_saturation(count: int, strength: float) -> Tensor:
    angle = strength * torch.randn(count) * 0.22
    wide = torch.rand(count) < 0.15
    angle = torch.where(wide, uniform(count, -0.7, 0.7) * strength, angle)
    cos, sin = torch.cos(angle)[:, None, None], torch.sin(angle)[:, None, None]
    grey_axis = torch.full((3, 3), 1 / 3)
    turn = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / math.sqrt(3)
    hue = cos * torch.eye(3) + (1 - cos) * grey_axis + sin * turn
    saturation = torch.exp(strength * torch.randn(count) * 0.25)
    saturation = torch.where(torch.rand(count) < 0.04, torch.zeros(count), saturation)[:, None, None]
    return (saturation * torch.eye(3) + (1 - saturation) * LUMINANCE.expand(3, 3)) @ hue


def reframe(pixels: Tensor, labels: Tensor, side: int, low: float, high: float) -> tuple[Tensor, Tensor]:
    """Crop to `side` at a random place, magnification in [low, high], aspect, angle and mirror image.

    Returns:
        (B, 3, side, side) float pixels and (B, side, side) int64 labels.
    """
    count, _, height, _ = pixels.shape
    scale = torch.exp(uniform(count, math.log(low), math.log(high)))
    aspect, angle = torch.exp(uniform(count, -0.1, 0.1)), uniform(count, 0, 2 * math.pi)
    quarter = torch.round(angle / (math.pi / 2)) * (math.pi / 2)
    angle = torch.where(torch.rand(count) < 0.5, quarter, angle)
    mirror = (torch.rand(count) < 0.5).float() * 2 - 1
    half_x, half_y = side / height / (scale * aspect), side / height / (scale / aspect)
    cos, sin = torch.cos(angle), torch.sin(angle)
    shift_x = uniform(count, -1, 1) * (1 - half_x).clamp(min=0)
    shift_y = uniform(count, -1, 1) * (1 - half_y).clamp(min=0)
    row_x = torch.stack([mirror * half_x * cos, -half_y * sin, shift_x], 1)
    row_y = torch.stack([mirror * half_x * sin, half_y * cos, shift_y], 1)
    where = F.affine_grid(torch.stack([row_x, row_y], 1), [count, 3, side, side], align_corners=False)
    moved = F.grid_sample(pixels, where, padding_mode="reflection", align_corners=False)
    planes = F.grid_sample(
        labels[:, None].float(), where, mode="nearest", padding_mode="reflection", align_corners=False
    )
    return moved, planes[:, 0].round().long()


def blur(pixels: Tensor, sigma_px: float) -> Tensor:
    """Gaussian blur of a (B, C, h, w) batch, cut off at 4 px."""
    offsets = torch.arange(-4.0, 5.0)
    kernel = torch.exp(-(offsets**2) / (2 * sigma_px**2))
    kernel, channels = kernel / kernel.sum(), pixels.shape[1]
    x = F.conv2d(
        F.pad(pixels, (4, 4, 4, 4), mode="reflect"),
        kernel.view(1, 1, 1, -1).repeat(channels, 1, 1, 1),
        groups=channels,
    )
    return F.conv2d(x, kernel.view(1, 1, -1, 1).repeat(channels, 1, 1, 1), groups=channels)


def damage(pixels: Tensor) -> Tensor:
    """Blur, sharpening, lost resolution, a tissue fold, sensor noise, JPEG: each on a random part of the
    batch.
    """
    for i in range(len(pixels)):
        one, side = pixels[i : i + 1], pixels.shape[-1]
        kind = random.random()
        if kind < 0.25:
            one = blur(one, random.uniform(0.4, 1.8))
        elif kind < 0.37:
            one = one + random.uniform(0.3, 1.5) * (one - blur(one, 1.0))
        elif kind < 0.47:
            small = int(side * random.uniform(0.45, 0.8))
            one = F.interpolate(one, size=(small, small), mode="bilinear", antialias=True, align_corners=False)
            one = F.interpolate(one, size=(side, side), mode="bilinear", align_corners=False)
        if random.random() < 0.06:
            one = fold(one)
        if random.random() < 0.2:
            one = one + random.uniform(1, 8) * torch.randn_like(one)
        pixels[i] = jpeg(one[0], random.randint(25, 85)) if random.random() < 0.2 else one[0]
    return pixels.clamp(0, 255)


def fold(pixels: Tensor) -> Tensor:
    """Tissue lying double along a band: its density counts up to twice."""
    side = pixels.shape[-1]
    band = torch.sigmoid((strands(side, 5, 2.5).abs() * -1 + random.uniform(0.1, 0.4)) * 12)
    return pixels_from_density(density_from_pixels(pixels.clamp(0, 255)) * (1 + random.uniform(0.4, 1.0) * band))


def jpeg(pixels: Tensor, quality: int) -> Tensor:
    """(3, h, w) through a JPEG encoder of the given quality."""
    buffer = io.BytesIO()
    array = pixels.clamp(0, 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(array).save(buffer, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(buffer))).permute(2, 0, 1).float()

"""Synthetic tissue that is not epithelium.

The photographs hold no muscle, fat, blood, cautery, ink or blank glass; slides are full of them, and a
network that never saw them calls them carcinoma. Each painter returns one (3, side, side) float picture in
[0, 255], all of it background.
"""

import random

import torch
from torch import Tensor

from training.augment import blur, recolour
from training.noise import blob_mask, lattice, smooth, strands, top_share
from training.stain import EOSIN, HAEMATOXYLIN

PLAIN_COLOURS = ((225.0, 150.0, 190.0), (235.0, 180.0, 205.0), (200.0, 70.0, 90.0), (190.0, 170.0, 215.0))
INK_COLOURS = ((30.0, 110.0, 70.0), (35.0, 60.0, 140.0), (25.0, 25.0, 30.0), (170.0, 40.0, 50.0))


def _plane(colour: Tensor) -> Tensor:
    return colour[:, None, None]


def glass(side: int) -> Tensor:
    """Blank glass in any white balance, or a structureless smear."""
    if random.random() < 0.65:
        colour = torch.full((3,), random.uniform(215, 252)) + torch.randn(3) * 6
        grain, clouds = random.uniform(0.5, 3), random.uniform(0, 4)
    else:
        colour = torch.tensor(random.choice(PLAIN_COLOURS)) + torch.randn(3) * 15
        grain, clouds = random.uniform(2, 14), random.uniform(4, 25)
    picture = _plane(colour) + clouds * smooth(side, random.choice([3, 6, 12, 28])) + grain * torch.randn(1, side, side)
    return picture.clamp(0, 255)


def ink(side: int) -> Tensor:
    """Pen strokes on glass."""
    stroke = torch.sigmoid((strands(side, random.choice([4, 8, 14]), 3) - random.uniform(-0.6, 0.8)) * 14)
    colour = torch.tensor(random.choice(INK_COLOURS)) + torch.randn(3) * 12
    shade = 1 + 0.15 * smooth(side, 24)
    return (glass(side) * (1 - stroke) + _plane(colour) * shade * stroke).clamp(0, 255)


def fibres(side: int) -> Tensor:
    """Collagen, muscle or fat: strands of eosin, spindle or round nuclei, clefts and clear holes."""
    base = random.uniform(0.25, 1.1)
    coarse = random.uniform(0.05, 0.4) * strands(side, random.choice([20, 40, 70]), random.uniform(2.5, 8))
    fine = random.uniform(0.02, 0.2) * strands(side, random.choice([70, 140]), random.uniform(2, 8))
    eosin = base + coarse + fine
    haematoxylin = random.uniform(0, 0.25) + 0.05 * smooth(side, 6)
    crowd = random.choice([0, 0.5, 1.0, 1.6])
    if crowd:
        length = random.uniform(1.5, 6)
        nuclei = strands(side, random.choice([56, 80, 110]), 1 / length if random.random() < 0.5 else length)
        edge = top_share(nuclei, 0.02 * crowd * random.uniform(0.6, 2.5))
        haematoxylin = haematoxylin + torch.sigmoid((nuclei - edge) * 12) * random.uniform(0.5, 1.4)
    density = eosin.clamp(min=0) * _plane(EOSIN) * 1.1 + haematoxylin.clamp(min=0) * _plane(HAEMATOXYLIN)
    if random.random() < 0.6:
        density = density * _clefts(side, random.uniform(0.03, 0.6), random.uniform(1, 6))
    if random.random() < 0.25:
        holes = smooth(side, random.choice([5, 8, 12])).abs()
        density = density * torch.exp(-((holes - 0.25) / 0.18).clamp(min=0))
    return _developed(density, 0.7)


def blood(side: int) -> Tensor:
    """Haemorrhage, packed red cells or fibrin."""
    cells = smooth(side, random.choice([24, 32, 44, 60]))
    red = random.uniform(0.6, 1.6) + random.uniform(0.05, 0.45) * cells + random.uniform(0, 0.3) * smooth(side, 5)
    blue = random.uniform(0, 0.3) + random.uniform(0, 0.25) * strands(
        side, random.choice([30, 60]), random.uniform(1, 5)
    )
    colour = EOSIN
    if random.random() < 0.6:
        colour = torch.tensor([random.uniform(0.12, 0.35), 0.85, random.uniform(0.35, 0.75)])
        colour = colour / colour.norm()
    density = red.clamp(min=0) * _plane(colour) + blue.clamp(min=0) * _plane(HAEMATOXYLIN)
    if random.random() < 0.5:
        density = density * torch.sigmoid((cells - random.uniform(-1.2, 0)) * 8)
    if random.random() < 0.4:
        density = density * _clefts(side, random.uniform(0.05, 0.5), random.uniform(1, 4))
    picture = _developed(density, 0.6)
    return blur(picture[None], random.uniform(0.6, 1.6))[0] if random.random() < 0.4 else picture


def cautery(side: int) -> Tensor:
    """Heat-damaged edge: dark, smeared, nuclei drawn out into streams, gas bubbles, no cell detail."""
    stream = strands(side, random.choice([24, 40, 64]), random.uniform(5, 14))
    eosin = random.uniform(0.5, 1.3) + random.uniform(0.1, 0.3) * stream + 0.15 * smooth(side, 5)
    blue = random.uniform(0.1, 0.6) + random.uniform(0.15, 0.45) * strands(
        side, random.choice([24, 40]), random.uniform(4, 12)
    )
    density = eosin.clamp(min=0) * _plane(EOSIN) + blue.clamp(min=0) * _plane(HAEMATOXYLIN)
    if random.random() < 0.5:
        bubbles = smooth(side, random.choice([10, 16, 24]))
        density = density * (1 - torch.sigmoid((bubbles - top_share(bubbles, random.uniform(0.03, 0.25))) * 10))
    return blur(_developed(density, 0.6)[None], random.uniform(0.8, 2.2))[0]


def red_cells(side: int) -> Tensor:
    """Packed or scattered red cells: even discs without nuclei."""
    spacing = random.uniform(5, 9)
    distance, _ = lattice(side, spacing, random.uniform(0.3, 1))
    disc = torch.sigmoid((spacing * random.uniform(0.38, 0.6) - distance) * 2)
    present = torch.sigmoid((smooth(side, random.choice([3, 8, 16])) + random.uniform(-0.3, 1.5)) * 8)
    colour = torch.tensor([random.uniform(0.08, 0.3), 0.85, random.uniform(0.3, 0.7)])
    ground = random.uniform(0, 0.35) * (1 + 0.3 * strands(side, 30, 4)).clamp(min=0)
    density = disc * present * random.uniform(0.5, 1.5) * _plane(colour / colour.norm())
    return _developed(density + ground * _plane(EOSIN), 0.6)


def squamous(side: int) -> Tensor:
    """Sheets of flat or polygonal cells with round nuclei and no lumen, from barely to fully keratinised."""
    spacing = random.uniform(10, 19)
    distance, second = lattice(side, spacing, random.uniform(0.6, 1))
    radius = spacing * random.uniform(0.2, 0.32) * (1 + 0.12 * smooth(side, int(side / spacing)))
    nucleus = torch.sigmoid((radius - distance) * 2)
    nucleus = nucleus * torch.sigmoid((smooth(side, 6) + random.uniform(-0.5, 2.5)) * 6)
    border = torch.exp(-(second - distance) / random.uniform(0.8, 2.0)) * random.uniform(0, 0.6)
    eosin = random.uniform(0.3, 0.9) * (1 + 0.2 * smooth(side, 5)) * (1 - border)
    blue = random.uniform(0.05, 0.4) * (1 - border) + nucleus * random.uniform(0.35, 1.1)
    grain = 1 + 0.08 * torch.randn(side, side)
    density = eosin.clamp(min=0) * _plane(EOSIN) + (blue * grain).clamp(min=0) * _plane(HAEMATOXYLIN)
    return _developed(density, 0.7)


def lymphocytes(side: int) -> Tensor:
    """Packed small round nuclei with hardly any cytoplasm, even and dark, evenly spread or in follicles."""
    spacing = random.uniform(6.5, 9)
    distance, _ = lattice(side, spacing, random.uniform(0.4, 0.9))
    radius = spacing * random.uniform(0.32, 0.42) * (1 + 0.06 * smooth(side, int(side / spacing)))
    nucleus = torch.sigmoid((radius - distance) * 2.5)
    nucleus = nucleus * torch.sigmoid((smooth(side, random.choice([3, 6, 12])) + random.uniform(-0.5, 2)) * 6)
    eosin = random.uniform(0.1, 0.6) * (1 + 0.3 * strands(side, random.choice([20, 40]), random.uniform(1.5, 5)))
    blue = random.uniform(0.02, 0.2) + nucleus * random.uniform(0.7, 1.5)
    density = eosin.clamp(min=0) * _plane(EOSIN) + blue * _plane(HAEMATOXYLIN)
    return _developed(density, 0.7)


def _clefts(side: int, share: float, elongation: float) -> Tensor:
    gap = strands(side, random.choice([8, 16, 30]), elongation)
    return 1 - torch.sigmoid((gap - top_share(gap, share)) * 10)


def _developed(density: Tensor, strength: float) -> Tensor:
    picture = torch.exp(-density) * 255 * random.uniform(0.9, 1)
    return recolour(picture.clamp(0, 255)[None], strength)[0]


PAINTERS = {fibres: 0.4, blood: 0.18, red_cells: 0.08, squamous: 0.12, cautery: 0.1, lymphocytes: 0.07, ink: 0.05}
"""How often each kind is painted."""


def paint(side: int) -> Tensor:
    """One picture of a random kind."""
    return random.choices(list(PAINTERS), list(PAINTERS.values()))[0](side)


def mix_in(pixels: Tensor, labels: Tensor, probability: float) -> None:
    """Replace part of some images by synthetic tissue, in place: all of it, only the background, or blobs.

    Args:
        pixels: (B, 3, side, side) float in [0, 255].
        labels: (B, side, side) uint8.
        probability: of each image being touched.
    """
    side = pixels.shape[-1]
    for i in range(len(pixels)):
        if random.random() >= probability:
            continue
        where = random.random()
        if where < 0.35:
            mask = torch.ones(side, side, dtype=torch.bool)
        elif where < 0.6:
            mask = labels[i] == 0
        else:
            mask = blob_mask(side, random.uniform(0.2, 0.7))
        pixels[i] = torch.where(mask, paint(side), pixels[i])
        labels[i][mask] = 0


def mosaic(pixels: Tensor, labels: Tensor, cut: float = 0.35, blank: float = 0.25) -> tuple[Tensor, Tensor]:
    """Put pieces of other images of the batch beside an image, and glass over parts of some: borders are not
    boundaries.

    Args:
        cut: probability of an image getting pieces of others.
        blank: probability of an image getting glass.
    """
    count, _, side, _ = pixels.shape
    new_pixels, new_labels = pixels.clone(), labels.clone()
    for i in range(count):
        if random.random() < cut:
            for rows, columns in _pieces(side):
                j = random.randrange(count)
                new_pixels[i][:, rows, columns] = pixels[j][:, rows, columns]
                new_labels[i][rows, columns] = labels[j][rows, columns]
        if random.random() < blank:
            mask = blob_mask(side, random.uniform(0.15, 0.6))
            new_pixels[i] = torch.where(mask, glass(side), new_pixels[i])
            new_labels[i][mask] = 0
    return new_pixels, new_labels


def _pieces(side: int) -> list[tuple[slice, slice]]:
    x, y = (random.randint(side // 4, 3 * side // 4) for _ in range(2))
    every, kind = slice(0, side), random.random()
    if kind < 0.35:
        return [(every, slice(x, side))]
    if kind < 0.7:
        return [(slice(y, side), every)]
    return [(slice(y, side), slice(0, x)), (slice(0, y), slice(x, side)), (slice(y, side), slice(x, side))]

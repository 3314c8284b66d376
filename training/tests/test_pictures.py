"""Augmentation and synthetic tissue: labels stay with their pixels, and nothing leaves its range."""

import random

import pytest
import torch

from training import augment, negatives, noise

SIDE = 96


@pytest.fixture(autouse=True)
def seeded() -> None:
    random.seed(4)
    torch.manual_seed(4)


@pytest.mark.parametrize("painter", [*negatives.PAINTERS, negatives.glass], ids=lambda painter: painter.__name__)
def test_painters_give_pictures(painter) -> None:
    for _ in range(4):
        picture = painter(SIDE)
        assert picture.shape == (3, SIDE, SIDE)
        assert torch.isfinite(picture).all()
        assert picture.min() > -60
        assert picture.max() < 320


def test_synthetic_tissue_is_background_exactly_where_it_is_painted() -> None:
    pixels = torch.full((12, 3, SIDE, SIDE), -1000.0)
    labels = torch.full((12, SIDE, SIDE), 2, dtype=torch.uint8)
    labels[:, : SIDE // 2] = 0
    before = labels.clone()
    negatives.mix_in(pixels, labels, probability=1.0)
    painted = pixels[:, 0] != -1000.0
    assert painted.flatten(1).any(1).all()
    assert (labels[painted] == 0).all()
    assert (labels[~painted] == before[~painted]).all()


def test_mosaic_moves_labels_with_pixels() -> None:
    labels = torch.arange(8, dtype=torch.uint8)[:, None, None].repeat(1, SIDE, SIDE)
    pixels = labels[:, None].repeat(1, 3, 1, 1).float()
    moved, moved_labels = negatives.mosaic(pixels, labels, cut=1.0, blank=0.0)
    assert (moved[:, 0] == moved_labels).all()
    assert any(len(one.unique()) > 1 for one in moved_labels)


def test_reframing_keeps_labels_on_their_pixels() -> None:
    labels = torch.zeros(16, SIDE, SIDE, dtype=torch.uint8)
    labels[:, 20:70, 30:80] = 2
    pixels = (labels[:, None] * 100.0).repeat(1, 3, 1, 1)
    moved, moved_labels = augment.reframe(pixels, labels, 64, 0.7, 1.4)
    assert moved.shape == (16, 3, 64, 64)
    clear = (moved[:, 0] < 20) | (moved[:, 0] > 180)
    assert ((moved[:, 0] > 100) == (moved_labels == 2))[clear].all()
    assert clear.float().mean() > 0.9


def test_recolouring_by_nothing_changes_nothing() -> None:
    pixels = torch.randint(10, 250, (3, 3, 16, 16)).float()
    assert (augment.recolour(pixels, strength=0.0) - pixels).abs().max() < 1.5


def test_damage_stays_in_range() -> None:
    damaged = augment.damage(torch.randint(0, 256, (24, 3, 64, 64)).float())
    assert damaged.min() >= 0
    assert damaged.max() <= 255


def test_lattice_distances_are_those_of_the_nearest_points() -> None:
    nearest, second = noise.lattice(40, 8.0, 0.0)
    rows, columns = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    # Without disorder the points lie on a square grid, 8 px apart, the first one at (0, 0).
    to_grid = torch.hypot((rows + 4) % 8 - 4, (columns + 4) % 8 - 4)
    assert torch.allclose(nearest, to_grid, atol=1e-4)
    assert (second >= nearest).all()

"""Loss, resumption and export: what the weights depend on."""

import dataclasses
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from training.classes import BENIGN, CARCINOMA, HIGH_GRADE
from training.data import Images
from training.export import export_onnx, store_as_float16
from training.loss import segmentation_loss
from training.manifest import Sample
from training.network import SegmentationNetwork, ServingNetwork
from training.train import Recipe, Trainer
from training.unsure import SHRINKAGE, Unsure, spread, texture, tissue_share


def logits(favoured: int) -> torch.Tensor:
    scores = torch.zeros(1, 3, 4, 4)
    scores[:, favoured] = 6.0
    return scores


def test_high_grade_asks_for_epithelium_of_either_kind() -> None:
    labels = torch.full((1, 4, 4), HIGH_GRADE)
    benign, carcinoma, background = (float(segmentation_loss(logits(k), labels)) for k in (1, 2, 0))
    assert benign == pytest.approx(carcinoma, abs=1e-5)
    assert background > benign + 3


def test_a_certain_label_asks_for_its_class() -> None:
    labels = torch.full((1, 4, 4), CARCINOMA)
    assert segmentation_loss(logits(CARCINOMA), labels) < segmentation_loss(logits(BENIGN), labels) - 3


@pytest.fixture
def images() -> Images:
    torch.manual_seed(1)
    diagnoses = ["Adenocarcinoma", "Polyp", "High-grade IN", "Normal"] * 3
    samples = [Sample(Path(), Path(), name, str(i), "train") for i, name in enumerate(diagnoses)]
    labels = torch.stack([torch.full((64, 64), sample.label, dtype=torch.uint8) for sample in samples])
    return Images(torch.randint(0, 256, (12, 3, 64, 64), dtype=torch.uint8), labels, samples)


def test_a_resumed_run_reaches_the_same_weights(images: Images) -> None:
    recipe = Recipe(cycles=((4, 1.0),), crops=((64, 4), (32, 8)))
    whole = Trainer(recipe, images)
    for _ in range(4):
        whole.advance()
    first = Trainer(recipe, images)
    first.advance()
    first.advance()
    saved = first.state()
    saved = {**saved, "network": {k: v.clone() for k, v in saved["network"].items()}}
    second = Trainer(recipe, images)
    second.restore(saved)
    second.advance()
    second.advance()
    for key, value in whole.averaged.state_dict().items():
        assert torch.equal(value, second.averaged.state_dict()[key]), key


PURPLE = torch.tensor([150.0, 90.0, 170.0])[None, :, None, None]


def test_a_checkpoint_of_another_recipe_is_refused(images: Images) -> None:
    recipe = Recipe(cycles=((2, 1.0),), crops=((32, 4),))
    state = Trainer(recipe, images).state()
    with pytest.raises(ValueError, match="Use the same options, or another --run"):
        Trainer(dataclasses.replace(recipe, seed=1), images).restore(state)


def test_the_onnx_file_is_the_serving_network(tmp_path: Path) -> None:
    torch.manual_seed(2)
    channels = 40
    unsure = Unsure(torch.randn(channels), torch.randn(channels, channels) / channels, limit=2.0)
    network = ServingNetwork(SegmentationNetwork("tiny", pretrained=False), 1.3, unsure).eval()
    path = tmp_path / "model.onnx"
    export_onnx(network, path)
    size = path.stat().st_size
    store_as_float16(path)
    assert path.stat().st_size < 0.55 * size
    pixels = np.random.default_rng(0).integers(0, 256, (1, 512, 512, 3), np.uint8)
    answer = onnxruntime.InferenceSession(path).run(None, {"image": pixels})[0]
    with torch.no_grad():
        expected = network(torch.from_numpy(pixels)).numpy()
    assert answer.dtype == np.uint8
    assert np.abs(answer.astype(int) - expected).max() <= 2
    assert answer.shape == (1, 4, 512, 512)
    assert np.abs(answer[:, :3].astype(int).sum(1) - 255).max() <= 2


def test_unsure_is_at_its_limit_where_the_distance_is() -> None:
    mean, whitening = torch.tensor([1.0, -2.0]), torch.diag(torch.tensor([1.0, 0.5]))
    unsure = Unsure(mean, whitening, limit=3.0)
    for offset, value in (((0.0, 0.0), 0.0), ((3.0, 0.0), 128.0), ((0.0, 6.0), 128.0), ((9.0, 0.0), 255.0)):
        features = (mean + torch.tensor(offset))[None, :, None, None].expand(1, 2, 12, 12)
        plane = unsure([torch.empty(0), torch.empty(0), features], PURPLE.expand(1, 3, 96, 96))
        assert plane.shape == (1, 1, 96, 96)
        assert torch.allclose(plane, torch.full_like(plane, value), atol=1e-3)


def test_glass_beside_tissue_does_not_change_its_texture() -> None:
    features, pixels = torch.full((1, 2, 64, 64), 4.0), PURPLE.repeat(1, 1, 512, 512)
    inside = texture([torch.empty(0), torch.empty(0), features], pixels)
    features[..., 32:], pixels[..., 256:] = -9.0, 243.0
    beside_glass = texture([torch.empty(0), torch.empty(0), features], pixels)
    assert torch.allclose(beside_glass[..., :8], inside[..., :8])
    assert (beside_glass[..., -1].abs() < 0.01).all(), "far from tissue there is no texture"


@pytest.mark.parametrize(
    ("colour", "share"), [((243, 243, 243), 0.0), ((244, 238, 243), 0.0), ((232, 205, 222), 1.0), ((120, 60, 140), 1.0)]
)
def test_tissue_has_colour_and_glass_has_none(colour: tuple[int, int, int], share: float) -> None:
    pixels = torch.tensor(colour).float()[None, :, None, None].expand(1, 3, 16, 16)
    assert torch.equal(tissue_share(pixels), torch.full((1, 1, 2, 2), share))


def test_the_distance_grows_where_features_are_seldom_seen() -> None:
    torch.manual_seed(3)
    seen = torch.randn(4000, 3) * torch.tensor([5.0, 1.0, 0.1]) + 2
    mean, whitening = spread(seen)
    unsure = Unsure(mean, whitening, limit=1.0)
    whitened = (seen - unsure.mean) @ unsure.whitening.T
    assert torch.allclose(whitened.std(0), torch.full((3,), (1 / (1 + SHRINKAGE)) ** 0.5), atol=0.02)

"""Loss, resumption and export: what the weights depend on."""

import dataclasses
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from training.classes import BENIGN, CARCINOMA, HIGH_GRADE, NOT_CARCINOMA
from training.data import Images
from training.export import export_onnx, store_as_float16
from training.loss import segmentation_loss
from training.manifest import Sample
from training.network import SegmentationNetwork, ServingNetwork
from training.other_tissue import OtherTissue
from training.train import Recipe, Trainer


def logits(favoured: int) -> torch.Tensor:
    scores = torch.zeros(1, 3, 4, 4)
    scores[:, favoured] = 6.0
    return scores


def test_high_grade_asks_for_epithelium_of_either_kind() -> None:
    labels = torch.full((1, 4, 4), HIGH_GRADE)
    benign, carcinoma, background = (float(segmentation_loss(logits(k), labels)) for k in (1, 2, 0))
    assert benign == pytest.approx(carcinoma, abs=1e-5)
    assert background > benign + 3


def test_other_tissue_asks_for_anything_but_carcinoma() -> None:
    labels = torch.full((1, 4, 4), NOT_CARCINOMA)
    background, benign, carcinoma = (float(segmentation_loss(logits(k), labels)) for k in (0, 1, 2))
    assert background == pytest.approx(benign, abs=0.01)
    assert carcinoma > benign + 3


def test_a_recipe_with_other_tissue_needs_some(images: Images) -> None:
    with pytest.raises(ValueError, match="The recipe mixes in other tissue"):
        Trainer(Recipe(), images)


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
    recipe = Recipe(cycles=((4, 1.0),), crops=((64, 4), (32, 8)), other_tissue=0.2)
    other = OtherTissue(torch.randint(0, 256, (3, 80, 90), dtype=torch.uint8))
    whole = Trainer(recipe, images, other)
    for _ in range(4):
        whole.advance()
    first = Trainer(recipe, images, other)
    first.advance()
    first.advance()
    saved = first.state()
    saved = {**saved, "network": {k: v.clone() for k, v in saved["network"].items()}}
    second = Trainer(recipe, images, other)
    second.restore(saved)
    second.advance()
    second.advance()
    for key, value in whole.averaged.state_dict().items():
        assert torch.equal(value, second.averaged.state_dict()[key]), key


def test_a_checkpoint_of_another_recipe_is_refused(images: Images) -> None:
    recipe = Recipe(cycles=((2, 1.0),), crops=((32, 4),), other_tissue=0)
    state = Trainer(recipe, images).state()
    with pytest.raises(ValueError, match="Use the same options, or another --run"):
        Trainer(dataclasses.replace(recipe, seed=1), images).restore(state)


def test_the_onnx_file_is_the_serving_network(tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = ServingNetwork(SegmentationNetwork("tiny", pretrained=False), temperature=1.3).eval()
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
    assert np.abs(answer.astype(int).sum(1) - 255).max() <= 2

"""The model behind a real Triton server: the answers of its ONNX file, and what `make evaluate` prints."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from api.settings import get_settings
from tests.components import missing
from training.classes import CARCINOMA
from training.evaluate import main
from training.manifest import read_manifest, select
from training.metrics import UNSURE_FROM, call_classes
from training.repository import NAME
from training.served import ServedModel, served_model
from training.windows import WINDOW_PX, WindowGrid
from workers.triton_server import TritonServer

pytestmark = pytest.mark.triton
ROOT = Path(__file__).parents[2]
KEYS = [
    "cases",
    "images",
    "dice_carcinoma",
    "dice_noncancer_epithelium",
    "image_auc",
    "image_sensitivity",
    "image_specificity",
    "ece",
    "dice_carcinoma_low95",
    "dice_carcinoma_high95",
    "highgrade_called_carcinoma",
    "carcinoma_marked_unsure",
    "mp_per_s",
]


@pytest.fixture(scope="module")
def triton_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """host:port of a Triton server with this repository's models."""
    if not get_settings().triton_venv.is_dir():
        missing("The model server's environment", "run `make setup`")
    command = [sys.executable, "-m", "workers.triton_server", "--log-dir", str(tmp_path_factory.mktemp("triton"))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, _, address = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        yield address
        process.terminate()


@pytest.fixture(params=["cpu", "bf16"])
async def address_by_config(request: pytest.FixtureRequest, triton_address: str, tmp_path: Path) -> AsyncIterator[str]:
    """host:port of a Triton server with the models as one of their `configs/` says."""
    if request.param == "cpu":
        yield triton_address
        return
    settings = get_settings()
    async with TritonServer(
        settings.triton_venv, settings.model_repository, tmp_path, config_name=request.param
    ) as server:
        yield server.grpc_address


async def test_triton_agrees_with_the_onnx_file(address_by_config: str, shared_data: Path) -> None:
    session = onnxruntime.InferenceSession(
        ROOT / "model_repository" / NAME / "1" / "model.onnx", providers=["CPUExecutionProvider"]
    )
    samples = select(read_manifest(shared_data / "ebhi_seg"), "val")[::30]
    same, difference, same_mark = [], [], []
    async with served_model(NAME, address_by_config) as model:
        for sample in samples:
            image = sample.read_image()
            grid = WindowGrid(*image.shape[:2])
            onnx = grid.join(session.run(None, {"image": grid.cut(image)})[0])
            served = await model.segment(image)
            threshold = model.info.threshold
            same.append((call_classes(onnx, threshold) == call_classes(served, threshold)).mean())
            difference.append(np.abs(onnx[:3].astype(int) - served[:3]).mean())
            # The mark only means something where carcinoma is called.
            cancer = call_classes(onnx, threshold) == CARCINOMA
            same_mark.append(((onnx[3] >= UNSURE_FROM) == (served[3] >= UNSURE_FROM))[cancer])
    assert len(samples) == 13
    assert np.mean(same) > 0.97
    assert np.mean(difference) < 6
    assert np.concatenate(same_mark).mean() > 0.98


async def test_every_image_of_a_batch_gets_its_own_answer(triton_address: str) -> None:
    random = np.random.default_rng(3)
    tiles = random.integers(60, 250, (8, 16, 16, 3), np.uint8)
    batch = np.ascontiguousarray(tiles.repeat(32, axis=1).repeat(32, axis=2))
    async with served_model(NAME, triton_address) as model:
        together = await model.client.infer(model.info, batch)
        alone = np.concatenate([await model.client.infer(model.info, batch[i : i + 1]) for i in range(8)])
    assert np.abs(together.astype(int) - alone).max() <= 1
    assert np.abs(together[:, :3].astype(int).sum(axis=1) - 255).max() <= 2


@pytest.mark.parametrize("white", [(255, 255, 255), (243, 243, 245), (228, 224, 232), (250, 246, 235)])
async def test_blank_glass_is_never_carcinoma(triton_address: str, white: tuple[int, int, int]) -> None:
    glass = np.full((1, WINDOW_PX, WINDOW_PX, 3), white, np.int16)
    glass += np.random.default_rng(5).integers(-3, 4, glass.shape, np.int16)
    async with served_model(NAME, triton_address) as model:
        (probability,) = await model.client.infer(model.info, glass.clip(0, 255).astype(np.uint8))
    assert not (call_classes(probability, model.info.threshold) == CARCINOMA).any()


async def test_an_image_larger_than_a_window_is_joined_without_seams(triton_address: str) -> None:
    image = np.random.default_rng(7).integers(0, 256, (600, 900, 3), np.uint8)
    async with served_model(NAME, triton_address) as model:
        assert isinstance(model, ServedModel)
        assert (await model.segment(image)).shape == (4, 600, 900)


def write_manifest(folder: Path, *, mask_side: int = 64) -> Path:
    random = np.random.default_rng(11)
    lines = ["image,mask,class,case,split"]
    for number, diagnosis in enumerate(["Adenocarcinoma", "Polyp", "High-grade IN", "Normal"]):
        Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(folder / f"{number}.png")
        mask = np.zeros((mask_side, mask_side), np.uint8)
        mask[8:40, 8:40] = 255
        Image.fromarray(mask).save(folder / f"{number}_mask.png")
        lines.append(f"{number}.png,{number}_mask.png,{diagnosis},case{number},val")
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_evaluate_prints_its_figures_as_the_last_line(
    triton_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "--manifest", str(write_manifest(tmp_path)), "--split", "val", "--triton", triton_address]
    monkeypatch.setattr(sys, "argv", arguments)
    assert main() == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(figures) == KEYS
    assert (figures["cases"], figures["images"]) == (4, 4)
    assert figures["mp_per_s"] > 0


def test_evaluate_says_which_mask_does_not_fit(
    triton_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_manifest(tmp_path, mask_side=65)
    monkeypatch.setattr(sys, "argv", ["evaluate", "--manifest", str(path), "--triton", triton_address])
    assert main() == 1
    written = capsys.readouterr()
    assert written.out == ""
    assert "is 64 x 64 and its mask" in written.err
    assert "65 x 65 pixels. Give a mask of the image's size." in written.err

"""Real Triton with stand-in models, and painted slides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely

from tests.servers.triton import TritonProcess, write_model
from tests.workers.painted import PaintedSlide, paint_slide


@pytest.fixture(scope="session")
def standin_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model repository with the stand-ins `redness`, `slow` and `faulty`."""
    repository = tmp_path_factory.mktemp("models")
    for name in ("redness", "slow", "faulty"):
        write_model(repository, name)
    return repository


@pytest.fixture(scope="session")
def triton(
    model_venv: Path, standin_repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TritonProcess]:
    """One Triton server for the whole run. A test that takes it away makes a `TritonProcess` of its own."""
    server = TritonProcess(tmp_path_factory.mktemp("triton"), standin_repository)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def two_lesions(tmp_path_factory: pytest.TempPathFactory) -> PaintedSlide:
    """0.5 um/px, 1600 x 1200 um: a lesion with a hole, and a round one, in one piece of tissue."""
    ring = shapely.box(200, 200, 800, 700).difference(shapely.box(400, 350, 600, 500))
    disc = shapely.Point(1150, 700).buffer(220, quad_segs=64)
    return paint_slide(
        tmp_path_factory.mktemp("slides") / "two.tiff",
        mpp=0.5,
        tissue=[shapely.box(100, 100, 1500, 1100)],
        lesions=[ring, disc],
    )

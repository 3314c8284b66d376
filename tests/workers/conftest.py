"""Painted slides, and the server that predicts on them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import shapely

from api.predictions.triton import TritonClient
from tests.servers.triton import TritonProcess
from tests.workers.painted import PaintedSlide, paint_slide


@pytest.fixture
def triton(standin_triton: TritonProcess) -> TritonProcess:
    """The server with the stand-in models."""
    return standin_triton


@pytest.fixture
async def client(triton: TritonProcess) -> AsyncIterator[TritonClient]:
    """A client of that server."""
    async with TritonClient(triton.address, timeout_s=30) as client:
        yield client


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

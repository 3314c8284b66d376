"""The model as it is served: a Triton server, asked in the way the platform's workers ask it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.predictions.model_info import ModelInfo
from api.predictions.triton import TritonClient
from api.settings import get_settings
from training.windows import WindowGrid
from workers.triton_server import TritonServer

TIMEOUT_S = 60.0


@dataclass(frozen=True)
class ServedModel:
    """One model of a running server."""

    client: TritonClient
    info: ModelInfo

    async def segment(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(height, width, 3) RGB at the model's um/px to (C, height, width), class probability x 255.

        Raises:
            PlatformError: if the server or the model fails.
        """
        grid = WindowGrid(*image.shape[:2])
        windows = grid.cut(image)
        answers = [await self.client.infer(self.info, windows[i : i + 1]) for i in range(len(windows))]
        return grid.join(np.concatenate(answers))


@asynccontextmanager
async def served_model(name: str, address: str | None) -> AsyncIterator[ServedModel]:
    """A model of the Triton server at `address` (host:port), or of one started for the occasion and stopped after.

    Raises:
        PlatformError: if there is no such server or model.
    """
    if address is not None:
        async with TritonClient(address, timeout_s=TIMEOUT_S) as client:
            yield ServedModel(client, await client.model(name))
        return
    settings = get_settings()
    with tempfile.TemporaryDirectory(prefix="coslide-triton-") as logs:
        started = TritonServer(settings.triton_venv, settings.model_repository, Path(logs))
        async with started as server, served_model(name, server.grpc_address) as model:
            yield model

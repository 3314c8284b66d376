"""The launcher looks after its server: new models, and servers that hang."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.predictions.catalog import ModelCatalog
from api.predictions.triton import TritonClient
from api.settings import Settings
from tests.servers.triton import TritonProcess, write_model

pytestmark = pytest.mark.triton


@pytest.fixture
def own(model_venv: Path, tmp_path: Path) -> Iterator[tuple[TritonProcess, Path]]:
    """A server with one model, watched closely, and its repository."""
    repository = tmp_path / "models"
    write_model(repository, "redness")
    server = TritonProcess(tmp_path, repository, options=("--canary-s=0.5", "--canary-limit-s=1.5"))
    server.start()
    yield server, repository
    server.stop()


async def test_a_model_added_to_the_repository_appears_without_a_restart(own: tuple[TritonProcess, Path]) -> None:
    server, repository = own
    settings = Settings(triton_url=server.address, model_repository=repository)
    async with ModelCatalog(settings) as catalog:
        assert [(entry.info.name, entry.is_ready) for entry in await catalog.entries()] == [("redness", True)]
        write_model(repository, "doubtful")
        write_model(repository, "slow", threshold=1.5)
        async with asyncio.timeout(60):
            while [entry.info.name for entry in await catalog.entries() if entry.is_ready] != ["doubtful", "redness"]:
                await asyncio.sleep(0.1)
        refused = await catalog.refused()
    assert {name: error.message for name, error in refused.items()} == {
        "slow": "The model 'slow' can't be used: threshold is 1.5; it must lie between 0 and 1. "
        "Correct its config.pbtxt."
    }
    async with TritonClient(server.address, timeout_s=30) as client:
        assert await client.canary(await client.model("doubtful")) < 30
    assert server.starts == 1


async def test_a_server_that_hangs_is_started_anew(own: tuple[TritonProcess, Path]) -> None:
    server, _ = own
    os.kill(server.server_pid, signal.SIGSTOP)

    deadline = time.monotonic() + 90
    while server.starts < 2:
        assert time.monotonic() < deadline, server.log.read_text()
        await asyncio.sleep(0.1)

    assert "the model server hangs: the model redness gave no answer 2 times" in server.log.read_text()
    async with TritonClient(server.address, timeout_s=30) as client:
        assert await client.canary(await client.model("redness")) < 30

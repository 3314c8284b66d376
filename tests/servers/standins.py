"""Fixtures of the stand-in models: `standin_repository` and `standin_triton`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.triton import TritonProcess, write_model


@pytest.fixture(scope="session")
def standin_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model repository with the stand-ins `redness`, `slow`, `doubtful` and `faulty`."""
    repository = tmp_path_factory.mktemp("models")
    for name in ("redness", "slow", "doubtful", "faulty"):
        write_model(repository, name)
    return repository


@pytest.fixture(scope="session")
def standin_triton(
    model_venv: Path, standin_repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TritonProcess]:
    """One Triton server for the whole run. A test that takes it away makes a `TritonProcess` of its own."""
    server = TritonProcess(tmp_path_factory.mktemp("triton"), standin_repository)
    server.start()
    yield server
    server.stop()

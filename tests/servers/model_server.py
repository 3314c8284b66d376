"""Fixtures of the model server: `model_venv`, `standin_repository`, `triton`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components import missing
from tests.servers.triton import TritonProcess, triton_venv, write_model


@pytest.fixture(scope="session")
def model_venv() -> Path:
    """The model server's own environment."""
    if not (triton_venv() / "bin" / "python").exists():
        missing(f"The model server's environment {triton_venv()}", "run make setup")
    return triton_venv()


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

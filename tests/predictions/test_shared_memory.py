"""Shared memory with the model server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from api.predictions import shared_memory
from api.predictions.shared_memory import SharedRegion, sweep


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shared_memory, "ROOT", tmp_path)
    return tmp_path


def test_what_is_written_is_in_the_file_and_closing_removes_it(root: Path) -> None:
    region = SharedRegion(12)
    region.array((3, 4))[:] = np.arange(12).reshape(3, 4)
    (path,) = root.iterdir()
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (bytes(range(12)), 0o600)
    assert region.key == f"/{path.name}"
    region.close()
    assert list(root.iterdir()) == []


def test_the_sweep_takes_only_what_dead_processes_left(root: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f"coslide_{ended.pid}_00ff", f"coslide_{os.getpid()}_00ff", "coslide_triton_1_x", "other"):
        (root / name).touch()

    assert sweep() == 1

    assert sorted(path.name for path in root.iterdir()) == sorted(
        [f"coslide_{os.getpid()}_00ff", "coslide_triton_1_x", "other"]
    )

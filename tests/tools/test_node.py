"""Which Node will do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.setup.node import is_new_enough, machine_node


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2\n", "v22.12.0", "v24.0.0", "v100.0.0"])
def test_new_enough(version: str) -> None:
    assert is_new_enough(version)


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.3", "v21.7.0", "v22.11.0", "", "node", "20.19.0"])
def test_too_old_or_no_version(version: str) -> None:
    assert not is_new_enough(version)


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    return tmp_path


def program(path: Path, prints: str) -> None:
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(0o755)


def test_a_new_node_with_npm_is_taken(bin_folder: Path) -> None:
    program(bin_folder / "node", "v22.12.0")
    program(bin_folder / "npm", "11")
    assert machine_node() == bin_folder


def test_an_old_node_is_not_taken(bin_folder: Path) -> None:
    program(bin_folder / "node", "v18.20.4")
    program(bin_folder / "npm", "11")
    assert machine_node() is None

"""The model server's environment: what is said where it can't be made."""

from __future__ import annotations

import io
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from tools.setup import debian, triton
from tools.setup.interpreters import Interpreter
from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed
from tools.setup.triton import ELSEWHERE, set_up_triton

STATIC = Interpreter(Path("/usr/bin/python3.12"), (3, 12, 3), has_venv=True, has_shared_library=False)


@pytest.fixture(autouse=True)
def no_privilege(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSLIDE_TRITON_URL", raising=False)
    monkeypatch.setattr(debian, "privilege", lambda: None)
    monkeypatch.setattr(triton, "candidates", lambda: iter([STATIC]))


def test_a_missing_shared_library_names_the_one_command(tmp_path: Path) -> None:
    with pytest.raises(SetupFailed) as failure:
        set_up_triton(Reporter(io.StringIO()), Project(tmp_path), STATIC)
    assert failure.value.what == "libpython3.12 is missing, and neither root nor sudo is to be had"
    assert failure.value.remedy == "Type: sudo apt-get install libpython3.12   then the same command again."


def test_a_python_built_without_a_shared_library_is_told_from_a_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(debian, "install", lambda packages, step, project: installed.extend(packages))
    monkeypatch.setattr(triton, "inspect", lambda path: STATIC)
    with pytest.raises(SetupFailed) as failure:
        set_up_triton(Reporter(io.StringIO()), Project(tmp_path), STATIC)
    assert installed == ["libpython3.12"]
    assert failure.value.what == (
        "/usr/bin/python3.12 does not load the library of the package libpython3.12; it was built without one"
    )
    assert failure.value.remedy.endswith(ELSEWHERE)


def test_a_library_that_was_installed_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Interpreter] = []
    monkeypatch.setattr(debian, "install", lambda packages, step, project: None)
    monkeypatch.setattr(triton, "inspect", lambda path: replace(STATIC, has_shared_library=True))
    monkeypatch.setattr(triton, "make_environment", lambda *args, interpreter, **rest: made.append(interpreter))
    set_up_triton(Reporter(io.StringIO()), Project(tmp_path), STATIC)
    assert made == [replace(STATIC, has_shared_library=True)]


def test_a_triton_elsewhere_needs_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSLIDE_TRITON_URL", "gpu:8001")
    output = io.StringIO()
    set_up_triton(Reporter(output), Project(tmp_path), STATIC)
    assert output.getvalue() == "• Model server: the one at gpu:8001 is used\n"


def test_another_machine_is_told_to_use_a_triton_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(SetupFailed) as failure:
        set_up_triton(Reporter(io.StringIO()), Project(tmp_path), STATIC)
    assert failure.value.what == "the model server's package runs on Linux (x86_64, aarch64), this is Linux riscv64"
    assert failure.value.remedy == ELSEWHERE

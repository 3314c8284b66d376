"""Which Python is taken, and what is said when none will do."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools.setup import interpreters
from tools.setup.interpreters import Interpreter, for_serving, inspect
from tools.setup.steps import SetupFailed
from tools.setup.triton import choose

GOOD = Interpreter(Path("/usr/bin/python3.11"), (3, 11, 2), has_venv=True, has_shared_library=True)
STATIC = Interpreter(Path("/opt/python3.12"), (3, 12, 1), has_venv=True, has_shared_library=False)


def test_this_python_is_what_it_is() -> None:
    found = inspect(Path(sys.executable))
    assert found is not None
    assert found.version == sys.version_info[:3]
    assert found.is_supported


def test_what_is_no_python_is_none(tmp_path: Path) -> None:
    assert inspect(tmp_path / "python3") is None
    assert inspect(Path("/bin/true")) is None


@pytest.mark.parametrize(
    ("version", "supported"), [((3, 10, 9), False), ((3, 11, 0), True), ((3, 13, 9), True), ((3, 14, 0), False)]
)
def test_versions_from_3_11_to_3_13_are_supported(version: tuple[int, int, int], supported: bool) -> None:
    assert replace(GOOD, version=version).is_supported is supported


def test_a_python_without_venv_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "candidates", lambda: iter([replace(GOOD, has_venv=False)]))
    with pytest.raises(SetupFailed) as failure:
        for_serving()
    assert failure.value.what == "/usr/bin/python3.11 (Python 3.11) has no venv module with pip"
    assert failure.value.remedy == "Type: sudo apt-get install python3.11-venv   then the same command again."


def test_a_machine_without_a_fitting_python_is_told_which_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "candidates", lambda: iter([]))
    with pytest.raises(SetupFailed, match=r"there is no Python 3\.11, 3\.12 or 3\.13 on this machine"):
        for_serving()


def test_the_model_server_takes_a_python_with_its_shared_library() -> None:
    assert choose([STATIC, GOOD], made_by=None) is GOOD
    assert choose([STATIC], made_by=None) is None


def test_the_model_server_stays_with_the_python_its_environment_was_made_with() -> None:
    newer = replace(GOOD, version=(3, 13, 0))
    assert choose([newer, GOOD], made_by="3.11") is GOOD
    assert choose([newer], made_by="3.11") is None

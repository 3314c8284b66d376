"""In CI nothing may be skipped: a hole in the tests would look like a pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFTEST = "from tests.conftest import pytest_make_collect_report, pytest_runtest_makereport\n"
ONE_TEST = """
import pytest
from tests.components import missing

def test_that_passes():
    pass

def test_that_needs_a_printer():
    missing("A printer", "buy one")

@pytest.mark.skip(reason="not today")
def test_that_is_skipped():
    raise AssertionError

@pytest.mark.xfail(strict=True, reason="known")
def test_that_is_known_to_fail():
    raise AssertionError
"""
ONE_MODULE = "import pytest\npytest.importorskip('no_such_module')\n"


def run_pytest(folder: Path, *, ci: bool) -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"PYTHONPATH": str(ROOT)} | ({"CI": "true"} if ci else {})
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "--rootdir", folder, folder],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return answer.returncode, answer.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    return tmp_path


def test_on_a_developers_machine_a_missing_component_is_a_skip_with_its_reason(folder: Path) -> None:
    (folder / "test_one.py").write_text(ONE_TEST)
    code, told = run_pytest(folder, ci=False)
    assert code == 0
    assert "A printer is not on this machine; buy one" in told
    assert "1 passed, 2 skipped, 1 xfailed" in told


def test_in_ci_every_skip_is_a_failure(folder: Path) -> None:
    (folder / "test_one.py").write_text(ONE_TEST)
    code, told = run_pytest(folder, ci=True)
    assert code == 1
    assert "A printer is not on this machine; buy one" in told
    assert "skipped, which CI does not allow: Skipped: not today" in told
    assert "1 failed, 1 passed, 1 xfailed, 1 error" in told


def test_in_ci_a_skipped_module_is_an_error(folder: Path) -> None:
    (folder / "test_two.py").write_text(ONE_MODULE)
    code, told = run_pytest(folder, ci=True)
    assert code == 2
    assert "skipped, which CI does not allow: Skipped: could not import 'no_such_module'" in told

"""The words of the Makefile, the set-up and CI are the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.setup.__main__ import WORDS, find_benchmarks
from tools.setup.steps import SetupFailed

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_make_and_the_set_up_know_the_same_words() -> None:
    called = {found.split()[0] for found in re.findall(r"^\t@\$\(SETUP\) (.+)$", MAKEFILE, re.MULTILINE)}
    assert called == set(WORDS)


def test_make_help_names_every_target() -> None:
    told = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z%-]+):", MAKEFILE, re.MULTILINE)
    assert [line.split()[0] for line in told.splitlines() if not line.startswith("make")] == targets


def test_ci_is_make_test_where_nothing_may_be_missing() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").endswith("export CI=true\nexec make test\n")


@pytest.mark.parametrize("module", sorted(path.stem for path in (ROOT / "tools" / "setup").glob("[!_]*.py")))
def test_the_set_up_runs_in_a_bare_python(module: str) -> None:
    bare = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path[:0] = [{str(ROOT)!r}]; import tools.setup.{module}",
    ]
    assert subprocess.run(bare, capture_output=True, text=True, check=False).stderr == ""


def test_an_unknown_benchmark_is_refused(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").mkdir()
    for name in ("tile_speed.py", "edits.py", "__init__.py"):
        (tmp_path / "benchmarks" / name).touch()
    with pytest.raises(SetupFailed) as failure:
        find_benchmarks(tmp_path, "tiles")
    assert failure.value.what == "there is no benchmark tiles"
    assert failure.value.remedy == "Type make bench-NAME with one of: edits, tile-speed."
    assert find_benchmarks(tmp_path, "tile-speed") == ["tile_speed"]
    assert find_benchmarks(tmp_path, None) == ["edits", "tile_speed"]

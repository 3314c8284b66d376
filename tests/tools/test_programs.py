"""Programs run by the set-up: their output is kept, and shown when they fail."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.setup.programs import SHOWN_LINES, run
from tools.setup.steps import SetupFailed, Step


def test_what_a_program_prints_is_returned_logged_and_noted(tmp_path: Path) -> None:
    step = Step("Speak")
    told = run([sys.executable, "-c", "print('one'); print('two')"], step, log=tmp_path / "run" / "log", remedy="-")
    assert told == "one\ntwo\n"
    assert step.doing == "two"
    assert (tmp_path / "run" / "log").read_text().endswith("\none\ntwo\n")


def test_a_secret_is_in_neither_log_nor_line(tmp_path: Path) -> None:
    step = Step("Speak")
    told = run([sys.executable, "-c", "print('s3cret')"], step, log=tmp_path / "log", remedy="-", keeps_output=False)
    assert told == "s3cret\n"
    assert step.doing == ""
    assert "s3cret\n" not in (tmp_path / "log").read_text()


def test_a_failure_shows_the_last_lines_and_where_the_rest_is(tmp_path: Path) -> None:
    text = "import sys\nfor number in range(40): print(number)\nsys.exit(7)"
    with pytest.raises(SetupFailed) as failure:
        run([sys.executable, "-c", text], Step("Count"), log=tmp_path / "log", remedy="Count again.")
    assert failure.value.what == f"{Path(sys.executable).name} ended with code 7 (Count)"
    assert failure.value.remedy.startswith("Count again.\n")
    assert failure.value.remedy.endswith(f"The whole output is in {tmp_path / 'log'}.")
    assert failure.value.output.splitlines() == [str(number) for number in range(40 - SHOWN_LINES, 40)]


def test_a_program_that_is_not_there_is_a_failure_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SetupFailed, match="/nowhere/npm could not be started") as failure:
        run(["/nowhere/npm"], Step("Web"), log=tmp_path / "log", remedy="Install npm.")
    assert failure.value.remedy == "Install npm."


def test_variables_are_added_to_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "1")
    text = "import os; print(os.environ['OURS'] + os.environ['ITS'])"
    told = run([sys.executable, "-c", text], Step("-"), log=tmp_path / "log", remedy="-", environment={"ITS": "2"})
    assert told == "12\n"

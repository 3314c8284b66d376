"""Steps: what a person sees while they run, when they are done and when they fail."""

from __future__ import annotations

import io
import re

import pytest

from tools.setup.steps import Reporter, SetupFailed


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def without_times(text: str) -> str:
    return re.sub(r"\d+(\.\d)? s", "N s", text)


def test_a_short_step_says_how_it_ended() -> None:
    output = io.StringIO()
    with Reporter(output).step("Web client") as step:
        step.outcome = "unchanged"
    assert output.getvalue() == "• Web client: unchanged\n"


def test_a_long_step_shows_what_it_is_doing() -> None:
    output = io.StringIO()
    reporter = Reporter(output, period_s=0.001)
    with reporter.step("Python environment") as step:
        step.note("Collecting   numpy\n")
        while "Collecting numpy" not in output.getvalue():
            pass
    assert "• Python environment … N s · Collecting numpy\n" in without_times(output.getvalue())


def test_a_terminal_keeps_one_line_a_step() -> None:
    output = Terminal()
    with Reporter(output).step("Node"):
        pass
    assert output.getvalue() == "\r\x1b[2K• Node …\r\x1b[2K• Node: done\n"


def test_a_failed_step_is_marked_and_passes_its_error_on() -> None:
    output = io.StringIO()
    reporter = Reporter(output)
    with pytest.raises(SetupFailed), reporter.step("Node"):
        raise SetupFailed("node ended with code 1", "Type: make setup", "out of ink")
    assert output.getvalue().endswith("• Node: FAILED\n")


def test_a_failure_says_what_failed_and_what_to_type() -> None:
    output = io.StringIO()
    Reporter(output).failure(SetupFailed("npm ended with code 1", "Type: rm -r web/node_modules", "out\nof ink"))
    assert output.getvalue() == (
        "\n    out\n    of ink\nWhat failed: npm ended with code 1\nWhat to do:  Type: rm -r web/node_modules\n"
    )

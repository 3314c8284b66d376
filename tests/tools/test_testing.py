"""What `make test` needs beside Python, and what it says where it can't have it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tools.setup import debian, testing
from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed, Step
from tools.setup.testing import Component, clean_environment, set_up_components

PRINTER = Component("Printer", ("no-such-program",), "printer-server", "printer")
SHELL = Component("Shell", ("no-such-program", "sh"), "dash", "shell")


@pytest.fixture
def no_privilege(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "privilege", lambda: None)
    monkeypatch.setattr(testing, "COMPONENTS", (PRINTER, SHELL))


def set_up(folder: Path) -> tuple[list[Component], str]:
    output = io.StringIO()
    return set_up_components(Reporter(output), Project(folder)), output.getvalue()


@pytest.mark.usefixtures("no_privilege")
def test_without_root_or_sudo_the_command_is_named_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    left_out, told = set_up(tmp_path)
    assert left_out == [PRINTER]
    assert "What failed: printer-server is missing, and neither root nor sudo is to be had\n" in told
    assert "Type: sudo apt-get install printer-server   then the same command again.\n" in told


@pytest.mark.usefixtures("no_privilege")
def test_in_ci_a_missing_component_stops_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SetupFailed, match="printer-server is missing"):
        set_up(tmp_path)


def test_packages_are_installed_after_an_update_by_sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(debian, "privilege", lambda: ["sudo", "-n"])
    monkeypatch.setattr(debian, "run", lambda command, step, **rest: commands.append(list(command)))
    debian.install(["redis-server"], Step("-"), Project(tmp_path))
    apt = ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    assert commands == [[*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", "redis-server"]]


def test_where_there_is_no_apt_there_is_no_privilege(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert debian.privilege() is None


def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "apt-get").write_text("#!/bin/sh\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert debian.privilege() == []
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert debian.privilege() is None


def test_tests_do_not_see_the_settings_of_a_running_coslide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSLIDE_DATABASE_URL", "mysql://real")
    monkeypatch.setenv("COSLIDE_TRITON_VENV", "/opt/triton")
    kept = clean_environment()
    assert "COSLIDE_DATABASE_URL" not in kept
    assert kept["COSLIDE_TRITON_VENV"] == "/opt/triton"
    assert kept["PATH"] == os.environ["PATH"]

"""Virtual environments made from locks by pip, whose every file is checked against a SHA-256."""

from __future__ import annotations

import configparser
from collections.abc import Sequence
from pathlib import Path

from tools.setup import stamps
from tools.setup.interpreters import Interpreter
from tools.setup.programs import run
from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed, Step

QUIET_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_PROGRESS_BAR": "off"}
NETWORK_REMEDY = "Check that this machine reaches the Python package index, then type the same command again."


def make_environment(
    reporter: Reporter,
    project: Project,
    *,
    title: str,
    venv: Path,
    interpreter: Interpreter,
    locks: Sequence[Path],
    without_dependencies: Sequence[Path] = (),
    remedy: str = NETWORK_REMEDY,
    editable: bool = False,
) -> None:
    """Make `venv` and install what the locks say; nothing when it already holds exactly that.

    Args:
        locks: installed with all they name.
        without_dependencies: installed alone, though their packages ask for others.
        editable: also install this project, so that `coslide` runs from the checkout.
    """
    made_from = [*locks, *without_dependencies, *([project.root / "pyproject.toml"] if editable else [])]
    stamp = f"{interpreter.minor} {stamps.of_files(project.root, made_from)}"
    with reporter.step(title) as step:
        if stamps.is_current(venv, stamp):
            step.outcome = "unchanged"
            return
        create(venv, interpreter, step, project)
        stamps.clear(venv)
        for lock in locks:
            install(venv, ["--require-hashes", "-r", lock], step, project, remedy)
        for lock in without_dependencies:
            install(venv, ["--require-hashes", "--no-deps", "-r", lock], step, project, remedy)
        if editable:
            alone = ["--no-deps", "--no-build-isolation", "--no-index", "--editable", project.root]
            install(venv, alone, step, project, remedy)
        stamps.write(venv, stamp)
        step.outcome = f"ready, Python {interpreter.minor}"


def create(venv: Path, interpreter: Interpreter, step: Step, project: Project) -> None:
    """Make the environment, or finish one whose making was interrupted.

    Raises:
        SetupFailed: it was made by another version of Python.
    """
    made_by = made_with(venv)
    if made_by is not None and made_by != interpreter.minor:
        raise SetupFailed(
            f"{venv} was made with Python {made_by}, and now Python {interpreter.minor} is to be used",
            f"Type: rm -r {venv}   then the same command again.",
        )
    run(
        [interpreter.path, "-m", "venv", venv],
        step,
        log=project.log,
        remedy=f"Type: sudo apt-get install python{interpreter.minor}-venv   then the same command again.",
    )


def made_with(venv: Path) -> str | None:
    """The version of Python that made `venv`, such as "3.11"; None when there is no environment."""
    try:
        text = (venv / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return None
    config = configparser.ConfigParser()
    config.read_string(f"[venv]\n{text}")
    return ".".join(config["venv"].get("version", "").split(".")[:2])


def install(venv: Path, arguments: Sequence[str | Path], step: Step, project: Project, remedy: str) -> None:
    """Run the environment's own pip."""
    run(
        [venv / "bin" / "python", "-m", "pip", "install", *arguments],
        step,
        log=project.log,
        remedy=remedy,
        environment=QUIET_PIP,
    )

"""Virtual environments made from locks by pip, whose every file is checked against a SHA-256."""

from __future__ import annotations

import configparser
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.setup import stamps
from tools.setup.interpreters import Interpreter
from tools.setup.programs import run
from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed, Step

QUIET_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_PROGRESS_BAR": "off"}
NETWORK_REMEDY = "Check that this machine reaches the Python package index, then type the same command again."


@dataclass(frozen=True)
class Part:
    """Something to install into an environment: pip's arguments, and the file that says what it will be."""

    made_from: Path
    arguments: tuple[str | Path, ...]

    @property
    def stamp(self) -> str:
        return f"{self.made_from.name} {stamps.of_file(self.made_from)}"


def hashed(lock: Path) -> Part:
    """All that a lock names, each file checked by its SHA-256."""
    return Part(lock, ("--require-hashes", "-r", lock))


def hashed_alone(lock: Path) -> Part:
    """What a lock names, each file checked, without what the packages ask for."""
    return Part(lock, ("--require-hashes", "--no-deps", "-r", lock))


def pinned(lock: Path) -> Part:
    """What a lock names by version alone, because its files differ from machine to machine."""
    return Part(lock, ("-r", lock))


def checkout(project: Project) -> Part:
    """This project itself, run from where it is; asks no index."""
    arguments = ("--no-deps", "--no-build-isolation", "--no-index", "--editable", project.root)
    return Part(project.root / "pyproject.toml", arguments)


def make_environment(
    reporter: Reporter,
    project: Project,
    *,
    title: str,
    venv: Path,
    interpreter: Interpreter,
    parts: Sequence[Part],
    remedy: str = NETWORK_REMEDY,
) -> None:
    """Make `venv` and install the parts, in order; parts that it already holds are left alone."""
    base = f"python {interpreter.minor}"
    with reporter.step(title) as step:
        held = stamps.read(venv)
        if base not in held:
            held = []
        missing = [part for part in parts if part.stamp not in held]
        if not missing:
            step.outcome = "unchanged"
            return
        create(venv, interpreter, step, project)
        replaced = {part.made_from.name for part in missing}
        held = [base, *(line for line in held if line != base and line.split()[0] not in replaced)]
        for part in missing:
            stamps.write(venv, held)
            install(venv, part.arguments, step, project, remedy)
            held = [*held, part.stamp]
        stamps.write(venv, held)
        step.outcome = f"ready, Python {interpreter.minor}"


def create(venv: Path, interpreter: Interpreter, step: Step, project: Project) -> None:
    """Make the environment. One that works stays, whichever Python of this version made it; a broken one is replaced.

    Raises:
        SetupFailed: it was made by another version of Python, or is broken and lies elsewhere.
    """
    made_by = made_with(venv)
    if made_by is not None and made_by != interpreter.minor:
        raise SetupFailed(
            f"{venv} was made with Python {made_by}, and now Python {interpreter.minor} is to be used",
            f"Type: rm -r {venv}   then the same command again.",
        )
    if made_by is not None and has_pip(venv):
        return
    if venv.is_symlink():
        raise SetupFailed(f"{venv} is a link to an environment without pip", f"Type: rm {venv}   then the same again.")
    run(
        [interpreter.path, "-m", "venv", "--clear", venv],
        step,
        log=project.log,
        remedy=f"Type: sudo apt-get install python{interpreter.minor}-venv   then the same command again.",
    )


def has_pip(venv: Path) -> bool:
    """Whether the environment's Python runs and has pip."""
    command = [str(venv / "bin" / "python"), "-m", "pip", "--version"]
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


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

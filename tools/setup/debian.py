"""Debian's packages: installed by root or sudo, or the one command is named."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from tools.setup.programs import run
from tools.setup.project import Project
from tools.setup.steps import SetupFailed, Step


def command(packages: Sequence[str]) -> str:
    """What a person types to install packages."""
    return f"sudo apt-get install {' '.join(packages)}"


def privilege() -> list[str] | None:
    """What goes before apt-get: nothing for root, sudo where it asks no password, None where neither works."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run(
        ["sudo", "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False
    )
    return ["sudo", "-n"] if allowed.returncode == 0 else None


def install(packages: Sequence[str], step: Step, project: Project) -> None:
    """Install packages from Debian.

    Raises:
        SetupFailed: neither root nor sudo is to be had, or apt-get failed; the remedy is the command to type.
    """
    before = privilege()
    remedy = f"Type: {command(packages)}   then the same command again."
    if before is None:
        raise SetupFailed(f"{' '.join(packages)} is missing, and neither root nor sudo is to be had", remedy)
    # Set behind sudo, which drops the caller's variables.
    apt = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    run([*apt, "update"], step, log=project.log, remedy=remedy)
    run([*apt, "install", "-y", "--no-install-recommends", *packages], step, log=project.log, remedy=remedy)

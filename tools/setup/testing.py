"""`make test`: what the tests need beside Python, and the tests in an order that ends with pytest's own summary."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tools.setup import debian
from tools.setup.node import with_node
from tools.setup.programs import run
from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed

SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
KEPT_SETTINGS = frozenset({"COSLIDE_TRITON_VENV"})


@dataclass(frozen=True)
class Component:
    """A program that some tests start, the Debian package that holds it, and the mark those tests carry."""

    title: str
    programs: tuple[str, ...]
    package: str
    mark: str

    @property
    def is_here(self) -> bool:
        path = f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PATH}"
        return any(shutil.which(program, path=path) for program in self.programs)


COMPONENTS = (
    Component("MariaDB", ("mariadbd",), "mariadb-server", "mariadb"),
    Component("Redis", ("redis-server",), "redis-server", "redis"),
    Component("Chromium", ("chromium", "chromium-browser"), "chromium", "browser"),
)


def set_up_components(reporter: Reporter, project: Project) -> list[Component]:
    """Install the servers and the browser that are missing. Returns those that could not be.

    Raises:
        SetupFailed: in CI, where no test may be left out.
    """
    missing = [component for component in COMPONENTS if not component.is_here]
    if not missing:
        return []
    packages = [component.package for component in missing]
    try:
        with reporter.step(f"Debian's packages for tests ({', '.join(packages)})") as step:
            debian.install(packages, step, project)
    except SetupFailed as error:
        if is_ci():
            raise
        reporter.failure(error)
    return [component for component in missing if not component.is_here]


def is_ci() -> bool:
    return os.environ.get("CI", "").lower() == "true"


def name_what_is_left_out(reporter: Reporter, project: Project, missing: list[Component]) -> None:
    """Print the name of every test that can't run without a component."""
    for component in missing:
        with reporter.step(f"Tests left out without {component.title}") as step:
            listed = run(
                [project.python, "-m", "pytest", "--collect-only", "-q", "-m", component.mark, "--no-header"],
                step,
                log=project.log,
                cwd=project.root,
                environment=clean_environment(),
                remedy="Mend what it names.",
            )
            names = [line for line in listed.splitlines() if "::" in line]
            step.outcome = f"{len(names)} (install them: {debian.command([component.package])})"
        for name in names:
            reporter.say(f"    {name}")


def run_web_tests(reporter: Reporter, project: Project, node: Path) -> None:
    """Run the web client's unit tests."""
    with reporter.step("Unit tests of the web client (vitest)") as step:
        run(
            [node / "npm", "test"],
            step,
            log=project.log,
            cwd=project.web,
            environment=with_node(node),
            remedy="Mend what it names: cd web && npm test",
        )


def become_pytest(project: Project, node: Path, *arguments: str) -> NoReturn:
    """Replace this process by pytest, so that its summary is the last thing printed and its exit code ours."""
    words = [str(project.python), "-m", "pytest", *arguments]
    os.chdir(project.root)
    os.execve(words[0], words, {**clean_environment(), **with_node(node)})  # noqa: S606 (a shell is what is not wanted)


def clean_environment() -> Mapping[str, str]:
    """This process's variables without the settings of a running Coslide, which tests must not touch."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("COSLIDE_") or name in KEPT_SETTINGS
    }

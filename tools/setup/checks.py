"""`make check`: format, lint, types, import contracts, the schema's snapshot, and the web client's own checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.setup.node import with_node
from tools.setup.programs import run
from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed


def run_checks(reporter: Reporter, project: Project, node: Path) -> None:
    """Run every check, then fail if any did, so that one run shows all that is wrong.

    Raises:
        SetupFailed: names the checks that failed.
    """
    binaries = project.venv / "bin"
    checks: list[tuple[str, Sequence[str | Path], Path, str]] = [
        ("Format (ruff)", [binaries / "ruff", "format", "--check", "."], project.root, "Type: .venv/bin/ruff format"),
        ("Lint (ruff)", [binaries / "ruff", "check", "."], project.root, "Type: .venv/bin/ruff check --fix"),
        ("Types (mypy)", [binaries / "mypy"], project.root, "Mend what it names."),
        ("Import contracts (import-linter)", [binaries / "lint-imports"], project.root, "Mend what it names."),
        (
            "GraphQL schema's snapshot",
            [project.python, "-m", "schema.printed", "--check"],
            project.root,
            "Type: .venv/bin/python -m schema.printed",
        ),
        ("Web client (Biome, tsc)", [node / "npm", "run", "check"], project.web, "Type: cd web && npm run format"),
    ]
    failed: list[str] = []
    for title, command, folder, remedy in checks:
        try:
            with reporter.step(title) as step:
                run(command, step, log=project.log, cwd=folder, remedy=remedy, environment=with_node(node))
        except SetupFailed as error:
            reporter.failure(error)
            failed.append(title)
    if failed:
        raise SetupFailed(f"{len(failed)} of {len(checks)} checks: {', '.join(failed)}", "See above, check by check.")

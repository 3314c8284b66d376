"""The database and, at the very first start, an account, a project and the sample slides."""

from __future__ import annotations

from pathlib import Path

from tools.setup.programs import run
from tools.setup.project import Project
from tools.setup.steps import Reporter

REMEDY = "Mend what it names (COSLIDE_DATABASE_URL and COSLIDE_DATA say where things lie), then the same command."


def set_up_database(reporter: Reporter, project: Project, samples: Path) -> None:
    """Bring the tables up to date; in an empty database, make an account and import the samples.

    What the account's password is, is said once, here, and kept nowhere.
    """
    with reporter.step("Database and samples") as step:
        told = run(
            [project.python, "-m", "api.first_start", samples.absolute()],
            step,
            log=project.log,
            cwd=project.root,
            remedy=REMEDY,
            keeps_output=False,
        )
        lines = told.splitlines()
        step.outcome = lines[0] if lines else "unchanged"
    for line in lines[1:]:
        reporter.say(f"  {line}")

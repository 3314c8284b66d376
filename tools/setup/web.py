"""The web client: its packages by `npm ci`, its files by `npm run build`, both only when something changed."""

from __future__ import annotations

from pathlib import Path

from tools.setup import stamps
from tools.setup.node import with_node
from tools.setup.programs import run
from tools.setup.project import Project
from tools.setup.steps import Reporter

MADE_OR_FETCHED = ("node_modules", "dist", "gql", "test-results")


def set_up_web_packages(reporter: Reporter, project: Project, node: Path) -> None:
    """Install web/node_modules as its lock says."""
    packages = project.web / "node_modules"
    stamp = stamps.of_files(project.web, [project.web / "package.json", project.web / "package-lock.json"])
    with reporter.step("Packages of the web client (web/node_modules)") as step:
        if stamp in stamps.read(packages):
            step.outcome = "unchanged"
            return
        run(
            [node / "npm", "ci", "--no-audit", "--no-fund"],
            step,
            log=project.log,
            cwd=project.web,
            environment=with_node(node),
            remedy="Check that this machine reaches the npm registry, then type the same command again.",
        )
        stamps.write(packages, [stamp])


def build_web(reporter: Reporter, project: Project, node: Path) -> None:
    """Build web/dist from the client's sources and the GraphQL schema."""
    built = project.web / "dist"
    sources = [
        *stamps.files_under(project.web, without=MADE_OR_FETCHED),
        *project.root.glob("schema.graphql"),
        *(project.root / "schema").glob("*.graphql"),
    ]
    stamp = stamps.of_files(project.root, sources)
    with reporter.step("Web client (web/dist)") as step:
        if stamp in stamps.read(built):
            step.outcome = "unchanged"
            return
        run(
            [node / "npm", "run", "build"],
            step,
            log=project.log,
            cwd=project.web,
            environment=with_node(node),
            remedy="Type: rm -r web/node_modules   then the same command again.",
        )
        stamps.write(built, [stamp])

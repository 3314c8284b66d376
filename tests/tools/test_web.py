"""The web client is built exactly when its sources or the schema changed."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed
from tools.setup.web import build_web, set_up_web_packages

# Stands in for npm: makes what npm would make, and counts.
NPM = """#!/bin/sh
echo "$1" >> ../calls
case $1 in
  ci) rm -rf node_modules; mkdir node_modules;;
  run) [ -e src/broken ] && { echo "src/broken: no"; exit 2; }
       rm -rf dist; mkdir dist; touch dist/index.html;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("web/package.json", "web/package-lock.json", "web/src/main.tsx", "schema.graphql", "node/npm"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "node" / "npm").write_text(NPM)
    (tmp_path / "node" / "npm").chmod(0o755)
    return Project(tmp_path)


def build(project: Project) -> list[str]:
    """Set the client up once more and return what npm has been asked for so far."""
    reporter = Reporter(io.StringIO())
    set_up_web_packages(reporter, project, project.root / "node")
    build_web(reporter, project, project.root / "node")
    return (project.root / "calls").read_text().split()


def test_nothing_is_done_twice(project: Project) -> None:
    assert build(project) == ["ci", "run"]
    assert build(project) == ["ci", "run"]


@pytest.mark.parametrize("name", ["web/src/main.tsx", "web/src/new.ts", "schema.graphql"])
def test_a_changed_source_is_built_again(project: Project, name: str) -> None:
    build(project)
    (project.root / name).write_text("changed")
    assert build(project) == ["ci", "run", "run"]


def test_changed_packages_are_fetched_and_built_again(project: Project) -> None:
    build(project)
    (project.web / "package-lock.json").write_text("{}")
    assert build(project) == ["ci", "run", "ci", "run"]


def test_what_was_deleted_is_made_again(project: Project) -> None:
    build(project)
    shutil.rmtree(project.web / "dist")
    assert build(project) == ["ci", "run", "run"]


def test_a_build_that_fails_shows_why_and_is_tried_again(project: Project) -> None:
    broken = project.web / "src" / "broken"
    broken.touch()
    with pytest.raises(SetupFailed) as failure:
        build(project)
    assert failure.value.output == "src/broken: no"
    broken.unlink()
    assert build(project) == ["ci", "run", "run"]

"""`python3 -m tools.setup WORD`: what the Makefile's names do."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tools.setup.checks import run_checks
from tools.setup.database import set_up_database
from tools.setup.environments import checkout, hashed, make_environment
from tools.setup.interpreters import Interpreter, for_serving
from tools.setup.node import set_up_node
from tools.setup.project import Project
from tools.setup.samples import fetch_samples
from tools.setup.steps import Reporter, SetupFailed
from tools.setup.testing import (
    become_pytest,
    name_what_is_left_out,
    run_web_tests,
    set_up_components,
)
from tools.setup.training import set_up_training
from tools.setup.triton import set_up_triton
from tools.setup.web import build_web, set_up_web_packages

MADE = ("web/dist", "web/node_modules", "web/src/gql", "run", "test-results", "coslide.egg-info", "build")
TRAINING = ("training.train", "training.calibrate", "training.export")
CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache")


def set_up(reporter: Reporter, project: Project) -> None:
    """Everything that serving needs."""
    interpreter, node = set_up_tools(reporter, project, "serve")
    set_up_triton(reporter, project, interpreter)
    set_up_web_packages(reporter, project, node)
    build_web(reporter, project, node)
    samples = Path(os.environ.get("COSLIDE_DATA", project.root / "data")) / "samples"
    fetch_samples(reporter, project, samples)
    set_up_database(reporter, project, samples)


def set_up_tools(reporter: Reporter, project: Project, *locks: str) -> tuple[Interpreter, Path]:
    """The serving environment and Node: the Python in use, and the folder that holds `node`."""
    interpreter = for_serving()
    set_up_venv(reporter, project, interpreter, *locks)
    return interpreter, set_up_node(reporter, project, interpreter)


def set_up_venv(reporter: Reporter, project: Project, interpreter: Interpreter, *locks: str) -> None:
    make_environment(
        reporter,
        project,
        title="Python environment (.venv)",
        venv=project.venv,
        interpreter=interpreter,
        parts=[*(hashed(project.lock(name)) for name in locks), checkout(project)],
    )


def run(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    """Set up, then serve until Ctrl-C."""
    set_up(reporter, project)
    become(project.root, str(project.venv / "bin" / "coslide"), "serve")


def setup(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    set_up(reporter, project)
    reporter.say("Everything is set up. `make run` serves.")


def check(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    _, node = set_up_tools(reporter, project, "serve", "test")
    set_up_web_packages(reporter, project, node)
    run_checks(reporter, project, node)


def test(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    """Set up what is missing, check, and run all tests; pytest last."""
    missing = set_up_components(reporter, project)
    interpreter, node = set_up_tools(reporter, project, "serve", "test")
    set_up_triton(reporter, project, interpreter)
    set_up_web_packages(reporter, project, node)
    build_web(reporter, project, node)
    name_what_is_left_out(reporter, project, missing)
    run_checks(reporter, project, node)
    run_web_tests(reporter, project, node)
    become_pytest(project, node)


def fuzz(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    """The property tests with many more examples than `make test` gives them."""
    _, node = set_up_tools(reporter, project, "serve", "test")
    become_pytest(project, node, "-m", "hypothesis", "--hypothesis-profile=fuzz", "--timeout=3600")


def fuzz_slides(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    """100,000 mutants of real slides against the readers; the last line is one JSON object."""
    set_up_tools(reporter, project, "serve", "test")
    become(project.root, str(project.python), "-m", "tests.fuzz.slides")


def bench(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    """One benchmark by name, or all of them; the last line each prints is one JSON object."""
    interpreter, _ = set_up_tools(reporter, project, "serve", "test")
    set_up_triton(reporter, project, interpreter)
    names = find_benchmarks(project.root, arguments.name)
    if arguments.name:
        become(project.root, str(project.python), "-m", f"benchmarks.{names[0]}")
    for name in names:
        reporter.say(f"== {name.replace('_', '-')}")
        call(project.root, project.python, "-m", f"benchmarks.{name}")


def find_benchmarks(root: Path, wanted: str | None) -> list[str]:
    """The modules of the benchmark called `wanted`, with hyphens, or of all.

    Raises:
        SetupFailed: there is none of this name; the remedy names those there are.
    """
    names = sorted(path.stem for path in (root / "benchmarks").glob("[!_]*.py"))
    if wanted is None:
        return names
    if wanted.replace("-", "_") not in names:
        known = ", ".join(name.replace("_", "-") for name in names)
        raise SetupFailed(f"there is no benchmark {wanted}", f"Type make bench-NAME with one of: {known}.")
    return [wanted.replace("-", "_")]


def chaos_live(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    """Twenty people edit one slide while the API's processes, Redis and MariaDB fail; the seed is printed."""
    set_up_components(reporter, project)
    set_up_tools(reporter, project, "serve", "test")
    become(project.root, str(project.python), "-m", "tests.chaos.live")


def train(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    """Train the network, choose its temperature and threshold, and export it to model_repository/."""
    set_up_training(reporter, project, for_serving())
    for module in TRAINING:
        reporter.say(f"== {module}")
        call(project.root, project.train_venv / "bin" / "python", "-m", module)


def evaluate(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    """Print the figures of the model as it is served; the last line is one JSON object."""
    interpreter = for_serving()
    set_up_venv(reporter, project, interpreter, "serve")
    set_up_triton(reporter, project, interpreter)
    become(project.root, str(project.python), "-m", "training.evaluate")


def clean(reporter: Reporter, project: Project, arguments: argparse.Namespace) -> None:
    """Remove what was made or fetched. Slides, the database and samples in data/ stay."""
    venvs = (project.venv, project.triton_venv, project.node_venv, project.train_venv)
    for path in (*venvs, *(project.root / name for name in (*MADE, *CACHES))):
        if path.is_symlink():
            reporter.say(f"{path} is a link and stays")
        elif path.is_dir():
            reporter.say(f"rm -r {path}")
            shutil.rmtree(path)


def call(folder: Path, *words: str | Path) -> None:
    """Run a program that prints for itself.

    Raises:
        SetupFailed: it ended with a code other than 0.
    """
    code = subprocess.call(words, cwd=folder)
    if code != 0:
        raise SetupFailed(f"{' '.join(map(str, words[1:]))} ended with code {code}", "Read the lines above.")


def become(folder: Path, *words: str) -> NoReturn:
    """Replace this process by another program, so that Ctrl-C and the exit code are its own."""
    sys.stdout.flush()
    os.chdir(folder)
    os.execv(words[0], list(words))  # noqa: S606 (a shell is what is not wanted)


WORDS: dict[str, Callable[[Reporter, Project, argparse.Namespace], None]] = {
    word.__name__.replace("_", "-"): word
    for word in (run, setup, check, test, fuzz, fuzz_slides, bench, chaos_live, train, evaluate, clean)
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tools.setup", description=__doc__)
    parser.add_argument("word", choices=WORDS)
    parser.add_argument("name", nargs="?", help="a benchmark's name")
    arguments = parser.parse_args()
    reporter = Reporter()
    try:
        WORDS[arguments.word](reporter, Project(Path(__file__).resolve().parents[2]), arguments)
    except SetupFailed as failed:
        reporter.failure(failed)
        return 1
    except OSError as error:
        remedy = "Check that the disk has space and that this folder is yours, then type the same command again."
        reporter.failure(SetupFailed(str(error), remedy))
        return 1
    except KeyboardInterrupt:
        reporter.say("\nStopped. The same command goes on from here.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

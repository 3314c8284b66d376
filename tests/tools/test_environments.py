"""Virtual environments: made once, completed when a lock changes, and never made over another Python's."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tools.setup import environments
from tools.setup.environments import Part, create, has_pip, made_with, make_environment
from tools.setup.interpreters import Interpreter, inspect
from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed, Step


@pytest.fixture
def here() -> Interpreter:
    found = inspect(Path(sys.executable))
    assert found is not None
    return found


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is installed; nothing is, really."""
    names: list[str] = []

    def install(venv: Path, arguments: tuple[str, ...], *rest: object) -> None:
        names.append(arguments[-1])

    monkeypatch.setattr(environments, "install", install)
    monkeypatch.setattr(environments, "create", lambda venv, *rest: venv.mkdir(exist_ok=True))
    return names


def part(folder: Path, name: str, text: str) -> Part:
    lock = folder / f"{name}.txt"
    lock.write_text(text)
    return Part(lock, ("-r", name))


def make(folder: Path, interpreter: Interpreter, *parts: Part) -> str:
    output = io.StringIO()
    venv = folder / ".venv"
    make_environment(Reporter(output), Project(folder), title="Python", venv=venv, interpreter=interpreter, parts=parts)
    return output.getvalue().splitlines()[-1].split(" (")[0]


def test_an_unchanged_lock_is_not_installed_again(tmp_path: Path, here: Interpreter, installed: list[str]) -> None:
    serve = part(tmp_path, "serve", "numpy==2")
    assert make(tmp_path, here, serve) == f"• Python: ready, Python {here.minor}"
    assert make(tmp_path, here, serve) == "• Python: unchanged"
    assert installed == ["serve"]


def test_only_what_changed_or_was_added_is_installed(tmp_path: Path, here: Interpreter, installed: list[str]) -> None:
    serve, test = part(tmp_path, "serve", "numpy==2"), part(tmp_path, "test", "pytest==9")
    make(tmp_path, here, serve)
    make(tmp_path, here, serve, test)
    assert installed == ["serve", "test"]
    assert make(tmp_path, here, serve) == "• Python: unchanged"
    make(tmp_path, here, part(tmp_path, "serve", "numpy==3"), test)
    assert installed == ["serve", "test", "serve"]
    assert make(tmp_path, here, serve, test) == "• Python: unchanged"


def test_an_interrupted_installation_is_done_again(
    tmp_path: Path, here: Interpreter, installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve, test = part(tmp_path, "serve", "numpy==2"), part(tmp_path, "test", "pytest==9")
    record = environments.install

    def fail_for_test(venv: Path, arguments: tuple[str, ...], *rest: object) -> None:
        if arguments[-1] == "test":
            raise SetupFailed("pip ended with code 1", "again")
        record(venv, arguments, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(environments, "install", fail_for_test)
    with pytest.raises(SetupFailed):
        make(tmp_path, here, serve, test)
    monkeypatch.setattr(environments, "install", record)
    make(tmp_path, here, serve, test)
    assert installed == ["serve", "test"]


def test_another_version_of_python_is_not_installed_into(tmp_path: Path, here: Interpreter) -> None:
    venv = tmp_path / ".venv"
    venv.mkdir()
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.9.2\n")
    assert made_with(venv) == "3.9"
    with pytest.raises(SetupFailed) as failure:
        make(tmp_path, here, part(tmp_path, "serve", ""))
    assert failure.value.what == f"{venv} was made with Python 3.9, and now Python {here.minor} is to be used"
    assert failure.value.remedy == f"Type: rm -r {venv}   then the same command again."


def test_there_is_no_environment_where_there_is_none(tmp_path: Path) -> None:
    assert made_with(tmp_path / ".venv") is None


def test_a_real_environment_is_made_and_knows_its_python(tmp_path: Path, here: Interpreter) -> None:
    lock = tmp_path / "empty.txt"
    lock.write_text("")
    assert make(tmp_path, here, Part(lock, ("--no-index", "-r", lock))) == f"• Python: ready, Python {here.minor}"
    assert made_with(tmp_path / ".venv") == here.minor


def test_a_working_environment_is_not_made_over(tmp_path: Path, here: Interpreter) -> None:
    venv, project = tmp_path / ".venv", Project(tmp_path)
    create(venv, here, Step("-"), project)
    (venv / "kept").touch()
    # Another Python of the same version would leave a mixture of both.
    create(venv, replace(here, path=tmp_path / "other" / "python3"), Step("-"), project)
    assert (venv / "kept").exists()
    assert has_pip(venv)


def test_a_broken_environment_is_replaced(tmp_path: Path, here: Interpreter) -> None:
    venv, project = tmp_path / ".venv", Project(tmp_path)
    create(venv, here, Step("-"), project)
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to(tmp_path / "gone")
    assert not has_pip(venv)
    create(venv, here, Step("-"), project)
    assert has_pip(venv)


def test_a_broken_environment_that_lies_elsewhere_is_not_touched(tmp_path: Path, here: Interpreter) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "pyvenv.cfg").write_text(f"version = {here.minor}.0\n")
    (tmp_path / ".venv").symlink_to(elsewhere)
    with pytest.raises(SetupFailed, match="is a link to an environment without pip"):
        create(tmp_path / ".venv", here, Step("-"), Project(tmp_path))
    assert [path.name for path in elsewhere.iterdir()] == ["pyvenv.cfg"]

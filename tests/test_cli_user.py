"""`coslide user …`: accounts from the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api import cli
from api.errors import PlatformError
from api.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings(data=tmp_path, public_url="https://slides.example.org/")
    monkeypatch.setattr(cli, "get_settings", lambda: settings)
    return settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, [*arguments])


def test_an_account_from_its_making_to_its_end(settings: Settings) -> None:
    assert run("migrate").exit_code == 0
    made = run("user", "create", "Ada@example.org", "--name", "Ada", "--admin")
    assert re.fullmatch(
        r"Account Ada@example\.org was made\. Password, shown only now: [0-9a-f]{6}(-[0-9a-f]{6}){3}\n", made.output
    )
    link = run("user", "link", "ADA@example.org")
    assert re.fullmatch(r"https://slides\.example\.org/auth/link\?token=[A-Za-z0-9_-]{43}\n", link.output)
    reset = run("user", "password", "ada@example.org")
    assert re.fullmatch(r"Password of ada@example\.org, shown only now: [0-9a-f-]{27}\n", reset.output)
    assert reset.output.split()[-1] != made.output.split()[-1]
    off = run("user", "disable", "ada@example.org")
    assert off.output == "ada@example.org can't sign in any more. To undo: coslide user enable ada@example.org\n"
    assert run("user", "enable", "ada@example.org").output == "ada@example.org can sign in again.\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "ada", "--name", "Ada"), "EMAIL_INVALID"),
        (("create", "ada@example.org", "--name", " "), "NAME_EMPTY"),
        (("link", "eve@example.org"), "USER_NOT_FOUND"),
        (("password", "eve@example.org"), "USER_NOT_FOUND"),
        (("disable", "eve@example.org"), "USER_NOT_FOUND"),
        (("enable", "eve"), "EMAIL_INVALID"),
    ],
)
def test_what_can_not_be_done(settings: Settings, arguments: tuple[str, ...], code: str) -> None:
    run("migrate")
    failed = run("user", *arguments)
    assert isinstance(failed.exception, PlatformError)
    assert failed.exception.code == code

"""The page on configuration names every setting, with its default and its meaning."""

from __future__ import annotations

import enum
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"


def rows() -> list[str]:
    """The table's rows as they must stand on the page."""
    lines = []
    for name, field in Settings.model_fields.items():
        default = field.default.value if isinstance(field.default, enum.Enum) else field.default
        shown = "" if default is None else f"`{default}`"
        lines.append(f"| `COSLIDE_{name.upper()}` | {shown} | {field.description} |")
    return lines


def test_the_page_has_a_row_for_each_setting_and_no_other() -> None:
    on_page = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `COSLIDE_")]
    assert on_page == rows()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSLIDE_PORT", "9123")
    monkeypatch.setenv("COSLIDE_PUBLIC_URL", "https://slides.example.org/")
    settings = Settings()
    assert settings.port == 9123
    assert settings.origin == "https://slides.example.org"
    assert settings.secure_cookies


def test_a_plain_address_has_plain_cookies() -> None:
    settings = Settings(host="127.0.0.1", port=8000, public_url=None)
    assert settings.origin == "http://127.0.0.1:8000"
    assert not settings.secure_cookies


def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSLIDE_PORT", "eighty")
    with pytest.raises(ValidationError, match="port"):
        Settings()

"""Settings in a temporary folder, and fast password hashes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.auth.passwords import PasswordPool
from api.settings import Settings
from tests.auth_app import cheap_passwords


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, public_url="http://coslide.test")


@pytest.fixture
def password_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[PasswordPool]:
    with cheap_passwords(monkeypatch) as pool:
        yield pool

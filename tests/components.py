"""What a test needs beside Python: found, skipped over on a developer's machine, demanded in CI."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

SHARED_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() == "true"


def missing(component: str, remedy: str) -> NoReturn:
    """Leave the test out because a component is not on this machine; fail it in CI.

    Args:
        component: what is missing, such as "a MariaDB server".
        remedy: how to get it.
    """
    message = f"{component} is not on this machine; {remedy}"
    if in_ci():
        pytest.fail(message, pytrace=False)
    pytest.skip(message)

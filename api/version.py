"""The version that is running."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@lru_cache(maxsize=1)
def running_version() -> str:
    """Coslide's version: the installed distribution's, or that of the source tree it runs from."""
    try:
        return version("coslide")
    except PackageNotFoundError:
        with (Path(__file__).resolve().parents[1] / "pyproject.toml").open("rb") as file:
            return str(tomllib.load(file)["project"]["version"])

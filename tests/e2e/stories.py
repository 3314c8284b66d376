"""Stories told by a real browser: each a Node script beside this file that prints what it saw as one JSON line."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import shapely

from tests.servers.coslide import ROOT

Story = Callable[..., dict[str, Any]]

LIMIT_S = 300


def tell(name: str, url: str, chromium: Path, **given: str | int) -> dict[str, Any]:
    """Run a story against a running Coslide; what it saw. Fails with the story's own words.

    Args:
        name: of the script, without `.mjs`; screenshots go to `test-results/<name>`.
        given: further values the story asks for, such as `slide`, a path.
    """
    values = {"url": url, "chromium": str(chromium), "web": str(ROOT / "web")}
    shots = str(ROOT / "test-results" / name)
    story = subprocess.run(
        [
            str(shutil.which("node")),
            str(Path(__file__).with_name(f"{name}.mjs")),
            json.dumps(values | {"shots": shots} | given),
        ],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert story.returncode == 0, story.stdout + story.stderr
    seen: dict[str, Any] = json.loads(story.stdout.splitlines()[-1])
    assert seen["pageErrors"] == [], "\n".join(seen["pageErrors"])
    assert seen["axe"] == [], "\n".join(seen["axe"])
    return seen


def shape_of(annotation: dict[str, Any]) -> shapely.Geometry:
    """An annotation's shape, which has to be valid."""
    shape = shapely.geometry.shape(annotation["geometry"])
    assert shape.is_valid, annotation
    return shape

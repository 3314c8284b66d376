"""ENTRY: the web client in headless Chromium with software rendering (`make bench-web`).

One run opens the same picture with 1,000, 100,000 and 1,000,000 predicted outlines and pans over it in turn, near,
halfway and far; watches the main thread while a million load; brushes on a polygon of 2,000 vertices; and has two
browsers draw on one slide.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np

from api.annotations.edit import apply_ops
from api.annotations.geometry import Geometry
from api.annotations.ops import Create
from api.annotations.rows import Shape
from api.auth import sessions
from api.auth.permissions import SlideAccess
from api.collaboration.log import Origin
from api.models.annotation import GeometryKind
from api.models.database import connected, migrate
from api.models.project import Role
from api.settings import Settings
from api.slides.services import slide_services
from benchmarks._web_slides import SIDE, add_outlines, write_picture
from tests.factories import make_project, make_user
from tests.servers.coslide import ApiServer

ROOT = Path(__file__).parents[1]
COUNTS = {"1k": 1_000, "100k": 100_000, "1m": 1_000_000}
BRUSHED_VERTICES = 2_000
TIMEOUT_S = 900


def brushed_polygon() -> Shape:
    """A wavy outline of `BRUSHED_VERTICES` points in the middle of the slide."""
    angles = np.linspace(0, 2 * np.pi, BRUSHED_VERTICES, endpoint=False)
    radii = 300 + 12 * np.sin(angles * 90)
    ring = np.round(SIDE / 2 + np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1), 3)
    return Shape.of(Geometry(GeometryKind.POLYGON, ((ring,),)))


async def prepare(settings: Settings, picture: Path) -> dict[str, object]:
    """Two people and the slides. Gives the addresses and the session cookies."""
    await migrate(settings)
    write_picture(picture)
    async with connected(settings), slide_services(settings) as services:
        ann, ben = [await make_user(name, toured_at=datetime.now(UTC)) for name in ("Ann", "Ben")]
        project = await make_project(ann, members={Role.ANNOTATOR: ben})
        slides = {}
        for name in (*COUNTS, "brush", "together"):
            slide = await services.ingest.import_file(picture, project.id, ann.id, name)
            await type(slide).filter(id=slide.id).update(mpp_x=0.5, mpp_y=0.5, objective_power=20)
            slides[name] = str(slide.id)
            if name in COUNTS:
                await add_outlines(slide.id, COUNTS[name])
            elif name == "brush":
                access = SlideAccess(slide.id, project.id, Role.OWNER)
                origin = Origin(ann.id, str(uuid4()), str(uuid4()))
                await apply_ops(access, origin, [Create(uuid4(), brushed_polygon())])
        cookies = [await sessions.create(user.id, settings) for user in (ann, ben)]
    return {"slides": slides, "counts": COUNTS, "cookies": cookies, "middle": SIDE / 2}


def measure(folder: Path) -> dict[str, float]:
    settings = Settings(data=folder / "data")
    settings.data.mkdir()
    facts = asyncio.run(prepare(settings, folder / "picture.tiff"))
    api = ApiServer(settings.data)
    api.start()
    try:
        given = {
            "url": api.url,
            "chromium": shutil.which("chromium"),
            "web": str(ROOT / "web"),
            **facts,
        }
        script = Path(__file__).with_name("_web_pages.mjs")
        pages = subprocess.run(
            [shutil.which("node") or "node", str(script), json.dumps(given)],
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
    finally:
        api.stop()
    figures: dict[str, float] = json.loads(pages.stdout.splitlines()[-1])
    return figures


def main() -> None:
    if shutil.which("chromium") is None or not (ROOT / "web" / "dist").is_dir():
        raise SystemExit("Chromium and the built client are needed: run `make setup`, and install chromium.")
    with tempfile.TemporaryDirectory(prefix="coslide-bench-") as folder:
        figures = measure(Path(folder))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()

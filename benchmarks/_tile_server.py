"""ENTRY: the tile routes with their permission checks, and the DeepZoom recipe, in one server process.

Prints one JSON line with the port, the session, the slides' ids and the first one's tiles; then serves until ended.
"""

from __future__ import annotations

import io
import json
import socket
import sys
from pathlib import Path

import uvicorn
import uvloop
from openslide import OpenSlide
from openslide.deepzoom import DeepZoomGenerator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise import Tortoise

from api.auth import sessions
from api.errors import PlatformError
from api.models.database import connected
from api.models.project import Membership, Project, Role
from api.models.user import User
from api.routes import tiles
from api.routes.errors import platform_error
from api.routes.tile_lane import TileLane
from api.settings import Settings
from api.slides.pyramid import Pyramid
from api.slides.services import slide_services
from benchmarks._textured import TILE, textured, write_slide
from tests.slides.made import make_slide

SIDE = 4096


class DeepZoomRecipe:
    """What the tutorials do: OpenSlide's generator and Pillow, in a thread for each request."""

    def __init__(self, paths: dict[str, Path]) -> None:
        self._generators = {
            name: DeepZoomGenerator(OpenSlide(path), tile_size=TILE, overlap=0, limit_bounds=True)
            for name, path in paths.items()
        }

    def tile(self, request: Request) -> Response:
        place = request.path_params
        generator = self._generators[place["name"]]
        level = generator.level_count - 1 - place["level"]
        picture = generator.get_tile(level, (place["column"], place["row"]))
        out = io.BytesIO()
        picture.save(out, "jpeg", quality=80)
        return Response(out.getvalue(), media_type="image/jpeg")


def three_kinds(data: Path) -> dict[str, Path]:
    """A slide whose levels are all stored, one that lacks a level, one of JPEG 2000; all show the same."""
    files = {name: data / f"{name}.tiff" for name in ("native", "sparse", "jpeg2000")}
    pixels = textured(SIDE, seed=1)
    write_slide(files["native"], pixels, (1, 2, 4))
    write_slide(files["sparse"], pixels, (1, 4))
    write_slide(files["jpeg2000"], pixels, (1, 2, 4), jpeg2000=True)
    return files


def position_coded(data: Path, count: int) -> dict[str, Path]:
    """Slides whose pixels say where they are and on which slide; only level 0 is stored."""
    return {
        str(number): make_slide(data / f"{number}.tiff", number=number * 255 // count, downsamples=(1,)).path
        for number in range(count)
    }


async def main(data: Path, coded: int) -> None:
    files = position_coded(data, coded) if coded else three_kinds(data)
    settings = Settings(data=data / "coslide")
    async with connected(settings), slide_services(settings) as services:
        await Tortoise.generate_schemas()
        user = await User.create(name="Benchmark", color="#000000")
        project = await Project.create(name="Benchmark")
        await Membership.create(project=project, user=user, role=Role.VIEWER)
        slides = {name: await services.ingest.import_file(path, project.id, None) for name, path in files.items()}
        first = next(iter(slides.values()))
        recipe = DeepZoomRecipe({name: services.storage.slide_path(slide.sha256) for name, slide in slides.items()})
        app = TileLane(
            routes=[
                *tiles.routes,
                Route("/deepzoom/{name}/{level:int}/{column:int}_{row:int}.jpg", recipe.tile),
            ],
            exception_handlers={PlatformError: platform_error},
        )
        app.state.settings, app.state.storage, app.state.tiles = settings, services.storage, services.tiles
        listener = socket.create_server(("127.0.0.1", 0))
        facts = {
            "port": listener.getsockname()[1],
            "cookie": f"coslide={await sessions.create(user.id, settings)}",
            "slides": {name: str(slide.id) for name, slide in slides.items()},
            "places": [
                f"{place.level}/{place.column}_{place.row}.jpg"
                for level in range(len(first.levels))
                for place in Pyramid.from_rows(first.levels, first.tile_size).addresses(level)
            ],
        }
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))

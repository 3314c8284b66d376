"""ENTRY `python -m api.first_start FOLDER`: tables up to date and, in an empty database, an account and the samples.

Prints what it did, one line each, for the set-up to show; the new account's password is printed here and kept
nowhere. In a database that has a project, only the tables are looked after.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from api.auth.accounts import create_with_random_password
from api.auth.viewer import Viewer
from api.errors import PlatformError
from api.models.database import connected, migrate
from api.models.project import Project
from api.models.user import User
from api.projects.projects import create_project
from api.settings import Settings, get_settings
from api.slides.convert import convert_to_pyramid
from api.slides.services import slide_services

EMAIL = "admin@coslide.local"


@dataclass(frozen=True)
class Sample:
    """An image to begin with. A flat picture says nothing of its scale, so `mpp` does (micrometres per pixel)."""

    filename: str
    name: str
    description: str
    mpp: float | None = None


SAMPLES = (
    Sample(
        "CMU-1-Small-Region.svs",
        "CMU-1 Small Region",
        "Skin, Aperio, 20x. From the OpenSlide test data, CC0.",
    ),
    Sample(
        "adenocarcinoma.png",
        "Adenocarcinoma",
        "A field of adenocarcinoma at 40x. From TIAToolbox, BSD-3-Clause; its scale is judged by its nuclei.",
        mpp=0.25,
    ),
)


async def prepare(settings: Settings, samples: Path) -> list[str]:
    """Bring the tables up to date; fill an empty database. Returns what was done, a line each.

    Args:
        samples: folder that holds the files of `SAMPLES`.

    Raises:
        PlatformError: a sample can't be taken in; the project is not kept, so the next start tries again.
    """
    applied: list[str] = []
    await migrate(settings, lambda event, app, name: applied.append(name) if "start" in event else None)
    done = [f"{len(applied)} migration{'s' if len(applied) > 1 else ''} applied" if applied else "tables up to date"]
    async with connected(settings):
        owner = await User.filter(is_admin=True).order_by("created_at").first()
        if owner is None:
            owner, password = await create_with_random_password(email=EMAIL, name="Administrator", is_admin=True)
            done.append(f"First account: {EMAIL}  password, shown only now: {password}")
        if not await Project.exists():
            names = [name async for name in _import_samples(settings, samples, owner)]
            done.append(f"Project Samples: {', '.join(names)}")
    return done


async def _import_samples(settings: Settings, samples: Path, owner: User) -> AsyncIterator[str]:
    """Make the project and import each sample; yields their names."""
    viewer = Viewer(user_id=owner.id, name=owner.name, credential="first start")
    project = await create_project(viewer, name="Samples", description="Two images to try things on.")
    try:
        async with slide_services(settings) as slides:
            for sample in SAMPLES:
                with tempfile.TemporaryDirectory(dir=samples) as scratch:
                    file = samples / sample.filename
                    if sample.mpp is not None:
                        flat, file = file, Path(scratch, file.name).with_suffix(".tiff")
                        await asyncio.to_thread(convert_to_pyramid, flat, file, mpp=sample.mpp)
                    slide = await slides.ingest.import_file(file, project.id, owner.id, sample.name)
                slide.description = sample.description
                await slide.save(update_fields=["description"])
                yield slide.name
    except BaseException:
        await project.delete()
        raise


def main() -> int:
    try:
        done = asyncio.run(prepare(get_settings(), Path(sys.argv[1])))
    except PlatformError as error:
        print(error.message, file=sys.stderr)
        return 1
    print("\n".join(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())

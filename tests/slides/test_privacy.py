"""Names that may tell a patient's."""

from __future__ import annotations

import shutil
from pathlib import Path

from tortoise.context import TortoiseContext

from api.models.slide import Slide
from api.slides import catalog
from api.slides.services import SlideServices
from tests.factories import make_project

CMU = "slides/aperio_cmu/CMU-1-Small-Region.svs"


async def test_an_accession_code_replaces_every_name(
    sqlite_database: TortoiseContext, services: SlideServices, shared_data: Path, tmp_path: Path
) -> None:
    named = tmp_path / "Jane Doe 1950.svs"
    shutil.copyfile(shared_data / CMU, named)
    slide = await services.ingest.import_file(named, (await make_project()).id, None)
    changed = await catalog.update_slide(slide.id, catalog.SlideChanges(accession_code=" S-26/0042 "))
    assert (changed.name, changed.filename) == ("S-26/0042", "S-26-0042.svs")
    assert "Jane" not in str(await Slide.filter(id=slide.id).values())

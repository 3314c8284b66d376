"""Label and macro images removed for good: from what is shown, from the stored file, from the caches."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openslide
import pytest
import simplejpeg
import tifffile
from tortoise.context import TortoiseContext

from api.collaboration.channel import MemoryChannel
from api.errors import NotFound, UnsupportedSlide
from api.models.audit import AuditEntry, AuditKind
from api.models.slide import Slide
from api.models.transaction import transaction
from api.settings import Settings
from api.slides import catalog
from api.slides.pyramid import Pyramid, TileAddress
from api.slides.services import SlideServices
from api.slides.tiles import SlideSource
from schema.app import schema
from schema.context import Context
from tests.components import missing
from tests.factories import make_project, make_user
from tests.schema.asking import viewer_for
from tests.slides.conftest import files_under

CMU = "slides/aperio_cmu/CMU-1-Small-Region.svs"


def source_of(slide: Slide) -> SlideSource:
    return SlideSource(slide.sha256, Pyramid.from_rows(slide.levels, slide.tile_size))


async def remove(services: SlideServices, slide: Slide) -> Slide:
    redacted = await services.privacy.redact(slide)
    assert redacted is not None
    async with transaction():
        changed = await services.privacy.apply(slide.id, redacted)
    await services.privacy.remove_unused(slide.sha256)
    return changed


def private_bytes(path: Path) -> list[bytes]:
    """Pieces of the compressed label and macro, and their descriptions."""
    found = []
    data = path.read_bytes()
    with tifffile.TiffFile(path) as tiff:
        for page in tiff.pages:
            description = page.tags["ImageDescription"].value
            if "\nlabel" in description or "\nmacro" in description:
                found.append(description.splitlines()[1].encode())
                found += [
                    data[offset : offset + count][:200]
                    for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)
                ]
    return found


async def test_no_byte_of_label_and_macro_is_left(
    database: TortoiseContext, services: SlideServices, shared_data: Path
) -> None:
    if shutil.which("tiffinfo") is None:
        missing("tiffinfo", "install Debian's libtiff-tools")
    slide = await services.ingest.import_file(shared_data / CMU, (await make_project()).id, None)
    await services.tiles.associated(source_of(slide), "LABEL")
    whole = await services.tiles.tile(source_of(slide), TileAddress(0, 3, 3))
    pieces = private_bytes(shared_data / CMU)
    assert len(pieces) > 90
    changed = await remove(services, slide)
    path = services.storage.slide_path(changed.sha256)
    left = path.read_bytes()
    assert [piece for piece in pieces if piece in left] == []
    told = subprocess.run(["tiffinfo", str(path)], capture_output=True, text=True, check=True).stdout
    assert told.count("TIFF Directory at") + told.count("=== TIFF directory") >= 2
    assert "label" not in told
    assert "macro" not in told
    with openslide.OpenSlide(path) as after, openslide.OpenSlide(shared_data / CMU) as before:
        assert set(after.associated_images) == {"thumbnail"}
        size = before.dimensions
        assert np.array_equal(after.read_region((0, 0), 0, size), before.read_region((0, 0), 0, size))
    assert [image["name"] for image in changed.associated] == ["THUMBNAIL"]
    assert (changed.id, changed.mpp_x, changed.size_bytes) == (slide.id, slide.mpp_x, len(left))
    # The old content is gone from the store, with all that was made from it.
    assert [name for name in files_under(services.storage.root) if slide.sha256 in name] == []
    with pytest.raises(NotFound):
        await services.tiles.associated(source_of(changed), "LABEL")
    assert await services.tiles.tile(source_of(changed), TileAddress(0, 3, 3)) == whole
    assert await services.privacy.redact(changed) is None


async def test_another_project_keeps_its_file(
    sqlite_database: TortoiseContext, services: SlideServices, shared_data: Path
) -> None:
    mine, other = [
        await services.ingest.import_file(shared_data / CMU, (await make_project()).id, None) for _ in range(2)
    ]
    changed = await remove(services, mine)
    assert services.storage.has_slide(other.sha256)
    assert (await services.tiles.associated(source_of(other), "LABEL")).startswith(b"\xff\xd8")
    assert changed.sha256 != other.sha256


async def test_the_files_of_a_dicom_series(
    sqlite_database: TortoiseContext, services: SlideServices, shared_data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "case.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((shared_data / "slides/dicom_cmu").iterdir()):
            archive.write(file, file.name)
    slide = await services.ingest.import_file(path, (await make_project()).id, None)
    before = simplejpeg.decode_jpeg(await services.tiles.tile(source_of(slide), TileAddress(0, 2, 2)))
    changed = await remove(services, slide)
    assert [image["name"] for image in changed.associated] == ["THUMBNAIL"]
    with zipfile.ZipFile(services.storage.original_path(changed.sha256)) as archive:
        assert len(archive.namelist()) == 2
    assert not services.storage.has_slide(slide.sha256)
    after = simplejpeg.decode_jpeg(await services.tiles.tile(source_of(changed), TileAddress(0, 2, 2)))
    assert np.array_equal(before, after)


async def test_a_format_that_is_not_known_is_refused_and_nothing_changes(
    sqlite_database: TortoiseContext, services: SlideServices, shared_data: Path
) -> None:
    slide = await services.ingest.import_file(shared_data / CMU, (await make_project()).id, None)
    slide.vendor = "philips"
    before = files_under(services.storage.root)
    with pytest.raises(UnsupportedSlide) as caught:
        await services.privacy.redact(slide)
    assert (caught.value.code, caught.value.params) == ("LABEL_NOT_REMOVABLE", {"vendor": "philips"})
    assert files_under(services.storage.root) == before


async def test_an_accession_code_replaces_every_name(
    sqlite_database: TortoiseContext, services: SlideServices, shared_data: Path, tmp_path: Path
) -> None:
    named = tmp_path / "Jane Doe 1950.svs"
    shutil.copyfile(shared_data / CMU, named)
    slide = await services.ingest.import_file(named, (await make_project()).id, None)
    changed = await catalog.update_slide(slide.id, catalog.SlideChanges(accession_code=" S-26/0042 "))
    assert (changed.name, changed.filename) == ("S-26/0042", "S-26-0042.svs")
    assert "Jane" not in str(await Slide.filter(id=slide.id).values())


async def test_a2_the_removal_is_an_entry_of_the_audit_log(
    sqlite_database: TortoiseContext, services: SlideServices, shared_data: Path, tmp_path: Path
) -> None:
    ada = await make_user("Ada")
    project = await make_project(ada)
    slide = await services.ingest.import_file(shared_data / CMU, project.id, ada.id)
    app = SimpleNamespace(privacy=services.privacy, channel=MemoryChannel())
    query = "mutation($i: RemovePrivateImagesInput!) { removePrivateImages(input: $i) { ... on Slide { sha256 } } }"
    for _ in range(2):  # the second finds nothing to remove
        context = Context(viewer=viewer_for(ada), settings=Settings(data=tmp_path), app=app)
        result = await schema.execute(query, {"i": {"id": str(slide.id)}}, context)
        assert result.errors is None
    [entry] = await AuditEntry.filter(kind=AuditKind.PRIVATE_IMAGES_REMOVED)
    assert (entry.actor_id, entry.project_id, entry.subject_id) == (ada.id, project.id, str(slide.id))
    changed = await Slide.get(id=slide.id)
    assert entry.details == {"images": ["LABEL", "MACRO"], "sha256": [slide.sha256, changed.sha256]}
    assert changed.sha256 != slide.sha256

"""Label and macro out of files of other makers: gone from what OpenSlide shows, from directories, from the bytes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import openslide
import pytest
import simplejpeg
from tortoise.context import TortoiseContext

from api.models.slide import Slide
from api.models.slide_job import SlideJobKind, SlideJobStatus
from api.rewriting.runner import JobRunner
from api.slides.pyramid import TileAddress
from api.slides.services import SlideServices
from api.slides.slide_source import SlideSource
from tests.rewriting.conftest import asked, taken_in, tiffinfo
from tests.slides.vendors import BARCODE, LABEL, MACRO, MAP, write_ndpi, write_philips, write_vms

FORMATS: dict[str, tuple[str, Callable[[Path], None], str, set[str]]] = {
    "ndpi": ("a.ndpi", write_ndpi, "hamamatsu", {"MACRO"}),
    "philips, in its XML": ("a.tiff", partial(write_philips, in_xml=True), "philips", {"LABEL", "MACRO"}),
    "philips, as directories": ("a.tiff", partial(write_philips, in_xml=False), "philips", {"LABEL", "MACRO"}),
    "vms": ("a.zip", write_vms, "hamamatsu", {"MACRO"}),
}


def pieces(data: bytes) -> list[bytes]:
    """What would be left of a picture: its bytes, and its bytes as text."""
    parts = [data[at : at + 200] for at in range(700, len(data) - 200, 200)]
    text = base64.b64encode(data)
    return parts + [text[at : at + 200] for at in range(0, len(text) - 200, 200)]


@pytest.mark.parametrize("kind", FORMATS)
async def test_nothing_is_left(
    sqlite_database: TortoiseContext, services: SlideServices, runner: JobRunner, tmp_path: Path, kind: str
) -> None:
    name, write, vendor, private = FORMATS[kind]
    write(tmp_path / name)
    slide = await taken_in(services, tmp_path / name)
    assert slide.vendor == vendor
    assert {image["name"] for image in slide.associated} == private
    before = simplejpeg.decode_jpeg(await services.tiles.tile(SlideSource.of(slide), TileAddress(0, 1, 0)))
    kept = (tmp_path / name).read_bytes()
    secrets = [*pieces(LABEL), *pieces(MACRO)] + (pieces(MAP) if kind == "ndpi" else []) + [BARCODE.encode()]
    assert sum(secret in kept for secret in secrets) > 100, "they can be found where they are"
    job = await asked(slide, SlideJobKind.REMOVE_IMAGES)
    await runner.run_next()
    await job.refresh_from_db()
    assert (job.status, job.error) == (SlideJobStatus.DONE, None)
    changed = await Slide.get(id=slide.id)
    assert changed.associated == []
    assert (changed.vendor, changed.levels, changed.mpp_x) == (slide.vendor, slide.levels, slide.mpp_x)
    path = services.storage.original_path(changed.sha256)
    left = path.read_bytes()
    assert [secret for secret in secrets if secret in left] == []
    if name.endswith(".tiff"):
        told = tiffinfo(path).lower()
        assert told.count("image width") == 2
        assert "label" not in told
        assert "macro" not in told
    with openslide.OpenSlide(services.storage.slide_path(changed.sha256)) as opened:
        assert len(opened.associated_images) == 0
        assert opened.properties[openslide.PROPERTY_NAME_VENDOR] == vendor
    after = simplejpeg.decode_jpeg(await services.tiles.tile(SlideSource.of(changed), TileAddress(0, 1, 0)))
    assert np.array_equal(before, after)
    assert not services.storage.has_slide(slide.sha256)

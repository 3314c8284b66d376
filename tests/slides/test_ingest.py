"""From a file to a slide: everything or nothing, and never without a reason."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import simplejpeg
import tifffile
from PIL import Image
from tortoise.context import TortoiseContext

from api.errors import InvalidInput, TooLarge, UnsupportedSlide
from api.models.slide import Slide, SlideSequence, Upload, UploadStatus
from api.slides.ingest import Ingest
from api.slides.pyramid import Pyramid, TileAddress
from api.slides.services import SlideServices
from api.slides.slide_source import SlideSource
from api.slides.storage import DiskFull
from tests.factories import make_project, make_user
from tests.slides.conftest import files_under
from tests.slides.made import make_slide


async def test_a_slide_is_stored_under_its_content_and_described(
    database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    project, user = await make_project(), await make_user()
    made = make_slide(tmp_path / "Case 7.tiff", mpp=0.25)
    slide = await services.ingest.import_file(made.path, project.id, user.id)
    sha256 = hashlib.sha256(made.path.read_bytes()).hexdigest()
    row = await Slide.get()
    assert row.id == slide.id
    assert (row.project_id, row.created_by_id, row.name, row.filename) == (project.id, user.id, "Case 7", "Case 7.tiff")
    assert (row.sha256, row.size_bytes, row.vendor) == (sha256, made.path.stat().st_size, "generic-tiff")
    assert (row.width, row.height, row.tile_size) == (1000, 700, 256)
    assert (row.mpp_x, row.mpp_y, row.objective_power, row.associated) == (0.25, 0.25, None, [])
    assert row.levels == [
        {"width": 1000, "height": 700, "downsample": 1.0, "native": 0},
        {"width": 500, "height": 350, "downsample": 2.0, "native": 1},
        {"width": 250, "height": 175, "downsample": 4.0, "native": 2},
    ]
    assert (await SlideSequence.get(slide_id=row.id)).seq == 0
    assert files_under(services.storage.root) == [f"slides/{sha256[:2]}/{sha256}/{name}" for name in ("index", "slide")]
    assert services.storage.slide_path(sha256).read_bytes() == made.path.read_bytes()


async def test_an_unknown_scale_stays_unknown(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    project = await make_project()
    slide = await services.ingest.import_file(make_slide(tmp_path / "a.tiff").path, project.id, None, "Named")
    assert (slide.name, slide.mpp_x, slide.mpp_y, slide.created_by_id) == ("Named", None, None, None)


async def test_the_same_content_is_stored_once(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    first, second = await make_project(), await make_project()
    path = make_slide(tmp_path / "a.tiff").path
    slides = [await services.ingest.import_file(path, project.id, None) for project in (first, second)]
    assert slides[0].sha256 == slides[1].sha256
    assert slides[0].id != slides[1].id
    assert len(files_under(services.storage.root)) == 2


async def test_a_failed_transaction_leaves_no_file(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    path = make_slide(tmp_path / "a.tiff").path
    with pytest.raises(Exception, match="FOREIGN KEY"):
        await services.ingest.import_file(path, (await make_user()).id, None)  # no project has this id
    assert files_under(services.storage.root) == []
    assert await Slide.all().count() == 0


def picture(mode: str, size: tuple[int, int], kind: str) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind)
    return out.getvalue()


def dicom(sop_class: str) -> bytes:
    value = sop_class.encode() + b"\0" * (len(sop_class) % 2)
    return b"\0" * 128 + b"DICM" + b"\x02\x00\x02\x00UI" + len(value).to_bytes(2, "little") + value + b"\0" * 200


def tiff(shape: tuple[int, ...], dtype: str, **options: object) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, np.zeros(shape, dtype), **options)
    return out.getvalue()


REFUSALS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "empty.svs": (lambda: b"", "SLIDE_EMPTY", "The file is empty. Choose the slide file again."),
    "notes.txt": (lambda: b"just text", "NOT_A_SLIDE", "The file is no whole-slide image that OpenSlide 4 knows. "),
    "noise.svs": (lambda: os.urandom(5000), "NOT_A_SLIDE", "The file is no whole-slide image"),
    "program.exe": (lambda: b"MZ" + b"\0" * 500, "NOT_A_SLIDE", "The file is no whole-slide image"),
    "slides.zip": (
        lambda: b"PK\x03\x04" + b"\0" * 100,
        "SLIDE_DAMAGED",
        "The file looks like a slide but can't be read: the archive is broken",
    ),
    "case.mrxs": (lambda: b"[GENERAL]\r\nSLIDE_ID = 1\r\n", "SLIDE_INCOMPLETE", "A MIRAX slide is this .mrxs file and"),
    "seg.dcm": (
        lambda: dicom("1.2.840.10008.5.1.4.1.1.66.4"),
        "DICOM_NOT_A_SLIDE",
        "This DICOM file is a segmentation, not a whole-slide image.",
    ),
    "other.dcm": (
        lambda: dicom("1.2.840.10008.5.1.4.1.1.104.1"),
        "DICOM_NOT_A_SLIDE",
        "This DICOM file is an object of class 1.2.840.10008.5.1.4.1.1.104.1, not",
    ),
    "deep.tiff": (
        lambda: tiff((64, 64, 3), "uint16", photometric="rgb"),
        "SLIDE_NOT_RGB",
        "The image has 3 channel(s) of 16 bits; only 8-bit RGB",
    ),
    "channels.tiff": (
        lambda: tiff((64, 64, 5), "uint8", photometric="minisblack", planarconfig="contig"),
        "SLIDE_NOT_RGB",
        "The image has 5 channel(s) of 8 bits; only",
    ),
    "deep.png": (
        lambda: picture("I;16", (64, 64), "PNG"),
        "SLIDE_NOT_RGB",
        "The picture's pixels are of kind 'ushort'",
    ),
    "cut.png": (lambda: picture("RGB", (640, 640), "PNG")[:200], "SLIDE_DAMAGED", "The file looks like a slide but"),
    "cut.tiff": (lambda: b"II*\0\x08\0\0\0\xff\xff", "SLIDE_DAMAGED", "The file looks like a slide but can't be read"),
}


@pytest.mark.parametrize("name", list(REFUSALS))
async def test_what_is_no_slide_is_refused_with_the_reason_and_leaves_nothing(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path, name: str
) -> None:
    make, code, message = REFUSALS[name]
    (tmp_path / name).write_bytes(make())
    project = await make_project()
    with pytest.raises(UnsupportedSlide) as caught:
        await services.ingest.import_file(tmp_path / name, project.id, None)
    assert caught.value.code == code
    assert caught.value.message.startswith(message)
    assert caught.value.message.endswith(".")
    assert files_under(services.storage.root) == []
    assert await Slide.all().count() == 0


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("tiny_and_broken/broken.svs", "NOT_A_SLIDE"),
        ("tiny_and_broken/unopenable.tiff", "SLIDE_DAMAGED"),
        ("tiny_and_broken/unreadable.svs", "SLIDE_DAMAGED"),
        ("tiny_and_broken/sm_annotations.dcm", "DICOM_NOT_A_SLIDE"),
        ("tiny_and_broken/seg_image_sm_control.dcm", "DICOM_NOT_A_SLIDE"),
        ("tiny_and_broken/seg_image_sm_dots_tiled_full.dcm", "DICOM_NOT_A_SLIDE"),
        # The label, overview and thumbnail of a series, each alone.
        ("dicom_cmu/1.2.826.0.1.3680043.8.498.19892419232914172529737438501532904243.dcm", "SLIDE_INCOMPLETE"),
        ("dicom_cmu/1.2.826.0.1.3680043.8.498.25547727731242830391830454722824599650.dcm", "SLIDE_INCOMPLETE"),
        ("dicom_cmu/1.2.826.0.1.3680043.8.498.68297860750526126870974958290035028993.dcm", "SLIDE_INCOMPLETE"),
        ("../annotations/qupath/holed.geojson", "NOT_A_SLIDE"),
    ],
)
async def test_real_files_that_are_no_slides(
    sqlite_database: TortoiseContext, services: SlideServices, shared_data: Path, name: str, code: str
) -> None:
    project = await make_project()
    with pytest.raises(UnsupportedSlide) as caught:
        await services.ingest.import_file(shared_data / "slides" / name, project.id, None)
    assert caught.value.code == code
    assert files_under(services.storage.root) == []
    assert await Slide.all().count() == 0


async def test_a_slide_cut_short_anywhere_is_refused_or_readable(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    whole = make_slide(tmp_path / "a.tiff").path.read_bytes()
    project = await make_project()
    for percent in (1, 5, 30, 60, 90, 99):
        (tmp_path / "cut.tiff").write_bytes(whole[: len(whole) * percent // 100])
        with pytest.raises(UnsupportedSlide) as caught:
            await services.ingest.import_file(tmp_path / "cut.tiff", project.id, None)
        assert caught.value.code in {"SLIDE_TRUNCATED", "SLIDE_DAMAGED"}
    assert files_under(services.storage.root) == []


@pytest.mark.parametrize(
    ("name", "vendor", "size", "mpp", "power", "associated"),
    [
        ("aperio_cmu/CMU-1-Small-Region.svs", "aperio", (2220, 2967), 0.499, 20.0, ["LABEL", "MACRO", "THUMBNAIL"]),
        ("aperio_tcga/TCGA-CR-7395-01A-01-TS1.svs", "aperio", (4443, 3567), None, None, ["THUMBNAIL"]),
        (
            "dicom_cmu/1.2.826.0.1.3680043.8.498.48407760015771729984593744789552618416.dcm",
            "dicom",
            (2220, 2967),
            0.499,
            None,
            [],
        ),
        ("tiny_and_broken/boxes.tiff", "generic-tiff", (300, 250), None, None, []),
        ("tiny_and_broken/boxes_0.dcm", "dicom", (16, 16), 0.499, 20.0, []),
        ("tiny_and_broken/small.svs", "aperio", (16, 16), 0.499, 20.0, ["THUMBNAIL"]),
        ("tiny_and_broken/sm_image.dcm", "dicom", (50, 50), 0.499, None, []),
    ],
)
async def test_the_facts_of_real_slides(
    sqlite_database: TortoiseContext,
    services: SlideServices,
    shared_data: Path,
    name: str,
    vendor: str,
    size: tuple[int, int],
    mpp: float | None,
    power: float | None,
    associated: list[str],
) -> None:
    project = await make_project()
    slide = await services.ingest.import_file(shared_data / "slides" / name, project.id, None)
    assert (slide.vendor, slide.width, slide.height) == (vendor, *size)
    assert (slide.mpp_x, slide.objective_power) == (mpp, power)
    assert [image["name"] for image in slide.associated] == associated


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "PNG"), ("RGBA", "PNG"), ("L", "JPEG"), ("RGB", "TIFF"), ("P", "PNG")]
)
async def test_a_flat_picture_becomes_a_pyramid_and_stays_downloadable(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path, mode: str, kind: str
) -> None:
    ramp = np.linspace(0, 255, 700, dtype=np.uint8)[None, :].repeat(500, axis=0)
    path = tmp_path / f"field.{kind.lower()}"
    # Adaptive: 256 colours are enough for 256 greys.
    Image.fromarray(ramp).convert("RGB").convert(mode, palette=Image.Palette.ADAPTIVE).save(path)
    project = await make_project()
    slide = await services.ingest.import_file(path, project.id, None)
    assert (slide.width, slide.height, slide.tile_size, slide.mpp_x) == (700, 500, 256, None)
    assert [level["native"] for level in slide.levels] == [0, 1, 2]
    assert services.storage.original_path(slide.sha256).read_bytes() == path.read_bytes()
    assert slide.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    source = SlideSource(slide.sha256, Pyramid.from_rows(slide.levels, slide.tile_size))
    tile = simplejpeg.decode_jpeg(await services.tiles.tile(source, TileAddress(0, 1, 0)))
    assert np.abs(tile[:, :, 0].astype(int) - ramp[:256, 256:512]).mean() < 3


async def test_how_far_a_picture_is_made_into_a_pyramid_is_told(
    database: TortoiseContext, services: SlideServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at without a pause, so that even a small picture is seen on its way."""
    monkeypatch.setattr("api.slides.checking.PROGRESS_EVERY_S", 0.001)
    upload_id = uuid4()
    owner, project = await make_user(), await make_project()
    row = {"user": owner, "project": project, "filename": "a.png", "length": 1, "expires_at": datetime.now(UTC)}
    await Upload.create(id=upload_id, **row)
    path = services.storage.new_upload_folder(upload_id) / "slide"
    Image.effect_noise((3000, 3000), 60).convert("RGB").save(path, "PNG", compress_level=1)
    told: list[float] = []

    async def heard(share: float) -> None:
        told.append(share)

    checked = await services.ingest.checker.check(path, heard)
    assert checked.facts.level_sizes[0] == (3000, 3000)
    assert told == sorted(told)
    assert any(0 < share < 1 for share in told)
    slide = await services.ingest.adopt(path, "a.png", project.id, owner.id, upload_id=upload_id)
    upload = await Upload.get(id=upload_id)
    assert (upload.status, upload.slide_id) == (UploadStatus.DONE, slide.id)
    assert upload.progress is not None


@pytest.mark.parametrize("mode", ["I;16", "F", "LAB"])
async def test_pictures_that_are_no_8_bit_rgb(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path, mode: str
) -> None:
    path = tmp_path / "a.tiff"
    Image.new(mode, (300, 200)).save(path)
    with pytest.raises(UnsupportedSlide) as caught:
        await services.ingest.import_file(path, (await make_project()).id, None)
    assert caught.value.code == "SLIDE_NOT_RGB"


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
async def test_fluorescence_is_refused_with_its_reason(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path, dtype: str
) -> None:
    """A tiled pyramid of single channels opens in OpenSlide as greys, which would be wrong without a word."""
    path = tmp_path / "dapi.tiff"
    with tifffile.TiffWriter(path) as tiff:
        for level in (1, 2):
            tiff.write(
                np.zeros((512 // level, 512 // level), dtype),
                tile=(256, 256),
                photometric="minisblack",
                subfiletype=level - 1,
                metadata=None,
            )
    with pytest.raises(UnsupportedSlide) as caught:
        await services.ingest.import_file(path, (await make_project()).id, None)
    assert caught.value.code == "SLIDE_NOT_RGB"
    assert caught.value.params == {"channels": 1, "bits": "8" if dtype == "uint8" else "16"}
    assert files_under(services.storage.root) == []


async def test_files_over_the_limits_are_turned_away_before_they_are_copied(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_slide(tmp_path / "a.tiff").path
    project = await make_project()
    small = Ingest(services.storage, services.reader, max_bytes=1000)
    with pytest.raises(TooLarge) as large:
        await small.import_file(path, project.id, None)
    assert large.value.params == {"limit": 1000, "actual": path.stat().st_size}
    monkeypatch.setattr(services.storage, "free_bytes", lambda: 1_000_000)
    with pytest.raises(DiskFull) as full:
        await services.ingest.import_file(path, project.id, None)
    assert (full.value.code, full.value.status) == ("DISK_FULL", 507)
    with pytest.raises(InvalidInput) as missing:
        await services.ingest.import_file(tmp_path / "nowhere.svs", project.id, None)
    assert missing.value.code == "NO_SUCH_FILE"
    assert files_under(services.storage.root) == []


async def test_a_picture_of_more_pixels_than_fit_into_a_readers_memory(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    """1.2 gigapixels are 3.6 GB; a reader may have 2. They pass through it row by row."""
    path = tmp_path / "large.png"
    Image.new("1", (40_000, 30_000), 1).save(path)
    slide = await services.ingest.import_file(path, (await make_project()).id, None)
    assert (slide.width, slide.height, len(slide.levels)) == (40_000, 30_000, 9)
    assert [level["native"] for level in slide.levels] == list(range(9))

"""Archives: one slide of many files, one of one, and all that is wrong with archives."""

from __future__ import annotations

import hashlib
import random
import stat
import zipfile
from pathlib import Path

import numpy as np
import openslide
import pytest
import simplejpeg
from tortoise.context import TortoiseContext

from api.errors import UnsupportedSlide
from api.models.slide import Slide
from api.slides.archive import pack, unpack
from api.slides.pyramid import Pyramid
from api.slides.services import SlideServices
from api.slides.slide_source import SlideSource
from tests.factories import make_project
from tests.fuzz.mutants import mutate
from tests.slides.conftest import files_under
from tests.slides.made import make_slide

LIMIT = 100_000_000


def make_zip(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def dicom(sop_class: str = "1.2.840.10008.5.1.4.1.1.77.1.6", series: str = "1.2.3", size: int = 0) -> bytes:
    """The beginning of a DICOM file, as far as an archive is looked into."""
    head = b"\0" * 128 + b"DICM"
    for tag, value in ((b"\x02\x00\x02\x00", sop_class), (b"\x20\x00\x0e\x00", series)):
        head += tag + b"UI" + len(value).to_bytes(2, "little") + value.encode()
    return head + b"\0" * size


def unpacked(tmp_path: Path, files: dict[str, bytes]) -> tuple[str, dict[str, bytes]]:
    folder = tmp_path / "series"
    entry = unpack(make_zip(tmp_path / "a.zip", files), folder, LIMIT)
    return entry, {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_dicom_series_and_what_lies_beside_it(tmp_path: Path) -> None:
    small, large = dicom(), dicom(size=1000)
    files = {
        "case/a.dcm": small,
        "case/b": large,
        "case/report.pdf": b"%PDF",
        "case/ct.dcm": dicom("1.2.840.10008.5.1.4.1.1.2"),
        "DICOMDIR": b"x",
        "__MACOSX/case/._a.dcm": b"x",
    }
    assert unpacked(tmp_path, files) == ("0000.dcm", {"0000.dcm": large, "0001.dcm": small})


def test_a_mirax_slide_with_its_folder(tmp_path: Path) -> None:
    ini = b"\xef\xbb\xbf[GENERAL]\r\nSLIDE_VERSION = 01.02\r\n"
    files = {
        "scans/Case 7.mrxs": b"\xff\xd8\xff",
        "scans/Case 7/Slidat.ini": ini,
        "scans/Case 7/Data0000.dat": b"data",
        "scans/other/Data0000.dat": b"not mine",
    }
    expected = {"slide.mrxs": b"\xff\xd8\xff", "slide/Slidat.ini": ini, "slide/Data0000.dat": b"data"}
    assert unpacked(tmp_path, files) == ("slide.mrxs", expected)


def test_a_hamamatsu_slide_with_its_pictures(tmp_path: Path) -> None:
    name = "조직 1-40x - 2010-01-12 13.24.05"
    files = {f"a/{name}.vms": b"[Virtual Microscope Specimen]", f"a/{name}(1,0).jpg": b"1", "b/y.jpg": b"2"}
    expected = {f"{name}.vms": files[f"a/{name}.vms"], f"{name}(1,0).jpg": b"1"}
    assert unpacked(tmp_path, files) == (f"{name}.vms", expected)


def test_one_slide_and_a_text(tmp_path: Path) -> None:
    assert unpacked(tmp_path, {"../../etc/slide.tif": b"II*\0abc", "read me.txt": b"hello"}) == (
        "slide",
        {"slide": b"II*\0abc"},
    )


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, "SLIDE_EMPTY"),
        ({"a.txt": b"hello"}, "NOT_A_SLIDE"),
        ({"a.tif": b"II*\0", "b.tif": b"II*\0"}, "ARCHIVE_MANY_SLIDES"),
        ({"a.dcm": dicom(series="1.2.3"), "b.dcm": dicom(series="1.2.4")}, "ARCHIVE_MANY_SLIDES"),
        ({"a.mrxs": b"\xff\xd8\xff", "b.mrxs": b"\xff\xd8\xff"}, "ARCHIVE_MANY_SLIDES"),
        ({"a.mrxs": b"\xff\xd8\xff"}, "SLIDE_INCOMPLETE"),
        ({"a.mrxs": b"\xff\xd8\xff", "a/Slidat.ini": b"no ini"}, "SLIDE_INCOMPLETE"),
        ({"a.mrxs": b"x", "a/Slidat.ini": b"[GENERAL]", "a/d;rm.dat": b"x"}, "SLIDE_DAMAGED"),
        ({"seg.dcm": dicom("1.2.840.10008.5.1.4.1.1.66.4")}, "DICOM_NOT_A_SLIDE"),
    ],
)
def test_what_is_no_slide(tmp_path: Path, files: dict[str, bytes], code: str) -> None:
    with pytest.raises(UnsupportedSlide) as caught:
        unpacked(tmp_path, files)
    assert caught.value.code == code
    assert not (tmp_path / "series").exists()


def test_a_bomb_is_turned_away_before_it_goes_off(tmp_path: Path) -> None:
    bomb = make_zip(tmp_path / "bomb.zip", {"a.tif": b"II*\0" + b"\0" * 5_000_000})
    assert bomb.stat().st_size < 10_000
    with pytest.raises(UnsupportedSlide) as caught:
        unpack(bomb, tmp_path / "series", 1_000_000)
    assert caught.value.code == "ARCHIVE_TOO_LARGE"
    assert caught.value.params == {"files": 1, "actual": 5_000_004, "limit": 1_000_000}


def test_a_locked_archive(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"a.tif": b"II*\0"}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= 1
    path.write_bytes(data)
    with pytest.raises(UnsupportedSlide) as caught:
        unpack(path, tmp_path / "series", LIMIT)
    assert caught.value.code == "ARCHIVE_ENCRYPTED"


def test_a_link_is_written_as_a_file(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("slide.tif")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, b"II*\0/etc/passwd")
    unpack(tmp_path / "a.zip", tmp_path / "series", LIMIT)
    assert not (tmp_path / "series" / "slide").is_symlink()


def test_mutants_of_an_archive_are_slides_or_refused(tmp_path: Path) -> None:
    good = make_zip(tmp_path / "a.zip", {"a.dcm": dicom(size=500), "b.dcm": dicom()}).read_bytes()
    chance = random.Random(7)
    outcomes = set()
    for number in range(1500):
        path = tmp_path / "mutant.zip"
        path.write_bytes(mutate(good, chance))
        try:
            unpack(path, tmp_path / str(number), LIMIT)
            outcomes.add("unpacked")
        except UnsupportedSlide as error:
            outcomes.add(error.code)
    assert {"unpacked", "SLIDE_DAMAGED"} <= outcomes


def test_packing_gives_the_same_bytes_for_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"one")
    (tmp_path / "2").write_bytes(b"two")
    files = [("b/1.dcm", tmp_path / "1"), ("a.dcm", tmp_path / "2")]
    pack(files, tmp_path / "x.zip")
    pack(reversed(files), tmp_path / "y.zip")
    assert (tmp_path / "x.zip").read_bytes() == (tmp_path / "y.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a.dcm": b"two", "b/1.dcm": b"one"}


async def take_in(services: SlideServices, path: Path) -> Slide:
    return await services.ingest.import_file(path, (await make_project()).id, None)


async def test_a_dicom_series_is_joined_and_shown(
    sqlite_database: TortoiseContext, services: SlideServices, shared_data: Path, tmp_path: Path
) -> None:
    series = sorted((shared_data / "slides/dicom_cmu").iterdir())
    path = make_zip(tmp_path / "case.zip", {f"case/{file.name}": file.read_bytes() for file in series})
    slide = await take_in(services, path)
    assert (slide.vendor, slide.name, slide.filename) == ("dicom", "case", "case.zip")
    assert sorted(image["name"] for image in slide.associated) == ["LABEL", "MACRO", "THUMBNAIL"]
    assert services.storage.original_path(slide.sha256).read_bytes() == path.read_bytes()
    assert slide.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    source = SlideSource(slide.sha256, Pyramid.from_rows(slide.levels, slide.tile_size))
    with openslide.OpenSlide(max(series, key=lambda file: file.stat().st_size)) as oracle:
        for address in source.pyramid.addresses(0):
            x, y, width, height = source.pyramid.tile_extent(address)
            shown = np.asarray(oracle.read_region((x, y), 0, (width, height)).convert("RGB")).astype(float)
            tile = simplejpeg.decode_jpeg(await services.tiles.tile(source, address))
            assert np.abs(tile - shown).mean() <= 2
    assert (await services.tiles.pictures.associated(source, "LABEL")).startswith(b"\xff\xd8")


async def test_a_packed_slide_and_a_packed_picture(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    tiff = make_slide(tmp_path / "a.tiff").path.read_bytes()
    slide = await take_in(services, make_zip(tmp_path / "one.zip", {"x/a.tiff": tiff}))
    assert (slide.vendor, slide.width, slide.height) == ("generic-tiff", 1000, 700)
    ok, picture = np.full((300, 400, 3), 90, np.uint8), tmp_path / "p.zip"
    make_zip(picture, {"p.jpg": simplejpeg.encode_jpeg(ok)})
    slide = await take_in(services, picture)
    assert (slide.width, slide.height) == (400, 300)
    assert services.storage.slide_path(slide.sha256).read_bytes()[:4] in (b"II*\0", b"II+\0")


async def test_a_refused_archive_leaves_nothing(
    sqlite_database: TortoiseContext, services: SlideServices, tmp_path: Path
) -> None:
    inner = make_zip(tmp_path / "inner.zip", {"a.tiff": b"II*\0"}).read_bytes()
    for files, code in (
        ({"inner.zip": inner}, "ARCHIVE_NOT_SUPPORTED"),
        ({"a.tiff": b"II*\0rubbish"}, "SLIDE_DAMAGED"),
        ({"a.dcm": dicom(size=1000)}, "NOT_A_SLIDE"),
    ):
        with pytest.raises(UnsupportedSlide) as caught:
            await take_in(services, make_zip(tmp_path / "outer.zip", files))
        assert caught.value.code == code
    assert (files_under(services.storage.root), await Slide.all().count()) == ([], 0)

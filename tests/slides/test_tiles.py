"""Tiles of the client's pyramid: the right pixels at every level, however the file stores them."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import openslide
import pytest
import simplejpeg
from PIL import Image

from api.errors import NotFound, UnsupportedSlide
from api.slides.pyramid import Pyramid, TileAddress
from api.slides.services import SlideServices
from api.slides.slide_source import SlideSource
from api.slides.tiles import TileService, blank_tile
from tests.slides.made import MadeSlide, Storing, make_slide


async def store(services: SlideServices, path: Path) -> SlideSource:
    """Put a file into storage as ingest does, without rows."""
    facts, index = await services.reader.describe(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    services.storage.adopt_slide(path, sha256, index.to_bytes(), None)
    return SlideSource(sha256, facts.pyramid)


def decode(data: bytes) -> npt.NDArray[np.float64]:
    return np.asarray(simplejpeg.decode_jpeg(data)).astype(float)


async def check_level(services: SlideServices, source: SlideSource, slide: MadeSlide, level: int) -> float:
    """Every tile of a level against what the slide's pixels must be; gives the worst mean error of a tile."""
    worst = 0.0
    for address in source.pyramid.addresses(level):
        x, y, width, height = source.pyramid.tile_extent(address)
        pixels = decode(await services.tiles.tile(source, address))
        assert pixels.shape == (height, width, 3)
        expected = slide.expected(x, y, width, height, source.pyramid.levels[level].downsample)
        worst = max(worst, float(np.abs(pixels - expected).mean()))
    return worst


@pytest.mark.parametrize("storing", list(Storing))
@pytest.mark.parametrize("downsamples", [(1,), (1, 2, 4), (1, 4), (1, 3)])
async def test_every_tile_of_every_level_shows_its_place(
    services: SlideServices, tmp_path: Path, storing: Storing, downsamples: tuple[int, ...]
) -> None:
    """Edges are no multiple of the tile, natives are passed through, the rest is made; ratios of 3 are never used."""
    slide = make_slide(tmp_path / "a.tiff", width=1021, height=715, storing=storing, downsamples=downsamples)
    source = await store(services, slide.path)
    assert [level.native is not None for level in source.pyramid.levels] == [
        2**index in downsamples for index in range(len(source.pyramid.levels))
    ]
    for level in source.pyramid.levels:
        assert await check_level(services, source, slide, level.index) <= 2


async def test_whole_native_tiles_leave_the_file_as_they_are(services: SlideServices, tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", storing=Storing.JPEG_YCBCR)
    stored = slide.path.read_bytes()
    source = await store(services, slide.path)
    for address in (TileAddress(0, 0, 0), TileAddress(0, 2, 1), TileAddress(1, 0, 0)):
        assert await services.tiles.tile(source, address) in stored
        assert services.tiles.ready_tile(source, address) is not None
    assert not services.storage.cache_path(source.sha256).exists()


async def test_padding_beyond_the_edge_is_never_shown(services: SlideServices, tmp_path: Path) -> None:
    """The generator fills the padding with black; an edge tile ends at the slide's last pixel."""
    slide = make_slide(tmp_path / "a.tiff", width=300, height=300, downsamples=(1,))
    source = await store(services, slide.path)
    pixels = decode(await services.tiles.tile(source, TileAddress(0, 1, 1)))
    assert pixels.shape == (44, 44, 3)
    assert pixels[:, :, 2].min() > 90  # blue is 100 everywhere on this slide


async def test_an_unscanned_tile_is_white_at_its_level_and_in_those_made_from_it(
    services: SlideServices, tmp_path: Path
) -> None:
    slide = make_slide(tmp_path / "a.tiff", width=512, height=512, downsamples=(1,), empty_tiles=(3,))
    source = await store(services, slide.path)
    assert (decode(await services.tiles.tile(source, TileAddress(0, 1, 1))) == 255).all()
    half = decode(await services.tiles.tile(source, TileAddress(1, 0, 0)))
    assert half[136:, 136:].min() > 250
    assert np.abs(half[:120, :120] - slide.expected(0, 0, 120, 120, 2)).mean() < 2


async def test_made_tiles_are_kept_and_found_again(services: SlideServices, tmp_path: Path) -> None:
    source = await store(services, make_slide(tmp_path / "a.tiff", downsamples=(1,)).path)
    address = TileAddress(2, 0, 0)
    assert services.tiles.ready_tile(source, address) is None
    made = await services.tiles.tile(source, address)
    await services.tiles.aclose()
    other = TileService(services.storage, services.reader, cache_mb=1)
    assert other.ready_tile(source, address) == made
    await other.aclose()


async def test_many_askers_make_a_tile_once(services: SlideServices, tmp_path: Path) -> None:
    source = await store(services, make_slide(tmp_path / "a.tiff", downsamples=(1,)).path)
    tiles = await asyncio.gather(*(services.tiles.tile(source, TileAddress(2, 0, 0)) for _ in range(50)))
    assert len({id(tile) for tile in tiles}) == 1


async def test_a_missing_index_is_made_anew(services: SlideServices, tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff")
    stored = slide.path.read_bytes()
    source = await store(services, slide.path)
    index_path = services.storage.index_path(source.sha256)
    whole = index_path.read_bytes()
    index_path.write_bytes(whole[:20])
    assert await services.tiles.tile(source, TileAddress(0, 0, 0)) in stored
    assert index_path.read_bytes() == whole


async def test_a_file_that_has_gone_from_storage(services: SlideServices) -> None:
    source = SlideSource("0" * 64, Pyramid.from_rows([{"width": 10, "height": 10, "native": 0}], 256))
    with pytest.raises(NotFound) as caught:
        await services.tiles.tile(source, TileAddress(0, 0, 0))
    assert caught.value.code == "SLIDE_FILE_MISSING"


async def test_an_address_outside_is_not_found(services: SlideServices, tmp_path: Path) -> None:
    source = await store(services, make_slide(tmp_path / "a.tiff").path)
    with pytest.raises(NotFound, match=r"there is no column 4, row 0\."):
        await services.tiles.tile(source, TileAddress(0, 4, 0))


async def test_a_broken_tile_costs_only_itself(services: SlideServices, tmp_path: Path) -> None:
    """An edge tile must be decoded to be cropped; rubbish in its place is an error, its neighbours are served."""
    slide = make_slide(tmp_path / "a.tiff", downsamples=(1,))
    source = await store(services, slide.path)
    _, index = await services.reader.describe(services.storage.slide_path(source.sha256))
    level = index.levels[0]
    broken = level.tile_number(3, 0)
    with services.storage.slide_path(source.sha256).open("r+b") as file:
        file.seek(int(level.offsets[broken]))
        file.write(b"\xff\xd8" + b"\xa5" * (int(level.counts[broken]) - 2))
    with pytest.raises(UnsupportedSlide) as caught:
        await services.tiles.tile(source, TileAddress(0, 3, 0))
    assert caught.value.code == "SLIDE_DAMAGED"
    assert decode(await services.tiles.tile(source, TileAddress(0, 3, 1))).shape == (256, 232, 3)


async def test_sixty_four_askers_on_two_slides_are_never_mixed_up(services: SlideServices, tmp_path: Path) -> None:
    slides = [
        make_slide(tmp_path / f"{number}.tiff", number=number, downsamples=(1,), storing=Storing.JPEG_RGB)
        for number in (40, 200)
    ]
    sources = [await store(services, slide.path) for slide in slides]
    gate = asyncio.Semaphore(64)

    async def check(which: int, address: TileAddress) -> None:
        async with gate:
            source, slide = sources[which], slides[which]
            x, y, width, height = source.pyramid.tile_extent(address)
            pixels = decode(await services.tiles.tile(source, address))
            downsample = source.pyramid.levels[address.level].downsample
            assert np.abs(pixels - slide.expected(x, y, width, height, downsample)).mean() <= 2

    addresses = [
        address for level in sources[0].pyramid.levels for address in sources[0].pyramid.addresses(level.index)
    ]
    await asyncio.gather(*(check(which, address) for address in addresses * 3 for which in (0, 1)))


async def test_the_thumbnail_shows_the_whole_slide(services: SlideServices, tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", width=2000, height=1200)
    source = await store(services, slide.path)
    pixels = decode(await services.tiles.pictures.thumbnail(source))
    assert pixels.shape == (307, 512, 3)
    assert np.abs(pixels - slide.expected(0, 0, 512, 307, 2000 / 512)).mean() < 2
    assert await services.tiles.pictures.thumbnail(source) is await services.tiles.pictures.thumbnail(source)


async def test_the_thumbnail_of_a_slide_like_a_thread(services: SlideServices, tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", width=2, height=4000, downsamples=(1,))
    source = await store(services, slide.path)
    assert decode(await services.tiles.pictures.thumbnail(source)).shape == (2000, 1, 3)


def test_a_blank_tile_is_white() -> None:
    assert (decode(blank_tile(17, 5)) == np.full((5, 17, 3), 255.0)).all()


@pytest.mark.parametrize(
    ("name", "is_rgb_jpeg"),
    [
        ("aperio_cmu/CMU-1-Small-Region.svs", True),
        ("aperio_tcga/TCGA-CR-7395-01A-01-TS1.svs", False),
        ("dicom_cmu/1.2.826.0.1.3680043.8.498.48407760015771729984593744789552618416.dcm", False),
        ("tiny_and_broken/boxes.tiff", False),
        ("tiny_and_broken/boxes_0.dcm", False),
        ("tiny_and_broken/small.svs", False),
        ("tiny_and_broken/sm_image.dcm", False),
    ],
)
async def test_real_slides_agree_with_openslide_at_every_native_level(
    services: SlideServices, shared_data: Path, tmp_path: Path, name: str, is_rgb_jpeg: bool
) -> None:
    copy = tmp_path / "alone" / "slide"
    copy.parent.mkdir()
    copy.write_bytes((shared_data / "slides" / name).read_bytes())
    source = await store(services, copy)
    with openslide.OpenSlide(services.storage.slide_path(source.sha256)) as slide:
        for level in source.pyramid.levels:
            if level.native is None:
                continue
            rgba = slide.read_region((0, 0), level.native, (level.width, level.height))
            white = Image.new("RGBA", rgba.size, "white")
            shown = np.asarray(Image.alpha_composite(white, rgba).convert("RGB")).astype(float)
            errors = []
            for address in source.pyramid.addresses(level.index):
                x, y, width, height = source.pyramid.tile_extent(address)
                pixels = decode(await services.tiles.tile(source, address))
                errors.append(np.abs(pixels - shown[y : y + height, x : x + width]).mean())
                if is_rgb_jpeg and not source.pyramid.is_edge(address):
                    assert errors[-1] == 0
            assert np.mean(errors) <= 2
            assert max(errors) < 2.5


async def test_levels_made_of_a_real_slide_agree_with_averages(
    services: SlideServices, shared_data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "slide"
    copy.write_bytes((shared_data / "slides/aperio_cmu/CMU-1-Small-Region.svs").read_bytes())
    source = await store(services, copy)
    with openslide.OpenSlide(services.storage.slide_path(source.sha256)) as slide:
        whole = np.asarray(slide.read_region((0, 0), 0, slide.dimensions).convert("RGB")).astype(float)
    for level in source.pyramid.levels[1:]:
        whole = np.pad(whole, ((0, whole.shape[0] % 2), (0, whole.shape[1] % 2), (0, 0)), mode="edge")
        whole = whole.reshape(whole.shape[0] // 2, 2, whole.shape[1] // 2, 2, 3).mean(axis=(1, 3))
        errors = []
        for address in source.pyramid.addresses(level.index):
            x, y, width, height = source.pyramid.tile_extent(address)
            pixels = decode(await services.tiles.tile(source, address))
            errors.append(np.abs(pixels - whole[y : y + height, x : x + width]).mean())
        assert np.mean(errors) <= 2

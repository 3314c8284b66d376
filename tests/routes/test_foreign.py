"""Other viewers: IIIF, Deep Zoom, and OpenSeadragon itself in a browser; and the colour profile."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import pytest
import simplejpeg
from PIL import Image, ImageCms

from api.models.project import Role
from api.models.slide import Slide
from api.slides.pyramid_writer import write_pyramid
from api.slides.services import SlideServices
from tests.routes.conftest import Browse, Team
from tests.slides.made import MadeSlide, make_slide

WEB = Path(__file__).parents[2] / "web"


@pytest.fixture
def made(tmp_path: Path) -> MadeSlide:
    return make_slide(tmp_path / "a.tiff", width=1500, height=1100, downsamples=(1, 2))


@pytest.fixture
async def slide(services: SlideServices, team: Team, made: MadeSlide) -> Slide:
    return await services.ingest.import_file(made.path, team.project.id, None)


async def picture(browser: httpx.AsyncClient, path: str) -> np.ndarray:  # type: ignore[type-arg]
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    return np.asarray(simplejpeg.decode_jpeg(answer.content)).astype(float)


async def test_iiif(browse: Browse, team: Team, slide: Slide, made: MadeSlide) -> None:
    browser = await browse(team.people[Role.VIEWER])
    info = await browser.get(f"/iiif/{slide.id}/info.json")
    assert info.headers["content-type"].startswith("application/ld+json")
    assert info.headers["access-control-allow-origin"] == "*"
    described = info.json()
    assert described["id"] == f"http://coslide.test/iiif/{slide.id}"
    assert (described["width"], described["height"]) == (1500, 1100)
    assert described["tiles"] == [{"width": 256, "scaleFactors": [1, 2, 4, 8]}]
    tile = await browser.get(f"/iiif/{slide.id}/256,512,256,256/256,256/0/default.jpg")
    assert tile.content == (await browser.get(f"/slides/{slide.id}/tiles/0/1_2.jpg")).content
    shown = await picture(browser, f"/iiif/{slide.id}/100,200,600,400/300,200/0/default.jpg")
    assert np.abs(shown - made.expected(50, 100, 300, 200, 2)).mean() < 2
    whole = await picture(browser, f"/iiif/{slide.id}/full/max/0/default.jpg")
    assert whole.shape == (1100, 1500, 3)
    for wrong in ("full/3000,/0/default.jpg", "full/max/90/default.jpg", "full/max/0/gray.jpg", "here/max/0/color.jpg"):
        answer = await browser.get(f"/iiif/{slide.id}/{wrong}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "IIIF_REQUEST")


async def test_deep_zoom(browse: Browse, team: Team, slide: Slide, made: MadeSlide) -> None:
    browser = await browse(team.people[Role.VIEWER])
    descriptor = await browser.get(f"/slides/{slide.id}.dzi")
    assert descriptor.headers["content-type"].startswith("application/xml")
    assert 'TileSize="256"><Size Width="1500" Height="1100"/>' in descriptor.text
    tile = await browser.get(f"/slides/{slide.id}_files/11/1_2.jpg")
    assert tile.content == (await browser.get(f"/slides/{slide.id}/tiles/0/1_2.jpg")).content
    small = await picture(browser, f"/slides/{slide.id}_files/5/0_0.jpg")
    assert small.shape == (18, 24, 3)
    inner = made.expected(0, 0, 23, 17, 1500 / 24)
    assert np.abs(small[:17, :23] - inner).mean() < 4
    assert (await browser.get(f"/slides/{slide.id}_files/12/0_0.jpg")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/iiif/{}/info.json", "/iiif/{}/full/max/0/default.jpg", "/slides/{}.dzi", "/slides/{}/icc"]
)
async def test_strangers_see_nothing(browse: Browse, team: Team, slide: Slide, path: str) -> None:
    assert (await (await browse(None)).get(path.format(slide.id))).status_code == 401
    stranger = await browse(team.stranger)
    for id_ in (slide.id, uuid4()):
        assert (await stranger.get(path.format(id_))).status_code == 404


async def test_the_colour_profile_comes_once_for_all_tiles(
    browse: Browse, team: Team, services: SlideServices, slide: Slide, shared_data: Path
) -> None:
    browser = await browse(team.people[Role.VIEWER])
    assert (await browser.get(f"/slides/{slide.id}/icc")).status_code == 204
    file = shared_data / "slides/aperio_tcga/TCGA-CR-7395-01A-01-TS1.svs"
    profiled = await services.ingest.import_file(file, team.project.id, None)
    answer = await browser.get(f"/slides/{profiled.id}/icc")
    assert answer.headers["content-type"] == "application/vnd.iccprofile"
    assert answer.content[36:40] == b"acsp"
    assert len(answer.content) == profiled.icc_bytes
    again = await browser.get(f"/slides/{profiled.id}/icc", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.fixture
async def profiled(services: SlideServices, team: Team, tmp_path: Path) -> Slide:
    """A slide with a small colour profile."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    ramp = make_slide(tmp_path / "ramp.tiff", width=700, height=500, downsamples=(1,))
    picture = ramp.expected(0, 0, 700, 500).astype(np.uint8)
    sizes = [(700, 500), (350, 250)]
    write_pyramid(tmp_path / "p.tiff", lambda top, rows: picture[top : top + rows], sizes, 256, icc=profile)
    return await services.ingest.import_file(tmp_path / "p.tiff", team.project.id, None)


@pytest.mark.parametrize(
    "path",
    [
        "/iiif/{}/0,0,256,256/256,256/0/default.jpg",
        "/iiif/{}/10,20,300,200/150,100/0/default.jpg",
        "/slides/{}_files/10/0_0.jpg",
        "/slides/{}_files/10/2_1.jpg",
        "/slides/{}_files/4/0_0.jpg",
    ],
)
async def test_pictures_for_other_viewers_carry_the_profile(
    browse: Browse, team: Team, profiled: Slide, path: str
) -> None:
    browser = await browse(team.people[Role.VIEWER])
    profile = (await browser.get(f"/slides/{profiled.id}/icc")).content
    assert len(profile) == profiled.icc_bytes
    assert profile[36:40] == b"acsp"
    answer = await browser.get(path.format(profiled.id))
    assert Image.open(io.BytesIO(answer.content)).info["icc_profile"] == profile
    # The pixels are those of the tile without it.
    if path.endswith("_files/10/0_0.jpg"):
        tile = (await browser.get(f"/slides/{profiled.id}/tiles/0/0_0.jpg")).content
        assert "icc_profile" not in Image.open(io.BytesIO(tile)).info
        assert np.array_equal(simplejpeg.decode_jpeg(tile), simplejpeg.decode_jpeg(answer.content))


async def test_a_large_profile_is_left_out(
    browse: Browse, team: Team, profiled: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.foreign.EMBEDDED_PROFILE_BYTES", (profiled.icc_bytes or 0) - 1)
    browser = await browse(team.people[Role.VIEWER])
    answer = await browser.get(f"/slides/{profiled.id}_files/10/0_0.jpg")
    assert answer.content == (await browser.get(f"/slides/{profiled.id}/tiles/0/0_0.jpg")).content


@pytest.mark.browser
@pytest.mark.parametrize("source", ["/iiif/{}/info.json", "/slides/{}.dzi"])
async def test_openseadragon_opens_a_slide(
    browse: Browse, team: Team, slide: Slide, made: MadeSlide, chromium_path: str, node_path: str, source: str
) -> None:
    browser = await browse(team.people[Role.VIEWER])
    origin = str(browser.base_url).rstrip("/")
    address = source.format(slide.id)
    if address.startswith("/iiif"):
        # As a page elsewhere would: the description, with this server's own address in it.
        described = (await browser.get(address)).json()
        described_source = json.dumps({**described, "id": f"{origin}/iiif/{slide.id}"})
        source_argument = described_source
    else:
        source_argument = address
    process = await asyncio.create_subprocess_exec(
        node_path,
        str(Path(__file__).with_name("openseadragon.mjs")),
        chromium_path,
        str(WEB),
        origin,
        browser.cookies["coslide"],
        source_argument,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        out, problems = await process.communicate()
    assert process.returncode == 0, problems.decode()
    seen = json.loads(out)
    assert seen["failures"] == []
    assert seen["size"] == [1500, 1100]
    expected = made.expected(750, 550, 1, 1)[0, 0]
    assert np.abs(np.array(seen["color"][:3]) - expected).max() <= 6
    assert seen["color"][3] == 255

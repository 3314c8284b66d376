"""The built client's files: immutable, and packed for who takes them packed."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from api.routes.web import WEB_DIST, ImmutableFiles, files_ahead, web_routes
from tests.components import missing

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture
async def client(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "app-1a2b.js").write_bytes(SCRIPT)
    (tmp_path / "app-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "app-1a2b.js.br").write_bytes(b"as brotli")
    (tmp_path / "mark.svg").write_bytes(b"<svg/>")
    app = Starlette(routes=[Mount("/assets", ImmutableFiles(directory=tmp_path))])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test/assets/")


async def raw(client: httpx.AsyncClient, name: str, accepted: str) -> tuple[bytes, httpx.Headers]:
    async with client.stream("GET", name, headers={"accept-encoding": accepted}) as answer:
        assert answer.status_code == 200
        return b"".join([chunk async for chunk in answer.aiter_raw()]), answer.headers


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, deflate, br", "br", b"as brotli"),
        ("gzip", "gzip", None),
        ("br;q=0, gzip;q=0.5", "gzip", None),
        ("identity", None, SCRIPT),
        ("", None, SCRIPT),
    ],
)
async def test_a_file_is_packed_as_the_browser_takes_it(
    client: httpx.AsyncClient, accepted: str, coding: str | None, body: bytes | None
) -> None:
    sent, headers = await raw(client, "app-1a2b.js", accepted)
    assert headers.get("content-encoding") == coding
    assert (gzip.decompress(sent) if body is None else sent) == (SCRIPT if body is None else body)
    assert headers["content-type"].startswith("text/javascript")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["vary"] == "accept-encoding"


async def test_a_file_without_a_twin_is_sent_as_it_is(client: httpx.AsyncClient) -> None:
    sent, headers = await raw(client, "mark.svg", "br, gzip")
    assert (sent, "content-encoding" in headers) == (b"<svg/>", False)


def test_the_files_of_a_slides_page_are_named_but_those_that_the_page_names_itself(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    chunks = {
        "index.html": {"file": "assets/index-1.js", "imports": ["_base.js"]},
        "_base.js": {"file": "assets/base-2.js"},
        "_viewer.js": {
            "file": "assets/viewer-3.js",
            "imports": ["_base.js", "_wire.js"],
            "css": ["assets/viewer-4.css"],
        },
        "_wire.js": {"file": "assets/wire-5.js", "imports": ["_viewer.js"]},
        "src/panels/SlidePage.tsx": {
            "file": "assets/SlidePage-6.js",
            "imports": ["_base.js", "_viewer.js", "index.html"],
            "dynamicImports": ["src/panels/Tour.tsx"],
            "css": ["assets/SlidePage-7.css"],
        },
    }
    manifest.write_bytes(orjson.dumps(chunks))
    assert files_ahead(manifest, 1).split(", ") == [
        "</assets/SlidePage-6.js>; rel=modulepreload",
        "</assets/viewer-3.js>; rel=modulepreload",
        "</assets/wire-5.js>; rel=modulepreload",
        "</assets/SlidePage-7.css>; rel=preload; as=style; crossorigin",
        "</assets/viewer-4.css>; rel=preload; as=style; crossorigin",
    ]
    manifest.write_bytes(orjson.dumps({"index.html": {}, "src/panels/SlidePage.tsx": {"file": "assets/new.js"}}))
    assert files_ahead(manifest, 2) == "</assets/new.js>; rel=modulepreload"


async def test_the_built_clients_slide_page_comes_with_its_files_and_other_pages_do_not() -> None:
    if not (WEB_DIST / ".vite" / "manifest.json").is_file():
        missing("The built web client", "run it through `make test`, which builds the client")
    transport = httpx.ASGITransport(app=Starlette(routes=web_routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as browser:
        named = (await browser.get("/s/1b4e28ba")).headers["link"].split(", ")
        files = [part.partition(">")[0].removeprefix("<") for part in named]
        assert any("/SlidePage-" in file for file in files)
        assert [(await browser.get(file)).status_code for file in files] == [200] * len(files)
        assert "link" not in (await browser.get("/sign-in")).headers

"""The built web client: files with a hash in their name live for ever, the page itself is always asked for again."""

from __future__ import annotations

from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGE, SLIDE_PAGE = "index.html", "src/panels/SlidePage.tsx"
WEB_DIST = Path(__file__).resolve().parents[2] / "web" / "dist"

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)


class ImmutableFiles(StaticFiles):
    """Static files whose names change with their content; their packed twins, made by the build, for who takes them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await self._packed(path, scope) or await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        response.headers["vary"] = "accept-encoding"
        return response

    async def _packed(self, path: str, scope: Scope) -> Response | None:
        codings = _accepted(Headers(scope=scope).get("accept-encoding", ""))
        for coding, suffix in (("br", ".br"), ("gzip", ".gz")):
            if coding in codings and self.lookup_path(path + suffix)[1] is not None:
                response = await super().get_response(path + suffix, scope)
                response.headers["content-encoding"] = coding
                response.headers["content-type"] = guess_type(path)[0] or "application/octet-stream"
                return response
        return None


def _accepted(header: str) -> set[str]:
    """The codings an Accept-Encoding header names, without those it refuses with a weight of 0."""
    named = (part.replace(" ", "").lower().partition(";q=") for part in header.split(","))
    return {coding for coding, _, weight in named if not weight or weight.strip("0.")}


@lru_cache(maxsize=4)
def files_ahead(manifest: Path, changed_ns: int) -> str:
    """A Link header with the files of the slide's page that the page itself does not name, to be fetched at once.

    Args:
        manifest: the build's list of what imports what.
        changed_ns: when it was written, so that a new build is read anew.
    """
    chunks = orjson.loads(manifest.read_bytes())

    def made_of(name: str, seen: dict[str, None]) -> dict[str, None]:
        for imported in chunks[name].get("imports", ()):
            if imported not in seen:
                seen[imported] = None
                made_of(imported, seen)
        return seen

    known = made_of(PAGE, {PAGE: None})
    names = [name for name in made_of(SLIDE_PAGE, {SLIDE_PAGE: None}) if name not in known]
    scripts = [f"</{chunks[name]['file']}>; rel=modulepreload" for name in names]
    styles = {file: None for name in names for file in chunks[name].get("css", ())}
    return ", ".join([*scripts, *(f"</{file}>; rel=preload; as=style; crossorigin" for file in styles)])


def _link(path: str) -> dict[str, str]:
    manifest = WEB_DIST / ".vite" / "manifest.json"
    if not path.startswith("/s/") or not manifest.is_file():
        return {}
    return {"link": files_ahead(manifest, manifest.stat().st_mtime_ns)}


async def page(request: Request) -> Response:
    """The single page, whatever its client-side address."""
    index = WEB_DIST / "index.html"
    if not index.is_file():
        return PlainTextResponse(
            "The web client is not built. Run `make setup` in the project's folder.\n", status_code=503
        )
    return FileResponse(
        index,
        headers={
            "cache-control": "no-cache",
            "content-security-policy": CONTENT_SECURITY_POLICY,
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
        }
        | _link(request.url.path),
    )


def web_routes() -> list[BaseRoute]:
    """Routes of the client; last in the table, since the page answers several addresses."""
    assets: list[BaseRoute] = [
        Mount("/assets", ImmutableFiles(directory=WEB_DIST / "assets", check_dir=False), name="assets")
    ]
    pages = ("/", "/sign-in", "/settings", "/p/{project_id}", "/s/{slide_id}")
    return assets + [Route(path, page) for path in pages]

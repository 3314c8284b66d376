"""Which pages may make a browser change something here."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from api.auth.origin import check_origin
from api.errors import NotPermitted
from api.settings import Settings
from tests.auth_app import make_app


def connection(settings: Settings, scheme: str = "http", **headers: str) -> HTTPConnection:
    raw = [(name.encode(), value.encode()) for name, value in {"host": "127.0.0.1:8000", **headers}.items()]
    kind = "websocket" if scheme.startswith("ws") else "http"
    return HTTPConnection(
        {"type": kind, "scheme": scheme, "headers": raw, "app": make_app(settings), "path": "/", "query_string": b""}
    )


@pytest.fixture
def settings() -> Settings:
    return Settings(public_url="https://slides.example.org/")


@pytest.mark.parametrize("scheme", ["http", "ws"])
@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:8000",
        "https://slides.example.org",
        "https://SLIDES.example.org",
        "https://slides.example.org:443",
    ],
)
def test_our_own_pages_pass(settings: Settings, scheme: str, origin: str) -> None:
    check_origin(connection(settings, scheme, origin=origin, cookie="__Host-coslide=x"))


@pytest.mark.parametrize("scheme", ["http", "ws"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:8001",
        "https://127.0.0.1:8000",
        "http://slides.example.org",
        "https://slides.example.org.evil.example",
        "https://slides.example.org@evil.example",
        "null",
        "",
        "http://",
        "file:///etc/passwd",
        "http://[::1",
        "https://slides.example.org:99999",
    ],
)
def test_other_pages_are_refused_with_and_without_a_cookie(settings: Settings, scheme: str, origin: str) -> None:
    for headers in ({"cookie": "__Host-coslide=x"}, {"authorization": "Bearer coslide_x_y"}, {}):
        with pytest.raises(NotPermitted) as refused:
            check_origin(connection(settings, scheme, origin=origin, **headers))
        assert refused.value.code == "ORIGIN_REFUSED"


def test_a_program_needs_no_origin_but_sends_no_cookie(settings: Settings) -> None:
    check_origin(connection(settings, authorization="Bearer coslide_x_y"))
    check_origin(connection(settings))
    check_origin(connection(settings, cookie="theme=dark"))
    with pytest.raises(NotPermitted, match="has a session cookie but no Origin header"):
        check_origin(connection(settings, cookie="__Host-coslide=x", authorization="Bearer coslide_x_y"))


def test_the_message_names_the_setting(settings: Settings) -> None:
    with pytest.raises(NotPermitted) as refused:
        check_origin(connection(settings, origin="https://other.example.org"))
    assert refused.value.message == (
        "The request came from https://other.example.org, which is not this server. If it is the address people type, "
        "set COSLIDE_PUBLIC_URL to it."
    )


def test_without_a_host_header_only_the_public_address_passes(settings: Settings) -> None:
    check_origin(connection(settings, host="", origin="https://slides.example.org"))
    with pytest.raises(NotPermitted):
        check_origin(connection(settings, host="", origin="http://"))

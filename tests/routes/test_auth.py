"""Registering, signing in and out, and sign-in links, over HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from tortoise.context import TortoiseContext

from api.auth import sessions
from api.auth.links import create_link
from api.auth.passwords import PasswordPool
from api.auth.secrets import hash_token
from api.models.user import Session, SignInLink, User
from api.settings import Registration, Settings
from tests.auth_app import cheap_passwords, make_app, make_client

ADA = {"email": "Ada@Example.org", "name": "Ada Lovelace", "password": "correct horse battery"}
TOKEN = r"[A-Za-z0-9_-]{43}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, public_url="http://coslide.test")


@pytest.fixture(autouse=True)
def password_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[PasswordPool]:
    with cheap_passwords(monkeypatch) as pool:
        yield pool


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(make_app(settings)) as browser:
        yield browser


def error_of(response: httpx.Response) -> tuple[int, str, str | None]:
    error = response.json()["error"]
    return response.status_code, error["code"], error.get("field")


async def test_registering_signs_in(sqlite_database: TortoiseContext, client: httpx.AsyncClient) -> None:
    answer = await client.post("/auth/register", json={**ADA, "locale": "ko"}, headers={"user-agent": "Firefox"})
    assert answer.status_code == 201
    user = await User.get()
    assert answer.json() == {
        "user": {"id": str(user.id), "name": "Ada Lovelace", "email": "ada@example.org", "locale": "ko"}
    }
    assert not user.is_admin
    assert not user.email_verified
    assert user.password_hash is not None
    assert "correct horse" not in user.password_hash
    session = await Session.get()
    assert (session.user_id, session.user_agent, session.address) == (user.id, "Firefox", "127.0.0.1")
    assert session.token_hash == hash_token(client.cookies["coslide"])
    assert answer.headers["cache-control"] == "no-store"


async def test_the_cookie_over_plain_http(sqlite_database: TortoiseContext, client: httpx.AsyncClient) -> None:
    answer = await client.post("/auth/register", json=ADA)
    pattern = rf"coslide={TOKEN}; HttpOnly; Max-Age=1209600; Path=/; SameSite=lax"
    assert re.fullmatch(pattern, answer.headers["set-cookie"])
    out = await client.post("/auth/logout")
    assert (out.status_code, out.content) == (204, b"")
    assert out.headers["set-cookie"] == 'coslide=""; HttpOnly; Max-Age=0; Path=/; SameSite=lax'


async def test_the_cookie_over_https(sqlite_database: TortoiseContext, settings: Settings) -> None:
    secure = settings.model_copy(update={"public_url": "https://coslide.test", "session_days": 1})
    async with make_client(make_app(secure), "https://coslide.test") as browser:
        answer = await browser.post("/auth/register", json=ADA)
    pattern = rf"__Host-coslide={TOKEN}; HttpOnly; Max-Age=86400; Path=/; SameSite=lax; Secure"
    assert re.fullmatch(pattern, answer.headers["set-cookie"])


async def test_signing_in_out_and_in_again(sqlite_database: TortoiseContext, client: httpx.AsyncClient) -> None:
    await client.post("/auth/register", json=ADA)
    first = client.cookies["coslide"]
    assert (await client.post("/auth/logout")).status_code == 204
    assert await Session.all().count() == 0
    assert await sessions.viewer_of_credential(hash_token(first)) is None
    answer = await client.post("/auth/login", json={"email": "ADA@example.org", "password": ADA["password"]})
    assert (answer.status_code, answer.json()["user"]["name"]) == (200, "Ada Lovelace")
    viewer = await sessions.viewer_of_credential(hash_token(client.cookies["coslide"]))
    assert viewer is not None
    assert str(viewer.user_id) == answer.json()["user"]["id"]


async def test_signing_in_ends_the_session_the_browser_had(
    sqlite_database: TortoiseContext, client: httpx.AsyncClient
) -> None:
    await client.post("/auth/register", json=ADA)
    before = client.cookies["coslide"]
    await client.post("/auth/login", json=ADA)
    assert client.cookies["coslide"] != before
    assert [row.token_hash for row in await Session.all()] == [hash_token(client.cookies["coslide"])]


async def test_unknown_account_and_wrong_password_get_the_same_answer(
    sqlite_database: TortoiseContext, client: httpx.AsyncClient
) -> None:
    await client.post("/auth/register", json=ADA)
    client.cookies.clear()
    wrong = await client.post("/auth/login", json={"email": ADA["email"], "password": "not this one"})
    unknown = await client.post("/auth/login", json={"email": "eve@example.org", "password": "not this one"})
    nonsense = await client.post("/auth/login", json={"email": "no address", "password": "not this one"})
    assert wrong.status_code == unknown.status_code == nonsense.status_code == 401
    assert wrong.json() == {
        "error": {
            "code": "WRONG_CREDENTIALS",
            "message": "The e-mail address or the password is wrong. Check both and try again.",
        }
    }
    assert wrong.content == unknown.content == nonsense.content
    assert "set-cookie" not in wrong.headers
    assert wrong.headers["www-authenticate"] == 'Bearer realm="coslide"'


async def test_a_disabled_account_is_told_only_to_who_knows_the_password(
    sqlite_database: TortoiseContext, client: httpx.AsyncClient
) -> None:
    await client.post("/auth/register", json=ADA)
    token = client.cookies["coslide"]
    await User.all().update(disabled_at="2026-01-01T00:00:00+00:00")
    assert await sessions.viewer_of_credential(hash_token(token)) is None
    assert (
        error_of(await client.post("/auth/login", json={**ADA, "password": "not this one"}))[1] == "WRONG_CREDENTIALS"
    )
    assert error_of(await client.post("/auth/login", json=ADA)) == (403, "ACCOUNT_DISABLED", None)


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@EXAMPLE.ORG"])
async def test_an_address_has_one_account(database: TortoiseContext, client: httpx.AsyncClient, email: str) -> None:
    await client.post("/auth/register", json=ADA)
    answer = await client.post("/auth/register", json={**ADA, "email": email, "password": "another good one"})
    assert error_of(answer) == (409, "EMAIL_TAKEN", "email")
    assert await User.all().count() == 1
    assert (await client.post("/auth/login", json=ADA)).status_code == 200


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"email": "ada"}, (422, "EMAIL_INVALID", "email")),
        ({"name": ""}, (422, "NAME_EMPTY", "name")),
        ({"password": "short"}, (422, "PASSWORD_TOO_SHORT", "password")),
        ({"locale": "fr"}, (422, "LOCALE_UNKNOWN", "locale")),
        ({"email": None}, (422, "FIELD_MISSING", "email")),
        ({"name": 7}, (422, "FIELD_MISSING", "name")),
        ({"name": "x" * 20_000}, (413, "BODY_TOO_LARGE", None)),
    ],
)
async def test_a_bad_registration_makes_nothing(
    sqlite_database: TortoiseContext,
    client: httpx.AsyncClient,
    change: dict[str, object],
    expected: tuple[int, str, str | None],
) -> None:
    assert error_of(await client.post("/auth/register", json={**ADA, **change})) == expected
    assert await User.all().count() == await Session.all().count() == 0


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"email=a&password=b", "application/x-www-form-urlencoded", "BODY_TYPE"),
        (b"{", "application/json", "BODY_INVALID"),
        (b"[]", "application/json; charset=utf-8", "BODY_INVALID"),
        (b"[" * 8000, "application/json", "BODY_INVALID"),
        (b"\xff\xfe\xfd", "application/json", "BODY_INVALID"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    client: httpx.AsyncClient, content: bytes, kind: str, code: str
) -> None:
    answer = await client.post("/auth/login", content=content, headers={"content-type": kind})
    assert error_of(answer) == (422, code, None)


async def test_closed_registration_says_whom_to_ask(sqlite_database: TortoiseContext, settings: Settings) -> None:
    closed = settings.model_copy(update={"registration": Registration.CLOSED})
    async with make_client(make_app(closed)) as browser:
        answer = await browser.post("/auth/register", json=ADA)
    assert answer.status_code == 403
    assert answer.json()["error"] == {
        "code": "REGISTRATION_CLOSED",
        "message": "Registration is closed on this server. Ask its administrator for an account (coslide user create).",
    }
    assert await User.all().count() == 0


@pytest.mark.parametrize("path", ["/auth/register", "/auth/login", "/auth/logout"])
async def test_another_sites_page_is_refused(
    sqlite_database: TortoiseContext, client: httpx.AsyncClient, path: str
) -> None:
    await client.post("/auth/register", json=ADA)
    answer = await client.post(path, json={**ADA, "email": "b@example.org"}, headers={"origin": "https://evil.example"})
    assert error_of(answer) == (403, "ORIGIN_REFUSED", None)
    assert await User.all().count() == await Session.all().count() == 1


async def test_ten_wrong_passwords_pause_the_account(
    database: TortoiseContext, client: httpx.AsyncClient, settings: Settings
) -> None:
    await client.post("/auth/register", json=ADA)
    for _ in range(settings.sign_in_attempts):
        assert (await client.post("/auth/login", json={**ADA, "password": "not this one"})).status_code == 401
    paused = await client.post("/auth/login", json=ADA)
    assert error_of(paused) == (429, "SIGN_IN_PAUSED", None)
    assert 890 <= int(paused.headers["retry-after"]) <= 900
    assert await Session.all().count() == 1


async def test_trying_a_list_of_addresses_is_paused(
    sqlite_database: TortoiseContext, client: httpx.AsyncClient, settings: Settings
) -> None:
    for number in range(settings.sign_in_attempts):
        await User.create(name="Taken", email=f"p{number}@example.org", color="#7aa5ff")
    for number in range(settings.sign_in_attempts):
        answer = await client.post("/auth/register", json={**ADA, "email": f"p{number}@example.org"})
        assert error_of(answer) == (409, "EMAIL_TAKEN", "email")
    assert error_of(await client.post("/auth/register", json=ADA)) == (429, "SIGN_IN_PAUSED", None)
    assert await User.filter(email="ada@example.org").count() == 0


async def test_a_class_may_register_from_one_address(
    sqlite_database: TortoiseContext, client: httpx.AsyncClient, settings: Settings
) -> None:
    for number in range(settings.sign_in_attempts + 2):
        answer = await client.post("/auth/register", json={**ADA, "email": f"p{number}@example.org"})
        assert answer.status_code == 201


async def test_a_link_signs_in_once(database: TortoiseContext, client: httpx.AsyncClient) -> None:
    user = await User.create(name="Ada", email="ada@example.org", color="#7aa5ff")
    token = await create_link(user, minutes=15)
    assert (await SignInLink.get()).token_hash == hash_token(token)
    assert (await client.head(f"/auth/link?token={token}")).status_code == 204
    answer = await client.get(f"/auth/link?token={token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    viewer = await sessions.viewer_of_credential(hash_token(client.cookies["coslide"]))
    assert viewer is not None
    assert viewer.user_id == user.id
    assert error_of(await client.get(f"/auth/link?token={token}")) == (403, "LINK_USED", None)
    assert await Session.all().count() == 1


async def test_of_many_who_follow_a_link_at_once_one_gets_in(database: TortoiseContext, settings: Settings) -> None:
    token = await create_link(await User.create(name="Ada", color="#7aa5ff"), minutes=15)

    async def follow() -> int:
        async with make_client(make_app(settings)) as browser:
            return (await browser.get(f"/auth/link?token={token}")).status_code

    assert sorted(await asyncio.gather(*(follow() for _ in range(6)))) == [303] + [403] * 5
    assert await Session.all().count() == 1


@pytest.mark.parametrize("token", ["", "never made"])
async def test_a_link_that_was_never_made(
    sqlite_database: TortoiseContext, client: httpx.AsyncClient, token: str
) -> None:
    assert error_of(await client.get("/auth/link", params={"token": token})) == (403, "LINK_INVALID", None)
    page = await client.get("/auth/link", params={"token": token}, headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?error=LINK_INVALID")
    assert "set-cookie" not in page.headers


async def test_an_old_link_is_refused(sqlite_database: TortoiseContext, client: httpx.AsyncClient) -> None:
    user = await User.create(name="Ada", color="#7aa5ff")
    token = await create_link(user, minutes=15)
    await SignInLink.all().update(expires_at="2026-01-01T00:00:00+00:00")
    assert error_of(await client.get(f"/auth/link?token={token}")) == (403, "LINK_EXPIRED", None)
    assert (await SignInLink.get()).used_at is None

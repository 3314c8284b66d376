"""Signing in by providers, against a real OAuth server on loopback."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from tortoise.context import TortoiseContext

from api.auth.oauth import OAuth
from api.auth.passwords import PasswordPool
from api.auth.providers import Provider
from api.models.user import OAuthIdentity, Session, UsedState, User
from api.settings import Registration, Settings
from tests.auth.provider_server import ProviderServer, new_key, running_provider_server
from tests.auth_app import make_app, make_client
from tests.factories import make_user

NAMES = ("kakao", "naver", "github", "google", "openid")

# One person as each provider describes them, with an address that it vouches for (Naver vouches for none).
PROFILES: dict[str, dict[str, Any]] = {
    "kakao": {
        "id": 1234567890,
        "connected_at": "2026-01-01T00:00:00Z",
        "properties": {"nickname": "에이다"},
        "kakao_account": {
            "profile": {"nickname": "에이다"},
            "has_email": True,
            "is_email_valid": True,
            "is_email_verified": True,
            "email": "Ada@Example.org",
        },
    },
    "naver": {
        "resultcode": "00",
        "message": "success",
        "response": {"id": "kLd-9_x", "nickname": "ada", "name": "에이다", "email": "ada@example.org"},
    },
    "github": {"id": 583231, "login": "ada", "name": "에이다", "email": "public@example.org"},
    "google": {"sub": "1177", "name": "에이다", "email": "Ada@Example.org", "email_verified": True},
    "openid": {"sub": "a|7", "name": "에이다", "email": "Ada@Example.org", "email_verified": "true"},
}
GITHUB_EMAILS = [
    {"email": "old@example.org", "primary": False, "verified": True},
    {"email": "Ada@Example.org", "primary": True, "verified": True},
]


@dataclass
class World:
    """Our app and the provider's server."""

    server: ProviderServer
    app: Starlette
    settings: Settings

    def use(self, name: str, **changes: Any) -> Provider:
        """Let the app know one provider, and the provider one person."""
        provider = self.server.provider(name, **changes)
        self.server.profile = dict(PROFILES[name])
        self.server.emails = list(GITHUB_EMAILS)
        self.app.state.oauth = OAuth(self.settings, [provider])
        return provider

    def browser(self) -> httpx.AsyncClient:
        return make_client(self.app)

    async def at_provider(self, start: httpx.Response) -> str:
        """Follow our redirect to the provider's page; the callback address it sends the browser back to."""
        assert start.status_code == 303, start.text
        async with httpx.AsyncClient() as http:
            answer = await http.get(start.headers["location"])
        assert answer.status_code == 307
        return answer.headers["location"]

    async def sign_in(self, browser: httpx.AsyncClient, name: str) -> httpx.Response:
        """The whole way, as the browser goes it."""
        return await browser.get(await self.at_provider(await browser.get(f"/auth/oauth/{name}/start")))


@pytest.fixture
async def world(settings: Settings, password_pool: PasswordPool) -> AsyncIterator[World]:
    async with running_provider_server() as server:
        yield World(server, make_app(settings), settings)


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_first_sign_in_makes_an_account_and_the_second_finds_it(
    sqlite_database: TortoiseContext, world: World, name: str
) -> None:
    world.use(name)
    async with world.browser() as browser:
        answer = await world.sign_in(browser, name)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        user = await User.get()
        vouched = name != "naver"
        assert (user.name, user.email, user.email_verified, user.password_hash) == (
            "에이다",
            "ada@example.org" if vouched else None,
            vouched,
            None,
        )
        identity = await OAuthIdentity.get()
        assert (identity.provider, identity.user_id) == (name, user.id)
        assert (await Session.get()).user_id == user.id
    async with world.browser() as other:
        assert (await world.sign_in(other, name)).status_code == 303
    assert await User.all().count() == await OAuthIdentity.all().count() == 1
    assert await Session.all().count() == 2


@pytest.mark.parametrize("name", NAMES)
async def test_what_the_provider_is_asked(sqlite_database: TortoiseContext, world: World, name: str) -> None:
    world.use(name)
    async with world.browser() as browser:
        await world.sign_in(browser, name)
    (asked,) = world.server.seen
    (token_request,) = world.server.token_requests
    assert asked["redirect_uri"] == f"http://coslide.test/auth/oauth/{name}/callback"
    assert asked["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked["code_challenge"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token_request["code_verifier"])
    scopes = {"github": "read:user user:email", "google": "openid profile email", "openid": "openid profile email"}
    assert asked.get("scope") == scopes.get(name)
    assert ("nonce" in asked) == (name in {"google", "openid"})
    verifier_places = [value for value in asked.values() if token_request["code_verifier"] in value]
    assert verifier_places == []


async def test_the_binding_cookie(sqlite_database: TortoiseContext, world: World) -> None:
    world.use("kakao")
    async with world.browser() as browser:
        start = await browser.get("/auth/oauth/kakao/start")
        pattern = r"coslide-oauth=[A-Za-z0-9_-]{43}; HttpOnly; Max-Age=600; Path=/; SameSite=lax"
        assert re.fullmatch(pattern, start.headers["set-cookie"])
        back = await browser.get(await world.at_provider(start))
        assert 'coslide-oauth=""; HttpOnly; Max-Age=0; Path=/; SameSite=lax' in back.headers.get_list("set-cookie")


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("/s/1?x=5&y=6", "/s/1?x=5&y=6"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("/a\r\nb", "/"),
        ("/" + "x" * 500, "/"),
        ("", "/"),
    ],
)
async def test_a_sign_in_ends_on_the_page_it_was_begun_for_and_on_no_other_server(
    sqlite_database: TortoiseContext, world: World, wanted: str, page: str
) -> None:
    world.use("kakao")
    async with world.browser() as browser:
        start = await browser.get("/auth/oauth/kakao/start", params={"next": wanted})
        answer = await browser.get(await world.at_provider(start))
        assert (answer.status_code, answer.headers["location"]) == (303, page)


async def test_two_tabs_may_begin_at_once(sqlite_database: TortoiseContext, world: World) -> None:
    world.use("github")
    async with world.browser() as browser:
        first = await browser.get("/auth/oauth/github/start")
        await browser.get("/auth/oauth/github/start")
        assert (await browser.get(await world.at_provider(first))).status_code == 303


async def test_a_state_of_another_browser_is_refused(sqlite_database: TortoiseContext, world: World) -> None:
    world.use("github")
    async with world.browser() as attacker, world.browser() as victim:
        callback = await world.at_provider(await attacker.get("/auth/oauth/github/start"))
        await victim.get("/auth/oauth/github/start")
        assert code_of(await victim.get(callback)) == (403, "OAUTH_STATE")
        victim.cookies.clear()
        assert code_of(await victim.get(callback)) == (403, "OAUTH_STATE")
    assert await User.all().count() == await Session.all().count() == await UsedState.all().count() == 0
    assert world.server.token_requests == []


@pytest.mark.parametrize("state", ["", "nonsense", "eyJhIjoxfQ.c2ln", None])
async def test_a_state_we_did_not_sign_is_refused(
    sqlite_database: TortoiseContext, world: World, state: str | None
) -> None:
    world.use("github")
    async with world.browser() as browser:
        await browser.get("/auth/oauth/github/start")
        query = {"code": "abc"} | ({} if state is None else {"state": state})
        answer = await browser.get("/auth/oauth/github/callback", params=query)
    assert answer.json()["error"] == {
        "code": "OAUTH_STATE",
        "message": "This sign-in began in another browser, or more than ten minutes ago. "
        "Start again from the sign-in page.",
    }
    assert world.server.token_requests == []


async def test_a_state_is_for_one_provider(sqlite_database: TortoiseContext, world: World) -> None:
    world.use("github")
    world.app.state.oauth = OAuth(world.settings, [world.server.provider("github"), world.server.provider("kakao")])
    async with world.browser() as browser:
        callback = await world.at_provider(await browser.get("/auth/oauth/github/start"))
        assert code_of(await browser.get(callback.replace("/github/", "/kakao/"))) == (403, "OAUTH_STATE")
    assert world.server.token_requests == []


async def test_a_state_works_once(database: TortoiseContext, world: World) -> None:
    world.use("github")
    async with world.browser() as browser:
        start = await browser.get("/auth/oauth/github/start")
        binding = browser.cookies["coslide-oauth"]
        callback = await world.at_provider(start)
        assert (await browser.get(callback)).status_code == 303
        browser.cookies.set("coslide-oauth", binding, domain="coslide.test", path="/")
        assert code_of(await browser.get(callback)) == (403, "OAUTH_REPLAYED")
    assert len(world.server.token_requests) == 1
    assert await Session.all().count() == 1


async def test_an_old_state_is_refused(
    sqlite_database: TortoiseContext, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.use("github")
    async with world.browser() as browser:
        callback = await world.at_provider(await browser.get("/auth/oauth/github/start"))
        later = time.time() + 601
        with monkeypatch.context() as patch:
            patch.setattr("api.auth.secrets.time.time", lambda: later)
            assert code_of(await browser.get(callback)) == (403, "OAUTH_STATE")


@pytest.mark.parametrize("name", NAMES)
async def test_a_code_that_another_browser_asked_for_is_refused_by_pkce(
    sqlite_database: TortoiseContext, world: World, name: str
) -> None:
    """A stolen code under one's own state: the verifier belongs to another challenge."""
    world.use(name)
    async with world.browser() as victim, world.browser() as thief:
        stolen = await world.at_provider(await victim.get(f"/auth/oauth/{name}/start"))
        own = await world.at_provider(await thief.get(f"/auth/oauth/{name}/start"))
        code = parse_qs(urlsplit(stolen).query)["code"][0]
        state = parse_qs(urlsplit(own).query)["state"][0]
        answer = await thief.get(f"/auth/oauth/{name}/callback", params={"code": code, "state": state})
    assert code_of(answer) == (401, "OAUTH_REFUSED")
    assert await User.all().count() == await Session.all().count() == 0


async def test_a_person_who_refuses_is_not_signed_in(sqlite_database: TortoiseContext, world: World) -> None:
    world.use("kakao")
    world.server.deny = True
    async with world.browser() as browser:
        answer = await world.sign_in(browser, "kakao")
        assert code_of(answer) == (401, "OAUTH_DENIED")
        assert "Kakao did not sign you in (access_denied)." in answer.json()["error"]["message"]
        callback = await world.at_provider(await browser.get("/auth/oauth/kakao/start"))
        page = await browser.get(callback, headers={"accept": "text/html,*/*"})
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in?error=OAUTH_DENIED")
    assert await User.all().count() == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("verified", [False, True])
async def test_an_address_never_links_to_an_account_that_has_it(
    sqlite_database: TortoiseContext, world: World, name: str, verified: bool
) -> None:
    ada = await make_user("Ada", email="ada@example.org", email_verified=verified)
    world.use(name)
    profile = world.server.profile
    if not verified:
        profile["email_verified"] = False
        profile["kakao_account"] = {**profile.get("kakao_account", {}), "is_email_verified": False}
        world.server.emails = [{"email": "ada@example.org", "primary": True, "verified": False}]
    async with world.browser() as browser:
        assert (await world.sign_in(browser, name)).status_code == 303
    session = await Session.get().select_related("user")
    assert session.user_id != ada.id
    assert (session.user.email, session.user.email_verified) == (None, False)
    assert (await OAuthIdentity.get()).user_id == session.user_id
    assert ((await OAuthIdentity.get()).email or "").lower() == "ada@example.org"
    await ada.refresh_from_db()
    assert (ada.email, ada.email_verified) == ("ada@example.org", verified)


@pytest.mark.parametrize(
    "account",
    [
        {"profile": {"nickname": "에이다"}},
        {
            "profile": {"nickname": "에이다"},
            "email": "ada@example.org",
            "is_email_valid": False,
            "is_email_verified": True,
        },
        {"profile": {"nickname": "에이다"}, "email": "ada@example.org", "is_email_valid": True},
        None,
    ],
)
async def test_kakao_without_a_usable_address(
    sqlite_database: TortoiseContext, world: World, account: dict[str, Any] | None
) -> None:
    world.use("kakao")
    world.server.profile = {"id": 7} | ({"kakao_account": account} if account else {})
    async with world.browser() as browser:
        assert (await world.sign_in(browser, "kakao")).status_code == 303
    user = await User.get()
    assert (user.name, user.email, user.email_verified) == ("에이다" if account else "Kakao user", None, False)


async def test_kakao_without_a_client_secret_sends_none(sqlite_database: TortoiseContext, world: World) -> None:
    world.use("kakao", client_secret="")
    async with world.browser() as browser:
        await world.sign_in(browser, "kakao")
    (request,) = world.server.token_requests
    assert request["client_id"] == "coslide-test"
    assert "client_secret" not in request


async def test_subjects_that_differ_by_case_are_two_people(database: TortoiseContext, world: World) -> None:
    world.use("openid")
    for subject in ("AbC", "aBc", "ABC", "abć"):
        world.server.profile = {"sub": subject, "name": subject}
        async with world.browser() as browser:
            assert (await world.sign_in(browser, "openid")).status_code == 303
    assert await User.all().order_by("created_at").values_list("name", flat=True) == ["AbC", "aBc", "ABC", "abć"]


async def test_a_subject_belongs_to_its_issuer(sqlite_database: TortoiseContext, world: World) -> None:
    for name in ("google", "openid"):
        world.use(name)
        world.server.profile = {"sub": "7", "name": name}
        async with world.browser() as browser:
            await world.sign_in(browser, name)
    assert await User.all().count() == 2


async def test_several_returns_at_once_make_one_account(database: TortoiseContext, world: World) -> None:
    world.use("github")

    async def sign_in() -> int:
        async with world.browser() as browser:
            return (await world.sign_in(browser, "github")).status_code

    assert await asyncio.gather(*(sign_in() for _ in range(5))) == [303] * 5
    assert await User.all().count() == await OAuthIdentity.all().count() == 1
    assert await Session.all().count() == 5


async def test_closed_registration_lets_in_only_who_is_known(sqlite_database: TortoiseContext, world: World) -> None:
    world.settings = world.settings.model_copy(update={"registration": Registration.CLOSED})
    world.use("github")
    async with world.browser() as browser:
        assert code_of(await world.sign_in(browser, "github")) == (403, "REGISTRATION_CLOSED")
        assert await User.all().count() == await OAuthIdentity.all().count() == 0
        open_again = world.settings.model_copy(update={"registration": Registration.OPEN})
        world.app.state.oauth = OAuth(open_again, [world.server.provider("github")])
        assert (await world.sign_in(browser, "github")).status_code == 303
        world.use("github")
        assert (await world.sign_in(browser, "github")).status_code == 303
    assert await User.all().count() == 1


async def test_a_disabled_account_stays_out(sqlite_database: TortoiseContext, world: World) -> None:
    world.use("github")
    async with world.browser() as browser:
        await world.sign_in(browser, "github")
        await User.all().update(disabled_at="2026-01-01T00:00:00+00:00")
        await Session.all().delete()
        assert code_of(await world.sign_in(browser, "github")) == (403, "ACCOUNT_DISABLED")
    assert await Session.all().count() == 0


async def test_an_unknown_provider(world: World) -> None:
    world.use("github")
    async with world.browser() as browser:
        assert code_of(await browser.get("/auth/oauth/kakao/start")) == (404, "PROVIDER_UNKNOWN")
        page = await browser.get("/auth/oauth/kakao/start", headers={"accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in?error=PROVIDER_UNKNOWN")


@pytest.mark.parametrize("name", NAMES)
async def test_a_provider_that_fails(sqlite_database: TortoiseContext, world: World, name: str) -> None:
    world.use(name)
    async with world.browser() as browser:
        callback = await world.at_provider(await browser.get(f"/auth/oauth/{name}/start"))
        world.server.broken = True
        answer = await browser.get(callback)
    assert code_of(answer) == (503, "OAUTH_UNREACHABLE")
    assert await User.all().count() == 0


async def test_a_provider_that_can_not_be_reached(world: World) -> None:
    world.use("openid", configuration_url="http://127.0.0.1:9/.well-known/openid-configuration")
    async with world.browser() as browser:
        assert code_of(await browser.get("/auth/oauth/openid/start")) == (503, "OAUTH_UNREACHABLE")


async def test_a_provider_over_plain_http_is_refused(world: World) -> None:
    world.use("openid", configuration_url="http://id.example.org/.well-known/openid-configuration")
    async with world.browser() as browser:
        answer = await browser.get("/auth/oauth/openid/start")
    assert code_of(answer) == (503, "OAUTH_ANSWER_INVALID")
    assert "http://id.example.org/.well-known/openid-configuration is not https" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another attempt"},
        {"nonce": None},
        {"iss": "https://id.example.org"},
        {"aud": "another client"},
        {"aud": ["coslide-test", "another"], "azp": "another"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"sub": "someone else"},
        {"sub": None},
    ],
)
async def test_an_id_token_with_a_wrong_claim_is_refused(
    sqlite_database: TortoiseContext, world: World, claims: dict[str, Any]
) -> None:
    world.use("openid")
    world.server.claims = claims
    async with world.browser() as browser:
        assert code_of(await world.sign_in(browser, "openid")) == (503, "OAUTH_ANSWER_INVALID")
    assert await User.all().count() == await Session.all().count() == 0


@pytest.mark.parametrize("algorithm", ["RS256", "HS256"])
async def test_an_id_token_signed_by_someone_else_is_refused(
    sqlite_database: TortoiseContext, world: World, algorithm: str
) -> None:
    world.use("openid")
    world.server.signing_key = new_key("another")
    world.server.algorithm = algorithm
    async with world.browser() as browser:
        assert code_of(await world.sign_in(browser, "openid")) == (503, "OAUTH_ANSWER_INVALID")
    assert await User.all().count() == 0


@pytest.mark.parametrize("name", ["kakao", "naver", "github"])
async def test_a_profile_without_a_subject_is_refused(
    sqlite_database: TortoiseContext, world: World, name: str
) -> None:
    world.use(name)
    world.server.profile = {"kakao_account": {"email": "ada@example.org"}, "response": {"email": "ada@example.org"}}
    async with world.browser() as browser:
        assert code_of(await world.sign_in(browser, name)) == (503, "OAUTH_ANSWER_INVALID")
    assert await User.all().count() == 0


REGISTRATION = {"email": "ada@example.org", "name": "Ada", "password": "correct horse battery"}


async def test_who_is_signed_in_can_add_a_provider(sqlite_database: TortoiseContext, world: World) -> None:
    world.use("kakao")
    async with world.browser() as browser:
        await browser.post("/auth/register", json=REGISTRATION)
        start = await browser.post("/auth/oauth/kakao/start")
        assert start.status_code == 200
        async with httpx.AsyncClient() as http:
            callback = (await http.get(start.json()["url"])).headers["location"]
        assert (await browser.get(callback)).status_code == 303
    async with world.browser() as other:
        await world.sign_in(other, "kakao")
    ada = await User.get()
    assert (ada.email, ada.email_verified, ada.name) == ("ada@example.org", False, "Ada")
    assert (await OAuthIdentity.get()).user_id == ada.id
    assert {row.user_id for row in await Session.all()} == {ada.id}


async def test_adding_a_provider_needs_ones_own_page_and_session(
    sqlite_database: TortoiseContext, world: World
) -> None:
    world.use("kakao")
    async with world.browser() as browser, world.browser() as stranger:
        assert code_of(await browser.post("/auth/oauth/kakao/start")) == (401, "NOT_SIGNED_IN")
        await browser.post("/auth/register", json=REGISTRATION)
        evil = await browser.post("/auth/oauth/kakao/start", headers={"origin": "https://evil.example"})
        assert code_of(evil) == (403, "ORIGIN_REFUSED")
        start = await browser.post("/auth/oauth/kakao/start")
        async with httpx.AsyncClient() as http:
            callback = (await http.get(start.json()["url"])).headers["location"]
        stranger.cookies.set("coslide-oauth", browser.cookies["coslide-oauth"], domain="coslide.test", path="/")
        assert code_of(await stranger.get(callback)) == (403, "OAUTH_STATE")
    assert await OAuthIdentity.all().count() == 0


async def test_a_provider_of_another_account_is_not_moved(sqlite_database: TortoiseContext, world: World) -> None:
    world.use("kakao")
    async with world.browser() as browser, world.browser() as other:
        await world.sign_in(other, "kakao")
        await browser.post("/auth/register", json={**REGISTRATION, "email": "eve@example.org"})
        start = await browser.post("/auth/oauth/kakao/start")
        async with httpx.AsyncClient() as http:
            callback = (await http.get(start.json()["url"])).headers["location"]
        assert code_of(await browser.get(callback)) == (409, "IDENTITY_TAKEN")
    identity = await OAuthIdentity.get().select_related("user")
    assert (identity.user.name, identity.user.email) == ("에이다", "ada@example.org")

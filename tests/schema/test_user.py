"""One's own account, sessions and API tokens through GraphQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tortoise.context import TortoiseContext

from api.auth import accounts, sessions, tokens
from api.auth.passwords import PasswordPool
from api.auth.secrets import hash_token
from api.auth.viewer import Scope
from api.models.user import ApiToken, Session, User
from api.settings import Settings
from tests.auth_app import cheap_passwords
from tests.factories import make_user
from tests.schema.asking import ask, change, error_of, viewer_for

SETTINGS = Settings()


@pytest.fixture(autouse=True)
def password_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[PasswordPool]:
    with cheap_passwords(monkeypatch) as pool:
        yield pool


async def test_me(sqlite_database: TortoiseContext) -> None:
    assert await ask("{ me { email } }", None) == {"me": None}
    ada = await make_user("Ada", locale="ko", is_admin=True)
    answer = await ask("{ me { user { id name email color } email emailVerified locale isAdmin } }", viewer_for(ada))
    assert answer["me"] == {
        "user": {"id": str(ada.id), "name": "Ada", "email": ada.email, "color": "#3366cc"},
        "email": ada.email,
        "emailVerified": True,
        "locale": "ko",
        "isAdmin": True,
    }
    token_viewer = viewer_for(ada, Scope.WRITE, via_token=True)
    assert (await error_of("{ me { email } }", token_viewer)).code == "SCOPE_MISSING"


async def test_sessions(sqlite_database: TortoiseContext) -> None:
    ada, eve = await make_user("Ada"), await make_user("Eve")
    here = hash_token(await sessions.create(ada.id, SETTINGS, user_agent="Firefox"))
    there = hash_token(await sessions.create(ada.id, SETTINGS, user_agent="Chrome"))
    other = hash_token(await sessions.create(eve.id, SETTINGS))
    viewer = viewer_for(ada, credential=here)
    query = "{ me { sessions { id userAgent current createdAt expiresAt } } }"
    listed = (await ask(query, viewer))["me"]["sessions"]
    assert [(entry["id"], entry["userAgent"], entry["current"]) for entry in listed] == [
        (there, "Chrome", False),
        (here, "Firefox", True),
    ]
    assert listed[0]["createdAt"] < listed[0]["expiresAt"]
    assert (await change("revokeSession", viewer, "", id=other))["code"] == "NOT_FOUND"
    assert await change("revokeSession", viewer, "... on Deleted { id }", id=there) == {
        "__typename": "Deleted",
        "id": there,
    }
    assert {row.token_hash for row in await Session.all()} == {here, other}


async def test_the_tour_is_remembered_with_the_account_and_can_be_brought_back(
    sqlite_database: TortoiseContext,
) -> None:
    ada = await make_user("Ada")
    viewer = viewer_for(ada)
    assert await ask("{ me { toured } }", viewer) == {"me": {"toured": False}}
    for toured in (True, True, False):
        assert (await change("updateMe", viewer, "... on Me { toured }", toured=toured))["toured"] is toured
        assert (await change("updateMe", viewer, "... on Me { toured }", name="Ada L."))["toured"] is toured
    assert await ask("{ me { toured } }", viewer_for(await make_user("Ben"))) == {"me": {"toured": False}}


async def test_api_tokens(sqlite_database: TortoiseContext) -> None:
    ada = await make_user("Ada")
    viewer = viewer_for(ada)
    fields = "... on CreatedApiToken { token apiToken { id name prefix scopes expiresAt lastUsedAt } }"
    made = await change("createApiToken", viewer, fields, name="script", scopes=["write", "read"], expiresInDays=1)
    row = await ApiToken.get()
    assert hash_token(made["token"]) == row.token_hash
    assert made["apiToken"] == {
        "id": str(row.id),
        "name": "script",
        "prefix": row.prefix,
        "scopes": ["read", "write"],
        "expiresAt": row.expires_at.isoformat() if row.expires_at else None,
        "lastUsedAt": None,
    }
    listed = await ask("{ me { apiTokens { id name } } }", viewer)
    assert listed["me"]["apiTokens"] == [{"id": str(row.id), "name": "script"}]
    assert await sessions.viewer_of_token(f"Bearer {made['token']}") is not None
    assert (await change("revokeApiToken", viewer_for(await make_user("Eve")), "", id=str(row.id)))[
        "code"
    ] == "NOT_FOUND"
    assert (await change("revokeApiToken", viewer, "... on Deleted { id }", id=str(row.id)))["id"] == str(row.id)
    assert await sessions.viewer_of_token(f"Bearer {made['token']}") is None
    assert (await ask("{ me { apiTokens { id } } }", viewer))["me"]["apiTokens"] == []
    refused = await change("createApiToken", viewer, "", name="script", scopes=["root"])
    assert (refused["code"], refused["failedField"]) == ("TOKEN_SCOPES", "scopes")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("updateMe", {"name": "Eve"}),
        ("createApiToken", {"name": "x", "scopes": ["read"]}),
        ("revokeApiToken", {"id": "TOKEN"}),
        ("revokeSession", {"id": "SESSION"}),
    ],
)
async def test_neither_strangers_nor_api_tokens_manage_credentials(
    sqlite_database: TortoiseContext, name: str, values: dict[str, object]
) -> None:
    ada = await make_user("Ada")
    session = hash_token(await sessions.create(ada.id, SETTINGS))
    _, row = await tokens.create_token(ada.id, name="script", scopes=["read", "write", "predict"])
    places = {"TOKEN": str(row.id), "SESSION": session}
    sent = {key: places.get(value, value) if isinstance(value, str) else value for key, value in values.items()}
    assert (await change(name, None, "", **sent))["code"] == "NOT_SIGNED_IN"
    assert (await change(name, viewer_for(ada, via_token=True), "", **sent))["code"] == "SESSION_NEEDED"
    assert (await User.get()).name == "Ada"
    assert await Session.all().count() == 1
    assert await ApiToken.all().values_list("revoked_at", flat=True) == [None]
    for query in ("{ me { apiTokens { id } } }", "{ me { sessions { id } } }"):
        assert (await error_of(query, viewer_for(ada, via_token=True))).code == "SESSION_NEEDED"


async def test_a_new_password_signs_other_browsers_out(sqlite_database: TortoiseContext) -> None:
    ada = await accounts.create_account(email="ada@example.org", name="Ada", password="correct horse")
    here, there = [hash_token(await sessions.create(ada.id, SETTINGS)) for _ in range(2)]
    viewer = viewer_for(ada, credential=here)
    refused = await change("updateMe", viewer, "", password="another good one", currentPassword="wrong")
    assert (refused["code"], refused["failedField"]) == ("CURRENT_PASSWORD_WRONG", "currentPassword")
    assert await Session.all().count() == 2
    assert await sessions.viewer_of_credential(there) is not None
    done = await change(
        "updateMe",
        viewer,
        "... on Me { locale user { name } }",
        password="another good one",
        currentPassword="correct horse",
        name="Ada L",
        locale="ko",
    )
    assert done == {"__typename": "Me", "locale": "ko", "user": {"name": "Ada L"}}
    assert [row.token_hash for row in await Session.all()] == [here]
    assert await sessions.viewer_of_credential(there) is None
    assert (await accounts.check_credentials("ada@example.org", "another good one")).id == ada.id

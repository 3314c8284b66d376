"""What a stranger may know."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import SecretStr

from api.settings import Registration, Settings
from tests.schema.asking import ask

QUERY = "{ server { version registrationOpen authProviders { name label startUrl } uploadMaxBytes } }"


async def test_a_bare_server() -> None:
    version = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["version"]
    assert await ask(QUERY, None, settings=Settings()) == {
        "server": {"version": version, "registrationOpen": True, "authProviders": [], "uploadMaxBytes": 20e9}
    }


async def test_only_providers_that_are_set_up_are_offered() -> None:
    settings = Settings(
        registration=Registration.CLOSED,
        upload_max_gb=0.5,
        kakao_client_id="k",
        google_client_id="g",
        google_client_secret=SecretStr("s"),
        openid_client_id="o",
        openid_configuration_url="https://id.example.org/.well-known/openid-configuration",
        openid_name="Hospital",
    )
    server = (await ask(QUERY, None, settings=settings))["server"]
    assert (server["registrationOpen"], server["uploadMaxBytes"]) == (False, 5e8)
    assert server["authProviders"] == [
        {"name": "kakao", "label": "Kakao", "startUrl": "/auth/oauth/kakao/start"},
        {"name": "google", "label": "Google", "startUrl": "/auth/oauth/google/start"},
        {"name": "openid", "label": "Hospital", "startUrl": "/auth/oauth/openid/start"},
    ]


async def test_openid_without_its_address_is_not_offered() -> None:
    server = (await ask(QUERY, None, settings=Settings(openid_client_id="o")))["server"]
    assert server["authProviders"] == []

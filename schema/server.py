"""What anyone may know about this server before signing in."""

from __future__ import annotations

import strawberry

from api.auth.providers import configured_providers
from api.settings import Registration
from api.version import running_version
from schema.context import Info


@strawberry.type(description="A way to sign in beside a password.")
class AuthProvider:
    name: str = strawberry.field(description="kakao, naver, google, github or openid.")
    label: str = strawberry.field(description="What its button says.")
    start_url: str = strawberry.field(description="Where its button leads.")


@strawberry.type(description="This server.")
class Server:
    version: str = strawberry.field(description="The version that runs.")
    registration_open: bool = strawberry.field(description="Whether anyone may make an account.")
    auth_providers: list[AuthProvider] = strawberry.field(description="The sign-in providers that are set up.")
    upload_max_bytes: float = strawberry.field(description="The largest slide file accepted.")


@strawberry.type
class ServerQuery:
    @strawberry.field(description="This server; needs no sign-in.")
    def server(self, info: Info) -> Server:
        settings = info.context.settings
        return Server(
            version=running_version(),
            registration_open=settings.registration is Registration.OPEN,
            auth_providers=[
                AuthProvider(name=provider.name, label=provider.label, start_url=provider.start_path)
                for provider in configured_providers(settings)
            ],
            upload_max_bytes=settings.upload_max_gb * 1e9,
        )

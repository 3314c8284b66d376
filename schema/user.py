"""People; the viewer's own account, sessions and API tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.auth import accounts, sessions, tokens
from api.auth.permissions import require_scope, require_session
from api.auth.viewer import Action
from api.models.user import ApiToken as ApiTokenRow
from api.models.user import Session as SessionRow
from api.models.user import User as UserRow
from schema.context import Info
from schema.deleted import Deleted
from schema.failure import Failure
from schema.ids import uuid_of
from schema.loaders import ManagedUserLoader, UserByIdLoader


@strawberry.type(description="A person.")
class User:
    row: strawberry.Private[UserRow]
    id: strawberry.ID = strawberry.field(description="The account's id.")
    name: str = strawberry.field(description="The name others see.")
    color: str = strawberry.field(description="#rrggbb of the person's cursor, strokes and selection.")

    @classmethod
    def of(cls, row: UserRow) -> User:
        """The GraphQL side of a row."""
        return cls(row=row, id=strawberry.ID(str(row.id)), name=row.name, color=row.color)

    @strawberry.field(
        description="Their e-mail address; null unless it is oneself or a member of a project one manages."
    )
    async def email(self, info: Info) -> str | None:
        viewer = info.context.viewer
        if viewer is None:
            return None
        if viewer.user_id == self.row.id:
            return self.row.email
        managed = await info.context.loader(ManagedUserLoader).load((viewer.user_id, self.row.id))
        return self.row.email if managed else None


async def load_user(info: Info, user_id: UUID | None) -> User | None:
    """A person by id for other nouns' fields; None for null and for one who is gone."""
    row = await info.context.loader(UserByIdLoader).load(user_id) if user_id else None
    return User.of(row) if row else None


@strawberry.type(description="A browser that is signed in.")
class SessionInfo:
    id: strawberry.ID = strawberry.field(description="The session's id.")
    created_at: datetime = strawberry.field(description="When it began.")
    expires_at: datetime = strawberry.field(description="When it ends by itself.")
    user_agent: str = strawberry.field(description="What the browser said it is.")
    current: bool = strawberry.field(description="Whether this request came by it.")

    @classmethod
    def of(cls, row: SessionRow, credential: str) -> SessionInfo:
        """The GraphQL side of a row; `credential` is the viewer's."""
        return cls(
            id=strawberry.ID(row.token_hash),
            created_at=row.created_at,
            expires_at=row.expires_at,
            user_agent=row.user_agent,
            current=row.token_hash == credential,
        )


@strawberry.type(description="A token for programs. The token itself is shown only when it is made.")
class ApiToken:
    id: strawberry.ID = strawberry.field(description="The token's id, to revoke it by.")
    name: str = strawberry.field(description="What its owner calls it.")
    prefix: str = strawberry.field(description="The part after `coslide_`, to recognise it by.")
    scopes: list[str] = strawberry.field(description="What it may be used for: read, write, predict.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it ends; null for never.")
    last_used_at: datetime | None = strawberry.field(
        description="When it was last used, to the minute; null for never."
    )

    @classmethod
    def of(cls, row: ApiTokenRow) -> ApiToken:
        """The GraphQL side of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            prefix=row.prefix,
            scopes=row.scopes,
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
        )


@strawberry.type(description="An API token just made.")
class CreatedApiToken:
    token: str = strawberry.field(description="The token. It is not shown again: keep it now.")
    api_token: ApiToken = strawberry.field(description="What is kept about it.")


@strawberry.type(description="The viewer's own account.")
class Me:
    row: strawberry.Private[UserRow]
    email: str | None = strawberry.field(description="The e-mail address; null for people whose provider gave none.")
    email_verified: bool = strawberry.field(description="Whether a sign-in provider vouched for the address.")
    locale: str = strawberry.field(description="en or ko.")
    is_admin: bool = strawberry.field(description="Whether this account administers the server.")
    toured: bool = strawberry.field(description="Whether the tour of a slide's page was taken or skipped.")

    @classmethod
    def of(cls, row: UserRow) -> Me:
        """The GraphQL side of a row."""
        return cls(
            row=row,
            email=row.email,
            email_verified=row.email_verified,
            locale=row.locale,
            is_admin=row.is_admin,
            toured=row.toured_at is not None,
        )

    @strawberry.field(description="As others see it.")
    def user(self) -> User:
        return User.of(self.row)

    @strawberry.field(description="API tokens that are not revoked, newest first. Not shown to API tokens.")
    async def api_tokens(self, info: Info) -> list[ApiToken]:
        viewer = require_session(info.context.viewer)
        return [ApiToken.of(row) for row in await tokens.list_tokens(viewer.user_id)]

    @strawberry.field(description="Browsers that are signed in, newest first. Not shown to API tokens.")
    async def sessions(self, info: Info) -> list[SessionInfo]:
        viewer = require_session(info.context.viewer)
        return [SessionInfo.of(row, viewer.credential) for row in await sessions.list_sessions(viewer.user_id)]


@strawberry.input(description="Changes to one's own account; what is left out stays as it is.")
class UpdateMeInput:
    name: str | None = strawberry.field(default=None, description="The name others see, 1 to 120 characters.")
    locale: str | None = strawberry.field(default=None, description="en or ko.")
    toured: bool | None = strawberry.field(
        default=None, description="Whether the tour was taken; false brings it again at the next slide."
    )
    password: str | None = strawberry.field(
        default=None, description="A new password, 8 to 256 characters; signs all other browsers out."
    )
    current_password: str | None = strawberry.field(
        default=None, description="The password until now; needed with `password` by accounts that have one."
    )


@strawberry.input(description="An API token to make.")
class CreateApiTokenInput:
    name: str = strawberry.field(description="What to call it, 1 to 120 characters.")
    scopes: list[str] = strawberry.field(description="One or more of read, write, predict.")
    expires_in_days: int | None = strawberry.field(default=None, description="Days until it ends; null for never.")


@strawberry.input(description="The API token to revoke.")
class RevokeApiTokenInput:
    id: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.input(description="The session to end.")
class RevokeSessionInput:
    id: strawberry.ID = strawberry.field(description="Its id, from `me { sessions { id } }`.")


UpdateMeResult = Annotated[Me | Failure, strawberry.union("UpdateMeResult", description="One's account, or why not.")]
CreateApiTokenResult = Annotated[
    CreatedApiToken | Failure, strawberry.union("CreateApiTokenResult", description="The token, or why not.")
]
RevokeApiTokenResult = Annotated[
    Deleted | Failure, strawberry.union("RevokeApiTokenResult", description="The revoked token's id, or why not.")
]
RevokeSessionResult = Annotated[
    Deleted | Failure, strawberry.union("RevokeSessionResult", description="The ended session's id, or why not.")
]


@strawberry.type
class UserQuery:
    @strawberry.field(description="The viewer's own account; null for a stranger.")
    async def me(self, info: Info) -> Me | None:
        viewer = info.context.viewer
        if viewer is None:
            return None
        require_scope(viewer, Action.VIEW)
        row = await info.context.loader(UserByIdLoader).load(viewer.user_id)
        return Me.of(row) if row else None


@strawberry.type
class UserMutation:
    @strawberry.mutation(description="Change one's own name, language or password.")
    async def update_me(self, info: Info, input: UpdateMeInput) -> UpdateMeResult:
        viewer = require_session(info.context.viewer)
        if input.password is not None:
            limit = info.context.settings.sign_in_attempts
            await accounts.change_password(
                viewer.user_id, current=input.current_password, new=input.password, attempts=limit
            )
            await sessions.revoke_all(viewer.user_id, keep=viewer.credential)
        return Me.of(
            await accounts.update_account(viewer.user_id, name=input.name, locale=input.locale, toured=input.toured)
        )

    @strawberry.mutation(description="Make an API token for programs.")
    async def create_api_token(self, info: Info, input: CreateApiTokenInput) -> CreateApiTokenResult:
        viewer = require_session(info.context.viewer)
        token, row = await tokens.create_token(
            viewer.user_id, name=input.name, scopes=input.scopes, expires_in_days=input.expires_in_days
        )
        return CreatedApiToken(token=token, api_token=ApiToken.of(row))

    @strawberry.mutation(description="Revoke one of one's own API tokens.")
    async def revoke_api_token(self, info: Info, input: RevokeApiTokenInput) -> RevokeApiTokenResult:
        viewer = require_session(info.context.viewer)
        sessions.cache.forget(await tokens.revoke_token(viewer.user_id, uuid_of(input.id)))
        return Deleted(id=input.id)

    @strawberry.mutation(description="Sign one of one's own browsers out.")
    async def revoke_session(self, info: Info, input: RevokeSessionInput) -> RevokeSessionResult:
        viewer = require_session(info.context.viewer)
        await sessions.revoke_own(viewer.user_id, input.id)
        return Deleted(id=input.id)

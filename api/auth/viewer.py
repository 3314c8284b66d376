"""The vocabulary of permission: who asks, and what they want to do."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.models.project import Role


class Scope(enum.StrEnum):
    """What an API token may be used for. A browser session has all of them."""

    READ = "read"
    WRITE = "write"
    PREDICT = "predict"


class Action(enum.StrEnum):
    """What a permission check asks for."""

    VIEW = "view"
    ANNOTATE = "annotate"
    PREDICT = "predict"
    REVIEW = "review"
    UPLOAD = "upload"
    MANAGE = "manage"
    OWN = "own"


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True)
class Viewer:
    """The person behind a request, already authenticated.

    Attributes:
        credential: hash of the session or API token used; revoking it ends sockets opened with it.
        scopes: what the credential allows, beside what the person's role allows.
        expires_at: when the credential ends by itself; None for a token without an end.
        via_token: whether an API token was used; it can't manage accounts, sessions and tokens.
    """

    user_id: UUID
    name: str
    credential: str
    scopes: frozenset[Scope] = ALL_SCOPES
    is_admin: bool = False
    expires_at: datetime | None = None
    via_token: bool = False


_ALLOWED: dict[Role, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.VIEW}),
    Role.ANNOTATOR: frozenset({Action.VIEW, Action.ANNOTATE, Action.PREDICT}),
    Role.REVIEWER: frozenset({Action.VIEW, Action.ANNOTATE, Action.PREDICT, Action.REVIEW}),
    Role.MANAGER: frozenset(Action) - {Action.OWN},
    Role.OWNER: frozenset(Action),
}

_SCOPE: dict[Action, Scope] = {Action.VIEW: Scope.READ, Action.PREDICT: Scope.PREDICT}


def allows(role: Role, action: Action) -> bool:
    """Whether a member with `role` may do `action`."""
    return action in _ALLOWED[role]


def scope_for(action: Action) -> Scope:
    """The API token scope that `action` needs."""
    return _SCOPE.get(action, Scope.WRITE)

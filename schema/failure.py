"""Expected failures as a member of every mutation's result union."""

from __future__ import annotations

import strawberry

from api.errors import PlatformError
from schema.scalars import Json


@strawberry.type(description="What went wrong, for people and for programs.")
class Failure:
    code: str = strawberry.field(description="Stable upper-case code; translate by it.")
    message: str = strawberry.field(description="What happened and what to do, in English.")
    field: str | None = strawberry.field(default=None, description="The input field it is about.")
    params: Json | None = strawberry.field(default=None, description="Values for translating the message.")


def failure_of(error: PlatformError) -> Failure:
    """The union member for an expected failure; registered as the schema's handler, so that resolvers simply raise."""
    return Failure(
        code=error.code, message=error.message, field=error.field, params=Json(error.params) if error.params else None
    )

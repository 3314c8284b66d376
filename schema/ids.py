"""Reading identifiers that clients send."""

from __future__ import annotations

from uuid import UUID

import strawberry

from api.errors import InvalidInput


def uuid_of(value: strawberry.ID, field: str = "id") -> UUID:
    """The UUID in `value`.

    Args:
        value: what the client sent.
        field: the input field's name as the client spells it, for the error.

    Raises:
        InvalidInput: if it is no UUID.
    """
    try:
        return UUID(value)
    except ValueError as error:
        raise InvalidInput(
            f"{field} is '{str(value)[:64]}', which is not an identifier. Pass an id as the API returned it.",
            code="BAD_ID",
            field=field,
        ) from error


def optional_uuid(value: strawberry.ID | None, field: str) -> UUID | None:
    """The same for an identifier that may be left out."""
    return None if value is None else uuid_of(value, field)

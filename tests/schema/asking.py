"""The schema, asked as a given person."""

from __future__ import annotations

from typing import Any

from api.auth.viewer import Scope, Viewer
from api.errors import PlatformError
from api.models.user import User
from api.settings import Settings
from schema.app import schema
from schema.context import Context


def viewer_for(user: User, *scopes: Scope, credential: str = "c", via_token: bool = False) -> Viewer:
    return Viewer(user.id, user.name, credential, frozenset(scopes or Scope), via_token=via_token)


async def ask(
    query: str, viewer: Viewer | None, *, settings: Settings | None = None, **variables: object
) -> dict[str, Any]:
    """The data of an operation that must not fail."""
    result = await schema.execute(query, variables, Context(viewer=viewer, settings=settings or Settings(), app=None))
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data


async def change(name: str, viewer: Viewer | None, fields: str, /, **values: object) -> dict[str, Any]:
    """The result of a mutation: `fields` of its payload, or code and field of its failure."""
    kind = name[0].upper() + name[1:]
    query = f"""
        mutation ($input: {kind}Input!) {{
          result: {name}(input: $input) {{
            __typename
            ... on Failure {{ code message failedField: field params }}
            {fields}
          }}
        }}
    """
    result: dict[str, Any] = (await ask(query, viewer, input=values))["result"]
    return result


async def error_of(query: str, viewer: Viewer | None, /, **variables: object) -> PlatformError:
    """The one expected error of a query that must fail."""
    result = await schema.execute(query, variables, Context(viewer=viewer, settings=Settings(), app=None))
    assert result.errors is not None
    (error,) = result.errors
    assert isinstance(error.original_error, PlatformError), error
    return error.original_error

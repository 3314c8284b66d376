"""The error tree: every expected failure of the platform is one of these.

PlatformError
├── NotSignedIn               401  no session or token, or it has ended
├── NotPermitted              403  signed in, but the role does not allow it
├── NotFound                  404  no such thing, or not visible to the caller
├── InvalidInput              422  a value the caller sent is wrong; `field` names it
├── Conflict                  409  the thing changed since the caller read it
├── TooManyRequests           429  rate or quota; `retry_after_s`
├── TooLarge                  413  over a limit; `limit`, `actual`
├── UnsupportedSlide          422  a file that can't be opened as a slide
└── Unavailable               503  a component (model server, database, disk) is away

Codes are stable and upper-case; the web client translates them. Messages say what happened, with values, then what
to do.
A stranger can't tell a thing they may not see from one that does not exist: both are `NotFound`.
"""

from __future__ import annotations


class PlatformError(Exception):
    """An expected failure: `code` for programs, `message` for people, `status` for HTTP.

    Args:
        message: what happened, with values, then what to do.
        code: a more specific stable code than the class's own, such as `SLIDE_NO_TILES`.
        field: the input field it is about, as the caller spelled it.
        params: values for translating the message by its code.
    """

    status: int = 400
    default_code: str = "PLATFORM_ERROR"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        params: dict[str, str | int | float] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.field = field
        self.params = params or {}

    @property
    def extensions(self) -> dict[str, object]:
        """What a GraphQL error carries beside the message; graphql-core picks it up by this name."""
        extensions: dict[str, object] = {"code": self.code}
        if self.field:
            extensions["field"] = self.field
        if self.params:
            extensions["params"] = self.params
        return extensions

    def as_json(self) -> dict[str, object]:
        """The body of an HTTP error answer: `{"error": {"code", "message", "field"?, "params"?}}`."""
        return {"error": {"message": self.message, **self.extensions}}


class NotSignedIn(PlatformError):
    status = 401
    default_code = "NOT_SIGNED_IN"


class NotPermitted(PlatformError):
    status = 403
    default_code = "NOT_PERMITTED"


class NotFound(PlatformError):
    status = 404
    default_code = "NOT_FOUND"


class InvalidInput(PlatformError):
    status = 422
    default_code = "INVALID_INPUT"


class Conflict(PlatformError):
    status = 409
    default_code = "CONFLICT"


class TooLarge(PlatformError):
    status = 413
    default_code = "TOO_LARGE"


class TooManyRequests(PlatformError):
    status = 429
    default_code = "TOO_MANY_REQUESTS"

    def __init__(self, message: str, *, retry_after_s: int, code: str | None = None) -> None:
        super().__init__(message, code=code, params={"retry_after_s": retry_after_s})
        self.retry_after_s = retry_after_s


class UnsupportedSlide(PlatformError):
    status = 422
    default_code = "UNSUPPORTED_SLIDE"


class Unavailable(PlatformError):
    status = 503
    default_code = "UNAVAILABLE"

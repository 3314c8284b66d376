"""Errors that are not the platform's own, as people are told of them."""

from __future__ import annotations

from api.errors import Conflict, Unavailable


def broken(error: Exception, *, code: str, message: str) -> Unavailable:
    """What stopped a prediction, or a part of one, with a code that clients can translate."""
    return Unavailable(message, code=code, params={"kind": type(error).__name__, "reason": str(error)[:300]})


def disk_failed(error: OSError) -> Unavailable:
    """The disk can't be read or written."""
    return broken(error, code="PREDICTION_DISK", message=f"The disk failed: {error}. It is tried again.")


def slide_replaced() -> Conflict:
    """What was predicted so far is of another file."""
    return Conflict(
        "The slide's file was replaced meanwhile. Ask for a new prediction.", code="PREDICTION_SLIDE_REPLACED"
    )

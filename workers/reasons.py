"""Errors that are not the platform's own, as people are told of them."""

from __future__ import annotations

from pathlib import Path

from tortoise.exceptions import BaseORMException

from api.errors import Conflict, Unavailable


def disk_full(folder: Path) -> Unavailable:
    """There is no room in the folder, for which the prediction waits."""
    return Unavailable(
        f"The disk of {folder} is full. Make room: the prediction then goes on.",
        code="PREDICTION_DISK_FULL",
        params={"folder": str(folder)},
    )


def disk_failed(error: OSError) -> Unavailable:
    """The disk can't be read or written."""
    return _broken(error, code="PREDICTION_DISK", message=f"The disk failed: {error}. It is tried again.")


def database_failed(error: BaseORMException) -> Unavailable:
    """The database is away, or refused a statement."""
    return _broken(error, code="PREDICTION_DATABASE", message=f"The database failed: {error}. It is tried again.")


def unexpected(error: Exception) -> Unavailable:
    """A fault of the platform's own."""
    message = f"An unexpected {type(error).__name__} stopped it; the worker's log says where."
    return _broken(error, code="PREDICTION_UNEXPECTED", message=message)


def slide_replaced() -> Conflict:
    """What was predicted so far is of another file."""
    return Conflict(
        "The slide's file was replaced meanwhile. Ask for a new prediction.", code="PREDICTION_SLIDE_REPLACED"
    )


def _broken(error: Exception, *, code: str, message: str) -> Unavailable:
    """What stopped a prediction, or a part of one, with a code that clients can translate."""
    return Unavailable(message, code=code, params={"kind": type(error).__name__, "reason": str(error)[:300]})

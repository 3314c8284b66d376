"""One writer an upload, among all processes: a lock on its folder that ends with the process that holds it."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

from api.errors import Conflict, NotFound
from api.slides.storage import Storage

JOIN_ATTEMPTS = 50
JOIN_PAUSE_S = 0.1


class UploadLocked(Conflict):
    """Another request is writing to this upload."""

    status = 423
    default_code = "UPLOAD_LOCKED"


class UploadGone(NotFound):
    """The upload has expired or was ended."""

    status = 410
    default_code = "UPLOAD_GONE"


@asynccontextmanager
async def exclusive(storage: Storage, upload_id: UUID) -> AsyncIterator[None]:
    """Hold the upload against every other request of every process; ends with the process that holds it."""
    try:
        lock = os.open(storage.upload_path(upload_id).parent, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise UploadGone("What had arrived of this upload is gone. Begin a new one.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise UploadLocked(
            "Another request is writing to this upload. Wait until it has ended, then ask for the offset."
        ) from error
    try:
        yield
    finally:
        os.close(lock)


@asynccontextmanager
async def exclusive_soon(storage: Storage, upload_id: UUID) -> AsyncIterator[None]:
    """`exclusive`, waiting a little for a request that is about to end."""
    async with AsyncExitStack() as stack:
        for attempt in range(JOIN_ATTEMPTS):
            try:
                await stack.enter_async_context(exclusive(storage, upload_id))
                break
            except UploadLocked:
                if attempt == JOIN_ATTEMPTS - 1:
                    raise
                await asyncio.sleep(JOIN_PAUSE_S)
        yield

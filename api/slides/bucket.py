"""One bucket of S3-compatible storage. The only module that knows the client library."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from api.errors import Unavailable
from api.settings import Settings

TIMEOUT_S = 30
RETRIES = 3
PART_BYTES = 16 << 20
PARTS_AT_A_TIME = 4

T = TypeVar("T")


class Bucket:
    """Objects by key.

    Every method raises `Unavailable` (`STORAGE_AWAY`) when the service does not answer or refuses.
    """

    def __init__(self, settings: Settings) -> None:
        secret = settings.s3_secret_key
        self._store = S3Store(
            bucket=settings.s3_bucket,
            prefix=(settings.s3_prefix or "").strip("/") or None,
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key,
            secret_access_key=secret.get_secret_value() if secret else None,
            client_options={
                "allow_http": (settings.s3_endpoint or "").startswith("http://"),
                # Of one piece of a file, not of the file.
                "timeout": timedelta(seconds=TIMEOUT_S),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=TIMEOUT_S)},
        )

    async def put(self, key: str, data: bytes) -> None:
        """Keep an object, whole or not at all."""
        await _answered(obstore.put_async(self._store, key, data))

    async def put_file(self, key: str, path: Path) -> None:
        """Keep a file of any size, in parts; it is there when the last one is."""
        await _answered(
            obstore.put_async(self._store, key, path, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_A_TIME)
        )

    async def get(self, key: str) -> bytes | None:
        """An object's bytes; None when there is none."""
        try:
            return bytes(await (await obstore.get_async(self._store, key)).bytes_async())
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _away() from error

    async def get_range(self, key: str, start: int, length: int) -> bytes | None:
        """`length` bytes of an object from `start` on; None when there is none."""
        try:
            return bytes(await obstore.get_range_async(self._store, key, start=start, length=length))
        except FileNotFoundError:
            return None
        except BaseError as error:
            raise _away() from error

    async def delete(self, keys: list[str]) -> None:
        """Remove objects; those that are not there are no error."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                continue
            except BaseError as error:
                raise _away() from error

    async def keys(self, prefix: str) -> list[str]:
        """All keys below a prefix."""
        try:
            return [str(entry["path"]) async for page in obstore.list(self._store, prefix) for entry in page]
        except BaseError as error:
            raise _away() from error


async def _answered(work: Awaitable[T]) -> T:
    try:
        return await work
    except (BaseError, FileNotFoundError) as error:
        raise _away() from error


def _away() -> Unavailable:
    return Unavailable(
        "The storage of the slides does not answer or refuses. Try again in a minute; if it stays so, ask the server's "
        "administrator to look at the COSLIDE_S3 settings.",
        code="STORAGE_AWAY",
    )

"""Database transactions that leave no connection behind when the server goes away.

Two traps of these versions: Tortoise keeps a pooled connection whose BEGIN failed, for ever; and aiomysql does not
wake who waits for a connection when one comes back closed. After a few restarts of the server every writer would wait.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContextPooled
from tortoise.connection import get_connections
from tortoise.transactions import in_transaction


@asynccontextmanager
async def transaction() -> AsyncIterator[BaseDBAsyncClient]:
    """As Tortoise's `in_transaction`, on the one connection there is."""
    manager = in_transaction()
    try:
        connection = await manager.__aenter__()
    except BaseException:
        if isinstance(manager, TransactionContextPooled):
            await _give_back(manager)
        raise
    try:
        async with _entered(manager):
            yield connection
    finally:
        if isinstance(manager, TransactionContextPooled) and manager.client._parent._pool:
            await manager.client._parent._pool._wakeup()


@asynccontextmanager
async def _entered(manager: object) -> AsyncIterator[None]:
    """Leave a context that was entered by hand, as `async with` would."""
    try:
        yield
    except BaseException as exc:
        await manager.__aexit__(type(exc), exc, exc.__traceback__)  # type: ignore[attr-defined]
        raise
    else:
        await manager.__aexit__(None, None, None)  # type: ignore[attr-defined]


async def _give_back(manager: TransactionContextPooled) -> None:
    """Return the connection of a transaction that could not begin."""
    pool, connection = manager.client._parent._pool, manager.client._connection
    if pool is None or connection is None or connection not in pool._used:
        return
    connection.close()
    pool.release(connection)
    if hasattr(manager, "token"):
        get_connections().reset(manager.token)
    await pool._wakeup()

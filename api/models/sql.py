"""Statements written by hand, where building them for every call would cost more than running them.

They are valid on SQLite, MySQL and MariaDB; `?` stands for a value.
"""

from __future__ import annotations

from functools import lru_cache

from tortoise.backends.base.client import BaseDBAsyncClient


def is_sqlite(connection: BaseDBAsyncClient) -> bool:
    """Whether the connection speaks SQLite; else it is MySQL or MariaDB."""
    return connection.capabilities.dialect == "sqlite"


def marked(connection: BaseDBAsyncClient, statement: str) -> str:
    """The statement with the connection's own marks for values."""
    return statement if is_sqlite(connection) else statement.replace("?", "%s")


@lru_cache(maxsize=32)
def insert_statement(table: str, columns: tuple[str, ...], *, updated: tuple[str, ...] = (), sqlite: bool) -> str:
    """An INSERT of these columns; with `updated`, rows whose `id` exists get those columns changed instead.

    Tortoise's own upsert names the new row by an alias, which MariaDB does not know; VALUES() works on both.
    """
    marks = ", ".join(["?" if sqlite else "%s"] * len(columns))
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names are our own
    if not updated:
        return statement
    if sqlite:
        return f"{statement} ON CONFLICT(id) DO UPDATE SET " + ", ".join(f"{name}=excluded.{name}" for name in updated)
    return f"{statement} ON DUPLICATE KEY UPDATE " + ", ".join(f"{name}=VALUES({name})" for name in updated)

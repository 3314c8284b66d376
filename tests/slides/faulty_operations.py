"""The reader's operations and some that go wrong in every way a hostile file could make them, for tests."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from api.slides import reader_operations
from api.slides.reader_process import Operation
from api.slides.reader_wire import Message


def started(arguments: dict[str, Any]) -> None:
    """Tell the test, by a file, that the operation runs, and in which process."""
    if "started" in arguments:
        Path(arguments["started"]).write_text(str(os.getpid()))


def crash(arguments: dict[str, Any], _: list[bytes]) -> Message:
    started(arguments)
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError("still alive")


def hang(arguments: dict[str, Any], _: list[bytes]) -> Message:
    started(arguments)
    while True:
        time.sleep(3600)


def bomb(arguments: dict[str, Any], _: list[bytes]) -> Message:
    return Message({"bytes": len(bytearray(64 << 30))})


def raise_odd(arguments: dict[str, Any], _: list[bytes]) -> Message:
    raise RuntimeError("marker 0xFF out of place")


def environment(arguments: dict[str, Any], _: list[bytes]) -> Message:
    return Message({"names": sorted(os.environ)})


def echo(arguments: dict[str, Any], blobs: list[bytes]) -> Message:
    started(arguments)
    return Message({"pid": os.getpid()}, blobs)


OPERATIONS: dict[str, Operation] = {
    **reader_operations.OPERATIONS,
    "crash": crash,
    "hang": hang,
    "bomb": bomb,
    "raise_odd": raise_odd,
    "environment": environment,
    "echo": echo,
}

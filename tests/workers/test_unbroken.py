"""Cancellation waits for what must not be torn."""

from __future__ import annotations

import asyncio

import pytest

from workers.unbroken import unbroken


async def test_a_cancelled_caller_leaves_no_half_done_work() -> None:
    begun, may_end, steps = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        begun.set()
        await may_end.wait()
        steps.append("done")

    caller = asyncio.create_task(unbroken(work()))
    await begun.wait()
    caller.cancel()
    await asyncio.sleep(0)
    assert not caller.done()
    may_end.set()

    with pytest.raises(asyncio.CancelledError):
        await caller
    assert steps == ["done"]


async def test_answers_and_errors_come_through() -> None:
    async def answer() -> int:
        return 7

    async def error() -> int:
        raise ValueError("no")

    assert await unbroken(answer()) == 7
    with pytest.raises(ValueError, match="no"):
        await unbroken(error())

"""Turns at the model server are shared evenly."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from workers.turns import FairTurns


async def test_turns_go_to_who_had_the_fewest() -> None:
    turns, order = FairTurns(1), []

    async def ask(who: str, count: int) -> None:
        async with turns.asker(who):
            for _ in range(count):
                async with turns.turn(who):
                    order.append(who)
                    await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for number in range(4):  # one person with four predictions
            group.create_task(ask("many", 5), name=str(number))
        group.create_task(ask("one", 5))
    both = order[: order.index("one") + 9]
    assert abs(Counter(both)["one"] - Counter(both)["many"]) <= 2
    assert Counter(order) == {"many": 20, "one": 5}


async def test_a_newcomer_does_not_make_up_for_the_past() -> None:
    turns, order = FairTurns(1), []
    later = asyncio.Event()

    async def ask(who: str, count: int) -> None:
        async with turns.asker(who):
            for number in range(count):
                async with turns.turn(who):
                    order.append(who)
                    if number == 9:
                        later.set()
                    await asyncio.sleep(0)

    async def come_later() -> None:
        await later.wait()
        await ask("new", 10)

    async with asyncio.TaskGroup() as group:
        group.create_task(ask("old", 30))
        group.create_task(come_later())
    assert order[:10] == ["old"] * 10
    assert abs(Counter(order[10:30])["new"] - 10) <= 1


async def test_no_more_than_allowed_at_a_time_and_a_cancelled_wait_loses_no_turn() -> None:
    turns, inside, most = FairTurns(2), 0, 0

    async def ask(who: int) -> None:
        nonlocal inside, most
        async with turns.asker(who):
            for _ in range(10):
                async with turns.turn(who):
                    inside += 1
                    most = max(most, inside)
                    await asyncio.sleep(0)
                    inside -= 1

    tasks = [asyncio.create_task(ask(who)) for who in range(6)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 2
    async with turns.asker("after"), turns.turn("after"), turns.turn("after"):
        waiting = asyncio.create_task(_take(turns))
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def _take(turns: FairTurns) -> None:
    async with turns.asker("waits"), turns.turn("waits"):
        return


async def test_a_turn_whose_work_fails_is_passed_on() -> None:
    turns = FairTurns(1)
    async with turns.asker("a"):
        with pytest.raises(ValueError, match="no"):
            async with turns.turn("a"):
                raise ValueError("no")
        async with asyncio.timeout(1), turns.turn("a"):
            pass

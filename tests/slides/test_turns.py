"""Whose turn it is: the newest viewport first, chores last, nobody forgotten."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.slides.turns import VIEWPORT_S, Overtaken, Turns, Urgency


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def queue(turns: Turns[str], order: list[str], name: str, urgency: Urgency = Urgency.VIEW) -> asyncio.Task[None]:
    """Let `name` wait; when it has its turn it says so and gives the thing back."""

    async def wait() -> None:
        thing = await turns.take(urgency)
        order.append(name)
        turns.put_back(thing)

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    return task


async def test_the_newest_viewport_first_and_each_in_its_order() -> None:
    clock, order = Clock(), list[str]()
    turns = Turns(["reader"], limit=10, clock=clock)
    held = await turns.take()
    tasks = [await queue(turns, order, name) for name in ("old 1", "old 2")]
    clock.now_s += VIEWPORT_S
    tasks += [await queue(turns, order, name) for name in ("new 1", "new 2")]
    tasks.append(await queue(turns, order, "chore", Urgency.BACKGROUND))
    tasks.append(await queue(turns, order, "upload", Urgency.CHECK))
    turns.put_back(held)
    await asyncio.gather(*tasks)
    assert order == ["upload", "new 1", "new 2", "old 1", "old 2", "chore"]


async def test_the_oldest_view_gives_way_when_too_many_wait() -> None:
    clock, order = Clock(), list[str]()
    turns = Turns(["reader"], limit=2, clock=clock)
    held = await turns.take()
    oldest = await queue(turns, order, "oldest")
    clock.now_s += VIEWPORT_S
    others = [await queue(turns, order, name) for name in ("newer", "newest")]
    turns.put_back(held)
    with pytest.raises(Overtaken):
        await oldest
    await asyncio.gather(*others)
    assert order == ["newer", "newest"]


async def test_one_that_leaves_is_not_waited_for() -> None:
    order: list[str] = []
    turns = Turns(["reader"], limit=10)
    held = await turns.take()
    leaving = await queue(turns, order, "leaving")
    staying = await queue(turns, order, "staying")
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    assert turns.waiting == 1
    turns.put_back(held)
    await staying
    assert order == ["staying"]


async def test_one_that_leaves_in_the_moment_of_its_turn_gives_it_on() -> None:
    order: list[str] = []
    turns = Turns(["reader"], limit=10)
    held = await turns.take()
    leaving = await queue(turns, order, "leaving")
    staying = await queue(turns, order, "staying")
    turns.put_back(held)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await staying
    assert order == ["staying"]
    assert turns.take_now() == "reader"


@given(
    things=st.integers(1, 3),
    steps=st.lists(st.tuples(st.sampled_from(("take", "leave", "back")), st.integers(0, 20)), max_size=60),
)
def test_nothing_is_lost_or_had_twice(things: int, steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        turns = Turns(range(things), limit=1000)
        tasks: list[asyncio.Task[int]] = []
        held: list[int] = []
        for step, which in steps:
            if step == "take":
                tasks.append(asyncio.ensure_future(turns.take(Urgency(which % 3))))
            elif step == "leave" and tasks:
                tasks[which % len(tasks)].cancel()
            elif step == "back" and held:
                turns.put_back(held.pop(which % len(held)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            done = [task for task in tasks if task.done()]
            held += [task.result() for task in done if not task.cancelled()]
            tasks = [task for task in tasks if not task.done()]
            assert len(set(held)) == len(held)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        free = []
        while (thing := turns.take_now()) is not None:
            free.append(thing)
        assert sorted(held + free) == list(range(things))

    asyncio.run(play())

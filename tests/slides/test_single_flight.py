"""One piece of work for many askers."""

from __future__ import annotations

import asyncio

import pytest

from api.slides.single_flight import SingleFlight


async def test_many_askers_share_one_result() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    release = asyncio.Event()
    calls = 0

    async def work() -> int:
        nonlocal calls
        calls += 1
        await release.wait()
        return calls

    askers = [asyncio.ensure_future(flights.run("a", work)) for _ in range(10)]
    await asyncio.sleep(0)
    release.set()
    assert await asyncio.gather(*askers) == [1] * 10
    assert await flights.run("a", work) == 2  # nothing is remembered


async def test_an_error_reaches_every_asker() -> None:
    flights: SingleFlight[str, int] = SingleFlight()

    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("broken")

    results = await asyncio.gather(*(flights.run("a", fail) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["broken"] * 3


async def test_work_goes_on_when_an_asker_leaves() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    started, release = asyncio.Event(), asyncio.Event()

    async def work() -> int:
        started.set()
        await release.wait()
        return 7

    leaving = asyncio.ensure_future(flights.run("a", work))
    await started.wait()
    staying = asyncio.ensure_future(flights.run("a", work))
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    release.set()
    assert await staying == 7


async def test_work_ends_with_its_last_asker_and_the_next_begins_anew() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    started, stopped = asyncio.Event(), asyncio.Event()

    async def work() -> int:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return 0

    async def quick() -> int:
        return 7

    askers = [asyncio.ensure_future(flights.run("a", work)) for _ in range(2)]
    await started.wait()
    for asker in askers:
        asker.cancel()
    await asyncio.gather(*askers, return_exceptions=True)
    assert await flights.run("a", quick) == 7
    await stopped.wait()


async def test_closing_stops_the_work() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    started = asyncio.Event()

    async def work() -> int:
        started.set()
        await asyncio.Event().wait()
        return 0

    asker = asyncio.ensure_future(flights.run("a", work))
    await started.wait()
    await flights.aclose()
    with pytest.raises(asyncio.CancelledError):
        await asker

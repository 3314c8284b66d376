"""Rules L1-L9 of docs/spec.md on real databases."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tortoise.context import TortoiseContext

from api.collaboration.log import (
    EventKind,
    HistoryPruned,
    Origin,
    Replayed,
    SlideTransaction,
    current_seq,
    prune,
    since,
    slide_transaction,
    write,
)
from api.collaboration.pruning import prune_before
from api.errors import Conflict, InvalidInput, NotFound
from api.models.event import SlideEvent
from api.models.slide import SlideSequence
from tests.collaboration.conftest import Desk
from tests.factories import make_slide_row, make_user

WRITER = Path(__file__).with_name("writer_process.py")


async def append_one(transaction: SlideTransaction) -> None:
    await transaction.append(EventKind.SLIDE, {"n": transaction.seq}, result={"first": transaction.seq})


def origin(desk: Desk, mutation: str | None = None, client: str = "c") -> Origin:
    return Origin(desk.user_id, client, mutation or str(uuid4()))


async def test_events_are_numbered_from_one_without_gaps(desk: Desk) -> None:
    assert [await desk.commit() for _ in range(3)] == [1, 2, 3]
    assert [event.seq for event in await since(desk.slide_id, 0)] == [1, 2, 3]
    assert [event.seq for event in await since(desk.slide_id, 1, limit=1)] == [2]
    assert await since(desk.slide_id, 3) == []


async def test_one_transaction_may_append_several_events(desk: Desk) -> None:
    async def two(transaction: SlideTransaction) -> None:
        await append_one(transaction)
        await append_one(transaction)

    assert [event.seq for event in await write(desk.slide_id, origin(desk), two)] == [1, 2]
    assert await current_seq(desk.slide_id) == 2


async def test_a_failed_write_leaves_no_gap(desk: Desk) -> None:
    async def fail(transaction: SlideTransaction) -> None:
        await append_one(transaction)
        raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        await write(desk.slide_id, origin(desk), fail)
    assert await current_seq(desk.slide_id) == 0
    assert await desk.commit() == 1


async def test_a_write_that_appends_nothing_changes_nothing(desk: Desk) -> None:
    async def nothing(transaction: SlideTransaction) -> None:
        assert transaction.seq == 1

    assert await write(desk.slide_id, origin(desk), nothing) == ()
    assert await current_seq(desk.slide_id) == 0


async def test_a_replay_returns_the_first_event_and_runs_nothing(desk: Desk) -> None:
    key = origin(desk)
    [first] = await write(desk.slide_id, key, append_one)
    await desk.commit()

    async def never(transaction: SlideTransaction) -> None:
        raise AssertionError

    assert await write(desk.slide_id, key, never) == (first,)
    assert (first.seq, first.result) == (1, {"first": 1})
    assert await current_seq(desk.slide_id) == 2
    with pytest.raises(Replayed):
        async with slide_transaction(desk.slide_id, key):
            raise AssertionError


async def test_replays_that_race_write_once(desk: Desk) -> None:
    key = origin(desk)
    results = await asyncio.gather(*(write(desk.slide_id, key, append_one) for _ in range(8)))
    assert {events[0].seq for events in results} == {1}
    assert await SlideEvent.all().count() == 1


async def test_a_client_id_belongs_to_the_first_who_used_it(desk: Desk) -> None:
    await write(desk.slide_id, origin(desk), append_one)
    other = await make_user()
    with pytest.raises(Conflict) as caught:
        await write(desk.slide_id, Origin(other.id, "c", "m"), append_one)
    assert caught.value.code == "CLIENT_ID_TAKEN"
    assert await current_seq(desk.slide_id) == 1


async def test_a_mutation_id_is_for_one_slide(desk: Desk) -> None:
    await write(desk.slide_id, origin(desk, "m"), append_one)
    elsewhere = await make_slide_row()
    with pytest.raises(Conflict) as caught:
        await write(elsewhere.id, origin(desk, "m"), append_one)
    assert caught.value.code == "MUTATION_ID_REUSED"
    assert await current_seq(elsewhere.id) == 0


async def test_an_unknown_slide_is_not_found(desk: Desk) -> None:
    missing = uuid4()
    with pytest.raises(NotFound):
        await write(missing, origin(desk), append_one)
    assert not await SlideSequence.exists(slide_id=missing)


@pytest.mark.parametrize("bad", ["", "x" * 49, "line\nbreak"])
def test_keys_are_short_and_printable(bad: str) -> None:
    with pytest.raises(InvalidInput):
        Origin(uuid4(), bad, "m")


async def test_asking_before_the_horizon_or_after_the_end_says_where_the_slide_is(desk: Desk) -> None:
    for _ in range(5):
        await desk.commit()
    assert await prune(desk.slide_id, 3) == 3
    assert [event.seq for event in await since(desk.slide_id, 3)] == [4, 5]
    for too_old in (0, 2, 9):
        with pytest.raises(HistoryPruned) as caught:
            await since(desk.slide_id, too_old)
        assert caught.value.seq == 5
    await prune(desk.slide_id, 5)
    assert await since(desk.slide_id, 5) == []
    with pytest.raises(HistoryPruned):
        await since(desk.slide_id, 4)


async def test_l9_events_older_than_the_horizon_are_removed_slide_by_slide(desk: Desk) -> None:
    for _ in range(5):
        await desk.commit()
    now = datetime.now(UTC)
    await SlideEvent.filter(slide_id=desk.slide_id, seq__lte=3).update(created_at=now - timedelta(days=9))
    assert await prune_before(now - timedelta(days=10)) == 0
    assert await prune_before(now - timedelta(days=8)) == 3
    assert [event.seq for event in await since(desk.slide_id, 3)] == [4, 5]
    with pytest.raises(HistoryPruned):
        await since(desk.slide_id, 2)


async def test_a_caller_that_goes_away_does_not_tear_its_transaction(desk: Desk) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(transaction: SlideTransaction) -> None:
        entered.set()
        await go_on.wait()
        await append_one(transaction)

    key = origin(desk)
    caller = asyncio.create_task(write(desk.slide_id, key, slow))
    await entered.wait()
    caller.cancel()
    go_on.set()
    [event] = await write(desk.slide_id, key, append_one)  # waits for the first, then finds its event
    assert event.seq == 1
    assert await current_seq(desk.slide_id) == 1


async def test_writers_in_one_process_stay_contiguous(desk: Desk) -> None:
    async def writer(name: str) -> list[int]:
        return [(await write(desk.slide_id, origin(desk, client=name), append_one))[0].seq for _ in range(10)]

    acknowledged = await asyncio.gather(*(writer(f"w{n}") for n in range(8)))
    assert sorted(seq for seqs in acknowledged for seq in seqs) == list(range(1, 81))
    assert [event.seq for event in await since(desk.slide_id, 0)] == list(range(1, 81))
    assert all(seqs == sorted(seqs) for seqs in acknowledged)


async def test_writers_in_several_processes_stay_contiguous(db_url: str, database: TortoiseContext, desk: Desk) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            str(WRITER),
            db_url,
            str(desk.slide_id),
            str(desk.user_id),
            "40",
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    mine = [(await write(desk.slide_id, origin(desk), append_one))[0].seq for _ in range(40)]
    acknowledged = list(mine)
    for process in processes:
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0
        acknowledged += [int(line) for line in output.split()]
    assert sorted(acknowledged) == list(range(1, 121))
    assert [event.seq for event in await since(desk.slide_id, 0)] == list(range(1, 121))

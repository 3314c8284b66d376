"""The parts of a large prediction in the lease queue, on SQLite and on MariaDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from api.errors import Unavailable
from api.models.prediction import Prediction, PredictionShard, PredictionStatus, ShardKind, ShardStatus
from api.predictions import jobs, shards
from api.predictions.jobs import Claim, Standing
from api.predictions.shards import PartState
from tests.predictions.made import ask
from tests.predictions.test_jobs import LEASE_S, claimed

REGIONS = [[0.0, 0.0, 100.0, 100.0], [100.0, 0.0, 100.0, 100.0], [0.0, 100.0, 200.0, 50.0]]


async def led() -> Claim:
    """A running prediction of three parts, by its lead's claim."""
    await ask()
    lead = await claimed()
    assert await shards.cut(lead, REGIONS, LEASE_S) is True
    return lead


async def part(lead: Claim, number: int) -> PartState:
    return (await shards.states(lead.prediction_id))[number]


async def take(lead: Claim, number: int, token: str = "helper") -> Claim | None:
    return await shards.claim_part(await part(lead, number), lead.prediction_id, token, LEASE_S, lead=None)


async def taken(lead: Claim, number: int, token: str = "helper") -> Claim:
    claim = await take(lead, number, token)
    assert claim is not None
    return claim


async def expire() -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    await PredictionShard.filter(status=ShardStatus.RUNNING, kind=ShardKind.PART).update(lease_until=past)


async def test_cutting_again_keeps_the_parts(database: object) -> None:
    lead = await led()
    before = await shards.states(lead.prediction_id)
    assert [(state.number, state.status, state.is_free, state.attempts) for state in before] == [
        (number, ShardStatus.QUEUED, True, 0) for number in range(3)
    ]

    assert await shards.cut(lead, REGIONS[:1], LEASE_S) is True

    assert await shards.states(lead.prediction_id) == before
    rows = await PredictionShard.filter(kind=ShardKind.PART).order_by("number")
    assert [row.region for row in rows] == REGIONS


async def test_a_lead_that_was_replaced_cuts_nothing(database: object) -> None:
    await ask()
    lead = await claimed()
    await jobs.release(lead)

    assert await shards.cut(lead, REGIONS, LEASE_S) is False
    assert await shards.states(lead.prediction_id) == []


async def test_a_part_is_claimed_by_one_and_never_as_a_whole_prediction(database: object) -> None:
    lead = await led()
    seen = await part(lead, 1)

    first = await shards.claim_part(seen, lead.prediction_id, "one", LEASE_S, lead=None)
    second = await shards.claim_part(seen, lead.prediction_id, "two", LEASE_S, lead=None)

    assert first == Claim("one", seen.shard_id, lead.prediction_id, 1)
    assert second is None
    assert await jobs.claim(LEASE_S) is None
    now = await part(lead, 1)
    assert (now.status, now.is_free, now.attempts) == (ShardStatus.RUNNING, False, 1)


async def test_a_part_is_done_once_and_only_by_who_holds_it(database: object) -> None:
    lead = await led()
    first = await taken(lead, 0)
    await expire()
    second = await taken(lead, 0, token="another")

    assert second.attempt == 2
    assert [await shards.part_done(claim) for claim in (first, second, second)] == [False, True, False]
    assert (await part(lead, 0)).status is ShardStatus.DONE


async def test_a_part_that_ends_its_worker_again_and_again_is_set_aside_and_the_rest_goes_on(database: object) -> None:
    lead = await led()
    for _ in range(jobs.MAX_ATTEMPTS):
        await taken(lead, 2)
        await expire()

    assert await take(lead, 2) is None

    poison = await part(lead, 2)
    assert (poison.status, poison.is_free) == (ShardStatus.FAILED, False)
    assert poison.reason is not None
    assert poison.reason.code == "PREDICTION_POISON_PART"
    assert poison.reason.message == (
        "The worker stopped without a word 4 times while working on this part of the slide. "
        "The file may be damaged there: look into the worker's log."
    )
    assert (await Prediction.get()).status is PredictionStatus.RUNNING
    assert await shards.next_to_help([]) == lead.prediction_id
    assert (await jobs.heartbeat(lead, LEASE_S))[0] is Standing.GO_ON


async def test_a_part_that_failed_waits_longer_each_time_and_is_then_set_aside(database: object) -> None:
    lead = await led()
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        claim = await taken(lead, 0)
        assert claim.attempt == attempt
        await jobs.fail(claim, Unavailable(f"reason {attempt}"))
        state = await part(lead, 0)
        assert (state.is_free, state.reason and state.reason.message) == (False, f"reason {attempt}")
        await PredictionShard.filter(kind=ShardKind.PART).update(not_before=None)

    assert (await part(lead, 0)).status is ShardStatus.FAILED
    assert (await Prediction.get()).error is None


async def test_a_part_that_was_done_in_the_end_keeps_no_reason(database: object) -> None:
    lead = await led()
    await jobs.fail(await taken(lead, 0), Unavailable("The disk failed.", code="PREDICTION_DISK", params={"kind": "x"}))
    await PredictionShard.filter(kind=ShardKind.PART).update(not_before=None)

    assert await shards.part_done(await taken(lead, 0)) is True

    shard = await PredictionShard.get(kind=ShardKind.PART, number=0)
    assert (shard.status, shard.error, shard.error_code, shard.error_params) == (ShardStatus.DONE, None, None, None)


async def test_what_a_worker_gives_back_is_free_at_once_and_no_attempt(database: object) -> None:
    lead = await led()
    await taken(lead, 0)
    other = await take(lead, 1, token="other")

    await shards.release_parts(lead.prediction_id, "helper")

    states = await shards.states(lead.prediction_id)
    assert [(state.is_free, state.attempts) for state in states] == [(True, 0), (False, 1), (True, 0)]
    assert other is not None
    assert await shards.part_done(other) is True


async def test_a_heartbeat_keeps_all_that_a_worker_holds(database: object) -> None:
    lead = await led()
    await taken(lead, 0)
    await taken(lead, 1)
    await expire()

    await shards.keep_parts(lead.prediction_id, "helper", LEASE_S)

    assert [state.is_free for state in await shards.states(lead.prediction_id)] == [False, False, True]


async def test_a_part_begun_is_progress_of_the_lead(database: object) -> None:
    lead = await led()
    await PredictionShard.filter(id=lead.shard_id).update(attempts=3)

    await shards.claim_part(await part(lead, 0), lead.prediction_id, lead.token, LEASE_S, lead=lead)

    assert (await PredictionShard.get(id=lead.shard_id)).attempts == 1


async def test_help_goes_to_what_has_free_parts_by_priority(database: object) -> None:
    ordinary = await led()
    await ask(priority=5)
    urgent = await claimed()
    await shards.cut(urgent, REGIONS[:1], LEASE_S)

    assert await shards.next_to_help([]) == urgent.prediction_id
    assert await shards.next_to_help([urgent.prediction_id]) == ordinary.prediction_id
    await taken(urgent, 0)
    assert await shards.next_to_help([]) == ordinary.prediction_id
    await jobs.cancel(ordinary.prediction_id, by=None)
    assert await shards.next_to_help([]) is None
    assert await jobs.standing_of(ordinary.prediction_id) == (Standing.CANCELLED, None)


async def test_retry_queues_parts_that_were_given_up_and_keeps_those_done(database: object) -> None:
    lead = await led()
    await shards.part_done(await taken(lead, 0))
    await jobs.fail(await taken(lead, 1), Unavailable("broken"), for_good=True)
    await jobs.fail(lead, Unavailable("The model server is away."), for_good=True)
    assert await jobs.standing_of(lead.prediction_id) == (Standing.LOST, None)

    assert await jobs.retry(lead.prediction_id) is True

    states = await shards.states(lead.prediction_id)
    assert [(state.status, state.attempts) for state in states] == [
        (ShardStatus.DONE, 1),
        (ShardStatus.QUEUED, 0),
        (ShardStatus.QUEUED, 0),
    ]
    again = await claimed()
    await shards.reopen(again, [0])
    assert [state.is_free for state in await shards.states(lead.prediction_id)] == [True] * 3

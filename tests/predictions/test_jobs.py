"""The lease queue, on SQLite and on MariaDB."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tortoise.context import TortoiseContext

from api.errors import Unavailable
from api.models.prediction import Prediction, PredictionShard, PredictionStatus, ShardStatus
from api.models.slide import Slide
from api.predictions import jobs
from api.predictions.jobs import Claim, Standing
from api.predictions.live import tell_viewports
from tests.factories import make_project, make_slide_row, make_user
from tests.predictions.made import ask, ask_many
from tests.servers.coslide import environment

LEASE_S = 30.0
_PAST = timedelta(seconds=1)


async def claimed() -> Claim:
    claim = await jobs.claim(LEASE_S)
    assert claim is not None
    return claim


async def let_lease_expire(claim: Claim) -> None:
    await PredictionShard.filter(id=claim.shard_id).update(lease_until=datetime.now(UTC) - _PAST)


async def end_pause() -> None:
    await PredictionShard.filter(not_before__isnull=False).update(not_before=datetime.now(UTC) - _PAST)


async def test_the_oldest_is_claimed_first_and_once(database: object) -> None:
    ids = await ask_many(3)

    claims = [await jobs.claim(LEASE_S) for _ in range(4)]

    assert [claim and claim.prediction_id for claim in claims] == [*ids, None]
    assert {row.status for row in await Prediction.all()} == {PredictionStatus.RUNNING}
    assert all(row.started_at for row in await Prediction.all())


async def test_a_shard_without_heartbeat_is_taken_over_and_the_first_worker_learns_it(database: object) -> None:
    await ask()
    first = await claimed()
    assert await jobs.claim(LEASE_S) is None
    await let_lease_expire(first)

    second = await claimed()

    assert (second.shard_id, second.attempt) == (first.shard_id, 2)
    assert (await jobs.heartbeat(first, LEASE_S))[0] is Standing.LOST
    assert (await jobs.heartbeat(second, LEASE_S))[0] is Standing.GO_ON
    assert await jobs.complete(first, figures={"polygons": 9}, layer_id=None) is False
    await jobs.fail(first, Unavailable("too late"))
    await jobs.release(first)
    assert (await Prediction.get()).status is PredictionStatus.RUNNING
    assert await jobs.complete(second, figures={"polygons": 1}, layer_id=None) is True
    done = await Prediction.get()
    assert (done.status, done.figures) == (PredictionStatus.SUCCEEDED, {"polygons": 1})
    assert done.finished_at is not None


async def test_a_heartbeat_keeps_the_lease(database: object) -> None:
    await ask()
    claim = await claimed()
    await let_lease_expire(claim)

    assert (await jobs.heartbeat(claim, LEASE_S))[0] is Standing.GO_ON
    assert await jobs.claim(LEASE_S) is None


async def test_failures_are_tried_again_after_a_pause_and_then_told(database: object) -> None:
    await ask()
    for attempt in range(1, jobs.MAX_ATTEMPTS + 1):
        claim = await claimed()
        assert claim.attempt == attempt
        await jobs.fail(claim, Unavailable(f"reason {attempt}"))
        assert await jobs.claim(LEASE_S) is None
        await end_pause()

    prediction, shard = await Prediction.get(), await PredictionShard.get()
    assert (prediction.status, prediction.error) == (PredictionStatus.FAILED, "reason 4")
    assert (prediction.error_code, prediction.error_params) == ("UNAVAILABLE", None)
    assert (shard.status, shard.error) == (ShardStatus.FAILED, "reason 4")
    assert await jobs.claim(LEASE_S) is None


async def test_what_can_never_work_fails_at_once(database: object) -> None:
    await ask()
    gone = Unavailable("The file is gone.", code="FILE_GONE", params={"name": "a.svs"})
    await jobs.fail(await claimed(), gone, for_good=True)

    prediction = await Prediction.get()
    assert (prediction.status, prediction.error) == (PredictionStatus.FAILED, "The file is gone.")
    assert (prediction.error_code, prediction.error_params) == ("FILE_GONE", {"name": "a.svs"})
    await jobs.retry(prediction.id)
    prediction = await Prediction.get()
    assert (prediction.error, prediction.error_code, prediction.error_params) == (None, None, None)


async def test_a_shard_that_kills_its_worker_is_set_aside(database: object) -> None:
    poison, harmless = await ask(), await ask()
    for _ in range(jobs.MAX_ATTEMPTS):
        claim = await claimed()
        assert claim.prediction_id == poison.id
        await let_lease_expire(claim)

    assert (await claimed()).prediction_id == harmless.id
    await poison.refresh_from_db()
    assert poison.status is PredictionStatus.FAILED
    assert poison.error == (
        "The worker stopped without a word 4 times while working on this slide. "
        "The file may be damaged: look into the worker's log, or upload it anew."
    )


async def test_a_released_shard_is_free_at_once_and_unharmed(database: object) -> None:
    await ask()
    first = await claimed()
    await jobs.release(first)

    second = await claimed()

    assert (second.shard_id, second.attempt) == (first.shard_id, 1)


async def test_cancelling_frees_the_queue_and_tells_the_worker(database: object) -> None:
    running, waiting = await ask(), await ask()
    claim = await claimed()
    assert claim.prediction_id == running.id

    assert await jobs.cancel(running.id, by=None) is True
    assert await jobs.cancel(waiting.id, by=None) is True

    assert (await jobs.heartbeat(claim, LEASE_S))[0] is Standing.CANCELLED
    assert await jobs.complete(claim, figures={}, layer_id=None) is False
    assert await jobs.claim(LEASE_S) is None
    assert {row.status for row in await Prediction.all()} == {PredictionStatus.CANCELLED}
    assert await jobs.cancel(running.id, by=None) is False


async def test_what_has_ended_cannot_be_cancelled(database: object) -> None:
    prediction = await ask()
    claim = await claimed()
    await jobs.complete(claim, figures={}, layer_id=None)

    assert await jobs.cancel(prediction.id, by=None) is False
    assert (await Prediction.get()).status is PredictionStatus.SUCCEEDED


async def test_what_failed_or_was_cancelled_can_be_tried_again(database: object) -> None:
    failed, cancelled, running = await ask(), await ask(), await ask()
    await jobs.fail(await claimed(), Unavailable("The file is gone."), for_good=True)
    await jobs.cancel(cancelled.id, by=None)

    assert await jobs.retry(failed.id) is True
    assert await jobs.retry(cancelled.id) is True
    assert await jobs.retry(running.id) is False

    for prediction in (failed, cancelled):
        await prediction.refresh_from_db()
        assert (prediction.status, prediction.error) == (PredictionStatus.QUEUED, None)
        assert (prediction.finished_at, prediction.started_at) == (None, None)
    assert {(await claimed()).prediction_id for _ in range(3)} == {failed.id, cancelled.id, running.id}


async def test_a_deleted_slide_ends_the_work(database: object) -> None:
    prediction = await ask()
    claim = await claimed()
    await Slide.filter(id=prediction.slide_id).update(deleted_at=datetime.now(UTC))

    assert (await jobs.heartbeat(claim, LEASE_S))[0] is Standing.SLIDE_GONE


async def test_one_persons_many_do_not_keep_others_waiting(database: object) -> None:
    busy, other = await make_user(), await make_user()
    first, second, third = [await ask(requested_by=busy.id) for _ in range(3)]
    late = await ask(requested_by=other.id)

    claims = [await claimed() for _ in range(4)]

    assert [claim.prediction_id for claim in claims] == [first.id, late.id, second.id, third.id]


async def test_priority_goes_before_age(database: object) -> None:
    ordinary, urgent, patient = await ask(), await ask(priority=5), await ask(priority=-5)
    claims = [await claimed() for _ in range(3)]
    assert [claim.prediction_id for claim in claims] == [urgent.id, ordinary.id, patient.id]


async def test_a_project_runs_no_more_than_its_limit(database: object) -> None:
    project = await make_project()
    first, second = [await ask(await make_slide_row(project)) for _ in range(2)]
    elsewhere = await ask()

    claims = [await jobs.claim(LEASE_S, project_limit=1) for _ in range(3)]

    assert [claim and claim.prediction_id for claim in claims] == [first.id, elsewhere.id, None]
    assert claims[0] is not None
    await jobs.complete(claims[0], figures={}, layer_id=None)
    after = await jobs.claim(LEASE_S, project_limit=1)
    assert after is not None
    assert after.prediction_id == second.id


async def test_a_heartbeat_tells_what_people_look_at(database: object) -> None:
    prediction = await ask()
    claim = await claimed()
    assert await jobs.heartbeat(claim, LEASE_S) == (Standing.GO_ON, None)

    await tell_viewports(prediction.slide_id, [[1.0, 2.0, 30.0, 40.0]], [])

    assert await jobs.heartbeat(claim, LEASE_S) == (Standing.GO_ON, [[1.0, 2.0, 30.0, 40.0]])


async def test_the_place_in_the_queue(database: object) -> None:
    _, second, third = await ask_many(3)
    await claimed()

    assert await jobs.queue_places([row.id for row in await Prediction.all()]) == {second: 1, third: 2}


_CLAIMER = """
import asyncio, sys
from tortoise import Tortoise
from api.models import MODEL_MODULES
from api.predictions import jobs

async def main():
    await Tortoise.init(db_url=sys.argv[1], modules={"models": MODEL_MODULES}, _enable_global_fallback=True)
    print("open", flush=True)
    sys.stdin.readline()
    while (claim := await jobs.claim(30)) is not None:
        print(claim.prediction_id, flush=True)
        await jobs.complete(claim, figures={}, layer_id=None)
    await Tortoise.close_connections()

asyncio.run(main())
"""


async def test_two_processes_never_claim_the_same(database: TortoiseContext, db_url: str, tmp_path: object) -> None:
    ids = set(await ask_many(40))
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _CLAIMER, db_url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment(tmp_path),  # type: ignore[arg-type]
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"open\n"

    answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    taken = [[UUID(line.decode()) for line in out.split()] for out, _ in answers]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(map(str, taken[0] + taken[1])) == sorted(map(str, ids))
    assert {row.status for row in await Prediction.all()} == {PredictionStatus.SUCCEEDED}


@pytest.mark.parametrize("attempt", [1, 2, 3])
async def test_the_pause_grows(sqlite_database: object, attempt: int) -> None:
    await ask()
    await PredictionShard.all().update(attempts=attempt - 1)
    claim = await claimed()
    before = datetime.now(UTC)

    await jobs.fail(claim, Unavailable("no"))

    shard = await PredictionShard.get()
    assert shard.not_before is not None
    assert shard.not_before - before == pytest.approx(
        timedelta(seconds=jobs.BACKOFF_S[attempt - 1]), abs=timedelta(seconds=1)
    )

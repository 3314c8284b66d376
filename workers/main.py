"""ENTRY: one worker. Claims predictions from the database until it is asked to stop; wires, decides nothing."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from contextlib import suppress
from uuid import UUID

from tortoise.exceptions import BaseORMException

from api.collaboration.redis_channel import open_channel
from api.errors import PlatformError, Unavailable
from api.models.database import connected
from api.predictions import jobs, shards
from api.predictions.jobs import Claim
from api.predictions.requests import QUEUE_TOPIC
from api.predictions.triton import TritonClient
from api.settings import Settings, get_settings
from api.slides.services import open_storage
from workers.helping import help_with
from workers.prediction import discard_checkpoints, work_on
from workers.pulse import beat, pulse_file
from workers.unbroken import unbroken
from workers.worker import WorkerParts

logger = logging.getLogger(__name__)

POLL_S = 0.1
BUSY_POLL_S = 0.3
_TROUBLE_S = 2.0
_HELP_S = 0.3
_REFUSED_S = 30.0
"""How long a worker stays away from a prediction with which it could not help."""


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set; what is being done then is given back to the queue with its checkpoint."""
    if not settings.triton_url:
        raise Unavailable(
            "The worker has no model server. Set COSLIDE_TRITON_URL to the gRPC port of a Triton server, "
            "or use `coslide serve`, which starts one.",
            code="MODEL_SERVER_MISSING",
        )
    async with (
        connected(settings),
        open_channel(settings.redis_url) as channel,
        TritonClient(settings.triton_url, timeout_s=settings.model_timeout_s) as client,
    ):
        parts = WorkerParts(settings, open_storage(settings), client, channel)
        logger.info("Worker ready; models at %s", client.address)
        await discard_checkpoints(parts.storage)
        beating = asyncio.create_task(beat(pulse_file(settings.data)))
        working = asyncio.create_task(_work(parts))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in (working, beating):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _work(parts: WorkerParts) -> None:
    """Claim and do, several predictions at a time; hints shorten the wait between looks at the queue."""
    running: set[asyncio.Task[None]] = set()
    helping = _Helping(parts)
    async with asyncio.TaskGroup() as group, parts.channel.subscribe(QUEUE_TOPIC) as hints:
        while True:
            if len(running) >= parts.settings.predictions_at_once:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            try:
                claim = await unbroken(jobs.claim(parts.settings.lease_s, parts.settings.project_predictions))
                if claim is not None:
                    logger.info("Working on prediction %s, attempt %d", claim.prediction_id, claim.attempt)
                    task = group.create_task(_do(claim, parts))
                    running.add(task)
                    task.add_done_callback(running.discard)
                    continue
                if not running:
                    await helping.look(group)
            except (BaseORMException, OSError) as error:
                logger.warning("The database does not answer (%s); trying again in %g s", error, _TROUBLE_S)
                await asyncio.sleep(_TROUBLE_S)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(BUSY_POLL_S if running else POLL_S):
                    await anext(hints)


class _Helping:
    """With what a worker helps that has nothing of its own to do: one prediction at a time."""

    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._task: asyncio.Task[None] | None = None
        self._due = 0.0
        self._refused: dict[UUID, float] = {}

    async def look(self, group: asyncio.TaskGroup) -> None:
        """Begin to help with a running prediction that has parts to give away."""
        now = time.monotonic()
        if now < self._due or (self._task is not None and not self._task.done()):
            return
        self._due = now + _HELP_S
        self._refused = {prediction: until for prediction, until in self._refused.items() if until > now}
        prediction_id = await unbroken(shards.next_to_help({*self._parts.led, *self._refused}))
        if prediction_id is not None:
            logger.info("Helping with prediction %s", prediction_id)
            self._task = group.create_task(self._help(prediction_id))

    async def _help(self, prediction_id: UUID) -> None:
        if not await help_with(prediction_id, self._parts):
            self._refused[prediction_id] = time.monotonic() + _REFUSED_S


async def _do(claim: Claim, parts: WorkerParts) -> None:
    """Work on a claim; when not even its end can be written down, its lease runs out and it is claimed again."""
    try:
        await work_on(claim, parts)
    except (BaseORMException, OSError) as error:
        logger.warning("How prediction %s ended could not be written down (%s)", claim.prediction_id, error)


async def _until_signalled(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(settings, stop)


def main() -> None:
    """Run one worker until SIGTERM or Ctrl-C."""
    settings = get_settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_until_signalled(settings))
    except PlatformError as error:
        print(f"coslide worker: {error.message}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()

"""One worker among those that do a large prediction: takes its patches part by part, each claimed before its first.

The order is the agenda's, as for a single worker; what somebody else has is left to them. A part whose earlier claim
did not end well is a suspect: it may hold what kills a worker. Suspects come last and one at a time, so that no other
part is blamed for them.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeGuard
from uuid import UUID

from tortoise.exceptions import BaseORMException

from api.errors import PlatformError, Unavailable, UnsupportedSlide
from api.models.prediction import ShardStatus
from api.predictions import jobs, shards
from api.predictions.jobs import Claim
from api.predictions.patch_store import PatchStore
from api.predictions.shards import PartState
from api.predictions.triton import ModelServerBusy, ModelServerDown
from workers.agenda import Agenda
from workers.parts import Part
from workers.reasons import disk_failed
from workers.unbroken import unbroken

logger = logging.getLogger(__name__)

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_LOOK_S = 0.3
_VISIBLE_S = 10.0
"""How long a network drive may take to show here what another machine has handed over."""
_OPEN = (ShardStatus.QUEUED, ShardStatus.RUNNING)


def is_about_patches(error: Exception) -> TypeGuard[OSError | PlatformError]:
    """Whether another patch might do better: not where the model server, the database or the disk's room is missing."""
    if isinstance(error, ModelServerDown | ModelServerBusy | BaseORMException):
        return False
    if isinstance(error, OSError):
        return error.errno not in NO_ROOM
    return isinstance(error, PlatformError)


class Crew:
    """A supply of patches for the pipeline.

    Args:
        parts, agenda, store: of one plan.
        prediction_id, token: whose parts are claimed, and as whom.
        lead: the claim of the prediction's lead, when this is its own share: it waits until all parts have ended, while
            a helper leaves when none is free.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        agenda: Agenda,
        store: PatchStore,
        *,
        prediction_id: UUID,
        token: str,
        lease_s: float,
        lead: Claim | None = None,
    ) -> None:
        self._parts = parts
        self._agenda = agenda
        self._store = store
        self._prediction_id = prediction_id
        self._token = token
        self._lease_s = lease_s
        self._lead = lead
        self._part_of = {slot: part.number for part in parts for slot in part.slots}
        self._states: dict[int, PartState] = {}
        self._held: dict[int, Claim] = {}
        self._left: dict[int, set[int]] = {}
        self._ended = asyncio.Event()
        self._missing_since: float | None = None
        self.leaves = False
        """Set to have a helper take no more patches."""
        agenda.remove(self._part_of)

    @property
    def set_aside(self) -> list[tuple[Part, PlatformError]]:
        """The parts that were given up, as last seen, each with its reason."""
        failed = [state for state in self._states.values() if state.status is ShardStatus.FAILED]
        return [(self._parts[state.number], state.reason or Unavailable("It says no reason.")) for state in failed]

    async def take(self, count: int) -> list[int]:
        while not self.leaves:
            while (slot := self._agenda.first()) is not None:
                number = self._part_of[slot]
                if number in self._held:
                    return self._agenda.take(count, self._part_of.__getitem__)
                if not await self._claim(self._states[number]):
                    self._agenda.remove(self._parts[number].slots)
            if not await self._look():
                break
        return []

    async def kept(self, slots: list[int]) -> None:
        number = self._part_of[slots[0]]
        if number in self._held:
            self._left[number].difference_update(slots)
            await self._end_if_done(number)

    async def failed(self, slots: list[int], error: Exception) -> bool:
        if not is_about_patches(error):
            return False
        number = self._part_of[slots[0]]
        claim = self._held.pop(number, None)
        if claim is not None:
            del self._left[number]
            self._agenda.remove(self._parts[number].slots)
            reason = disk_failed(error) if isinstance(error, OSError) else error
            logger.warning("Part %d of prediction %s failed: %s", number, self._prediction_id, reason)
            await unbroken(jobs.fail(claim, reason, for_good=isinstance(error, UnsupportedSlide)))
            self._ended.set()
        return True

    async def beat(self) -> None:
        """Keep the leases of what is held."""
        if self._held:
            await unbroken(shards.keep_parts(self._prediction_id, self._token, self._lease_s))

    async def close(self) -> None:
        """Give back what is held; when not even that can be written down, the leases run out."""
        if self._held:
            with suppress(BaseORMException, OSError):
                await unbroken(shards.release_parts(self._prediction_id, self._token))

    async def _claim(self, state: PartState) -> bool:
        """Take a part, and off the agenda what is there of it already."""
        claim = await unbroken(
            shards.claim_part(state, self._prediction_id, self._token, self._lease_s, lead=self._lead)
        )
        if claim is None:
            return False
        slots = self._parts[state.number].slots
        await asyncio.to_thread(self._store.find_among, slots)
        self._held[state.number] = claim
        self._left[state.number] = {slot for slot in slots if not self._store.has(slot)}
        self._agenda.remove(set(slots) - self._left[state.number])
        await self._end_if_done(state.number)
        return True

    async def _end_if_done(self, number: int) -> None:
        if self._left[number]:
            return
        claim = self._held.pop(number)
        del self._left[number]
        await asyncio.to_thread(self._store.hand_over)
        await unbroken(shards.part_done(claim))
        self._ended.set()

    async def _look(self) -> bool:
        """See what can be taken now, or wait a moment; whether it is worth while to try again."""
        is_first = not self._states
        self._ended.clear()
        self._states = {state.number: state for state in await unbroken(shards.states(self._prediction_id))}
        going_on = [state for state in self._states.values() if state.status in _OPEN]
        free = [state for state in going_on if state.is_free and state.number not in self._held]
        if self._lead is not None and await self._reopened(self._lead, at_once=is_first):
            return True
        fresh = [state for state in free if state.attempts == 0]
        for state in fresh:
            if slots := [slot for slot in self._parts[state.number].slots if not self._store.has(slot)]:
                self._agenda.add(slots)
            else:
                await self._claim(state)
        if fresh:
            return True
        for state in () if self._held else free:
            if await self._claim(state):
                self._agenda.add(self._left.get(state.number, ()))
                return True
        if not self._held and (self._lead is None or (not going_on and self._missing_since is None)):
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), _LOOK_S)
        return True

    async def _reopened(self, lead: Claim, *, at_once: bool) -> bool:
        """Have parts done again of which patches are missing, at once or when they stay away too long."""
        missing = []
        for state in self._states.values():
            slots = self._parts[state.number].slots
            if state.status is ShardStatus.DONE and not all(map(self._store.has, slots)):
                await asyncio.to_thread(self._store.find_among, slots)
                if not all(map(self._store.has, slots)):
                    missing.append(state.number)
        now = time.monotonic()
        if not missing:
            self._missing_since = None
            return False
        self._missing_since = self._missing_since or now
        if not at_once and now - self._missing_since < _VISIBLE_S:
            return False
        logger.warning(
            "Prediction %s: %d parts are done again, their patches are gone", lead.prediction_id, len(missing)
        )
        self._missing_since = None
        await unbroken(shards.reopen(lead, missing))
        return True

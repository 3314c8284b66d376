"""Edits of one slide, committed together: while one transaction runs, the next one's edits gather.

An edit waits for its own commit, is refused alone, and has its own event; what it shares is the price of the
transaction. Nothing is lost when the process dies: what was not committed was not acknowledged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from tortoise.exceptions import IntegrityError

from api.annotations.applied import Applied
from api.annotations.changes import Editor, apply
from api.annotations.inverse import inverse_of
from api.annotations.layers import Ground, ground_of, insert_layer
from api.annotations.ops import Create, Op
from api.annotations.rows import AnnotationRow, LayerRow
from api.annotations.table import insert_rows, insert_steps, load_rows, update_rows
from api.auth.permissions import SlideAccess
from api.collaboration.group import GroupTransaction, write_group
from api.collaboration.log import EventKind, LoggedEvent, Origin, mutation_id_reused
from api.errors import PlatformError
from api.models.event import SlideEvent

MAX_EDITS, MAX_OPS_TOGETHER = 64, 1000


@dataclass(eq=False)
class Edit:
    """One call of `applyAnnotationOps` that waits for its commit."""

    access: SlideAccess
    origin: Origin
    ops: tuple[Op, ...]
    editor: Editor
    done: asyncio.Future[Applied] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def draws_in_own_layer(self) -> bool:
        return any(isinstance(op, Create) and op.layer_id is None for op in self.ops)


_waiting: dict[UUID, deque[Edit]] = {}
_committing: set[asyncio.Task[None]] = set()


async def submit(edit: Edit) -> Applied:
    """What the edit did, once it is committed. A caller that goes away does not take its edit along.

    Raises:
        PlatformError: the edit was refused, or the slide stayed busy; nothing of it was written.
    """
    slide_id = edit.access.slide_id
    if slide_id in _waiting:
        _waiting[slide_id].append(edit)
    else:
        _waiting[slide_id] = deque([edit])
        task = asyncio.create_task(_commit_all(slide_id), name=f"edits-{slide_id}")
        _committing.add(task)
        task.add_done_callback(_committing.discard)
    return await asyncio.shield(edit.done)


async def _commit_all(slide_id: UUID) -> None:
    """Commit until nobody waits. Only here edits leave the queue."""
    waiting = _waiting[slide_id]
    try:
        while waiting:
            await _commit(slide_id, _taken(waiting))
    finally:
        del _waiting[slide_id]
        for edit in waiting:
            edit.done.cancel()


def _taken(waiting: deque[Edit]) -> list[Edit]:
    edits, ops = [waiting.popleft()], 0
    while waiting and len(edits) < MAX_EDITS and ops + len(waiting[0].ops) <= MAX_OPS_TOGETHER:
        edits.append(waiting.popleft())
        ops += len(edits[-1].ops)
    return edits


async def _commit(slide_id: UUID, edits: Sequence[Edit]) -> None:
    group = _Group(edits)
    try:
        await write_group(slide_id, [edit.origin for edit in edits], group.write)
        outcomes: Sequence[Applied | Exception] = group.outcomes
    except IntegrityError as exc:
        if len(edits) > 1:  # one of them took a key that was free a moment ago: each tries by itself
            for edit in edits:
                await _commit(slide_id, [edit])
            return
        [edit] = edits
        key = edit.origin
        taken = await SlideEvent.exists(client_id=key.client_id, mutation_id=key.mutation_id)
        outcomes = [mutation_id_reused(key) if taken else exc]
    except asyncio.CancelledError:
        for edit in edits:
            edit.done.cancel()
        raise
    except Exception as exc:
        outcomes = [exc] * len(edits)
    for edit, outcome in zip(edits, outcomes, strict=True):
        if edit.done.cancelled():
            continue
        if isinstance(outcome, Applied):
            edit.done.set_result(outcome)
        else:
            edit.done.set_exception(outcome)
            edit.done.exception()  # a caller that went away does not make it unheard


class _Group:
    """Edits on their way through one transaction, in order; `outcomes` are theirs, as the transaction left them."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self.outcomes: list[Applied | Exception] = []

    async def write(self, transaction: GroupTransaction) -> None:
        """Apply each edit to what those before it left, then save all that changed. May run again."""
        connection, access = transaction.connection, self._edits[0].access
        ops = [op for edit in self._edits for op in edit.ops]
        stored = await load_rows(connection, (op.id for op in ops))
        drawing = {edit.editor.user_id for edit in self._edits if edit.draws_in_own_layer}
        blind = any(edit.editor.only_own for edit in self._edits)
        holding = {row.layer_id for row in stored.values()} if blind else ()
        ground = await ground_of(connection, access, ops, drawing, holding)
        rows, changed, new_layers = dict(stored), dict[UUID, AnnotationRow](), list[LayerRow]()
        touched: list[tuple[int, UUID]] = []
        self.outcomes = []
        for edit in self._edits:
            outcome, after, layer = _applied(transaction, edit, rows, ground)
            self.outcomes.append(outcome)
            touched += ((transaction.seq, id_) for id_ in after)
            rows |= after
            changed |= after
            if layer is not None:
                new_layers.append(layer)
                ground = ground.with_layer(layer)
        for layer in new_layers:
            await insert_layer(connection, layer)
        await insert_rows(connection, [row for row in changed.values() if row.id not in stored])
        await update_rows(connection, [row for row in changed.values() if row.id in stored])
        await insert_steps(connection, access.slide_id, touched)


def _applied(
    transaction: GroupTransaction, edit: Edit, rows: dict[UUID, AnnotationRow], ground: Ground
) -> tuple[Applied | Exception, dict[UUID, AnnotationRow], LayerRow | None]:
    """The edit's outcome, the rows it changed and the layer it made; refused or replayed, it changes nothing."""
    slide_id, settled = edit.access.slide_id, transaction.settled(edit.origin)
    if isinstance(settled, LoggedEvent):
        return Applied.from_event(slide_id, settled).seen_by(edit.editor.only_own, ground.layers), {}, None
    if settled is not None:
        return settled, {}, None
    now = datetime.now(UTC)
    around, layer = ground.for_ops(edit.ops, edit.editor.user_id, now)
    before = {op.id: rows[op.id] for op in edit.ops if op.id in rows}
    try:
        named = apply(edit.ops, before, around, edit.editor, now)
    except PlatformError as error:
        return error, {}, None
    changed = {row.id: row for row in named.values() if before.get(row.id) is not row}
    if not changed:
        return Applied(transaction.seq, tuple(named.values())), {}, None
    event = transaction.append(
        edit.origin,
        EventKind.ANNOTATIONS,
        {
            "annotations": [row.to_body() for row in changed.values()],
            "layers": [layer.to_body()] if layer else [],
        },
        inverse=[inverse_of(before.get(row.id), row) for row in changed.values()],
    )
    return Applied.from_event(slide_id, event), changed, layer

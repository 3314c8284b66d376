"""The only writer of layers, annotations and prediction chunks: each call is one transaction of the slide's log.

What ops mean is in `changes`; here rows are read under the slide's lock, the outcome is saved, the event appended.
After the commit the caller announces the new seq (`api.collaboration.channel.announce`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from api.annotations.applied import Applied, editor_of
from api.annotations.changes import apply
from api.annotations.chunks import Chunk, pack_prediction
from api.annotations.codec import PackedObject
from api.annotations.inverse import inverse_of
from api.annotations.layers import ground_of, make_layer
from api.annotations.ops import MAX_OPS, MAX_PACKED_BYTES, Create, Op, check_ops
from api.annotations.queue import Edit, submit
from api.annotations.rows import AnnotationRow, LayerRow
from api.annotations.table import insert_rows, insert_steps, update_rows
from api.auth.permissions import SlideAccess
from api.collaboration.log import EventKind, Origin, SlideTransaction, write
from api.models.annotation import AnnotationChunk, LayerKind

CHUNKS_A_STATEMENT = 20
IMPORT_COLOR = "#868e96"


async def apply_ops(access: SlideAccess, origin: Origin, ops: Sequence[Op]) -> Applied:
    """Apply all ops or none of them, in one transaction with what others do on the slide at the same time.

    Raises:
        StaleAnnotations: annotations changed since the author saw them.
        PlatformError: an op that can't be done; see `api.annotations.changes.apply` and `api.collaboration.log.write`.
    """
    editor = editor_of(access, origin)
    check_ops(list(ops))
    return await submit(Edit(access, origin, tuple(ops), editor))


async def save_and_append(
    transaction: SlideTransaction,
    kind: EventKind,
    before: Mapping[UUID, AnnotationRow],
    named: Iterable[AnnotationRow],
    layers: Sequence[LayerRow] = (),
    *,
    result: object = None,
    undoes: int | None = None,
    always: bool = False,
) -> None:
    """Save the rows that differ from `before` and append the event that carries them and their inverse.

    Args:
        always: append the event even when nothing differs.
    """
    changed = [row for row in named if before.get(row.id) is not row]
    if not (changed or always):
        return
    connection = transaction.connection
    await insert_rows(connection, [row for row in changed if row.id not in before])
    await update_rows(connection, [row for row in changed if row.id in before])
    event = await transaction.append(
        kind,
        {"annotations": [row.to_body() for row in changed], "layers": [layer.to_body() for layer in layers]},
        result=result,
        inverse=[inverse_of(before.get(row.id), row) for row in changed] or None,
        undoes=undoes,
    )
    await insert_steps(connection, transaction.slide_id, ((event.seq, row.id) for row in changed))


async def publish_prediction_layer(
    slide_id: UUID,
    prediction_id: UUID,
    objects: Sequence[PackedObject],
    *,
    name: str,
    color: str,
    requested_by_id: UUID | None,
) -> Applied:
    """Write a finished prediction's polygons as an immutable layer, with one event that announces the layer.

    Doing it again, after a crash, gives the layer of the first time. `Applied.layers[0]` is the layer.

    Args:
        objects: polygons in level-0 pixels with class and mean probability; numbered by their place.
        color: `#rrggbb` of the layer.
    """
    chunks: list[Chunk] = []

    async def work(transaction: SlideTransaction) -> None:
        layer = await make_layer(
            transaction.connection,
            slide_id,
            LayerKind.PREDICTION,
            name=name,
            color=color,
            owner_id=requested_by_id,
            prediction_id=prediction_id,
            now=datetime.now(UTC),
        )
        chunks[:] = pack_prediction(layer.id, objects)
        for start in range(0, len(chunks), CHUNKS_A_STATEMENT):
            batch = chunks[start : start + CHUNKS_A_STATEMENT]
            rows = [
                AnnotationChunk(id=uuid4(), slide_id=slide_id, layer_id=layer.id, **chunk.__dict__) for chunk in batch
            ]
            await AnnotationChunk.bulk_create(rows, using_db=transaction.connection)
        await transaction.append(EventKind.ANNOTATIONS, {"annotations": [], "layers": [layer.to_body()]})

    events = await write(slide_id, Origin(None, f"prediction:{prediction_id}", "publish"), work)
    return Applied.from_event(slide_id, events[0])


async def import_annotations(
    access: SlideAccess, origin: Origin, drawn: Sequence[Create], *, name: str
) -> tuple[LayerRow, int]:
    """Write annotations read from a file into a new IMPORT layer, all or none; returns the layer and the last seq.

    A large file makes several events of one transaction; undo takes them back one by one.
    """
    editor = editor_of(access, origin)
    for batch in _batches(drawn):
        check_ops(batch)

    async def work(transaction: SlideTransaction) -> None:
        connection, now = transaction.connection, datetime.now(UTC)
        layer = await make_layer(
            connection,
            access.slide_id,
            LayerKind.IMPORT,
            name=name,
            color=IMPORT_COLOR,
            owner_id=editor.user_id,
            now=now,
        )
        placed: list[Create] = [replace(op, layer_id=layer.id) for op in drawn]
        for number, batch in enumerate(_batches(placed)):
            ground = (await ground_of(connection, access, batch, ())).with_layer(layer)
            around, _ = ground.for_ops(batch, editor.user_id, now)
            named = apply(batch, {}, around, editor, now)
            shown = () if number else (layer,)
            await save_and_append(transaction, EventKind.ANNOTATIONS, {}, named.values(), shown, always=True)

    events = await write(access.slide_id, origin, work)
    return LayerRow.from_body(access.slide_id, events[0].body["layers"][0]), events[-1].seq


def _batches(ops: Sequence[Create]) -> list[list[Op]]:
    """The ops in parts that one event can carry; at least one part, which may be empty."""
    batches: list[list[Op]] = [[]]
    size = 0
    for op in ops:
        if len(batches[-1]) >= MAX_OPS or size + len(op.shape.packed) > MAX_PACKED_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(op)
        size += len(op.shape.packed)
    return batches

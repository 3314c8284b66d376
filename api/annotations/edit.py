"""The only writer of layers, annotations and prediction chunks: each call is one transaction of the slide's log.

What ops mean is in `changes`; here rows are read under the slide's lock, the outcome is saved, the event appended.
After the commit the caller announces the new seq (`api.collaboration.channel.announce`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from tortoise.backends.base.client import BaseDBAsyncClient

from api.annotations.changes import Editor, Surroundings, apply
from api.annotations.chunks import Chunk, pack_prediction
from api.annotations.codec import PackedObject
from api.annotations.inverse import Skipped, inverse_of
from api.annotations.ops import MAX_OPS, MAX_PACKED_BYTES, Create, Op, Update, check_ops
from api.annotations.rows import AnnotationRow, LayerRow
from api.annotations.table import insert_rows, load_rows, update_rows
from api.auth.permissions import SlideAccess, require_role
from api.auth.viewer import Action
from api.collaboration.log import EventKind, LoggedEvent, Origin, SlideTransaction, current_seq, write
from api.errors import NotSignedIn
from api.models.annotation import AnnotationChunk, Layer, LayerKind
from api.models.ontology import Term
from api.models.user import User

CHUNKS_A_STATEMENT = 20
IMPORT_COLOR = "#868e96"


@dataclass(frozen=True)
class Applied:
    """What a call did: the seq it is visible at, the annotations as it left them, and what undo or redo left alone."""

    seq: int
    rows: tuple[AnnotationRow, ...]
    layers: tuple[LayerRow, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @classmethod
    def from_event(cls, slide_id: UUID, event: LoggedEvent) -> Applied:
        """From the event that carries it: a first call and its replay read the same."""
        return cls(
            event.seq,
            tuple(AnnotationRow.from_body(slide_id, body) for body in event.body["annotations"]),
            tuple(LayerRow.from_body(slide_id, body) for body in event.body["layers"]),
            tuple(Skipped(UUID(s["id"]), s["code"], s["message"]) for s in (event.result or {}).get("skipped", ())),
        )


async def apply_ops(access: SlideAccess, origin: Origin, ops: Sequence[Op]) -> Applied:
    """Apply all ops or none of them.

    Raises:
        StaleAnnotations: annotations changed since the author saw them.
        PlatformError: an op that can't be done; see `api.annotations.changes.apply` and `api.collaboration.log.write`.
    """
    editor = editor_of(access, origin)
    check_ops(list(ops))
    named: dict[UUID, AnnotationRow] = {}

    async def work(transaction: SlideTransaction) -> None:
        connection, now = transaction.connection, datetime.now(UTC)
        before = await load_rows(connection, (op.id for op in ops))
        around, new_layers = await _surroundings(connection, access, editor, ops, now)
        named.clear()
        named.update(apply(ops, before, around, editor, now))
        await save_and_append(transaction, EventKind.ANNOTATIONS, before, named.values(), new_layers)

    events = await write(access.slide_id, origin, work)
    if events:
        return Applied.from_event(access.slide_id, events[0])
    return Applied(await current_seq(access.slide_id), tuple(named.values()))


def editor_of(access: SlideAccess, origin: Origin) -> Editor:
    """The person behind `origin`, who must be allowed to annotate."""
    if origin.actor_id is None:
        raise NotSignedIn("Annotations are changed by people; sign in and try again.")
    require_role(access.role, Action.ANNOTATE)
    return Editor(origin.actor_id, access.role)


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
    await transaction.append(
        kind,
        {"annotations": [row.to_body() for row in changed], "layers": [layer.to_body() for layer in layers]},
        result=result,
        inverse=[inverse_of(before.get(row.id), row) for row in changed] or None,
        undoes=undoes,
    )


async def make_layer(
    connection: BaseDBAsyncClient,
    slide_id: UUID,
    kind: LayerKind,
    *,
    name: str,
    color: str,
    owner_id: UUID | None,
    prediction_id: UUID | None = None,
    now: datetime,
) -> LayerRow:
    """Write a new layer."""
    layer = await Layer.create(
        using_db=connection,
        id=uuid4(),
        slide_id=slide_id,
        kind=kind,
        name=name[:120],
        color=color,
        owner_id=owner_id,
        prediction_id=prediction_id,
        created_at=now,
    )
    return LayerRow.from_model(layer)


async def _surroundings(
    connection: BaseDBAsyncClient, access: SlideAccess, editor: Editor, ops: Sequence[Op], now: datetime
) -> tuple[Surroundings, list[LayerRow]]:
    """What the ops refer to, and the author's own layer when it had to be made."""
    creates = [op for op in ops if isinstance(op, Create)]
    layers: dict[UUID, LayerRow] = {}
    new: list[LayerRow] = []
    own_id: UUID | None = None
    if any(op.layer_id is None for op in creates):
        own = await _own_layer(connection, access.slide_id, editor.user_id)
        if own is None:
            user = await User.get(id=editor.user_id, using_db=connection)
            own = await make_layer(
                connection,
                access.slide_id,
                LayerKind.USER,
                name=user.name,
                color=user.color,
                owner_id=user.id,
                now=now,
            )
            new.append(own)
        own_id, layers[own.id] = own.id, own
    if layer_ids := {op.layer_id for op in creates if op.layer_id} - layers.keys():
        found = Layer.filter(id__in=layer_ids, slide_id=access.slide_id, deleted_at__isnull=True)
        layers |= {layer.id: LayerRow.from_model(layer) for layer in await found.using_db(connection)}
    named_terms = {op.term_id for op in ops if isinstance(op, Create | Update) and isinstance(op.term_id, UUID)}
    terms: list[Any] = []
    if named_terms:
        known = Term.filter(id__in=named_terms, project_id=access.project_id, deleted_at__isnull=True)
        terms = await known.using_db(connection).values_list("id", flat=True)
    return Surroundings(access.slide_id, layers, own_id, frozenset(terms)), new


async def _own_layer(connection: BaseDBAsyncClient, slide_id: UUID, user_id: UUID) -> LayerRow | None:
    own = Layer.filter(slide_id=slide_id, owner_id=user_id, kind=LayerKind.USER, deleted_at__isnull=True)
    layer = await own.using_db(connection).order_by("created_at").first()
    return LayerRow.from_model(layer) if layer else None


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
            around, _ = await _surroundings(connection, access, editor, batch, now)
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

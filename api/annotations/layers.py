"""Layers: made at a person's first annotation, with a prediction or an import; and what else ops may refer to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q

from api.annotations.changes import Surroundings
from api.annotations.ops import Create, Op, Update
from api.annotations.rows import LayerRow
from api.auth.permissions import SlideAccess
from api.models.annotation import Layer, LayerKind
from api.models.ontology import Term
from api.models.user import User


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
    row = LayerRow(uuid4(), slide_id, kind, name[:120], color, owner_id, prediction_id, now)
    await insert_layer(connection, row)
    return row


async def insert_layer(connection: BaseDBAsyncClient, row: LayerRow) -> None:
    """Write a layer that was made as a value."""
    await Layer.create(using_db=connection, **{name: getattr(row, name) for name in LayerRow.__dataclass_fields__})


@dataclass(frozen=True)
class Ground:
    """What ops of several people on one slide may refer to: layers, terms, and people who have no layer yet."""

    slide_id: UUID
    layers: Mapping[UUID, LayerRow]
    term_ids: frozenset[UUID]
    newcomers: Mapping[UUID, User] = field(default_factory=dict)

    def with_layer(self, layer: LayerRow) -> Ground:
        """The same with one more layer."""
        return replace(self, layers={**self.layers, layer.id: layer})

    def for_ops(self, ops: Iterable[Op], user_id: UUID, now: datetime) -> tuple[Surroundings, LayerRow | None]:
        """What one person's ops may refer to, and their own layer when these ops make it."""
        own: LayerRow | None = None
        new: LayerRow | None = None
        if any(isinstance(op, Create) and op.layer_id is None for op in ops):
            theirs = [row for row in self.layers.values() if row.kind is LayerKind.USER and row.owner_id == user_id]
            own = min(theirs, key=lambda row: row.created_at, default=None)
            if own is None:
                user = self.newcomers[user_id]
                name, color = user.name[:120], user.color
                own = new = LayerRow(uuid4(), self.slide_id, LayerKind.USER, name, color, user_id, None, now)
        layers = {**self.layers, own.id: own} if own else self.layers
        return Surroundings(self.slide_id, layers, own.id if own else None, self.term_ids), new


async def ground_of(
    connection: BaseDBAsyncClient,
    access: SlideAccess,
    ops: Collection[Op],
    drawing: Collection[UUID],
    holding: Collection[UUID] = (),
) -> Ground:
    """What these ops refer to.

    Args:
        drawing: the people who draw in their own layer.
        holding: layers of annotations that the ops name, where somebody does not see all.
    """
    layer_ids = {*holding, *(op.layer_id for op in ops if isinstance(op, Create) and op.layer_id)}
    layers: dict[UUID, LayerRow] = {}
    if layer_ids or drawing:
        own = Q(owner_id__in=list(drawing), kind=LayerKind.USER)
        wanted = Q(own, Q(id__in=list(layer_ids)), join_type="OR")
        found = Layer.filter(wanted, slide_id=access.slide_id, deleted_at__isnull=True).using_db(connection)
        layers = {layer.id: LayerRow.from_model(layer) for layer in await found}
    owners = {row.owner_id for row in layers.values() if row.kind is LayerKind.USER}
    newcomers: dict[UUID, User] = {}
    if missing := [user_id for user_id in drawing if user_id not in owners]:
        newcomers = {user.id: user for user in await User.filter(id__in=missing).using_db(connection)}
    named_terms = {op.term_id for op in ops if isinstance(op, Create | Update) and isinstance(op.term_id, UUID)}
    terms: list[UUID] = []
    if named_terms:
        known = Term.filter(id__in=named_terms, project_id=access.project_id, deleted_at__isnull=True)
        terms = list(await known.using_db(connection).values_list("id", flat=True))  # type: ignore[arg-type]
    return Ground(access.slide_id, layers, frozenset(terms), newcomers)

"""Who sees which layers: in a blind project, annotators see nobody's drawings but their own. Rules B2-B4 of the spec.

One rule, as Python for what is in hand and as a condition of a query for what is in the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q

from api.annotations.rows import LayerRow
from api.auth.permissions import SlideAccess
from api.models.annotation import Layer, LayerKind

SHARED_KINDS = frozenset(LayerKind) - {LayerKind.USER}
"""Layers of models and files are for everybody."""


def sees(only_own: UUID | None, layer: LayerRow | None) -> bool:
    """Whether someone sees what is in the layer.

    Args:
        only_own: as in `SlideAccess`.
        layer: None for one that is not known, which only those see who see all.
    """
    if only_own is None:
        return True
    return layer is not None and (layer.kind in SHARED_KINDS or layer.owner_id == only_own)


def seen(only_own: UUID | None, layer: str = "layer") -> Q:
    """The same as a condition on rows whose layer is reached by the relation `layer`."""
    if only_own is None:
        return Q()
    conditions: dict[str, Any] = {f"{layer}__kind__in": sorted(SHARED_KINDS), f"{layer}__owner_id": only_own}
    return Q(join_type="OR", **conditions)


async def layers_to_tell(access: SlideAccess, connection: BaseDBAsyncClient | None = None) -> dict[UUID, LayerRow]:
    """What `sees_body` and `sees` need to know of a slide's layers, by id: nothing for who sees all."""
    if access.only_own is None:
        return {}
    layers = Layer.filter(slide_id=access.slide_id).using_db(connection)
    return {layer.id: LayerRow.from_model(layer) for layer in await layers}


def sees_body(only_own: UUID | None, body: Mapping[str, Any], layers: Mapping[UUID, LayerRow]) -> bool:
    """The same for an annotation as an event carries it; `layers` by id."""
    return only_own is None or sees(only_own, layers.get(UUID(body["layer"])))

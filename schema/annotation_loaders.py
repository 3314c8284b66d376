"""Loaders of what belongs to annotations and layers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from api.annotations.query import counts_by_layer, layers_of
from api.annotations.rows import LayerRow
from api.models.annotation import Layer as LayerModel
from api.models.slide import Slide
from schema.loaders import Loader


class MppBySlideLoader(Loader[UUID, tuple[float, float] | None]):
    """Micrometres per level-0 pixel, (x, y), by slide id; None when the slide does not say."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, tuple[float, float] | None]:
        rows = await Slide.filter(id__in=keys).values_list("id", "mpp_x", "mpp_y")
        return {slide_id: (mpp_x, mpp_y) for slide_id, mpp_x, mpp_y in rows if mpp_x and mpp_y}

    def absent(self, key: UUID) -> None:
        return None


class AnnotationCountByLayerLoader(Loader[UUID, int]):
    """How many objects a layer holds, polygons of predictions included."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, int]:
        return await counts_by_layer(keys)

    def absent(self, key: UUID) -> int:
        return 0


class LayerByIdLoader(Loader[UUID, LayerRow | None]):
    """Layers by id, deleted ones too."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, LayerRow | None]:
        return {layer.id: LayerRow.from_model(layer) for layer in await LayerModel.filter(id__in=keys)}

    def absent(self, key: UUID) -> None:
        return None


class LayersBySlideLoader(Loader[UUID, list[LayerRow]]):
    """A slide's layers, oldest first."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, list[LayerRow]]:
        layers: dict[UUID, list[LayerRow]] = defaultdict(list)
        for layer in await layers_of(keys):
            layers[layer.slide_id].append(layer)
        return layers

    def absent(self, key: UUID) -> list[LayerRow]:
        return []

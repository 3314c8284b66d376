"""Loaders for what belongs to predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from api.models.prediction import Prediction, PredictionStatus
from api.predictions.jobs import queue_places
from schema.loaders import Loader


class QueuePlaceByPredictionLoader(Loader[UUID, int | None]):
    """How many predictions wait before one, plus one; None for one that does not wait."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, int | None]:
        return await queue_places(keys)

    def absent(self, key: UUID) -> None:
        return None


class PredictionByIdLoader(Loader[UUID, Prediction | None]):
    """A prediction; None when there is none. Permission is the caller's business."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, Prediction | None]:
        return {row.id: row for row in await Prediction.filter(id__in=keys)}

    def absent(self, key: UUID) -> None:
        return None


class LatestPredictionBySlideLoader(Loader[UUID, Prediction | None]):
    """A slide's newest prediction that has not failed and was not cancelled."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, Prediction | None]:
        shown = (PredictionStatus.QUEUED, PredictionStatus.RUNNING, PredictionStatus.SUCCEEDED)
        rows = await Prediction.filter(slide_id__in=keys, status__in=shown).order_by("created_at", "id")
        return {row.slide_id: row for row in rows}

    def absent(self, key: UUID) -> None:
        return None

"""What changed about a slide's predictions, for the people who follow it. A source of `api.collaboration.feed`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from api.collaboration.channel import Channel, Subscriber, slide_topic
from api.collaboration.presence import Person, Presence
from api.models.prediction import HeatmapTile, Prediction, PredictionStatus
from api.predictions.heatmap import TileKey
from api.predictions.progress import INTERVAL_S

IDLE_S = 1.0
_LIVE = (PredictionStatus.QUEUED, PredictionStatus.RUNNING)
_RECENT = timedelta(minutes=1)
_MOST_VIEWPORTS = 16


@dataclass(frozen=True)
class Mark:
    """How much of a prediction has been told."""

    status: PredictionStatus
    done: int
    total: int | None
    heatmap_version: int

    @classmethod
    def of(cls, prediction: Prediction) -> Mark:
        return cls(prediction.status, prediction.done, prediction.total, prediction.heatmap_version)


@dataclass(frozen=True)
class PredictionNews:
    """A prediction as it is now, and the newest version of each heatmap tile that changed since the news before."""

    prediction: Prediction
    tiles: Mapping[TileKey, int]

    @property
    def key(self) -> str:
        return f"prediction:{self.prediction.id}"

    def after(self, older: PredictionNews) -> PredictionNews:
        """These news with the tiles of older ones that were not told."""
        return replace(self, tiles={**older.tiles, **self.tiles})


async def changed_predictions(slide_id: UUID, since: Mapping[UUID, Mark]) -> list[PredictionNews]:
    """News of the slide's predictions that differ from their mark in `since`, oldest first.

    Looks at those that wait or run, those that did by their mark, and those that ended in the last minute.
    """
    wanted = Q(status__in=_LIVE) | Q(finished_at__gte=datetime.now(UTC) - _RECENT)
    if ran := [prediction_id for prediction_id, mark in since.items() if mark.status in _LIVE]:
        wanted |= Q(id__in=ran)
    rows = await Prediction.filter(wanted, slide_id=slide_id).order_by("created_at", "id")
    changed = [row for row in rows if since.get(row.id) != Mark.of(row)]
    return [PredictionNews(row, await _tiles_after(row, since.get(row.id))) for row in changed]


class PredictionSource:
    """Tells the followers of a slide about its predictions: polls while one runs, hints make it sooner."""

    def __init__(self, channel: Channel, presence: Presence | None = None) -> None:
        self._channel = channel
        self._presence = presence

    async def run(self, slide_id: UUID, deliver: Callable[[Any], None]) -> None:
        """Deliver news for as long as someone follows the slide; ends by cancellation."""
        marks: dict[UUID, Mark] = {}
        told: list[list[float]] = []
        async with self._channel.subscribe(slide_topic(slide_id)) as hints:
            while True:
                for news in await changed_predictions(slide_id, marks):
                    marks[news.prediction.id] = Mark.of(news.prediction)
                    deliver(news)
                is_live = any(mark.status in _LIVE for mark in marks.values())
                if is_live and self._presence is not None:
                    told = await tell_viewports(slide_id, viewports_of(self._presence.people(slide_id)), told)
                await _hint_or(hints, INTERVAL_S if is_live else IDLE_S)

    async def snapshot(self, slide_id: UUID) -> list[PredictionNews]:
        """The predictions that wait, run or ended a moment ago, for someone who joins now."""
        return await changed_predictions(slide_id, {})


def viewports_of(people: Iterable[Person]) -> list[list[float]]:
    """What people look at, `[x, y, width, height]` in whole level-0 pixels, each once; at most `_MOST_VIEWPORTS`."""
    seen = {tuple(float(round(value)) for value in person.viewport) for person in people if person.viewport}
    return [list(viewport) for viewport in sorted(seen)[:_MOST_VIEWPORTS]]


async def tell_viewports(slide_id: UUID, viewports: list[list[float]], told: list[list[float]]) -> list[list[float]]:
    """Have the workers do first what people look at now; what was told last is not told again."""
    if viewports and viewports != told:
        await Prediction.filter(slide_id=slide_id, status__in=_LIVE).update(viewports=viewports)
    return viewports


async def _tiles_after(prediction: Prediction, mark: Mark | None) -> dict[TileKey, int]:
    told = 0 if mark is None else mark.heatmap_version
    if prediction.heatmap_version == told:
        return {}
    rows = await HeatmapTile.filter(
        prediction_id=prediction.id, version__gt=told, version__lte=prediction.heatmap_version
    ).values_list("level", "column", "row", "version")
    return {TileKey(level, column, row): version for level, column, row, version in rows}


async def _hint_or(hints: Subscriber, seconds: float) -> None:
    """Wait for a hint about a prediction, at most `seconds`; hints about other things do not end the wait."""
    try:
        async with asyncio.timeout(seconds):
            while "prediction" not in await anext(hints):
                pass
    except TimeoutError:
        return

"""Loaders for what belongs to slides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from tortoise.functions import Count
from tortoise.queryset import QuerySet

from api.models.annotation import Annotation, ReviewState
from api.models.slide import Slide, SlideSequence
from api.slides.space import used_by_each
from schema.loaders import Loader


class SlideByIdLoader(Loader[UUID, Slide | None]):
    """Slides by id, those in the bin too: the caller has passed the permission check of something on it."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, Slide | None]:
        return {row.id: row for row in await Slide.filter(id__in=keys)}

    def absent(self, key: UUID) -> None:
        return None


class SequenceBySlideLoader(Loader[UUID, int]):
    """Where a slide's event log stands."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, int]:
        return dict(await SlideSequence.filter(slide_id__in=keys).values_list("slide_id", "seq"))

    def absent(self, key: UUID) -> int:
        return 0


class UsedBytesByProjectLoader(Loader[UUID, int]):
    """Bytes of a project's slide files, those in its bin and on their way too."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, int]:
        return await used_by_each(keys)

    def absent(self, key: UUID) -> int:
        return 0


class AnnotationCountBySlideLoader(Loader[UUID, int]):
    """How many annotations people made or corrected on a slide; untouched predictions are not counted."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, int]:
        return await _counted(Annotation.filter(slide_id__in=keys))

    def absent(self, key: UUID) -> int:
        return 0


class ReviewedCountBySlideLoader(Loader[UUID, int]):
    """How many annotations of a slide were accepted or rejected."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, int]:
        reviewed = (ReviewState.ACCEPTED, ReviewState.REJECTED)
        return await _counted(Annotation.filter(slide_id__in=keys, review_state__in=reviewed))

    def absent(self, key: UUID) -> int:
        return 0


async def _counted(annotations: QuerySet[Annotation]) -> Mapping[UUID, int]:
    living = annotations.filter(deleted_at__isnull=True).annotate(count=Count("id")).group_by("slide_id")
    return dict(await living.values_list("slide_id", "count"))

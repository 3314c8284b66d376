"""Loaders for what belongs to slides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from tortoise.expressions import Q
from tortoise.functions import Count

from api.annotations.sight import seen
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


SlideSeen = tuple[UUID, UUID | None]
"""A slide and `SlideAccess.only_own` of who asks: what is counted depends on both."""


class AnnotationCountBySlideLoader(Loader[SlideSeen, int]):
    """How many annotations people made or corrected on a slide; untouched predictions are not counted."""

    async def fetch(self, keys: Sequence[SlideSeen]) -> Mapping[SlideSeen, int]:
        return await _counted(keys, Q())

    def absent(self, key: SlideSeen) -> int:
        return 0


class ReviewedCountBySlideLoader(Loader[SlideSeen, int]):
    """How many annotations of a slide were accepted or rejected."""

    async def fetch(self, keys: Sequence[SlideSeen]) -> Mapping[SlideSeen, int]:
        return await _counted(keys, Q(review_state__in=(ReviewState.ACCEPTED, ReviewState.REJECTED)))

    def absent(self, key: SlideSeen) -> int:
        return 0


async def _counted(keys: Sequence[SlideSeen], which: Q) -> Mapping[SlideSeen, int]:
    """How many living annotations of each slide are among `which` and seen."""
    counts: dict[SlideSeen, int] = {}
    for only_own in {only_own for _, only_own in keys}:
        slide_ids = [slide_id for slide_id, other in keys if other == only_own]
        living = Annotation.filter(which, seen(only_own), slide_id__in=slide_ids, deleted_at__isnull=True)
        rows = await living.annotate(count=Count("id")).group_by("slide_id").values_list("slide_id", "count")
        counts |= {(slide_id, only_own): count for slide_id, count in rows}
    return counts

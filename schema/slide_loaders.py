"""Loaders for what belongs to slides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from tortoise.functions import Count

from api.annotations.sight import seen
from api.models.annotation import Annotation
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


class AnnotationCountBySlideLoader(Loader[tuple[UUID, UUID | None], int]):
    """How many annotations people made or corrected on a slide, by (slide id, `SlideAccess.only_own`).

    Untouched predictions are not counted.
    """

    async def fetch(self, keys: Sequence[tuple[UUID, UUID | None]]) -> Mapping[tuple[UUID, UUID | None], int]:
        counts: dict[tuple[UUID, UUID | None], int] = {}
        for only_own in {only_own for _, only_own in keys}:
            slide_ids = [slide_id for slide_id, other in keys if other == only_own]
            rows = (
                await Annotation.filter(seen(only_own), slide_id__in=slide_ids, deleted_at__isnull=True)
                .annotate(count=Count("id"))
                .group_by("slide_id")
                .values_list("slide_id", "count")
            )
            counts |= {(slide_id, only_own): count for slide_id, count in rows}
        return counts

    def absent(self, key: tuple[UUID, UUID | None]) -> int:
        return 0

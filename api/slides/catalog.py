"""The slides of a project: listing, renaming, the bin. Permission is the caller's business."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from tortoise.expressions import Q
from tortoise.functions import Trim
from tortoise.queryset import QuerySet

from api.errors import InvalidInput, NotFound
from api.models.paging import Page, fetch_page
from api.models.slide import Slide, Upload, UploadStatus
from api.slides.names import safe_filename
from api.slides.slide_file import MAX_MPP
from api.slides.storage import Storage
from api.slides.unused import remove_unused

logger = logging.getLogger("coslide.slides")

MAX_NAME = 255
MAX_DESCRIPTION = 10_000
MAX_TAGS = 50
MAX_ACCESSION_CODE = 64
MAX_TAG = 64
NEWEST_FIRST = ("-created_at", "-id")


@dataclass(frozen=True)
class SlideChanges:
    """What to change about a slide; None leaves a value as it is.

    Attributes:
        mpp_x, mpp_y: micrometres per level-0 pixel, for files that don't say, or say it wrong.
        accession_code: replaces the slide's and the file's name, which may tell a patient's, for good.
    """

    name: str | None = None
    description: str | None = None
    tags: Sequence[str] | None = None
    mpp_x: float | None = None
    mpp_y: float | None = None
    accession_code: str | None = None


async def get_slide(slide_id: UUID) -> Slide:
    """A slide, in the bin or not.

    Raises:
        NotFound: there is none.
    """
    slide = await Slide.get_or_none(id=slide_id)
    if slide is None:
        raise _gone(slide_id)
    return slide


async def list_slides(
    project_id: UUID,
    first: int,
    after: str | None,
    *,
    search: str | None = None,
    tag: str | None = None,
    in_bin: bool = False,
) -> Page[Slide]:
    """A page of a project's slides, newest first.

    Args:
        search: words that each must occur in the name, description or file name; case does not matter.
        tag: only slides with exactly this tag.
        in_bin: deleted slides instead of the others.
    """
    return await fetch_page(_matching(project_id, search, tag, in_bin), NEWEST_FIRST, first, after)


async def count_slides(
    project_id: UUID, *, search: str | None = None, tag: str | None = None, in_bin: bool = False
) -> int:
    """How many slides `list_slides` with the same arguments lists on all its pages."""
    return await _matching(project_id, search, tag, in_bin).count()


def _matching(project_id: UUID, search: str | None, tag: str | None, in_bin: bool) -> QuerySet[Slide]:
    query = Slide.filter(project_id=project_id, deleted_at__isnull=not in_bin)
    for word in (search or "").split()[:10]:
        query = query.filter(Q(name__icontains=word) | Q(description__icontains=word) | Q(filename__icontains=word))
    if tag is not None:
        # The column holds a JSON list; a string with its quotes occurs in it only as a whole element.
        quoted = json.dumps(tag, ensure_ascii=False)
        query = query.annotate(tags_text=Trim("tags")).filter(tags_text__contains=quoted)
    return query


async def list_uploads(project_id: UUID, user_id: UUID) -> list[Upload]:
    """A person's uploads to a project that have not become slides, newest first, at most 100."""
    pending = Upload.filter(project_id=project_id, user_id=user_id).exclude(status=UploadStatus.DONE)
    return await pending.order_by("-created_at").limit(100)


async def update_slide(slide_id: UUID, changes: SlideChanges) -> Slide:
    """Change what people may change about a slide.

    Raises:
        InvalidInput: a value is empty, too long or no scale.
        NotFound: the slide is gone.
    """
    values: dict[str, object] = {}
    if changes.name is not None:
        values["name"] = _text(changes.name, "name", MAX_NAME, is_required=True)
    if changes.description is not None:
        values["description"] = _text(changes.description, "description", MAX_DESCRIPTION)
    if changes.tags is not None:
        values["tags"] = _tags(changes.tags)
    for field, camel, value in (("mpp_x", "mppX", changes.mpp_x), ("mpp_y", "mppY", changes.mpp_y)):
        if value is not None:
            values[field] = _mpp(value, camel)
    if changes.accession_code is not None:
        code = _text(changes.accession_code, "accessionCode", MAX_ACCESSION_CODE, is_required=True)
        slide = await get_slide(slide_id)
        values["name"] = code
        values["filename"] = safe_filename(code.replace("/", "-") + Path(slide.filename).suffix)
        await Upload.filter(slide_id=slide_id).update(filename=values["filename"])
    if values and not await Slide.filter(id=slide_id).update(**values):
        raise _gone(slide_id)
    return await get_slide(slide_id)


async def delete_slide(slide_id: UUID) -> Slide:
    """Put a slide into the bin; its file, annotations and predictions stay. Doing it twice is no error."""
    await Slide.filter(id=slide_id, deleted_at__isnull=True).update(deleted_at=datetime.now(UTC))
    return await get_slide(slide_id)


async def restore_slide(slide_id: UUID) -> Slide:
    """Take a slide out of the bin. Doing it twice is no error."""
    await Slide.filter(id=slide_id).update(deleted_at=None)
    return await get_slide(slide_id)


async def purge_slide(slide_id: UUID, storage: Storage) -> bool:
    """Remove a slide in the bin for good, with its annotations; the file too, when no other slide uses it.

    Returns:
        Whether the file was removed.

    Raises:
        NotFound: there is no such slide in the bin.
    """
    slide = await Slide.get_or_none(id=slide_id, deleted_at__isnull=False)
    if slide is None:
        raise NotFound(f"There is no slide {slide_id} in the bin. Delete it first, then remove it for good.")
    await slide.delete()
    is_unused = await remove_unused(storage, slide.sha256)
    if slide.pixels_sha256 is not None:
        await remove_unused(storage, slide.pixels_sha256)
    logger.info("slide purged: %s, file removed: %s", slide_id, is_unused)
    return is_unused


def _text(value: str, field: str, limit: int, *, is_required: bool = False) -> str:
    text = value.strip()
    if is_required and not text:
        raise InvalidInput(f"The {field} is empty. Type one.", code="VALUE_EMPTY", field=field)
    if len(text) > limit:
        raise InvalidInput(
            f"The {field} has {len(text)} characters; {limit} are possible. Shorten it.",
            code="VALUE_TOO_LONG",
            field=field,
            params={"limit": limit, "actual": len(text)},
        )
    return text


def _tags(tags: Sequence[str]) -> list[str]:
    """Trimmed, without empty and repeated ones, in the order given."""
    if len(tags) > MAX_TAGS:
        raise InvalidInput(
            f"There are {len(tags)} tags; a slide can have {MAX_TAGS}. Remove some.",
            code="TOO_MANY_TAGS",
            field="tags",
            params={"limit": MAX_TAGS, "actual": len(tags)},
        )
    return [tag for tag in dict.fromkeys(_text(tag, "tags", MAX_TAG) for tag in tags) if tag]


def _mpp(value: float, field: str) -> float:
    if not 0 < value < MAX_MPP:
        raise InvalidInput(
            f"{field} is {value:g}; it must be over 0 and under {MAX_MPP:g} micrometres per pixel. 40x scans "
            f"have about "
            f"0.25, 20x about 0.5.",
            code="MPP_OUT_OF_RANGE",
            field=field,
        )
    return value


def _gone(slide_id: UUID) -> NotFound:
    return NotFound(f"There is no slide {slide_id}, or you are not a member of its project.")

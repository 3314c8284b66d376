"""Room for files: on the disk, with what unfinished uploads will still need, and within a project's quota."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tortoise.expressions import F
from tortoise.functions import Sum

from api.errors import NotFound, TooLarge
from api.models.project import Project
from api.models.slide import Slide, Upload, UploadStatus
from api.slides.storage import DiskFull, Storage

SPARE_BYTES = 256 << 20
"""What databases, logs and caches may need meanwhile."""

UNFINISHED = (UploadStatus.RECEIVING, UploadStatus.CHECKING)


class QuotaExceeded(TooLarge):
    """A project has no room for another file."""

    default_code = "QUOTA_EXCEEDED"


async def require_space(storage: Storage, size_bytes: int, max_bytes: int) -> None:
    """Raise before a file is received that is too large, or that the disk can't hold beside those under way.

    Raises:
        TooLarge: over `max_bytes`.
        DiskFull: there is less room than that.
    """
    if size_bytes > max_bytes:
        raise TooLarge(
            f"The file has {size_bytes / 1e9:.2f} GB; this server accepts up to {max_bytes / 1e9:g} GB. "
            f"Compress it, or ask the administrator to raise COSLIDE_UPLOAD_MAX_GB.",
            params={"limit": max_bytes, "actual": size_bytes},
        )
    free_bytes = max(0, storage.free_bytes() - await _promised_bytes())
    if size_bytes + SPARE_BYTES > free_bytes:
        raise DiskFull(
            f"The server has {free_bytes / 1e9:.2f} GB free, too little for {size_bytes / 1e9:.2f} GB. "
            f"Ask its administrator to make room, then try again.",
            params={"free_bytes": free_bytes, "size_bytes": size_bytes},
        )


async def require_quota(project_id: UUID, size_bytes: int, default_bytes: int | None) -> None:
    """Raise when a project's files, those in its bin and on their way too, would be more than its quota.

    Raises:
        QuotaExceeded: there is less room than that.
    """
    project = await Project.get_or_none(id=project_id).only("id", "quota_bytes")
    quota_bytes = default_bytes if project is None or project.quota_bytes is None else project.quota_bytes
    if quota_bytes is None:
        return
    used_bytes = await used_by(project_id)
    if used_bytes + size_bytes > quota_bytes:
        raise QuotaExceeded(
            f"The project's slides have {used_bytes / 1e9:.2f} of {quota_bytes / 1e9:g} GB; {size_bytes / 1e9:.2f} GB "
            f"more do not fit. Remove slides for good, or ask the administrator for more room.",
            params={"limit": quota_bytes, "used": used_bytes, "actual": size_bytes},
        )


async def used_by(project_id: UUID) -> int:
    """Bytes of a project's slide files and pyramids made of them, those in its bin and on their way too."""
    return (await used_by_each([project_id])).get(project_id, 0)


async def used_by_each(project_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The same for several projects; those without files are left out."""
    used: dict[UUID, int] = {}
    slides = Slide.filter(project_id__in=project_ids).annotate(total=Sum(F("size_bytes") + F("pixels_bytes")))
    uploads = Upload.filter(project_id__in=project_ids, status__in=UNFINISHED).annotate(total=Sum("length"))
    for rows in (slides, uploads):
        for row in await rows.group_by("project_id").values("project_id", "total"):
            used[row["project_id"]] = used.get(row["project_id"], 0) + int(row["total"])
    return used


async def set_quota(project_id: UUID, quota_bytes: int | None) -> Project:
    """Give a project room of its own; None goes back to the server's default.

    Raises:
        NotFound: there is no such project.
    """
    if not await Project.filter(id=project_id, deleted_at__isnull=True).update(quota_bytes=quota_bytes):
        raise NotFound(f"There is no project {project_id}. Its id is in its address: /p/<id>.")
    return await Project.get(id=project_id)


async def _promised_bytes() -> int:
    """What unfinished uploads will still write."""
    sums = Upload.filter(status=UploadStatus.RECEIVING).annotate(length_sum=Sum("length"), offset_sum=Sum("offset"))
    rows = await sums.values("length_sum", "offset_sum")
    return int((rows[0]["length_sum"] or 0) - (rows[0]["offset_sum"] or 0)) if rows else 0

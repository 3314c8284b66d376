"""Uploads that are the files of one slide: which they are, whether all are here, and what they are called together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from api.models.slide import Upload
from api.slides.space import UNFINISHED


@dataclass(frozen=True)
class UploadGroup:
    """Uploads that are the files of one slide.

    Attributes:
        id: made by the client.
        size: how many there are.
    """

    id: UUID
    size: int


async def parts_of(upload: Upload) -> list[Upload]:
    """The group's uploads that have not become a slide, in a fixed order."""
    group = Upload.filter(group_id=upload.group_id, user_id=upload.user_id, project_id=upload.project_id)
    return await group.filter(status__in=UNFINISHED).order_by("id")


def is_complete(parts: Sequence[Upload]) -> bool:
    return bool(parts) and len(parts) == parts[0].group_size and all(part.offset == part.length for part in parts)


def names_in_archive(parts: Sequence[Upload]) -> Iterator[tuple[str, Upload]]:
    """Each file's name; those of a MIRAX slide lie in the folder of its name."""
    mirax = next((Path(part.filename).stem for part in parts if part.filename.lower().endswith(".mrxs")), None)
    for number, part in enumerate(sorted(parts, key=lambda part: part.filename)):
        is_inside = mirax is not None and not part.filename.lower().endswith(".mrxs")
        # Two files of one name are still two files; of a DICOM series the names mean nothing.
        name = part.filename if mirax is not None else f"{number:04}-{part.filename}"
        yield (f"{mirax}/{name}" if is_inside else name), part


def stem_of(parts: Sequence[Upload]) -> str:
    mirax = [part.filename for part in parts if part.filename.lower().endswith(".mrxs")]
    return Path(min(mirax or [part.filename for part in parts])).stem

"""A slide in the database: what its file says, in columns."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from api.models.slide import Slide, SlideSequence, Upload, UploadStatus
from api.models.slide_job import SlideJob, SlideJobKind
from api.models.transaction import transaction
from api.slides.facts import SlideFacts


def described(facts: SlideFacts) -> dict[str, Any]:
    """The columns of a slide's row that say what its file says."""
    return {
        "vendor": facts.vendor[:64],
        "width": facts.width,
        "height": facts.height,
        "tile_size": facts.tile_size,
        "levels": facts.pyramid.as_rows(),
        "objective_power": facts.objective_power,
        "associated": [asdict(image) for image in facts.associated],
        "icc_bytes": facts.icc_bytes,
    }


async def create_rows(facts: SlideFacts, upload_id: UUID | None, *, to_convert: bool, **columns: Any) -> Slide:
    """A slide, its sequence, the end of its upload and, where it is to be converted, the job: in one transaction."""
    async with transaction():
        slide = await Slide.create(**described(facts), mpp_x=facts.mpp_x, mpp_y=facts.mpp_y, **columns)
        await SlideSequence.create(slide=slide, seq=0)
        if to_convert:
            asker = columns["created_by_id"]
            await SlideJob.create(slide=slide, kind=SlideJobKind.TRANSCODE, requested_by_id=asker)
        if upload_id is not None:
            await Upload.filter(id=upload_id).update(status=UploadStatus.DONE, slide_id=slide.id)
    return slide

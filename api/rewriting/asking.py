"""What people may ask to be done with a slide's file, and when there is nothing to do."""

from __future__ import annotations

from api.auth.audit import present_address
from api.auth.viewer import Viewer
from api.errors import Conflict
from api.models.slide import Slide
from api.models.slide_job import SlideJobKind
from api.rewriting import jobs
from api.slides.privacy import has_private_images
from api.slides.rewriter import Rewriter


async def require_decoded(rewriter: Rewriter, slide: Slide) -> None:
    """Raise when a pyramid would not make the slide's tiles quicker.

    Raises:
        Conflict: `TRANSCODE_NOT_NEEDED`.
    """
    if await rewriter.passes_through(slide):
        raise Conflict(
            "The slide's tiles leave the server as they are stored already; converting it would change nothing.",
            code="TRANSCODE_NOT_NEEDED",
        )


async def ask_to_convert(slide: Slide, viewer: Viewer) -> None:
    """Have a pyramid made of the slide. Call it while the slide's sequence is locked."""
    await jobs.ask(slide, SlideJobKind.TRANSCODE, viewer.user_id, present_address())


async def ask_to_remove_images(slide: Slide, viewer: Viewer, *, keep_pyramid_only: bool) -> None:
    """Have label and macro removed; nothing when there are none. Call it while the slide's sequence is locked.

    Args:
        keep_pyramid_only: keep nothing of the file but a pyramid of its pixels, whatever its format, and whether or
            not it shows a label.
    """
    if keep_pyramid_only:
        await jobs.ask(slide, SlideJobKind.KEEP_PYRAMID, viewer.user_id, present_address())
    elif has_private_images(slide):
        await jobs.ask(slide, SlideJobKind.REMOVE_IMAGES, viewer.user_id, present_address())

"""Label and macro images may show a patient's name."""

from __future__ import annotations

from api.models.slide import Slide
from api.slides.facts import PRIVATE_IMAGES


def has_private_images(slide: Slide) -> bool:
    """Whether the slide's file shows label or macro."""
    return any(image["name"] in PRIVATE_IMAGES for image in slide.associated)

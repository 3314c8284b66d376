"""Whether a file is a slide that can be shown, and if not, why: the checks before a slide is accepted.

Only for isolated processes.
"""

from __future__ import annotations

from pathlib import Path

from api.slides.container import ContainerIndex
from api.slides.container_index import check_complete, index_container
from api.slides.facts import SlideFacts
from api.slides.slide_file import SlideFile, open_slide

_PROBE_PX = 64


def describe_checked(path: Path) -> tuple[SlideFacts, ContainerIndex]:
    """The facts of a slide whose pixels were tried on every level, and where its stored tiles lie.

    Raises:
        UnsupportedSlide: with the code that says what is wrong.
    """
    check_complete(path)
    slide = open_slide(path)
    try:
        facts = slide.describe()
        index = index_container(path, facts.vendor, facts.level_sizes)
        _probe(slide)
    finally:
        slide.close()
    return facts, index


def _probe(slide: SlideFile) -> None:
    """Read a few pixels of every level, at the corners and in the middle."""
    for level, (width, height) in enumerate(slide.level_sizes):
        for x, y in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1), (width // 2, height // 2)):
            left, top = max(0, x - _PROBE_PX), max(0, y - _PROBE_PX)
            slide.read_region(level, left, top, min(_PROBE_PX, width - left), min(_PROBE_PX, height - top))

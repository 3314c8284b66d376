"""Which stored content a slide's pixels come from."""

from __future__ import annotations

from dataclasses import dataclass

from api.models.slide import Slide
from api.slides.pyramid import Pyramid


@dataclass(frozen=True)
class SlideSource:
    """What serving a slide's pixels needs to know.

    Attributes:
        sha256: the content that tiles are read from or made of.
        pyramid: the client's pyramid, with the levels of that content.
        own_sha256: the slide's own file, where tiles come from a pyramid made of it.
        icc_bytes: size of the colour profile in it; None when there is none.
    """

    sha256: str
    pyramid: Pyramid
    own_sha256: str | None = None
    icc_bytes: int | None = None

    @classmethod
    def of(cls, slide: Slide) -> SlideSource:
        """Of a row with at least `COLUMNS`."""
        pyramid = Pyramid.from_rows(slide.levels, slide.tile_size)
        if slide.pixels_sha256 is None:
            return cls(slide.sha256, pyramid, icc_bytes=slide.icc_bytes)
        return cls(slide.pixels_sha256, pyramid, slide.sha256, slide.icc_bytes)

    @property
    def file_sha256(self) -> str:
        """The slide's own file, which holds label, macro and thumbnail."""
        return self.own_sha256 or self.sha256


COLUMNS = ("sha256", "pixels_sha256", "levels", "tile_size", "icc_bytes")
"""What of a slide's row a source is made of."""

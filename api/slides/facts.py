"""What is known about a slide file after opening it once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from api.slides.pyramid import Pyramid, build_pyramid

PRIVATE_IMAGES = frozenset({"LABEL", "MACRO"})


@dataclass(frozen=True)
class AssociatedImage:
    """A small picture stored beside the slide: LABEL, MACRO or THUMBNAIL; size in pixels."""

    name: str
    width: int
    height: int


@dataclass(frozen=True)
class SlideFacts:
    """A slide file's description.

    Attributes:
        vendor: OpenSlide's name of the format, such as `aperio`, `dicom`, `generic-tiff`.
        level_sizes: (width, height) in pixels of each level in the file, finest first.
        tile_size: side in pixels of the client's tiles.
        mpp_x, mpp_y: micrometres per level-0 pixel; None when the file does not say.
        objective_power: the scanner's magnification; None when the file does not say.
        icc_bytes: size of the embedded colour profile; None when there is none.
    """

    vendor: str
    level_sizes: tuple[tuple[int, int], ...]
    tile_size: int
    mpp_x: float | None
    mpp_y: float | None
    objective_power: float | None
    associated: tuple[AssociatedImage, ...]
    properties: dict[str, str]
    icc_bytes: int | None = None

    @property
    def width(self) -> int:
        return self.level_sizes[0][0]

    @property
    def height(self) -> int:
        return self.level_sizes[0][1]

    @property
    def pyramid(self) -> Pyramid:
        return build_pyramid(self.level_sizes, self.tile_size)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> SlideFacts:
        return cls(
            vendor=str(value["vendor"]),
            level_sizes=tuple((int(width), int(height)) for width, height in value["level_sizes"]),
            tile_size=int(value["tile_size"]),
            mpp_x=value["mpp_x"],
            mpp_y=value["mpp_y"],
            objective_power=value["objective_power"],
            associated=tuple(AssociatedImage(**image) for image in value["associated"]),
            properties=dict(value["properties"]),
            icc_bytes=value["icc_bytes"],
        )

"""What all formats speak of: features, the slide they lie on, repairs, and writers."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from api.annotations.geometry import AREAL, Geometry, geometry_from_geojson, repaired
from api.errors import InvalidInput, PlatformError
from api.models.annotation import GeometryKind, ReviewState

MAX_FEATURES = 200_000
MAX_REPORTED = 100
"""Repairs listed one by one; more are only counted."""


@dataclass(frozen=True)
class Feature:
    """A shape with what it means, in the words of every format.

    Attributes:
        term: what it means, by name.
        term_path: the names from the top of the tree of terms down to `term`; empty where nothing is known of a tree.
        color: `#rrggbb` of the term.
        mean: a model's mean probability in [0, 1]; None for what people drew.
        review: where it stands in review; None for what is not reviewed. `review_reason` says why it was rejected.
    """

    geometry: Geometry
    term: str | None = None
    color: str | None = None
    term_path: tuple[str, ...] = ()
    id: UUID | None = None
    layer: str = ""
    note: str = ""
    locked: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    mean: float | None = None
    review: ReviewState | None = None
    review_reason: str | None = None


@dataclass(frozen=True)
class SlideFacts:
    """The slide that features lie on."""

    name: str
    width: int
    height: int
    mpp_x: float | None
    mpp_y: float | None


class RepairCode(enum.StrEnum):
    """What was done to something that could not be taken as it was."""

    MADE_VALID = "MADE_VALID"
    RING_CLOSED = "RING_CLOSED"
    SPLIT = "SPLIT"
    CONVERTED = "CONVERTED"
    DROPPED = "DROPPED"


@dataclass(frozen=True)
class Repair:
    """One repair: `index` counts the file's objects from 0; `message` says what was done, in English."""

    index: int
    code: RepairCode
    message: str


@dataclass(frozen=True)
class Parsed:
    """What a file held, and what had to be repaired."""

    features: tuple[Feature, ...]
    repairs: tuple[Repair, ...]


class FileUnreadable(InvalidInput):
    """A file that is not of the format it is said to be."""

    default_code = "FILE_UNREADABLE"


class Writer(Protocol):
    """Makes a file piece by piece: `start`, then `add` each feature, then `end`; the pieces joined are the file."""

    def start(self) -> bytes: ...

    def add(self, feature: Feature) -> bytes: ...

    def end(self) -> bytes: ...


def write_all(writer: Writer, features: Iterable[Feature]) -> bytes:
    """The whole file at once."""
    return b"".join([writer.start(), *(writer.add(feature) for feature in features), writer.end()])


class Collector:
    """Gathers a parser's features and repairs. One `add` a shape: it is checked, mended, or dropped with a reason."""

    def __init__(self) -> None:
        self._features: list[Feature] = []
        self._repairs: list[Repair] = []

    def note(self, index: int, code: RepairCode, message: str) -> None:
        """Report what was done to object `index`."""
        self._repairs.append(Repair(index, code, message))

    def add(self, index: int, kind: GeometryKind, geojson: dict[str, Any], **facts: Any) -> None:
        """Take a shape over; `facts` are the other fields of `Feature`.

        Raises:
            FileUnreadable: the file holds too many objects.
        """
        if len(self._features) >= MAX_FEATURES:
            raise FileUnreadable(
                f"The file holds more than {MAX_FEATURES} objects. Divide it into several files.",
                code="TOO_MANY_OBJECTS",
            )
        try:
            geometry, mended = repaired(geometry_from_geojson(kind, geojson))
        except PlatformError as error:
            self.note(index, RepairCode.DROPPED, f"Object {index} was left out. {error.message}")
            return
        if kind in AREAL and _is_open(geojson):
            self.note(index, RepairCode.RING_CLOSED, f"Object {index} had an open outline; it was closed.")
        if mended:
            self.note(index, RepairCode.MADE_VALID, f"Object {index} crossed itself; its outline was made valid.")
        self._features.append(Feature(geometry, **facts))

    def done(self) -> Parsed:
        return Parsed(tuple(self._features), tuple(self._repairs))


def _is_open(geojson: dict[str, Any]) -> bool:
    polygons = geojson["coordinates"] if geojson["type"] == "MultiPolygon" else [geojson["coordinates"]]
    return any(ring[0] != ring[-1] for polygon in polygons for ring in polygon)


def rgb_of(color: str | None) -> tuple[int, int, int]:
    """(red, green, blue) of `#rrggbb`; grey when there is none."""
    text = (color or "").lstrip("#")
    try:
        red, green, blue = bytes.fromhex(text)
    except ValueError:
        return 134, 142, 150
    return red, green, blue


def color_of(red: int, green: int, blue: int) -> str:
    """`#rrggbb`."""
    return f"#{red & 255:02x}{green & 255:02x}{blue & 255:02x}"

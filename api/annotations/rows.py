"""An annotation as a value: what a row holds, how an event carries it, how it becomes a row again.

The shape stays packed (`api.annotations.codec`) from the database to the moment someone asks for GeoJSON.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from api.annotations.codec import PackedObject, decode, encode
from api.annotations.geometry import Extent, Geometry, extent_of
from api.annotations.index import cell_of
from api.models.annotation import GeometryKind, Layer, LayerKind, ReviewState

COLUMNS = (
    "id",
    "slide_id",
    "layer_id",
    "term_id",
    "kind",
    "geometry",
    "min_x",
    "min_y",
    "max_x",
    "max_y",
    "area_px",
    "length_px",
    "attributes",
    "note",
    "locked",
    "version",
    "geometry_version",
    "created_by_id",
    "updated_by_id",
    "created_at",
    "updated_at",
    "deleted_at",
    "review_state",
    "review_reason",
    "reviewed_by_id",
    "reviewed_at",
)
STORED = (*COLUMNS, "cell")


@dataclass(frozen=True)
class Shape:
    """A packed shape with its kind, bounds and measures."""

    kind: GeometryKind
    packed: bytes
    extent: Extent

    @classmethod
    def of(cls, geometry: Geometry) -> Shape:
        return cls(geometry.kind, encode(PackedObject(geometry)), extent_of(geometry))

    @classmethod
    def unpack(cls, packed: bytes) -> Shape:
        """From the packed bytes alone."""
        geometry = decode(packed).geometry
        return cls(geometry.kind, packed, extent_of(geometry))

    @property
    def geometry(self) -> Geometry:
        return decode(self.packed).geometry


@dataclass(frozen=True)
class Review:
    """Where an annotation stands in review, who brought it there and when; `reason` says why it was rejected."""

    state: ReviewState = ReviewState.DRAFT
    reason: str | None = None
    by_id: UUID | None = None
    at: datetime | None = None

    def to_body(self) -> list[str | None]:
        """As an event and an inverse carry it."""
        return [self.state.value, self.reason, _text(self.by_id), _text(self.at)]

    @classmethod
    def from_body(cls, body: Sequence[str | None] | None) -> Review:
        """The inverse of `to_body`; None, as in events from before there was review, is a draft."""
        if body is None:
            return UNREVIEWED
        state, reason, by, at = body
        return cls(ReviewState(str(state)), reason, _uuid(by), datetime.fromisoformat(at) if at else None)


UNREVIEWED = Review()


@dataclass(frozen=True)
class AnnotationRow:
    """An annotation at one version, tombstones included."""

    id: UUID
    slide_id: UUID
    layer_id: UUID
    term_id: UUID | None
    shape: Shape
    attributes: dict[str, Any]
    note: str
    locked: bool
    version: int
    geometry_version: int
    created_by_id: UUID | None
    updated_by_id: UUID | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    review: Review = UNREVIEWED

    @property
    def deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def accepted(self) -> bool:
        return self.review.state is ReviewState.ACCEPTED

    @property
    def closed(self) -> bool:
        """Whether it is locked, by someone or because it was accepted."""
        return self.locked or self.accepted

    @classmethod
    def from_columns(cls, values: Mapping[str, Any]) -> AnnotationRow:
        """From `Annotation.values(*COLUMNS)`."""
        extent = Extent(*(values[name] for name in ("min_x", "min_y", "max_x", "max_y", "area_px", "length_px")))
        return cls(
            shape=Shape(GeometryKind(values["kind"]), bytes(values["geometry"]), extent),
            review=Review(
                ReviewState(values["review_state"]),
                values["review_reason"],
                values["reviewed_by_id"],
                values["reviewed_at"],
            ),
            **{name: values[name] for name in cls.__dataclass_fields__ if name not in ("shape", "review")},
        )

    def to_columns(self) -> list[Any]:
        """The values of `STORED`, as the database takes them."""
        extent = self.shape.extent
        return [
            str(self.id),
            str(self.slide_id),
            str(self.layer_id),
            _text(self.term_id),
            self.shape.kind.value,
            self.shape.packed,
            extent.min_x,
            extent.min_y,
            extent.max_x,
            extent.max_y,
            extent.area_px,
            extent.length_px,
            orjson.dumps(self.attributes).decode(),
            self.note,
            self.locked,
            self.version,
            self.geometry_version,
            _text(self.created_by_id),
            _text(self.updated_by_id),
            self.created_at,
            self.updated_at,
            self.deleted_at,
            self.review.state.value,
            self.review.reason,
            _text(self.review.by_id),
            self.review.at,
            cell_of(extent.min_x, extent.min_y, extent.max_x, extent.max_y),
        ]

    def to_body(self) -> dict[str, Any]:
        """As an event carries it."""
        extent = self.shape.extent
        return {
            "id": str(self.id),
            "layer": str(self.layer_id),
            "term": str(self.term_id) if self.term_id else None,
            "kind": self.shape.kind.value,
            "shape": b64encode(self.shape.packed).decode(),
            "bounds": [extent.min_x, extent.min_y, extent.max_x, extent.max_y],
            "area": extent.area_px,
            "length": extent.length_px,
            "attributes": self.attributes,
            "note": self.note,
            "locked": self.locked,
            "version": self.version,
            "shaped": self.geometry_version,
            "by": [_text(self.created_by_id), _text(self.updated_by_id)],
            "at": [self.created_at.isoformat(), self.updated_at.isoformat(), _text(self.deleted_at)],
            "review": None if self.review == UNREVIEWED else self.review.to_body(),
        }

    @classmethod
    def from_body(cls, slide_id: UUID, body: Mapping[str, Any]) -> AnnotationRow:
        """The inverse of `to_body`."""
        created_by, updated_by = body["by"]
        created_at, updated_at, deleted_at = body["at"]
        min_x, min_y, max_x, max_y = body["bounds"]
        extent = Extent(min_x, min_y, max_x, max_y, body["area"], body["length"])
        return cls(
            id=UUID(body["id"]),
            slide_id=slide_id,
            layer_id=UUID(body["layer"]),
            term_id=_uuid(body["term"]),
            shape=Shape(GeometryKind(body["kind"]), b64decode(body["shape"]), extent),
            attributes=body["attributes"],
            note=body["note"],
            locked=body["locked"],
            version=body["version"],
            geometry_version=body["shaped"],
            created_by_id=_uuid(created_by),
            updated_by_id=_uuid(updated_by),
            created_at=datetime.fromisoformat(created_at),
            updated_at=datetime.fromisoformat(updated_at),
            deleted_at=datetime.fromisoformat(deleted_at) if deleted_at else None,
            review=Review.from_body(body.get("review")),
        )


@dataclass(frozen=True)
class LayerRow:
    """A layer as a value."""

    id: UUID
    slide_id: UUID
    kind: LayerKind
    name: str
    color: str
    owner_id: UUID | None
    prediction_id: UUID | None
    created_at: datetime

    @classmethod
    def from_model(cls, layer: Layer) -> LayerRow:
        return cls(**{name: getattr(layer, name) for name in cls.__dataclass_fields__})

    def to_body(self) -> dict[str, Any]:
        """As an event carries it."""
        return {
            "id": str(self.id),
            "kind": self.kind.value,
            "name": self.name,
            "color": self.color,
            "owner": _text(self.owner_id),
            "prediction": _text(self.prediction_id),
            "at": self.created_at.isoformat(),
        }

    @classmethod
    def from_body(cls, slide_id: UUID, body: Mapping[str, Any]) -> LayerRow:
        """The inverse of `to_body`."""
        return cls(
            id=UUID(body["id"]),
            slide_id=slide_id,
            kind=LayerKind(body["kind"]),
            name=body["name"],
            color=body["color"],
            owner_id=_uuid(body["owner"]),
            prediction_id=_uuid(body["prediction"]),
            created_at=datetime.fromisoformat(body["at"]),
        )


def _text(value: UUID | datetime | None) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else str(value) if value else None


def _uuid(value: str | None) -> UUID | None:
    return UUID(value) if value else None

"""Which predicted outline an annotation was made of, when somebody accepted it. PURE.

The client writes it into two attributes as it creates the annotation; rule E18 keeps them as they are from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

PREDICTION, POLYGON = "predictionId", "predictionPolygon"


@dataclass(frozen=True)
class Provenance:
    """An outline, by its prediction and its number in that prediction's layer."""

    prediction_id: UUID
    polygon: int


def provenance_of(attributes: Mapping[str, Any]) -> Provenance | None:
    """What an annotation's attributes say; None when it was drawn, or when they say nothing that makes sense."""
    prediction, polygon = attributes.get(PREDICTION), attributes.get(POLYGON)
    if not isinstance(prediction, str) or not isinstance(polygon, int):
        return None
    try:
        return Provenance(UUID(prediction), polygon)
    except ValueError:
        return None


def is_kept(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a change of attributes leaves the provenance as it is."""
    return all(before.get(name) == after.get(name) for name in (PREDICTION, POLYGON))

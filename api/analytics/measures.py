"""What is on a slide, in numbers: counts, areas and lengths per term, and the newest prediction's areas."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from tortoise.functions import Count, Sum

from api.annotations.query import Filter
from api.auth.permissions import SlideAccess
from api.models.annotation import ReviewState
from api.models.prediction import Prediction, PredictionStatus
from api.models.slide import Slide


@dataclass(frozen=True)
class TermMeasure:
    """The living annotations of one term on a slide; `term_id` None for those without a term.

    Attributes:
        area_mm2: None when the slide does not say how large its pixels are.
        length_px: perimeters of areas and lengths of lines.
    """

    term_id: UUID | None
    count: int
    area_px: float
    area_mm2: float | None
    length_px: float


@dataclass(frozen=True)
class SlideMeasures:
    """A slide's measures; tissue and cancer come from the newest finished prediction."""

    slide_id: UUID
    terms: tuple[TermMeasure, ...]
    annotation_count: int
    tissue_mm2: float | None
    cancer_mm2: float | None


async def measure_slide(access: SlideAccess, review: Collection[ReviewState] | None = None) -> SlideMeasures:
    """The measures of what the viewer sees on a slide. Areas that overlap count each; terms come largest area first.

    Args:
        review: count only annotations in these states; None for all.
    """
    slide_id = access.slide_id
    mpp_x, mpp_y = await Slide.get(id=slide_id).values_list("mpp_x", "mpp_y")
    states = frozenset(review) if review is not None else None
    living = Filter(access, review=states).annotations()
    rows = (
        await living.annotate(count=Count("id"), area=Sum("area_px"), length=Sum("length_px"))
        .group_by("term_id")
        .values("term_id", "count", "area", "length")
    )
    terms = [
        TermMeasure(
            row["term_id"],
            row["count"],
            row["area"],
            row["area"] * mpp_x * mpp_y / 1e6 if mpp_x and mpp_y else None,
            row["length"],
        )
        for row in rows
    ]
    finished = Prediction.filter(slide_id=slide_id, status=PredictionStatus.SUCCEEDED).order_by("-finished_at")
    newest = await finished.first().values("figures")
    figures = newest["figures"] if newest else {}
    return SlideMeasures(
        slide_id,
        tuple(sorted(terms, key=lambda term: (-term.area_px, str(term.term_id)))),
        sum(term.count for term in terms),
        figures.get("tissue_mm2"),
        figures.get("cancer_mm2"),
    )

"""Measures of a slide and the agreement of two layers."""

from __future__ import annotations

from uuid import UUID

import strawberry

from api.analytics.agreement import agreement_of
from api.analytics.measures import SlideMeasures, TermMeasure, measure_slide
from api.auth.permissions import require_slide
from api.auth.viewer import Action
from api.models.annotation import ReviewState
from schema.context import Info
from schema.ids import optional_uuid, uuid_of
from schema.loaders import TermByIdLoader
from schema.project import Term


@strawberry.type(name="TermMeasure", description="The living annotations of one term on a slide.")
class TermMeasureType:
    term_id: strawberry.Private[UUID | None]
    count: int = strawberry.field(description="How many there are.")
    area_px: float = strawberry.field(description="Their areas together, in level-0 pixels².")
    area_mm2: float | None = strawberry.field(description="The same in mm²; null when the pixel size is unknown.")
    length_px: float = strawberry.field(description="Their lengths and perimeters together, in level-0 pixels.")

    @classmethod
    def of(cls, measure: TermMeasure) -> TermMeasureType:
        """The GraphQL side of a measure."""
        return cls(**measure.__dict__)

    @strawberry.field(description="The term; null for annotations without one.")
    async def term(self, info: Info) -> Term | None:
        row = await info.context.loader(TermByIdLoader).load(self.term_id) if self.term_id else None
        return Term.of(row) if row else None


@strawberry.type(description="A slide in numbers.")
class Measures:
    slide_id: strawberry.ID = strawberry.field(description="The slide.")
    terms: list[TermMeasureType] = strawberry.field(description="Per term, largest area first.")
    annotation_count: int = strawberry.field(description="How many living annotations there are.")
    tissue_mm2: float | None = strawberry.field(description="Tissue that the newest finished prediction found.")
    cancer_mm2: float | None = strawberry.field(description="Cancer that the newest finished prediction found.")

    @classmethod
    def of(cls, measures: SlideMeasures) -> Measures:
        """The GraphQL side of a slide's measures."""
        return cls(
            slide_id=strawberry.ID(str(measures.slide_id)),
            terms=[TermMeasureType.of(term) for term in measures.terms],
            annotation_count=measures.annotation_count,
            tissue_mm2=measures.tissue_mm2,
            cancer_mm2=measures.cancer_mm2,
        )


@strawberry.type(description="How far the areas of two layers agree; 1 is perfect.")
class Agreement:
    dice: float = strawberry.field(description="2 |A and B| / (|A| + |B|).")
    iou: float = strawberry.field(description="|A and B| / |A or B|.")
    kappa: float | None = strawberry.field(
        description="Cohen's kappa over all points of the slide; null when chance explains everything."
    )


@strawberry.type
class MeasureQuery:
    @strawberry.field(description="Counts, areas and lengths on a slide, of annotations in the given states of review.")
    async def measures(
        self, info: Info, slide_id: strawberry.ID, review_states: list[ReviewState] | None = None
    ) -> Measures:
        access = await require_slide(info.context.viewer, uuid_of(slide_id, "slideId"), Action.VIEW)
        return Measures.of(await measure_slide(access, review_states))

    @strawberry.field(description="How far two layers of a slide agree on a term, or on all areas when none is given.")
    async def agreement(
        self,
        info: Info,
        slide_id: strawberry.ID,
        layer_a: strawberry.ID,
        layer_b: strawberry.ID,
        term_id: strawberry.ID | None = None,
        review_states: list[ReviewState] | None = None,
    ) -> Agreement:
        access = await require_slide(info.context.viewer, uuid_of(slide_id, "slideId"), Action.VIEW)
        layers = uuid_of(layer_a, "layerA"), uuid_of(layer_b, "layerB")
        found = await agreement_of(access, *layers, optional_uuid(term_id, "termId"), review_states)
        return Agreement(dice=found.dice, iou=found.iou, kappa=found.kappa)

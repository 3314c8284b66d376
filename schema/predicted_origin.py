"""What an accepted outline says of where it came from."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from api.annotations.provenance import Provenance
from api.annotations.rows import AnnotationRow
from api.models.prediction import Prediction as PredictionRow
from schema.context import Info
from schema.prediction import Prediction
from schema.user import User, load_user


@strawberry.type(description="The predicted outline that an annotation was made of.")
class PredictedOrigin:
    prediction: Prediction = strawberry.field(description="With its model, version and threshold.")
    polygon: int = strawberry.field(description="The outline's number in the prediction's layer.")
    accepted_at: datetime = strawberry.field(description="When it was accepted.")
    reshaped: bool = strawberry.field(description="Whether the shape was changed since.")
    accepted_by_id: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, row: AnnotationRow, said: Provenance, prediction: PredictionRow) -> PredictedOrigin | None:
        """The GraphQL side; None when an annotation names another slide's prediction, which may be nobody's to see."""
        if prediction.slide_id != row.slide_id:
            return None
        return cls(
            prediction=Prediction.of(prediction),
            polygon=said.polygon,
            accepted_at=row.created_at,
            reshaped=row.geometry_version > 1,
            accepted_by_id=row.created_by_id,
        )

    @strawberry.field(description="Who accepted it.")
    async def accepted_by(self, info: Info) -> User | None:
        return await load_user(info, self.accepted_by_id)

"""Predictions for tests, asked for as people ask."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.models.prediction import Prediction
from api.models.slide import Slide
from api.predictions.model_info import ModelClass, ModelInfo
from api.predictions.requests import request
from tests.factories import make_slide_row

REDNESS = ModelInfo(
    name="redness",
    version="1.2.3",
    mpp=1.0,
    patch_px=512,
    max_batch=8,
    classes=(
        ModelClass("background", "Background", "배경", "#d9d9d9", positive=False),
        ModelClass("benign", "Benign", "양성", "#2a9d8f", positive=False),
        ModelClass("carcinoma", "Red", "빨강", "#d62839", positive=True),
    ),
    threshold=0.5,
    knows_unsure=False,
    organ="test pattern",
    licence="CC0-1.0",
    training_data="none",
    limits=("knows only red",),
    limits_ko=("빨강만 안다",),
    dice_carcinoma=0.5,
    dice_low95=None,
    dice_high95=None,
    cases=7,
    image_auc=None,
)


async def ask(slide: Slide | None = None, model: ModelInfo = REDNESS, **fields: Any) -> Prediction:
    """A queued prediction with its shard; of a new slide unless one is given."""
    slide = slide or await make_slide_row()
    wanted: dict[str, Any] = {"region": None, "focus": None, "requested_by": None} | fields
    return await request(slide.id, model, **wanted)


async def ask_many(count: int) -> list[UUID]:
    """Ids of that many queued predictions, oldest first."""
    return [(await ask()).id for _ in range(count)]

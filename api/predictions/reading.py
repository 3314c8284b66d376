"""Predictions for those who may see them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from api.auth.permissions import require_slide, require_viewer
from api.auth.viewer import Action, Viewer
from api.errors import NotFound
from api.models.paging import Page, fetch_page
from api.models.prediction import Prediction, PredictionStatus


async def find_prediction(viewer: Viewer | None, prediction_id: UUID, action: Action) -> Prediction:
    """A prediction on a slide on which the viewer may do `action`.

    Raises:
        NotSignedIn, NotFound, NotPermitted: as `require_slide`.
    """
    signed_in = require_viewer(viewer)
    prediction = await Prediction.get_or_none(id=prediction_id)
    if prediction is None:
        raise _absent(prediction_id)
    try:
        await require_slide(signed_in, prediction.slide_id, action)
    except NotFound as error:
        raise _absent(prediction_id) from error
    return prediction


async def list_predictions(viewer: Viewer | None, slide_id: UUID, first: int, after: str | None) -> Page[Prediction]:
    """A slide's predictions, newest first."""
    access = await require_slide(viewer, slide_id, Action.VIEW)
    return await fetch_page(Prediction.filter(slide_id=access.slide_id), ("-created_at", "id"), first, after)


def elapsed_s(prediction: Prediction) -> float | None:
    """Seconds since work began, up to its end; None before."""
    if prediction.started_at is None:
        return None
    return ((prediction.finished_at or datetime.now(UTC)) - prediction.started_at).total_seconds()


def eta_s(prediction: Prediction) -> float | None:
    """Seconds that are left at the pace so far; None unless it runs and has done something."""
    elapsed = elapsed_s(prediction)
    if prediction.status != PredictionStatus.RUNNING or not elapsed or not prediction.total or not prediction.done:
        return None
    return elapsed / prediction.done * (prediction.total - prediction.done)


def mp_per_s(prediction: Prediction) -> float | None:
    """Megapixels of model input a second: measured when it has ended, else so far."""
    if "mp_per_s" in prediction.figures:
        return float(prediction.figures["mp_per_s"])
    elapsed = elapsed_s(prediction)
    if not elapsed or not prediction.done:
        return None
    return float(round(prediction.done * prediction.figures["patch_px"] ** 2 / 1e6 / elapsed, 2))


def _absent(prediction_id: UUID) -> NotFound:
    return NotFound(f"There is no prediction {prediction_id}, or you are not a member of its slide's project.")

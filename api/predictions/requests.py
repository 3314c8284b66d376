"""Asking for a prediction: an earlier one of the same work is given back, else the work is queued."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tortoise.expressions import F

from api.collaboration.channel import Channel, slide_topic
from api.errors import Conflict, InvalidInput, NotFound
from api.models.prediction import Prediction, PredictionShard, PredictionStatus, ShardKind
from api.models.slide import Slide
from api.models.transaction import transaction
from api.predictions.model_info import ModelInfo
from api.predictions.resolution import OVERLAP_PX, downsample_for, slide_mpp

QUEUE_TOPIC = "predictions"
"""Where a hint says that something was queued."""
_REUSED = (PredictionStatus.QUEUED, PredictionStatus.RUNNING, PredictionStatus.SUCCEEDED)


async def request(
    slide_id: UUID,
    model: ModelInfo,
    *,
    region: Sequence[float] | None,
    focus: Sequence[float] | None,
    requested_by: UUID | None,
    priority: int = 0,
) -> Prediction:
    """The prediction of a model over a slide, or over a region `[x, y, width, height]` of it in level-0 pixels.

    One that waits, runs or succeeded for the same slide, resolution, model version and region is returned instead of a
    second one, unless a part of it had to be set aside. `focus` is what the asker looks at; it is done first. A higher
    `priority` waits less.

    Raises:
        NotFound: no such slide, or it is in the bin.
        InvalidInput: the slide has no mpp or is too coarse, or the region lies outside it.
    """
    async with transaction() as connection:
        # Locks the slide, and must be the first statement: two people who press Predict at once get one prediction.
        await Slide.filter(id=slide_id).using_db(connection).update(filename=F("filename"))
        slide = await Slide.get_or_none(id=slide_id, deleted_at=None, using_db=connection)
        if slide is None:
            raise NotFound(f"There is no slide {slide_id}, or it is in the bin. Restore it first.")
        mpp = slide_mpp(slide.mpp_x, slide.mpp_y)
        downsample = downsample_for(model, mpp)
        area = _region_on(slide, region)
        for earlier in (
            await Prediction.filter(
                slide_id=slide_id,
                model=model.name,
                model_version=model.version,
                status__in=_REUSED,
                source_id__isnull=True,
            )
            .using_db(connection)
            .order_by("-created_at")
            .limit(200)
        ):
            same = earlier.region == area and earlier.figures.get("mpp") == mpp
            same = same and earlier.figures.get("sha256") in (None, slide.sha256)
            if same and not earlier.figures.get("set_aside"):
                return earlier
        prediction = await Prediction.create(
            using_db=connection,
            slide_id=slide_id,
            model=model.name,
            model_version=model.version,
            region=area,
            focus=list(focus) if focus else None,
            threshold=model.threshold,
            priority=priority,
            figures={
                "mpp": mpp,
                "sha256": slide.sha256,
                "downsample": downsample,
                "tile_px": model.patch_px - OVERLAP_PX,
                "patch_px": model.patch_px,
            },
            requested_by_id=requested_by,
        )
        await PredictionShard.create(
            using_db=connection,
            prediction=prediction,
            region=area or [0.0, 0.0, float(slide.width), float(slide.height)],
        )
        return prediction


async def rethreshold(prediction: Prediction, threshold: float, *, requested_by: UUID | None) -> Prediction:
    """The polygons of a finished prediction at another threshold, from its probabilities: nothing is inferred again.

    A prediction of its own with a layer of its own; the same threshold gives the same one back.

    Raises:
        InvalidInput: the threshold is not between 0 and 1.
        Conflict: the prediction has not succeeded.
    """
    if not 0 < threshold < 1:
        raise InvalidInput(
            f"The threshold is {threshold:g}. Choose one between 0 and 1.", code="THRESHOLD", field="threshold"
        )
    async with transaction() as connection:
        await Slide.filter(id=prediction.slide_id).using_db(connection).update(filename=F("filename"))
        source = await Prediction.get(id=prediction.source_id or prediction.id, using_db=connection)
        if source.status is not PredictionStatus.SUCCEEDED:
            raise Conflict(
                f"The prediction is {source.status.value}; another threshold needs one that has succeeded. "
                "Wait for its end.",
                code="NOT_FINISHED",
            )
        if source.threshold == threshold:
            return source
        same = Prediction.filter(source_id=source.id, threshold=threshold, status__in=_REUSED)
        if earlier := await same.using_db(connection).first():
            return earlier
        kept = ("mpp", "downsample", "tile_px", "patch_px", "tissue_mm2", "patches", "set_aside")
        made = await Prediction.create(
            using_db=connection,
            slide_id=source.slide_id,
            model=source.model,
            model_version=source.model_version,
            region=source.region,
            threshold=threshold,
            source_id=source.id,
            priority=1,
            figures={name: source.figures[name] for name in kept if name in source.figures},
            requested_by_id=requested_by,
        )
        await PredictionShard.create(
            using_db=connection, prediction=made, region=source.region or [], kind=ShardKind.RETRACE
        )
        return made


async def announce_queue(channel: Channel, prediction: Prediction) -> None:
    """Hint to workers and to the slide's followers that something was queued; call it after the commit."""
    await channel.publish(QUEUE_TOPIC, {"prediction": str(prediction.id)})
    await announce_slide(channel, prediction)


async def announce_slide(channel: Channel, prediction: Prediction) -> None:
    """Hint to the slide's followers that a prediction changed; call it after the commit."""
    await channel.publish(slide_topic(prediction.slide_id), {"prediction": str(prediction.id)})


def _region_on(slide: Slide, region: Sequence[float] | None) -> list[float] | None:
    """The part of a region that lies on the slide, in whole pixels; None for the whole slide."""
    if region is None:
        return None
    x, y, width, height = region
    left, top = max(0, round(x)), max(0, round(y))
    right, bottom = min(slide.width, round(x + width)), min(slide.height, round(y + height))
    if right <= left or bottom <= top:
        raise InvalidInput(
            f"The region {[x, y, width, height]} lies outside the slide of {slide.width} x {slide.height} pixels. "
            "Choose one on it.",
            code="REGION_OUTSIDE",
            field="region",
        )
    if [left, top, right, bottom] == [0, 0, slide.width, slide.height]:
        return None
    return [float(left), float(top), float(right - left), float(bottom - top)]

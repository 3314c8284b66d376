"""Predictions: the models, asking for one, following it, and where its heatmap is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.auth.permissions import require_slide, require_viewer
from api.auth.viewer import Action
from api.errors import PlatformError
from api.models.prediction import Prediction as PredictionRow
from api.models.prediction import PredictionStatus
from api.predictions import jobs
from api.predictions.catalog import CatalogEntry
from api.predictions.heatmap import heatmap_levels
from api.predictions.live import PredictionNews
from api.predictions.model_info import ModelClass as ModelClassInfo
from api.predictions.reading import eta_s, find_prediction, list_predictions, mp_per_s
from api.predictions.requests import announce_queue, announce_slide, request, rethreshold
from schema.annotation_input import RegionInput
from schema.connection import PageInfo
from schema.context import Info
from schema.failure import Failure
from schema.ids import uuid_of
from schema.prediction_loaders import QueuePlaceByPredictionLoader
from schema.scalars import Json
from schema.slide import Level
from schema.slide_loaders import SlideByIdLoader
from schema.user import User, load_user

strawberry.enum(
    PredictionStatus,
    description="QUEUED waits for a worker; RUNNING shows its heatmap as it grows; SUCCEEDED has a layer when anything "
    "was found, and names in `setAside` what it lacks; FAILED says why in `error`; CANCELLED was ended by someone or "
    "with its slide.",
)


@strawberry.type(description="A class that a model tells apart.")
class ModelClass:
    name: str = strawberry.field(description="Its stable name.")
    label_en: str = strawberry.field(description="Its name in English.")
    label_ko: str = strawberry.field(description="Its name in Korean.")
    color: str = strawberry.field(description="#rrggbb to show it in.")
    positive: bool = strawberry.field(description="Whether polygons are made of it.")

    @classmethod
    def of(cls, item: ModelClassInfo) -> ModelClass:
        """The GraphQL side of a class."""
        return cls(
            name=item.name,
            label_en=item.label_en,
            label_ko=item.label_ko,
            color=item.color,
            positive=item.positive,
        )


@strawberry.type(description="A segmentation model, with what was measured of it and what it must not be used for.")
class PredictionModel:
    name: str = strawberry.field(description="Its name; pass it to requestPrediction.")
    version: str = strawberry.field(description="Its version; results of another version are not reused.")
    organ: str = strawberry.field(description="The tissue it was trained on.")
    mpp: float = strawberry.field(description="Micrometres per pixel at which it looks.")
    patch_size: int = strawberry.field(description="Side of its window in its own pixels.")
    classes: list[ModelClass] = strawberry.field(description="Its classes; the first is the background.")
    unsure: ModelClass | None = strawberry.field(
        description="How polygons are shown that would be positive, but do not look like what the model was trained "
        "on; their class number is the number of classes. Null when the model can't tell."
    )
    threshold: float = strawberry.field(description="Calibrated probability from which a pixel counts as positive.")
    licence: str = strawberry.field(description="The licence of its weights.")
    training_data: str = strawberry.field(description="What it was trained on, with source and licence.")
    dice_carcinoma: float | None = strawberry.field(description="Dice of the positive class on held-out cases.")
    dice_low95: float | None = strawberry.field(description="Lower end of the Dice's 95 % interval, by case.")
    dice_high95: float | None = strawberry.field(description="Upper end of the Dice's 95 % interval, by case.")
    cases: int | None = strawberry.field(description="How many held-out cases it was measured on.")
    image_auc: float | None = strawberry.field(description="Area under the ROC curve by image.")
    limits: list[str] = strawberry.field(description="What it can't do, in English.")
    limits_ko: list[str] = strawberry.field(description="What it can't do, in Korean.")
    ready: bool = strawberry.field(description="Whether the model server serves it now.")

    @classmethod
    def of(cls, entry: CatalogEntry) -> PredictionModel:
        """The GraphQL side of a model of the catalogue."""
        info = entry.info
        return cls(
            name=info.name,
            version=info.version,
            organ=info.organ,
            mpp=info.mpp,
            patch_size=info.patch_px,
            classes=[ModelClass.of(item) for item in info.classes],
            unsure=ModelClass.of(info.unsure) if info.unsure else None,
            threshold=info.threshold,
            licence=info.licence,
            training_data=info.training_data,
            dice_carcinoma=info.dice_carcinoma,
            dice_low95=info.dice_low95,
            dice_high95=info.dice_high95,
            cases=info.cases,
            image_auc=info.image_auc,
            limits=list(info.limits),
            limits_ko=list(info.limits_ko),
            ready=entry.is_ready,
        )


@strawberry.type(description="A model that lies in the repository and can't be used.")
class RefusedModel:
    name: str = strawberry.field(description="Its folder's name.")
    reason: str = strawberry.field(description="What is wrong and what to do, in English.")


@strawberry.type(
    description="Where a heatmap's tiles are. RGBA: R the positive class's probability, G that of the other classes "
    "but the background, B how unsure the model is (128 or more: unsure), A 255 where it has looked. Threshold, colour "
    "and opacity are the client's."
)
class Heatmap:
    tile_size: int = strawberry.field(description="Side of a tile in pixels; every tile is whole, padded with A = 0.")
    levels: list[Level] = strawberry.field(description="Finest first; `downsample` is against the slide's level 0.")
    url_template: str = strawberry.field(description="Address with {level}, {column}, {row} and {version}.")


@strawberry.type(description="A part of the slide that a prediction had to leave out, while the rest was done.")
class SetAside:
    region: list[float] = strawberry.field(description="[x, y, width, height] in level-0 pixels.")
    failure: Failure = strawberry.field(description="What went wrong there.")

    @classmethod
    def of(cls, part: dict[str, Any]) -> SetAside:
        """The GraphQL side of a part that a result's figures name."""
        params = Json(part["params"]) if part["params"] else None
        return cls(region=part["region"], failure=Failure(code=part["code"], message=part["message"], params=params))


@strawberry.type(description="A model at work on a slide, or its result.")
class Prediction:
    row: strawberry.Private[PredictionRow]
    id: strawberry.ID = strawberry.field(description="The prediction's id.")
    slide_id: strawberry.ID = strawberry.field(description="The slide's id.")
    model: str = strawberry.field(description="The model's name.")
    model_version: str = strawberry.field(description="The model's version.")
    status: PredictionStatus = strawberry.field(description="Where it stands.")
    region: list[float] | None = strawberry.field(
        description="[x, y, width, height] in level-0 pixels; null for the whole slide."
    )
    threshold: float = strawberry.field(description="Probability from which a pixel became part of a polygon.")
    done: int = strawberry.field(description="Patches that are done.")
    total: int | None = strawberry.field(description="Patches with tissue; null until the slide was looked at.")
    eta_seconds: float | None = strawberry.field(description="Seconds left at the pace so far, while it runs.")
    mp_per_s: float | None = strawberry.field(description="Megapixels of model input a second.")
    tissue_mm2: float | None = strawberry.field(description="Area of tissue in mm².")
    cancer_mm2: float | None = strawberry.field(description="Area of the polygons in mm² that the model is sure of.")
    unsure_mm2: float | None = strawberry.field(
        description="Area in mm² that would be cancer, but does not look like what the model was trained on."
    )
    polygons: int | None = strawberry.field(description="How many polygons were found.")
    seconds: float | None = strawberry.field(description="How long the work took.")
    error: str | None = strawberry.field(description="Why it failed and what to do, in English.")
    failure: Failure | None = strawberry.field(description="The same with its code, for translating.")
    layer_id: strawberry.ID | None = strawberry.field(description="The layer with its polygons; null when it has none.")
    heatmap_version: int = strawberry.field(description="Rises whenever heatmap tiles change.")
    priority: int = strawberry.field(description="Higher waits less; 0 unless a manager said otherwise.")
    source_id: strawberry.ID | None = strawberry.field(
        description="The prediction whose probabilities this one shows at another threshold; null for one of its own."
    )
    notice: str | None = strawberry.field(
        description="What the work waits for at the moment, such as room on the disk, in English; null when nothing."
    )
    set_aside: list[SetAside] = strawberry.field(
        description="Parts of the slide that are missing in its result, each with the reason; usually none. A new "
        "request does them again."
    )
    waits_for: Failure | None = strawberry.field(description="The same with its code, for translating.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    started_at: datetime | None = strawberry.field(description="When a worker began.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

    @classmethod
    def of(cls, row: PredictionRow) -> Prediction:
        """The GraphQL side of a row that the viewer may see."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            slide_id=strawberry.ID(str(row.slide_id)),
            model=row.model,
            model_version=row.model_version,
            status=row.status,
            region=row.region,
            threshold=row.threshold,
            done=row.done,
            total=row.total,
            eta_seconds=eta_s(row),
            mp_per_s=mp_per_s(row),
            tissue_mm2=row.figures.get("tissue_mm2"),
            cancer_mm2=row.figures.get("cancer_mm2"),
            unsure_mm2=row.figures.get("unsure_mm2"),
            polygons=row.figures.get("polygons"),
            seconds=row.figures.get("seconds"),
            error=row.error,
            failure=_told(row.error, row.error_code, row.error_params),
            layer_id=strawberry.ID(str(row.layer_id)) if row.layer_id else None,
            heatmap_version=row.heatmap_version,
            priority=row.priority,
            source_id=strawberry.ID(str(row.source_id)) if row.source_id else None,
            notice=row.figures.get("notice"),
            set_aside=[SetAside.of(part) for part in row.figures.get("set_aside", [])],
            waits_for=_told(*map(row.figures.get, ("notice", "notice_code", "notice_params"))),
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )

    @strawberry.field(description="Its place in the queue from 1; null when it does not wait.")
    async def queue_place(self, info: Info) -> int | None:
        return await info.context.loader(QueuePlaceByPredictionLoader).load(self.row.id)

    @strawberry.field(description="Where its heatmap is; null until there is some.")
    async def heatmap(self, info: Info) -> Heatmap | None:
        slide = await info.context.loader(SlideByIdLoader).load(self.row.slide_id)
        if slide is None or (self.row.heatmap_version == 0 and self.row.source_id is None):
            return None
        figures = self.row.figures
        levels = heatmap_levels(slide.width, slide.height, figures["downsample"], figures["tile_px"])
        shown = self.row.source_id or self.row.id
        return Heatmap(
            tile_size=figures["tile_px"],
            levels=[Level(**vars(level)) for level in levels],
            url_template=f"/predictions/{shown}/heatmap/{{level}}/{{column}}_{{row}}.png?v={{version}}",
        )

    @strawberry.field(description="Who asked for it.")
    async def requested_by(self, info: Info) -> User | None:
        return await load_user(info, self.row.requested_by_id)


def _told(message: str | None, code: str | None, params: dict[str, Any] | None) -> Failure | None:
    """What a row keeps of a reason; those from before reasons had codes have the general one."""
    if message is None:
        return None
    return Failure(code=code or PlatformError.default_code, message=message, params=Json(params) if params else None)


@strawberry.type(description="A heatmap tile's newest version.")
class HeatmapTile:
    level: int = strawberry.field(description="The heatmap's level.")
    column: int = strawberry.field(description="The tile's column.")
    row: int = strawberry.field(description="The tile's row.")
    version: int = strawberry.field(description="What to put for {version} in the address.")


@strawberry.type(description="A prediction got on, at most every quarter of a second.")
class PredictionProgressed:
    prediction: Prediction = strawberry.field(description="The prediction as it is now.")
    heatmap_tiles: list[HeatmapTile] = strawberry.field(description="Tiles that are new or changed.")

    @classmethod
    def of(cls, news: PredictionNews) -> PredictionProgressed:
        """The GraphQL side of a feed's news."""
        tiles = [
            HeatmapTile(level=key.level, column=key.column, row=key.row, version=version)
            for key, version in news.tiles.items()
        ]
        return cls(prediction=Prediction.of(news.prediction), heatmap_tiles=tiles)


@strawberry.type(description="A page of predictions.")
class PredictionConnection:
    nodes: list[Prediction] = strawberry.field(description="The predictions, newest first.")
    page_info: PageInfo = strawberry.field(description="Whether more follow.")


@strawberry.input(description="What to predict.")
class RequestPredictionInput:
    slide_id: strawberry.ID = strawberry.field(description="The slide's id.")
    model: str | None = strawberry.field(default=None, description="The model's name; the default model without it.")
    region: RegionInput | None = strawberry.field(default=None, description="Only this part of the slide.")
    focus: RegionInput | None = strawberry.field(default=None, description="What the asker looks at; it is done first.")
    priority: int = strawberry.field(
        default=0, description="Higher waits less, from -10 to 10; above 0 for managers of the project."
    )


@strawberry.input(description="The prediction to end.")
class CancelPredictionInput:
    id: strawberry.ID = strawberry.field(description="The prediction's id.")


@strawberry.input(description="The prediction to try again.")
class RetryPredictionInput:
    id: strawberry.ID = strawberry.field(description="The prediction's id.")


@strawberry.input(description="Another threshold for a finished prediction.")
class RethresholdPredictionInput:
    id: strawberry.ID = strawberry.field(description="The prediction's id.")
    threshold: float = strawberry.field(description="Probability from which a pixel counts, between 0 and 1.")


RequestPredictionResult = Annotated[
    Prediction | Failure, strawberry.union("RequestPredictionResult", description="The prediction, or why not.")
]
CancelPredictionResult = Annotated[
    Prediction | Failure, strawberry.union("CancelPredictionResult", description="The prediction, or why not.")
]
RetryPredictionResult = Annotated[
    Prediction | Failure, strawberry.union("RetryPredictionResult", description="The prediction, or why not.")
]
RethresholdPredictionResult = Annotated[
    Prediction | Failure, strawberry.union("RethresholdPredictionResult", description="The new one, or why not.")
]


@strawberry.type
class PredictionQuery:
    @strawberry.field(description="A prediction on a slide of one of the viewer's projects.")
    async def prediction(self, info: Info, id: strawberry.ID) -> Prediction | None:
        return Prediction.of(await find_prediction(info.context.viewer, uuid_of(id), Action.VIEW))

    @strawberry.field(description="A slide's predictions, newest first.")
    async def predictions(
        self, info: Info, slide_id: strawberry.ID, first: int = 20, after: str | None = None
    ) -> PredictionConnection:
        page = await list_predictions(info.context.viewer, uuid_of(slide_id, "slideId"), first, after)
        return PredictionConnection(nodes=[Prediction.of(row) for row in page.rows], page_info=PageInfo.of(page))

    @strawberry.field(description="The models that can be asked, those that are not ready now included.")
    async def prediction_models(self, info: Info) -> list[PredictionModel]:
        require_viewer(info.context.viewer)
        return [PredictionModel.of(entry) for entry in await info.context.app.predictions.entries()]

    @strawberry.field(description="Models that lie in the model repository and can't be used, with the reason.")
    async def refused_models(self, info: Info) -> list[RefusedModel]:
        require_viewer(info.context.viewer)
        refused = await info.context.app.predictions.refused()
        return [RefusedModel(name=name, reason=error.message) for name, error in refused.items()]


@strawberry.type
class PredictionMutation:
    @strawberry.mutation(
        description="Have a model look at a slide. One that waits, runs or succeeded for the same slide, model version "
        "and region is given back. Follow it by slideEvents."
    )
    async def request_prediction(self, info: Info, input: RequestPredictionInput) -> RequestPredictionResult:
        needed = Action.MANAGE if input.priority > 0 else Action.PREDICT
        access = await require_slide(info.context.viewer, uuid_of(input.slide_id, "slideId"), needed)
        viewer, app = require_viewer(info.context.viewer), info.context.app
        row = await request(
            access.slide_id,
            await app.predictions.model(input.model),
            region=_numbers(input.region),
            focus=_numbers(input.focus),
            requested_by=viewer.user_id,
            priority=min(max(input.priority, -10), 10),
        )
        await announce_queue(app.channel, row)
        return Prediction.of(row)

    @strawberry.mutation(
        description="Queue a failed or cancelled prediction again; patches that are kept are not inferred again."
    )
    async def retry_prediction(self, info: Info, input: RetryPredictionInput) -> RetryPredictionResult:
        row = await find_prediction(info.context.viewer, uuid_of(input.id), Action.PREDICT)
        await jobs.retry(row.id)
        await announce_queue(info.context.app.channel, row)
        return Prediction.of(await find_prediction(info.context.viewer, row.id, Action.VIEW))

    @strawberry.mutation(
        description="Polygons of a finished prediction at another threshold, as a prediction and a layer of their own. "
        "Made from the kept probabilities: nothing is inferred."
    )
    async def rethreshold_prediction(
        self, info: Info, input: RethresholdPredictionInput
    ) -> RethresholdPredictionResult:
        row = await find_prediction(info.context.viewer, uuid_of(input.id), Action.PREDICT)
        made = await rethreshold(row, input.threshold, requested_by=require_viewer(info.context.viewer).user_id)
        await announce_queue(info.context.app.channel, made)
        return Prediction.of(made)

    @strawberry.mutation(description="End a prediction that waits or runs; for all who may ask for predictions.")
    async def cancel_prediction(self, info: Info, input: CancelPredictionInput) -> CancelPredictionResult:
        row = await find_prediction(info.context.viewer, uuid_of(input.id), Action.PREDICT)
        await jobs.cancel(row.id, by=require_viewer(info.context.viewer).user_id)
        await announce_slide(info.context.app.channel, row)
        return Prediction.of(await find_prediction(info.context.viewer, row.id, Action.VIEW))


def _numbers(region: RegionInput | None) -> list[float] | None:
    return [region.x, region.y, region.width, region.height] if region else None

"""A slide's annotations and prediction polygons in the words of exchange formats, read in batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

from api.annotations.chunks import unpack_prediction
from api.annotations.query import Filter, all_of, layer_by_id, layers_of, prediction_chunks
from api.annotations.rows import AnnotationRow, LayerRow
from api.annotations.sight import sees
from api.auth.permissions import SlideAccess
from api.errors import InvalidInput, NotFound
from api.exchange.feature import Feature, SlideFacts
from api.models.annotation import LayerKind, ReviewState
from api.models.ontology import Term
from api.models.prediction import Prediction
from api.models.slide import Slide
from api.predictions.model_info import ModelClass, read_repository
from api.projects.term_tree import Node, path_of
from api.projects.terms import term_filter

BATCH = 500


async def slide_facts(slide_id: UUID) -> SlideFacts:
    """What formats say about the slide itself."""
    slide = await Slide.get(id=slide_id)
    return SlideFacts(slide.name, slide.width, slide.height, slide.mpp_x, slide.mpp_y)


async def batches_of(
    access: SlideAccess,
    layer_id: UUID | None,
    wanted_terms: tuple[UUID | None, bool],
    review: frozenset[ReviewState] | None,
    model_repository: Path,
) -> AsyncIterator[list[Feature]]:
    """The features wanted, living annotations first; polygons of predictions only when no term and no state of review
    is asked for.

    Args:
        wanted_terms: a term or none, and whether with those below it.

    Raises:
        NotFound: no such layer or term. Raised here, before anything is sent.
    """
    if layer_id is not None:
        await layer_by_id(access, layer_id)
    terms = {term.id: term for term in await Term.filter(project_id=access.project_id)}
    term_id, below = wanted_terms
    if term_id is not None and term_id not in terms:
        raise NotFound(f"There is no term {term_id} in this project.", code="TERM_NOT_FOUND", field="term")
    layers = [layer for layer in await layers_of([access.slide_id]) if sees(access.only_own, layer)]
    classes = await _classes(layers, model_repository)
    term_ids = await term_filter(access.project_id, term_id, below=below)
    return _read(Filter(access, None, layer_id, term_ids, review), layers, terms, classes)


async def _read(
    wanted: Filter, layers: Sequence[LayerRow], terms: dict[UUID, Term], classes: dict[UUID, tuple[ModelClass, ...]]
) -> AsyncIterator[list[Feature]]:
    names = {layer.id: layer.name for layer in layers}
    living = {term.id: Node(term.id, term.parent_id, term.name) for term in terms.values() if term.deleted_at is None}
    paths = {term_id: path_of(living, term_id) for term_id in living}
    batch: list[Feature] = []
    async for row in all_of(wanted):
        batch.append(_feature(row, terms, paths, names))
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
    if wanted.term_ids is not None or wanted.review is not None:
        return
    for layer in layers:
        if layer.kind is not LayerKind.PREDICTION or wanted.layer_id not in (None, layer.id):
            continue
        known = classes.get(layer.id, ())
        async for chunk in prediction_chunks(Filter(wanted.access, layer_id=layer.id)):
            yield await asyncio.to_thread(_predicted, chunk, layer, known)


def _feature(
    row: AnnotationRow, terms: dict[UUID, Term], paths: dict[UUID, tuple[str, ...]], layers: dict[UUID, str]
) -> Feature:
    attributes = dict(row.attributes)
    term = terms.get(row.term_id) if row.term_id else None
    name = term.name if term else attributes.pop("classification", None)
    return Feature(
        row.shape.geometry,
        term=str(name) if name else None,
        color=term.color if term else None,
        term_path=paths.get(term.id, (term.name,)) if term else (),
        id=row.id,
        layer=layers.get(row.layer_id, ""),
        note=row.note,
        locked=row.closed,
        review=row.review.state,
        review_reason=row.review.reason,
        attributes=attributes,
    )


def _predicted(chunk: bytes, layer: LayerRow, classes: tuple[ModelClass, ...]) -> list[Feature]:
    features: list[Feature] = []
    for item in unpack_prediction(chunk):
        known = classes[item.class_index] if item.class_index < len(classes) else None
        features.append(
            Feature(
                item.geometry,
                term=known.label_en if known else f"class {item.class_index}",
                color=known.color if known else layer.color,
                layer=layer.name,
                mean=item.mean / 255,
            )
        )
    return features


async def _classes(layers: Sequence[LayerRow], model_repository: Path) -> dict[UUID, tuple[ModelClass, ...]]:
    """The classes of the models behind prediction layers, by layer; none for a model that is gone."""
    predictions = {layer.prediction_id: layer.id for layer in layers if layer.prediction_id}
    if not predictions:
        return {}
    models = await asyncio.to_thread(read_repository, model_repository)
    rows = await Prediction.filter(id__in=list(predictions)).values("id", "model")
    found = {predictions[row["id"]]: models.get(row["model"]) for row in rows}
    return {
        layer_id: model.polygon_classes
        for layer_id, model in found.items()
        if model is not None and not isinstance(model, InvalidInput)
    }

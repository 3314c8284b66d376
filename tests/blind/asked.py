"""Everything in the schema and among the routes that can carry an annotation, and how to ask for it.

`DOCUMENTS` and `PATHS` are asked by those who must not see Cleo's work and by those who do; a field of the schema or a
route that nothing here asks fails the walk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.blind.house import House
from tests.schema.live_client import square

ANNOTATION = """{ id layerId note geometry bounds attributes version createdBy { id } updatedBy { id } reviewedBy { id }
    fromPrediction { acceptedBy { id } } }"""
LAYER = "{ id name kind annotationCount owner { id } }"
STEP = "{ seq undo undoes actor { id } changes { change count } annotations " + ANNOTATION + " }"
COMMENT = "{ id text author { id } mentions { id } }"
THREAD = "{ id annotationId x y resolvedBy { id } createdBy { id } comments " + COMMENT + " }"
APPLIED = f"""{{ __typename
  ... on AppliedOps {{ seq annotations {ANNOTATION} skipped {{ id code message }} }}
  ... on AnnotationConflict {{ message conflicts {{ id sentGeometry current {ANNOTATION} }} }}
  ... on Failure {{ code message }} }}"""
THREADED = f"{{ __typename ... on CommentThread {THREAD} ... on Failure {{ code message }} }}"

Variables = Callable[[House], dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """One document.

    Attributes:
        carries: whether who sees all finds Cleo's marks in the answer; where not, the test says why in words.
    """

    document: str
    variables: Variables = lambda house: {"s": str(house.slide.id)}
    carries: bool = True


def by_slide(selection: str, more: str = "", **facts: Any) -> Asked:
    return Asked(f"query($s: ID!{more}) {{ {selection} }}", **facts)


def of_annotation(house: House) -> dict[str, Any]:
    return {"id": str(house.hidden)}


def op(**values: dict[str, Any]) -> Asked:
    """A call of `applyAnnotationOps` with one op on Cleo's annotation."""

    def variables(house: House) -> dict[str, Any]:
        given = {name: {"id": str(house.hidden), **facts} for name, facts in values.items()}
        return {"i": _write(house, ops=[given])}

    return Asked(f"mutation($i: ApplyAnnotationOpsInput!) {{ applyAnnotationOps(input: $i) {APPLIED} }}", variables)


def thread(name: str, **facts: Any) -> Asked:
    """A mutation of Cleo's thread or her comment in it."""
    kind = f"{name[0].upper()}{name[1:]}Input"

    def variables(house: House) -> dict[str, Any]:
        ids = {"threadId": str(house.thread), "commentId": str(house.comment)}
        given = {key: ids[key] if value is None else value for key, value in facts.items()}
        return {"i": {"clientId": f"asker-{uuid4()}", "mutationId": str(uuid4()), **given}}

    return Asked(f"mutation($i: {kind}!) {{ {name}(input: $i) {THREADED} }}", variables)


def _write(house: House, **facts: Any) -> dict[str, Any]:
    return {"slideId": str(house.slide.id), "clientId": f"asker-{uuid4()}", "mutationId": str(uuid4()), **facts}


def _begin(house: House) -> dict[str, Any]:
    new = {"threadId": str(uuid4()), "commentId": str(uuid4()), "x": 1, "y": 2, "text": "?"}
    return {"i": _write(house, annotationId=str(house.hidden), **new)}


SHAPE = {"kind": "POLYGON", "geometry": square(5, 5, 5)}

READING: dict[str, Asked] = {
    "annotation": Asked(f"query($id: ID!) {{ annotation(id: $id) {ANNOTATION} }}", of_annotation),
    "annotations": by_slide(f"annotations(slideId: $s) {{ nodes {ANNOTATION} pageInfo {{ endCursor }} }}"),
    "annotations in a region": by_slide(
        f"annotations(slideId: $s, region: {{x: 1300, y: 600, width: 100, height: 200}}) {{ nodes {ANNOTATION} }}"
    ),
    "annotations of a layer": by_slide(
        f"annotations(slideId: $s, layerId: $l) {{ nodes {ANNOTATION} }}",
        ", $l: ID!",
        variables=lambda house: {"s": str(house.slide.id), "l": str(house.hidden_layer)},
    ),
    "layers": by_slide(f"layers(slideId: $s) {LAYER}"),
    "slide": by_slide(f"slide(id: $s) {{ id annotationCount reviewedCount layers {LAYER} }}"),
    "slides": Asked(
        f"query($p: ID!) {{ slides(projectId: $p) {{ nodes {{ id annotationCount layers {LAYER} }} }} }}",
        lambda house: {"p": str(house.project.id)},
    ),
    "slideHistory": by_slide(f"slideHistory(slideId: $s, first: 20) {{ steps {STEP} hasMore }}"),
    "annotationHistory": Asked(
        f"query($id: ID!) {{ annotationHistory(id: $id, first: 20) {{ steps {STEP} }} }}", of_annotation
    ),
    "annotationsAt": by_slide(f"annotationsAt(slideId: $s, seq: 4) {{ nodes {ANNOTATION} pageInfo {{ endCursor }} }}"),
    "commentThreads": by_slide(f"commentThreads(slideId: $s) {{ nodes {THREAD} pageInfo {{ endCursor }} }}"),
    "commentThreads of an annotation": by_slide(
        f"commentThreads(slideId: $s, annotationId: $a) {{ nodes {THREAD} }}",
        ", $a: ID!",
        variables=lambda house: {"s": str(house.slide.id), "a": str(house.hidden)},
    ),
    "project": Asked(
        "query($p: ID!) { project(id: $p) { id blind annotationCount } }",
        lambda house: {"p": str(house.project.id)},
        carries=False,  # a number: test_numbers_count_what_is_seen
    ),
    "measures": by_slide(
        "measures(slideId: $s) { annotationCount terms { count areaPx areaMm2 lengthPx } }", carries=False
    ),
    "predictions": by_slide("predictions(slideId: $s) { nodes { id } }", carries=False),
    "auditLog": Asked(
        "query($p: ID!) { auditLog(projectId: $p) { nodes { kind subjectId details } } }",
        lambda house: {"p": str(house.project.id)},
        carries=False,  # rule A2: it names no annotation
    ),
}
"""Asked of one house, in any order."""

CHANGING: dict[str, Asked] = {
    "update": op(update={"note": "mine now"}),
    "move": op(update={"expectedVersion": 1, **SHAPE}),
    "stale move": op(update={"expectedVersion": 0, **SHAPE}),
    "delete": op(delete={}),
    "restore": op(restore={}),
    "addArea": op(addArea={"geometry": square(5, 5, 5)}),
    "subtractArea": op(subtractArea={"geometry": square(5, 5, 5)}),
    "review": op(review={"state": "PROPOSED"}),
    "create in the layer": Asked(
        f"mutation($i: ApplyAnnotationOpsInput!) {{ applyAnnotationOps(input: $i) {APPLIED} }}",
        lambda house: {
            "i": _write(house, ops=[{"create": {"id": str(uuid4()), "layerId": str(house.hidden_layer), **SHAPE}}])
        },
    ),
    "beginCommentThread": Asked(
        f"mutation($i: BeginCommentThreadInput!) {{ beginCommentThread(input: $i) {THREADED} }}", _begin
    ),
    "replyToCommentThread": thread(
        "replyToCommentThread", threadId=None, commentId="00000000-0000-4000-8000-000000000001", text="?"
    ),
    "resolveCommentThread": thread("resolveCommentThread", threadId=None, resolved=True),
}
"""Each asked of a fresh house, because it changes things for those who may."""

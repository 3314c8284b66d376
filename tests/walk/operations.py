"""Every field of Query and Mutation, and who may use it. A field that is missing here fails the walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from api.models.project import Role
from tests.walk.world import OUTSIDER, STRANGER, World

Variables = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Operation:
    """How to call a field, and the actor from whom on it is allowed.

    Attributes:
        field: the field with its arguments and selection, in GraphQL.
        least: the first of `ACTORS` who may; all after it may too.
        variables: by name, `input` or `id`; their types stand in `field_types`.
    """

    call: str
    least: str
    variables: Variables = lambda world: {}
    declared: str = ""

    def document(self, kind: str) -> str:
        return f"{kind} Walk{f'({self.declared})' if self.declared else ''} {{ {self.call} }}"


def query(call: str, least: str, **ids: str) -> Operation:
    """A query whose variables are ids of the world: `project="project"` declares `$project: ID!`."""
    declared = ", ".join(f"${name}: ID!" for name in ids)

    def variables(world: World) -> dict[str, Any]:
        return {name: str(getattr(world, place)) for name, place in ids.items()}

    return Operation(call, least, variables, declared)


def mutation(name: str, least: str, values: Variables) -> Operation:
    """A mutation of one `input`; its type's name is the field's with `Input`."""
    kind = "UndoInput" if name == "redo" else f"{name[0].upper()}{name[1:]}Input"
    call = f"{name}(input: $input) {{ __typename ... on Failure {{ code message }} }}"
    return Operation(call, least, lambda world: {"input": values(world)}, f"$input: {kind}!")


QUERIES: dict[str, Operation] = {
    "server": query("server { version }", STRANGER),
    "me": query("me { user { id } apiTokens { id } sessions { id } }", OUTSIDER),
    "predictionModels": query("predictionModels { name }", OUTSIDER),
    "refusedModels": query("refusedModels { name reason }", OUTSIDER),
    "projects": query("projects { nodes { id } }", OUTSIDER),
    "project": query("project(id: $id) { id members { user { id email } } terms { id } }", Role.VIEWER, id="project"),
    "slides": query("slides(projectId: $id) { nodes { id } }", Role.VIEWER, id="project"),
    "slide": query("slide(id: $id) { id tileSource { grant } }", Role.VIEWER, id="slide"),
    "uploads": query("uploads(projectId: $id) { id }", Role.MANAGER, id="project"),
    "annotation": query("annotation(id: $id) { id }", Role.VIEWER, id="annotation"),
    "annotations": query("annotations(slideId: $id) { nodes { id } }", Role.VIEWER, id="slide"),
    "commentThreads": query("commentThreads(slideId: $id) { nodes { id } }", Role.VIEWER, id="slide"),
    "slideHistory": query("slideHistory(slideId: $id) { steps { seq } }", Role.VIEWER, id="slide"),
    "annotationHistory": query("annotationHistory(id: $id) { steps { seq } }", Role.VIEWER, id="annotation"),
    "annotationsAt": query("annotationsAt(slideId: $id, seq: 1) { nodes { id } }", Role.VIEWER, id="slide"),
    "auditLog": query("auditLog(projectId: $id) { nodes { id } }", Role.MANAGER, id="project"),
    "layers": query("layers(slideId: $id) { id }", Role.VIEWER, id="slide"),
    "prediction": query("prediction(id: $id) { id }", Role.VIEWER, id="prediction"),
    "predictions": query("predictions(slideId: $id) { nodes { id } }", Role.VIEWER, id="slide"),
    "measures": query("measures(slideId: $id) { annotationCount }", Role.VIEWER, id="slide"),
    "agreement": query(
        "agreement(slideId: $id, layerA: $layer, layerB: $layer) { dice }", Role.VIEWER, id="slide", layer="layer"
    ),
}

BIN_QUERY = query("slides(projectId: $id, inBin: true) { nodes { id } }", Role.MANAGER, id="project")
BINNED_SLIDE_QUERY = query("slide(id: $id) { id }", Role.MANAGER, id="slide_in_bin")


def _annotation_op(world: World) -> dict[str, Any]:
    delete = {"delete": {"id": str(world.annotation)}}
    return {"slideId": str(world.slide), "clientId": str(uuid4()), "mutationId": "1", "ops": [delete]}


def _undo(world: World) -> dict[str, Any]:
    return {"slideId": str(world.slide), "clientId": str(uuid4()), "mutationId": "1"}


def _comment(world: World, **facts: Any) -> dict[str, Any]:
    return {"clientId": str(uuid4()), "mutationId": "1", **facts}


MUTATIONS: dict[str, Operation] = {
    name: mutation(name, least, values)
    for name, least, values in (
        ("updateMe", OUTSIDER, lambda world: {"name": "Renamed"}),
        ("createApiToken", OUTSIDER, lambda world: {"name": "script", "scopes": ["read"]}),
        ("createProject", OUTSIDER, lambda world: {"name": "Another"}),
        ("updateProject", Role.MANAGER, lambda world: {"id": str(world.project), "name": "Renamed"}),
        ("deleteProject", Role.OWNER, lambda world: {"id": str(world.project)}),
        (
            "addMember",
            Role.MANAGER,
            lambda world: {"projectId": str(world.project), "email": world.newcomer_email, "role": "VIEWER"},
        ),
        (
            "updateMember",
            Role.MANAGER,
            lambda world: {"projectId": str(world.project), "userId": str(world.other_member), "role": "ANNOTATOR"},
        ),
        (
            "removeMember",
            Role.MANAGER,
            lambda world: {"projectId": str(world.project), "userId": str(world.other_member)},
        ),
        (
            "createTerm",
            Role.MANAGER,
            lambda world: {"projectId": str(world.project), "name": "Necrosis", "color": "#123456"},
        ),
        ("updateTerm", Role.MANAGER, lambda world: {"id": str(world.term), "name": "Tumour"}),
        ("moveTerm", Role.MANAGER, lambda world: {"id": str(world.term)}),
        ("setSlideLook", Role.VIEWER, lambda world: {"slideId": str(world.slide), "contrast": 0.5}),
        ("deleteTerm", Role.MANAGER, lambda world: {"id": str(world.term)}),
        ("updateSlide", Role.MANAGER, lambda world: {"id": str(world.slide), "name": "Renamed"}),
        ("removePrivateImages", Role.MANAGER, lambda world: {"id": str(world.slide)}),
        ("deleteSlide", Role.MANAGER, lambda world: {"id": str(world.slide)}),
        ("restoreSlide", Role.MANAGER, lambda world: {"id": str(world.slide_in_bin)}),
        ("applyAnnotationOps", Role.ANNOTATOR, _annotation_op),
        ("undo", Role.ANNOTATOR, _undo),
        ("redo", Role.ANNOTATOR, _undo),
        (
            "beginCommentThread",
            Role.ANNOTATOR,
            lambda world: _comment(
                world,
                slideId=str(world.slide),
                threadId=str(uuid4()),
                commentId=str(uuid4()),
                text="Look",
                x=1,
                y=2,
            ),
        ),
        (
            "replyToCommentThread",
            Role.ANNOTATOR,
            lambda world: _comment(world, threadId=str(world.thread), commentId=str(uuid4()), text="Yes"),
        ),
        ("deleteComment", Role.MANAGER, lambda world: _comment(world, commentId=str(world.comment))),
        (
            "resolveCommentThread",
            Role.ANNOTATOR,
            lambda world: _comment(world, threadId=str(world.thread), resolved=True),
        ),
        ("requestPrediction", Role.ANNOTATOR, lambda world: {"slideId": str(world.slide)}),
        ("cancelPrediction", Role.ANNOTATOR, lambda world: {"id": str(world.running_prediction)}),
        ("retryPrediction", Role.ANNOTATOR, lambda world: {"id": str(world.running_prediction)}),
        ("rethresholdPrediction", Role.ANNOTATOR, lambda world: {"id": str(world.prediction), "threshold": 0.25}),
        ("updatePresence", Role.VIEWER, lambda world: {"slideId": str(world.slide), "clientId": "walk"}),
    )
}

OF_ONE_PERSON = {
    "editComment": "tests/schema/test_comment.py: another's comment is not permitted",
    "revokeApiToken": "tests/schema/test_user.py: another's token is not found",
    "revokeSession": "tests/schema/test_user.py: another's session is not found",
}
"""Mutations whose target belongs to one person, whatever the roles; where they are tested."""

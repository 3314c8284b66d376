"""A project with someone in each role and something of everything in it: what the walk asks for.

Rows are written by the test straight into the database of the running server; the slide's file was taken in once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from api.annotations.edit import apply_ops
from api.annotations.ops import Create
from api.auth import sessions
from api.auth.permissions import SlideAccess
from api.collaboration.log import Origin
from api.models.annotation import Layer, LayerKind
from api.models.comment import Comment, CommentThread
from api.models.ontology import Term
from api.models.prediction import Prediction, PredictionShard
from api.models.project import Membership, Project, Role
from api.models.slide import Slide, SlideSequence, Upload
from api.models.user import User
from api.predictions.heatmap import HeatmapStore, TileKey
from api.settings import Settings
from api.slides.storage import Storage
from tests.annotations.shapes import square
from tests.factories import make_project, make_user

STRANGER = "STRANGER"
OUTSIDER = "OUTSIDER"
ACTORS = (STRANGER, OUTSIDER, Role.VIEWER, Role.ANNOTATOR, Role.REVIEWER, Role.MANAGER, Role.OWNER)
"""From who may do least to who may do most: nobody, someone of no project, then the members."""


@dataclass(frozen=True)
class World:
    """Ids of everything, and the session token of everyone but the stranger."""

    project: UUID
    other_member: UUID
    newcomer_email: str
    term: UUID
    slide: UUID
    slide_in_bin: UUID
    annotation: UUID
    layer: UUID
    prediction: UUID
    running_prediction: UUID
    upload: UUID
    thread: UUID
    comment: UUID
    users: dict[str, UUID]
    tokens: dict[str, str]


async def make_world(settings: Settings, template: Slide) -> World:
    """A fresh project around copies of the `template` slide's row.

    Args:
        settings: of the running server.
        template: a slide whose file is in the server's storage.
    """
    users = {actor: await make_user(actor.title()) for actor in ACTORS if actor != STRANGER}
    members = {role: users[role] for role in Role if role is not Role.OWNER}
    project = await make_project(users[Role.OWNER], members=members)
    other = await make_user("Other member")
    await Membership.create(project=project, user=other, role=Role.VIEWER)
    newcomer = await make_user("Newcomer")
    term = await Term.create(project=project, name="Carcinoma", color="#cc1122")
    slide = await _copy(template, project)
    binned = await _copy(template, project, deleted_at=datetime.now(UTC))
    annotation, layer = await _annotate(slide, project, users[Role.OWNER])
    prediction = await Prediction.create(
        slide=slide, model="tumor_fast", model_version="0", threshold=0.5, status="SUCCEEDED"
    )
    HeatmapStore(Storage(settings.data).prediction_path(prediction.id)).write(TileKey(0, 0, 0), 1, b"png")
    running = await Prediction.create(slide=slide, model="tumor_fast", model_version="1", threshold=0.5)
    await PredictionShard.create(prediction=running, region=[0, 0, 100, 100])
    thread = await CommentThread.create(
        id=uuid4(), slide=slide, x=1, y=2, created_by=newcomer, created_at=datetime.now(UTC)
    )
    comment = await Comment.create(
        id=uuid4(), thread=thread, author=newcomer, text="Look", created_at=datetime.now(UTC)
    )
    upload = await Upload.create(
        user=users[Role.MANAGER],
        project=project,
        filename="half.svs",
        length=10,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    Storage(settings.data).new_upload_folder(upload.id)
    Storage(settings.data).upload_path(upload.id).touch()
    return World(
        project=project.id,
        other_member=other.id,
        newcomer_email=newcomer.email or "",
        term=term.id,
        slide=slide.id,
        slide_in_bin=binned.id,
        annotation=annotation,
        layer=layer.id,
        prediction=prediction.id,
        running_prediction=running.id,
        upload=upload.id,
        thread=thread.id,
        comment=comment.id,
        users={str(actor): user.id for actor, user in users.items()},
        tokens={str(actor): await sessions.create(user.id, settings) for actor, user in users.items()},
    )


async def _copy(template: Slide, project: Project, deleted_at: datetime | None = None) -> Slide:
    fields = {name: getattr(template, name) for name in template._meta.db_fields if name not in ("id", "project_id")}
    slide = await Slide.create(**{**fields, "id": uuid4(), "project_id": project.id, "deleted_at": deleted_at})
    await SlideSequence.create(slide=slide)
    return slide


async def _annotate(slide: Slide, project: Project, author: User) -> tuple[UUID, Layer]:
    annotation = uuid4()
    access = SlideAccess(slide.id, project.id, Role.OWNER)
    drawn = square(10, 10, 50)
    origin = Origin(author.id, str(uuid4()), "1")
    await apply_ops(access, origin, [Create(id=annotation, shape=drawn)])
    return annotation, await Layer.get(slide=slide, kind=LayerKind.USER)

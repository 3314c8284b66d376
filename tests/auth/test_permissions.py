"""Role x action x scope x deletion: every combination, against the database."""

from __future__ import annotations

import itertools
from dataclasses import replace
from uuid import uuid4

import pytest
from tortoise.context import TortoiseContext
from tortoise.timezone import now

from api.auth.permissions import SlideAccess, require_project, require_session, require_slide
from api.auth.viewer import ALL_SCOPES, Action, Scope, Viewer, allows, scope_for
from api.errors import NotFound, NotPermitted, NotSignedIn, PlatformError
from api.models.project import Membership, Role
from tests.factories import make_project, make_slide_row, make_user

# The matrix as a person would write it down, apart from the code: who may at most do what.
MAY = {
    Role.OWNER: {"view", "annotate", "predict", "review", "upload", "manage", "own"},
    Role.MANAGER: {"view", "annotate", "predict", "review", "upload", "manage"},
    Role.REVIEWER: {"view", "annotate", "predict", "review"},
    Role.ANNOTATOR: {"view", "annotate", "predict"},
    Role.VIEWER: {"view"},
}
SCOPE_SETS = [frozenset(chosen) for n in range(4) for chosen in itertools.combinations(Scope, n)]


@pytest.mark.parametrize(("role", "action"), [*itertools.product(Role, Action)])
def test_the_matrix(role: Role, action: Action) -> None:
    assert allows(role, action) == (action.value in MAY[role])


@pytest.mark.parametrize(("more", "less"), [*itertools.pairwise(Role)])
def test_each_role_may_all_that_the_next_may(more: Role, less: Role) -> None:
    assert {action for action in Action if allows(less, action)} <= {
        action for action in Action if allows(more, action)
    }


def test_scopes_of_actions() -> None:
    assert {action.value: scope_for(action).value for action in Action} == {
        "view": "read",
        "annotate": "write",
        "predict": "predict",
        "review": "write",
        "upload": "write",
        "manage": "write",
        "own": "write",
    }


async def outcome(check: object) -> str:
    """`ok`, or the error's class."""
    try:
        await check
    except PlatformError as error:
        return type(error).__name__
    return "ok"


async def test_every_role_action_and_scope(sqlite_database: TortoiseContext) -> None:
    project = await make_project()
    slide = await make_slide_row(project)
    viewers = {}
    for role in Role:
        user = await make_user(role.value)
        await Membership.create(project=project, user=user, role=role)
        viewers[role] = Viewer(user.id, user.name, "c")
    for role, action, scopes in itertools.product(Role, Action, SCOPE_SETS):
        viewer = replace(viewers[role], scopes=scopes)
        expected = "ok" if scope_for(action) in scopes and action.value in MAY[role] else "NotPermitted"
        assert await outcome(require_project(viewer, project.id, action)) == expected, (role, action, scopes)
        assert await outcome(require_slide(viewer, slide.id, action)) == expected, (role, action, scopes)


@pytest.mark.parametrize("action", list(Action))
async def test_a_stranger_can_not_tell_what_exists(database: TortoiseContext, action: Action) -> None:
    slide = await make_slide_row()
    stranger = await make_user(is_admin=True)
    viewer = Viewer(stranger.id, "Eve", "c", is_admin=True)
    for known, unknown, check in (
        (slide.project_id, uuid4(), require_project),
        (slide.id, uuid4(), require_slide),
    ):
        messages = []
        for target in (known, unknown):
            with pytest.raises(NotFound) as refused:
                await check(viewer, target, action)
            messages.append(refused.value.message.replace(str(target), "X"))
        assert messages[0] == messages[1]
        assert await outcome(check(None, known, action)) == "NotSignedIn"


async def test_deleted_things_are_not_found(database: TortoiseContext) -> None:
    owner = await make_user()
    viewer = Viewer(owner.id, "Ada", "c")
    project = await make_project(owner)
    kept, binned = await make_slide_row(project), await make_slide_row(project, deleted_at=now())
    access = SlideAccess(kept.id, project.id, Role.OWNER)
    assert await require_slide(viewer, kept.id, Action.OWN) == access
    assert await outcome(require_slide(viewer, binned.id, Action.VIEW)) == "NotFound"
    assert await outcome(require_slide(viewer, kept.id, Action.VIEW, deleted=True)) == "NotFound"
    assert await outcome(require_slide(viewer, binned.id, Action.VIEW, deleted=True)) == "ok"
    project.deleted_at = now()
    await project.save()
    assert await outcome(require_project(viewer, project.id, Action.VIEW)) == "NotFound"
    assert await outcome(require_slide(viewer, kept.id, Action.VIEW)) == "NotFound"
    assert await outcome(require_slide(viewer, binned.id, Action.VIEW, deleted=True)) == "NotFound"


def test_a_token_is_no_session() -> None:
    viewer = Viewer(uuid4(), "Ada", "c", ALL_SCOPES)
    assert require_session(viewer) is viewer
    with pytest.raises(NotPermitted) as refused:
        require_session(replace(viewer, via_token=True))
    assert refused.value.code == "SESSION_NEEDED"
    with pytest.raises(NotSignedIn):
        require_session(None)

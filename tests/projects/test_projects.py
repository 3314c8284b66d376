"""Projects: making, listing, changing, deleting."""

from __future__ import annotations

import pytest
from tortoise.context import TortoiseContext

from api.auth.viewer import Scope, Viewer
from api.collaboration.log import EventKind, current_seq, since
from api.errors import InvalidInput, NotFound, NotPermitted, NotSignedIn
from api.models.audit import AuditEntry
from api.models.ontology import Term
from api.models.project import Membership, Project, Role
from api.models.slide import SlideSequence
from api.models.user import User
from api.projects import projects
from tests.factories import make_project, make_slide_row, make_user


def viewer_for(user: User, *scopes: Scope) -> Viewer:
    return Viewer(user.id, user.name, "c", frozenset(scopes or Scope))


async def test_a_new_project_has_an_owner_and_four_terms(database: TortoiseContext) -> None:
    ada = await make_user("Ada")
    project = await projects.create_project(viewer_for(ada), name=" Breast  biopsies ", description=" HER2 ")
    assert (project.name, project.description, project.created_by_id) == ("Breast biopsies", "HER2", ada.id)
    membership = await Membership.get()
    assert (membership.project_id, membership.user_id, membership.role) == (project.id, ada.id, Role.OWNER)
    rows = (
        await Term.filter(project_id=project.id).order_by("position").values_list("name", "color", "hotkey", "position")
    )
    assert rows == [
        ("Carcinoma", "#e03131", "1", 0),
        ("High-grade", "#f08c00", "2", 1),
        ("Benign", "#1c7ed6", "3", 2),
        ("Unsure", "#f0b44c", "4", 3),
    ]


async def test_the_terms_of_a_korean_project_are_named_in_both_languages(sqlite_database: TortoiseContext) -> None:
    project = await projects.create_project(viewer_for(await make_user(locale="ko")), name="대장")
    names = await Term.filter(project_id=project.id).order_by("position").values_list("name", flat=True)
    assert names == ["암 Carcinoma", "고도 이형성 High-grade", "양성 상피 Benign", "불확실 Unsure"]


async def test_who_may_not_make_one(sqlite_database: TortoiseContext) -> None:
    ada = await make_user()
    with pytest.raises(NotSignedIn):
        await projects.create_project(None, name="x")
    with pytest.raises(NotPermitted) as refused:
        await projects.create_project(viewer_for(ada, Scope.READ, Scope.PREDICT), name="x")
    assert refused.value.code == "SCOPE_MISSING"
    for name, description in (("", ""), ("x" * 121, ""), ("x", "y" * 4001)):
        with pytest.raises(InvalidInput):
            await projects.create_project(viewer_for(ada), name=name, description=description)
    assert await Project.all().count() == await Membership.all().count() == await Term.all().count() == 0


async def test_a_failure_half_way_leaves_nothing(database: TortoiseContext, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*args: object) -> None:
        raise ConnectionError("the database went away")

    monkeypatch.setattr(Term, "bulk_create", fail)
    ada = await make_user()
    with pytest.raises(ConnectionError):
        await projects.create_project(viewer_for(ada), name="x")
    assert await Project.all().count() == await Membership.all().count() == 0


async def test_the_list_has_ones_own_projects_newest_first_in_pages(database: TortoiseContext) -> None:
    ada, eve = await make_user("Ada"), await make_user("Eve")
    made = [await make_project(ada, name=f"p{number}") for number in range(5)]
    await make_project(eve, name="other")
    await Membership.create(project=await make_project(eve, name="shared"), user=ada, role=Role.VIEWER)
    await projects.delete_project(viewer_for(ada), made[2].id)
    names, after, sizes = [], None, []
    while True:
        page = await projects.list_projects(viewer_for(ada), first=2, after=after)
        names += [row.name for row in page.rows]
        sizes.append(len(page.rows))
        after = page.end_cursor
        if not page.has_next_page:
            break
    assert names == ["shared", "p4", "p3", "p1", "p0"]
    assert sizes == [2, 2, 1]
    assert await projects.count_projects(viewer_for(ada)) == 5
    with pytest.raises(NotSignedIn):
        await projects.list_projects(None, first=2, after=None)
    with pytest.raises(NotPermitted):
        await projects.count_projects(viewer_for(ada, Scope.WRITE))


async def test_only_what_is_given_changes(sqlite_database: TortoiseContext) -> None:
    manager = await make_user()
    project = await make_project(members={Role.MANAGER: manager}, description="old")
    changed = await projects.update_project(viewer_for(manager), project.id, name="New")
    assert (changed.name, changed.description) == ("New", "old")
    changed = await projects.update_project(viewer_for(manager), project.id, description="")
    assert (changed.name, changed.description) == ("New", "")
    with pytest.raises(InvalidInput):
        await projects.update_project(viewer_for(manager), project.id, name="Newer", description="y" * 4001)
    await project.refresh_from_db()
    assert (project.name, project.description) == ("New", "")


@pytest.mark.parametrize(
    ("role", "may_update", "may_delete"),
    [
        (Role.OWNER, True, True),
        (Role.MANAGER, True, False),
        (Role.REVIEWER, False, False),
        (Role.ANNOTATOR, False, False),
        (Role.VIEWER, False, False),
        (None, False, False),
    ],
)
async def test_who_may_change_and_delete(
    sqlite_database: TortoiseContext, role: Role | None, may_update: bool, may_delete: bool
) -> None:
    user = await make_user()
    project = await make_project(members={role: user} if role else {}, name="before")
    refusal = NotPermitted if role else NotFound
    if may_update:
        await projects.update_project(viewer_for(user), project.id, name="after")
    else:
        with pytest.raises(refusal):
            await projects.update_project(viewer_for(user), project.id, name="after")
    if may_delete:
        await projects.delete_project(viewer_for(user), project.id)
    else:
        with pytest.raises(refusal):
            await projects.delete_project(viewer_for(user), project.id)
    await project.refresh_from_db()
    assert project.name == ("after" if may_update else "before")
    assert (project.deleted_at is not None) == may_delete
    if may_delete:
        with pytest.raises(NotFound):
            await projects.get_project(viewer_for(user), project.id)


async def test_b1_making_a_project_blind_is_a_step_of_each_of_its_slides(database: TortoiseContext) -> None:
    ada = await make_user("Ada")
    project = await make_project(ada)
    slides = [await make_slide_row(project) for _ in range(3)]
    elsewhere = await make_slide_row()
    await SlideSequence.filter(slide=slides[2]).update(seq=7)
    for blind in (True, True, False):  # the second says nothing new
        changed = await projects.update_project(viewer_for(ada), project.id, blind=blind)
        assert (changed.blind, changed.name) == (blind, project.name)
    assert [await current_seq(slide.id) for slide in (*slides, elsewhere)] == [2, 2, 9, 0]
    events = await since(slides[2].id, 7)
    assert [(event.seq, event.kind, event.actor_id, event.body) for event in events] == [
        (8, EventKind.SLIDE, ada.id, {"sight": "everyone"}),
        (9, EventKind.SLIDE, ada.id, {"sight": "everyone"}),
    ]
    kinds = await AuditEntry.filter(project_id=project.id).order_by("id").values_list("kind", "subject_name")
    assert kinds == [("PROJECT_BLINDED", project.name), ("PROJECT_UNBLINDED", project.name)]


async def test_b1_only_managers_make_a_project_blind(database: TortoiseContext) -> None:
    rita = await make_user("Rita")
    project = await make_project(members={Role.REVIEWER: rita})
    slide = await make_slide_row(project)
    with pytest.raises(NotPermitted):
        await projects.update_project(viewer_for(rita), project.id, blind=True)
    assert not (await Project.get(id=project.id)).blind
    assert await current_seq(slide.id) == 0


async def test_the_step_is_written_with_the_change_or_not_at_all(
    database: TortoiseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*args: object, **named: object) -> None:
        raise ValueError("no entry")

    ada = await make_user()
    project = await make_project(ada)
    slide = await make_slide_row(project)
    monkeypatch.setattr("api.projects.projects.audit.record", fail)
    with pytest.raises(ValueError, match="no entry"):
        await projects.update_project(viewer_for(ada), project.id, blind=True)
    assert not (await Project.get(id=project.id)).blind
    assert await current_seq(slide.id) == 0
    assert await since(slide.id, 0) == []

"""Terms: names, colours and hot keys that are unique in their project."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from tortoise.context import TortoiseContext

from api.auth.viewer import Viewer
from api.errors import Conflict, InvalidInput, NotFound, NotPermitted, NotSignedIn, PlatformError
from api.models.ontology import Term
from api.models.project import Membership, Project, Role
from api.models.user import User
from api.projects import terms
from tests.factories import make_project, make_user


def viewer_for(user: User) -> Viewer:
    return Viewer(user.id, user.name, "c")


async def managed() -> tuple[Project, Viewer]:
    manager = await make_user("Manager")
    return await make_project(members={Role.MANAGER: manager}), viewer_for(manager)


async def test_terms_come_one_after_another(database: TortoiseContext) -> None:
    project, viewer = await managed()
    first = await terms.create_term(viewer, project.id, name=" Stroma ", color="#ABCDEF", hotkey="S")
    second = await terms.create_term(viewer, project.id, name="기질", color="#000000", hotkey="")
    assert (first.name, first.color, first.hotkey, first.position) == ("Stroma", "#abcdef", "s", 0)
    assert (second.name, second.hotkey, second.position) == ("기질", None, 1)
    assert await Term.filter(project=project).count() == 2


@pytest.mark.parametrize(
    ("change", "kind", "code", "field"),
    [
        ({"name": " "}, InvalidInput, "NAME_EMPTY", "name"),
        ({"name": "STROMA"}, Conflict, "TERM_NAME_TAKEN", "name"),
        ({"color": "red"}, InvalidInput, "COLOR_INVALID", "color"),
        ({"color": "#12345"}, InvalidInput, "COLOR_INVALID", "color"),
        ({"color": "#12345g"}, InvalidInput, "COLOR_INVALID", "color"),
        ({"hotkey": "ab"}, InvalidInput, "HOTKEY_INVALID", "hotkey"),
        ({"hotkey": "?"}, InvalidInput, "HOTKEY_INVALID", "hotkey"),
        ({"hotkey": "S"}, Conflict, "HOTKEY_TAKEN", "hotkey"),
    ],
)
async def test_what_breaks_a_rule_changes_nothing(
    sqlite_database: TortoiseContext, change: dict[str, str], kind: type[PlatformError], code: str, field: str
) -> None:
    project, viewer = await managed()
    await terms.create_term(viewer, project.id, name="Stroma", color="#000000", hotkey="s")
    other = await terms.create_term(viewer, project.id, name="Fat", color="#ffffff", hotkey="f")
    wishes = {"name": "Vessel", "color": "#123456", "hotkey": "v", **change}
    for call in (terms.create_term(viewer, project.id, **wishes), terms.update_term(viewer, other.id, **wishes)):
        with pytest.raises(kind) as refused:
            await call
        assert (refused.value.code, refused.value.field) == (code, field)
    rows = await Term.all().order_by("position").values_list("name", "color", "hotkey")
    assert rows == [("Stroma", "#000000", "s"), ("Fat", "#ffffff", "f")]


async def test_only_what_is_given_changes(sqlite_database: TortoiseContext) -> None:
    project, viewer = await managed()
    term = await terms.create_term(viewer, project.id, name="Fat", color="#ffffff", hotkey="f")
    changed = await terms.update_term(viewer, term.id, name="FAT")
    assert (changed.name, changed.color, changed.hotkey, changed.position) == ("FAT", "#ffffff", "f", 0)
    changed = await terms.update_term(viewer, term.id, hotkey="", color="#111111", position=7)
    assert (changed.name, changed.color, changed.hotkey, changed.position) == ("FAT", "#111111", None, 7)
    for position in (-1, 10_001):
        with pytest.raises(InvalidInput):
            await terms.update_term(viewer, term.id, position=position)
    assert (await Term.get()).position == 7


async def test_a_deleted_term_leaves_its_name_and_key(sqlite_database: TortoiseContext) -> None:
    project, viewer = await managed()
    term = await terms.create_term(viewer, project.id, name="Fat", color="#ffffff", hotkey="f")
    await terms.delete_term(viewer, term.id)
    assert (await Term.get()).deleted_at is not None
    again = await terms.create_term(viewer, project.id, name="Fat", color="#ffffff", hotkey="f")
    assert again.id != term.id
    for call in (terms.update_term(viewer, term.id, name="x"), terms.delete_term(viewer, term.id)):
        with pytest.raises(NotFound):
            await call


async def test_a_name_is_unique_within_its_project_only(sqlite_database: TortoiseContext) -> None:
    for _ in range(2):
        project, viewer = await managed()
        await terms.create_term(viewer, project.id, name="Fat", color="#ffffff", hotkey="f")
    assert await Term.all().count() == 2


async def test_the_same_name_at_once_is_made_once(database: TortoiseContext) -> None:
    project, viewer = await managed()
    outcomes = await asyncio.gather(
        *(terms.create_term(viewer, project.id, name="Fat", color="#ffffff", hotkey="f") for _ in range(4)),
        return_exceptions=True,
    )
    assert [type(outcome).__name__ for outcome in outcomes].count("Term") == 1
    assert [outcome.code for outcome in outcomes if isinstance(outcome, PlatformError)] == ["TERM_NAME_TAKEN"] * 3
    assert await Term.all().count() == 1


async def test_a_hundred_terms_are_enough(sqlite_database: TortoiseContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "MAX_TERMS", 1)
    project, viewer = await managed()
    await terms.create_term(viewer, project.id, name="Fat", color="#ffffff")
    with pytest.raises(Conflict) as refused:
        await terms.create_term(viewer, project.id, name="Vessel", color="#ffffff")
    assert refused.value.code == "TOO_MANY_TERMS"


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.ANNOTATOR, Role.VIEWER, None])
async def test_who_may_not_touch_terms(sqlite_database: TortoiseContext, role: Role | None) -> None:
    project, manager = await managed()
    term = await terms.create_term(manager, project.id, name="Fat", color="#ffffff")
    user = await make_user()
    if role:
        await Membership.create(project=project, user=user, role=role)
    viewer = viewer_for(user)
    refusal = NotPermitted if role else NotFound
    for make in (
        lambda who: terms.create_term(who, project.id, name="Vessel", color="#000000"),
        lambda who: terms.update_term(who, term.id, name="Vessel"),
        lambda who: terms.delete_term(who, term.id),
    ):
        with pytest.raises(refusal):
            await make(viewer)
        with pytest.raises(NotSignedIn):
            await make(None)
    row = await Term.get()
    assert (row.name, row.deleted_at) == ("Fat", None)


async def test_a_stranger_can_not_tell_a_term_from_none(sqlite_database: TortoiseContext) -> None:
    project, manager = await managed()
    term = await terms.create_term(manager, project.id, name="Fat", color="#ffffff")
    stranger = viewer_for(await make_user())
    messages = set()
    for term_id in (term.id, uuid4()):
        with pytest.raises(NotFound) as refused:
            await terms.update_term(stranger, term_id, name="x")
        messages.add(refused.value.message.replace(str(term_id), "X"))
    assert messages == {"There is no term X, or you are not a member of its project."}

"""Members: who may add, change and remove whom; a project never loses its last owner."""

from __future__ import annotations

import asyncio
import itertools
from uuid import uuid4

import pytest
from tortoise.context import TortoiseContext

from api.auth.viewer import Viewer
from api.errors import Conflict, InvalidInput, NotFound, NotPermitted, PlatformError
from api.models.project import Membership, Project, Role
from api.models.user import User
from api.projects import members
from tests.factories import make_project, make_user


def viewer_for(user: User) -> Viewer:
    return Viewer(user.id, user.name, "c")


async def roles_of(project: Project) -> dict[str, Role]:
    rows = await Membership.filter(project=project).values_list("user__name", "role")
    return {name: Role(role) for name, role in rows}


async def staffed() -> tuple[Project, dict[Role, User]]:
    """A project with one member of each role, named after it."""
    people = {role: await make_user(role.value) for role in Role}
    owner = people[Role.OWNER]
    others = {role: user for role, user in people.items() if role is not Role.OWNER}
    return await make_project(owner, members=others), people


@pytest.mark.parametrize(("actor", "role"), [*itertools.product(Role, Role)])
async def test_who_may_add_whom(sqlite_database: TortoiseContext, actor: Role, role: Role) -> None:
    project, people = await staffed()
    newcomer = await make_user("New")
    allowed = actor is Role.OWNER or (actor is Role.MANAGER and role is not Role.OWNER)
    before = await roles_of(project)
    call = members.add_member(viewer_for(people[actor]), project.id, who=f" {newcomer.email} ".upper(), role=role)
    if allowed:
        assert (await call).role is role
        assert await roles_of(project) == {**before, "New": role}
    else:
        with pytest.raises(NotPermitted):
            await call
        assert await roles_of(project) == before


@pytest.mark.parametrize(("actor", "target"), [*itertools.product(Role, Role)])
@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
async def test_who_may_change_whom(sqlite_database: TortoiseContext, actor: Role, target: Role, role: Role) -> None:
    project, people = await staffed()
    second_owner = await make_user("second owner")
    await Membership.create(project=project, user=second_owner, role=Role.OWNER)
    allowed = actor is Role.OWNER or (actor is Role.MANAGER and Role.OWNER not in {target, role})
    before = await roles_of(project)
    call = members.update_member(viewer_for(people[actor]), project.id, people[target].id, role=role)
    if allowed:
        assert (await call).role is role
        assert await roles_of(project) == {**before, target.value: role}
    else:
        with pytest.raises(NotPermitted):
            await call
        assert await roles_of(project) == before


@pytest.mark.parametrize(("actor", "target"), [*itertools.product(Role, Role)])
async def test_who_may_remove_whom(sqlite_database: TortoiseContext, actor: Role, target: Role) -> None:
    project, people = await staffed()
    second_owner = await make_user("second owner")
    await Membership.create(project=project, user=second_owner, role=Role.OWNER)
    allowed = actor is target or actor is Role.OWNER or (actor is Role.MANAGER and target is not Role.OWNER)
    before = await roles_of(project)
    call = members.remove_member(viewer_for(people[actor]), project.id, people[target].id)
    if allowed:
        await call
        assert await roles_of(project) == {name: role for name, role in before.items() if name != target.value}
    else:
        with pytest.raises(NotPermitted):
            await call
        assert await roles_of(project) == before


async def test_a_stranger_finds_no_project(database: TortoiseContext) -> None:
    project, people = await staffed()
    stranger = viewer_for(await make_user("Eve"))
    before = await roles_of(project)
    for call in (
        members.add_member(stranger, project.id, who="eve@example.org", role=Role.VIEWER),
        members.update_member(stranger, project.id, people[Role.VIEWER].id, role=Role.MANAGER),
        members.remove_member(stranger, project.id, people[Role.VIEWER].id),
        members.remove_member(stranger, project.id, stranger.user_id),
    ):
        with pytest.raises(NotFound, match=f"There is no project {project.id}"):
            await call
    assert await roles_of(project) == before


async def test_the_last_owner_stays(database: TortoiseContext) -> None:
    project, people = await staffed()
    owner = viewer_for(people[Role.OWNER])
    for call in (
        members.update_member(owner, project.id, owner.user_id, role=Role.VIEWER),
        members.remove_member(owner, project.id, owner.user_id),
    ):
        with pytest.raises(Conflict) as refused:
            await call
        assert refused.value.code == "LAST_OWNER"
    assert (await roles_of(project))["OWNER"] is Role.OWNER
    await members.update_member(owner, project.id, owner.user_id, role=Role.OWNER)


async def test_of_two_owners_who_leave_at_once_one_stays(database: TortoiseContext) -> None:
    for _ in range(5):
        first, second = await make_user("first"), await make_user("second")
        project = await make_project(first)
        await Membership.create(project=project, user=second, role=Role.OWNER)
        outcomes = await asyncio.gather(
            *(members.remove_member(viewer_for(user), project.id, user.id) for user in (first, second)),
            return_exceptions=True,
        )
        codes = sorted(outcome.code if isinstance(outcome, PlatformError) else repr(outcome) for outcome in outcomes)
        assert codes == ["LAST_OWNER", "None"]
        assert list((await roles_of(project)).values()) == [Role.OWNER]


async def test_who_can_not_be_added(database: TortoiseContext) -> None:
    project, people = await staffed()
    owner = viewer_for(people[Role.OWNER])
    disabled = await make_user("Off", disabled_at="2026-01-01T00:00:00+00:00")
    before = await roles_of(project)
    for who, kind, code in (
        ("nobody@example.org", NotFound, "USER_NOT_FOUND"),
        (str(uuid4()), NotFound, "USER_NOT_FOUND"),
        (str(disabled.email), NotFound, "USER_NOT_FOUND"),
        ("no address", InvalidInput, "EMAIL_INVALID"),
        (str(people[Role.VIEWER].email), Conflict, "ALREADY_MEMBER"),
    ):
        with pytest.raises(kind) as refused:
            await members.add_member(owner, project.id, who=who, role=Role.VIEWER)
        assert refused.value.code == code
    assert await roles_of(project) == before


async def test_someone_without_an_address_is_added_by_id(sqlite_database: TortoiseContext) -> None:
    project, people = await staffed()
    newcomer = await make_user("Kakao user", email=None)
    row = await members.add_member(
        viewer_for(people[Role.MANAGER]), project.id, who=str(newcomer.id), role=Role.REVIEWER
    )
    assert (row.user_id, row.role) == (newcomer.id, Role.REVIEWER)


async def test_added_twice_at_once_is_added_once(database: TortoiseContext) -> None:
    project, people = await staffed()
    newcomer = await make_user("New")
    owner = viewer_for(people[Role.OWNER])
    outcomes = await asyncio.gather(
        *(members.add_member(owner, project.id, who=str(newcomer.email), role=Role.VIEWER) for _ in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Membership) for outcome in outcomes) == 1
    assert [outcome.code for outcome in outcomes if isinstance(outcome, PlatformError)] == ["ALREADY_MEMBER"] * 3
    assert await Membership.filter(user=newcomer).count() == 1


async def test_someone_who_is_no_member(sqlite_database: TortoiseContext) -> None:
    project, people = await staffed()
    owner = viewer_for(people[Role.OWNER])
    for call in (
        members.update_member(owner, project.id, uuid4(), role=Role.VIEWER),
        members.remove_member(owner, project.id, uuid4()),
    ):
        with pytest.raises(NotFound) as refused:
            await call
        assert (refused.value.code, refused.value.field) == ("NOT_A_MEMBER", "userId")


async def test_a_project_has_room_for_so_many(
    sqlite_database: TortoiseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, people = await staffed()
    monkeypatch.setattr(members, "MAX_MEMBERS", len(people) + 1)
    owner = viewer_for(people[Role.OWNER])
    for code in (None, "TOO_MANY_MEMBERS"):
        newcomer = await make_user()
        call = members.add_member(owner, project.id, who=str(newcomer.id), role=Role.VIEWER)
        if code is None:
            await call
            continue
        with pytest.raises(Conflict) as refused:
            await call
        assert refused.value.code == code
    assert await Membership.filter(project=project).count() == len(people) + 1

"""The audit log: rules A1-A5 of docs/spec.md."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from starlette.types import Message, Receive, Scope, Send
from tortoise.context import TortoiseContext

from api.auth import accounts, audit, tokens
from api.auth.sign_in import sign_in_with_password
from api.auth.viewer import Viewer
from api.errors import NotPermitted, NotSignedIn, PlatformError
from api.models.audit import AuditEntry, AuditKind
from api.models.project import Role
from api.models.user import User
from api.projects import members, projects, terms
from tests.factories import make_project, make_user

PASSWORD = "a long sentence to type"


def viewer_for(user: User, *, is_admin: bool = False) -> Viewer:
    return Viewer(user.id, user.name, "c", is_admin=is_admin)


async def entries(viewer: Viewer, project_id: UUID | None, *kinds: AuditKind) -> list[AuditEntry]:
    page = await audit.list_entries(viewer, project_id, kinds=kinds or None, first=100, after=None)
    return list(page.rows)


async def test_a2_what_is_done_to_a_project_and_its_members_is_written_down(database: TortoiseContext) -> None:
    ada, ben = await make_user("Ada"), await make_user("Ben")
    owner = viewer_for(ada)
    project = await projects.create_project(owner, name="Colon")
    await members.add_member(owner, project.id, who=str(ben.id), role=Role.VIEWER)
    await members.update_member(owner, project.id, ben.id, role=Role.REVIEWER)
    await members.remove_member(owner, project.id, ben.id)
    term = await terms.create_term(owner, project.id, name="Mucus", color="#112233")
    await terms.delete_term(owner, term.id)
    log = await entries(owner, project.id)
    assert [(one.kind, one.actor_name, one.subject_name, one.details) for one in log] == [
        ("TERM_DELETED", "Ada", "Mucus", {}),
        ("MEMBER_REMOVED", "Ada", "Ben", {"before": "REVIEWER"}),
        ("MEMBER_CHANGED", "Ada", "Ben", {"role": "REVIEWER", "before": "VIEWER"}),
        ("MEMBER_ADDED", "Ada", "Ben", {"role": "VIEWER"}),
        ("PROJECT_CREATED", "Ada", "Colon", {}),
    ]
    assert await entries(owner, project.id, AuditKind.MEMBER_ADDED) == [log[3]]


async def test_a1_an_entry_outlives_what_it_names(database: TortoiseContext) -> None:
    ada, ben, root = await make_user("Ada"), await make_user("Ben"), await make_user("Root")
    project = await make_project(ada, members={Role.VIEWER: ben})
    await members.remove_member(viewer_for(ada), project.id, ben.id)
    await projects.delete_project(viewer_for(ada), project.id)
    await User.filter(id=ben.id).delete()
    log = await entries(viewer_for(root, is_admin=True), project.id)
    assert [(one.kind, one.subject_name) for one in log] == [
        ("PROJECT_DELETED", project.name),
        ("MEMBER_REMOVED", "Ben"),
    ]


async def test_a3_a_refused_change_leaves_no_entry(database: TortoiseContext) -> None:
    ada, ben = await make_user("Ada"), await make_user("Ben")
    project = await make_project(ada, members={Role.VIEWER: ben})
    with pytest.raises(PlatformError):
        await members.add_member(viewer_for(ada), project.id, who=str(ben.id), role=Role.VIEWER)  # is one already
    with pytest.raises(PlatformError):
        await members.remove_member(viewer_for(ada), project.id, ada.id)  # the last owner
    assert await AuditEntry.all().count() == 0


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANNOTATOR, Role.REVIEWER])
async def test_a4_managers_and_administrators_read_it(sqlite_database: TortoiseContext, role: Role) -> None:
    owner, member, manager = await make_user("Owner"), await make_user("Member"), await make_user("Manager")
    project = await make_project(owner, members={role: member, Role.MANAGER: manager})
    await members.remove_member(viewer_for(member), project.id, member.id)
    assert [one.kind for one in await entries(viewer_for(manager), project.id)] == ["MEMBER_REMOVED"]
    with pytest.raises(PlatformError):
        await entries(viewer_for(member), project.id)
    with pytest.raises(NotPermitted):
        await entries(viewer_for(owner), None)


async def test_a2_a5_sign_ins_and_credentials(sqlite_database: TortoiseContext) -> None:
    root = viewer_for(await make_user("Root"), is_admin=True)
    user = await accounts.create_account(email="ada@example.com", name="Ada", password=PASSWORD)
    for _ in range(2):
        with pytest.raises(NotSignedIn):
            await sign_in_with_password("Ada@example.com", "wrong", address="192.0.2.7", attempts=9)
    await accounts.change_password(user.id, current=PASSWORD, new=f"{PASSWORD} more", attempts=9)
    _, token = await tokens.create_token(user.id, name="Notebook", scopes=["read"])
    await tokens.revoke_token(user.id, token.id)
    revoked, made, changed, refused, again = await entries(root, None)
    assert [one.kind for one in (revoked, made, changed)] == [
        "API_TOKEN_REVOKED",
        "API_TOKEN_CREATED",
        "PASSWORD_CHANGED",
    ]
    assert (made.subject_name, made.details) == ("Notebook", {"scopes": token.scopes})
    assert (refused.kind, refused.actor_id, refused.actor_name, refused.address) == (
        "SIGN_IN_REFUSED",
        None,
        "",
        "192.0.2.7",
    )
    assert "ada" not in str(refused.subject_id).lower()
    assert refused.subject_id == again.subject_id


async def test_a1_an_entry_says_which_address_it_came_from(sqlite_database: TortoiseContext) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await audit.record(AuditKind.SIGNED_IN, await make_user("Ada"))

    async def unused(*_: object) -> Message:
        raise AssertionError

    await asyncio.create_task(audit.KnowAddress(app)({"type": "http", "client": ("192.0.2.9", 1)}, unused, unused))
    assert await AuditEntry.all().values_list("address", flat=True) == ["192.0.2.9"]
    assert audit.present_address() == ""

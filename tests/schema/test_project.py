"""Projects, members and terms through GraphQL."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tortoise.context import TortoiseContext
from tortoise.timezone import now

from api.auth.viewer import Scope
from api.models.annotation import Annotation, GeometryKind, Layer, LayerKind
from api.models.ontology import Term
from api.models.project import Membership, Project, Role
from api.models.slide import Upload, UploadStatus
from tests.factories import make_project, make_slide_row, make_user
from tests.schema.asking import ask, change, error_of, viewer_for

PROJECT = """
    id name description createdAt myRole slideCount annotationCount
    members { role createdAt user { id name email color } }
    terms { id name color hotkey position }
"""


async def test_the_room_of_a_project_and_what_is_used_of_it(database: TortoiseContext) -> None:
    ada = await make_user("Ada")
    limited = await make_project(ada, quota_bytes=5_000_000)
    free = await make_project(ada)
    await make_slide_row(limited, size_bytes=1_000_000)
    await make_slide_row(limited, size_bytes=2_000_000, deleted_at=now())
    upload = {"user": ada, "project": limited, "filename": "a.svs", "expires_at": now()}
    await Upload.create(**upload, length=500_000)
    await Upload.create(**upload, length=900_000, status=UploadStatus.REFUSED)
    answer = await ask("{ projects { nodes { id usedBytes quotaBytes } } }", viewer_for(ada))
    assert answer["projects"]["nodes"] == [
        {"id": str(free.id), "usedBytes": 0, "quotaBytes": None},
        {"id": str(limited.id), "usedBytes": 3_500_000, "quotaBytes": 5_000_000},
    ]


async def test_a_project_from_its_making_to_its_end(database: TortoiseContext) -> None:
    ada, eve = await make_user("Ada"), await make_user("Eve")
    viewer = viewer_for(ada)
    made = await change("createProject", viewer, f"... on Project {{ {PROJECT} }}", name="Biopsies")
    row = await Project.get()
    assert made == {
        "__typename": "Project",
        "id": str(row.id),
        "name": "Biopsies",
        "description": "",
        "createdAt": row.created_at.isoformat(),
        "myRole": "OWNER",
        "slideCount": 0,
        "annotationCount": 0,
        "members": [
            {
                "role": "OWNER",
                "createdAt": (await Membership.get()).created_at.isoformat(),
                "user": {"id": str(ada.id), "name": "Ada", "email": ada.email, "color": "#3366cc"},
            }
        ],
        "terms": [
            {"id": str(term.id), "name": term.name, "color": term.color, "hotkey": term.hotkey, "position": place}
            for place, term in enumerate(await Term.all().order_by("position"))
        ],
    }
    project_id = made["id"]
    added = await change(
        "addMember",
        viewer,
        "... on Membership { role user { name email } }",
        projectId=project_id,
        email=eve.email,
        role="VIEWER",
    )
    assert added == {"__typename": "Membership", "role": "VIEWER", "user": {"name": "Eve", "email": eve.email}}
    raised = await change(
        "updateMember",
        viewer,
        "... on Membership { role }",
        projectId=project_id,
        userId=str(eve.id),
        role="MANAGER",
    )
    assert raised == {"__typename": "Membership", "role": "MANAGER"}
    renamed = await change(
        "updateProject",
        viewer_for(eve),
        "... on Project { name description myRole }",
        id=project_id,
        description="HER2",
    )
    assert renamed == {"__typename": "Project", "name": "Biopsies", "description": "HER2", "myRole": "MANAGER"}
    left = await change(
        "removeMember", viewer_for(eve), "... on Deleted { id }", projectId=project_id, userId=str(eve.id)
    )
    assert left == {"__typename": "Deleted", "id": str(eve.id)}
    deleted = await change("deleteProject", viewer, "... on Deleted { id }", id=project_id)
    assert deleted == {"__typename": "Deleted", "id": project_id}
    assert await ask("{ projects { totalCount nodes { id } } }", viewer) == {"projects": {"totalCount": 0, "nodes": []}}


async def test_terms(sqlite_database: TortoiseContext) -> None:
    ada = await make_user()
    project = await make_project(ada)
    viewer, fields = viewer_for(ada), "... on Term { id name color hotkey position }"
    made = await change(
        "createTerm", viewer, fields, projectId=str(project.id), name="Stroma", color="#00FF00", hotkey="s"
    )
    term_id = made["id"]
    assert made == {
        "__typename": "Term",
        "id": term_id,
        "name": "Stroma",
        "color": "#00ff00",
        "hotkey": "s",
        "position": 0,
    }
    changed = await change("updateTerm", viewer, fields, id=term_id, hotkey="", position=3)
    assert (changed["name"], changed["hotkey"], changed["position"]) == ("Stroma", None, 3)
    assert await change("deleteTerm", viewer, "... on Deleted { id }", id=term_id) == {
        "__typename": "Deleted",
        "id": term_id,
    }
    assert await ask("query ($id: ID!) { project(id: $id) { terms { id } } }", viewer, id=str(project.id)) == {
        "project": {"terms": []}
    }


async def test_counts(database: TortoiseContext) -> None:
    ada = await make_user()
    project, empty = await make_project(ada), await make_project(ada)
    kept = await make_slide_row(project)
    await make_slide_row(project)
    binned = await make_slide_row(project, deleted_at=now())
    for slide in (kept, kept, binned):
        layer = await Layer.create(slide=slide, kind=LayerKind.USER, name="Ada", color="#000000", owner=ada)
        for deleted_at in (None, now()):
            await Annotation.create(
                id=uuid4(),
                slide=slide,
                layer=layer,
                kind=GeometryKind.POINT,
                geometry=b"",
                min_x=0,
                min_y=0,
                max_x=0,
                max_y=0,
                cell=0,
                area_px=0,
                length_px=0,
                created_at=now(),
                updated_at=now(),
                deleted_at=deleted_at,
            )
    answer = await ask("{ projects { nodes { id slideCount annotationCount } } }", viewer_for(ada))
    assert answer["projects"]["nodes"] == [
        {"id": str(empty.id), "slideCount": 0, "annotationCount": 0},
        {"id": str(project.id), "slideCount": 2, "annotationCount": 2},
    ]


async def test_pages_of_projects(database: TortoiseContext) -> None:
    ada = await make_user()
    for number in range(3):
        await make_project(ada, name=f"p{number}")
    query = """query ($after: String) {
        projects(first: 2, after: $after) { totalCount nodes { name } pageInfo { hasNextPage endCursor } } }"""
    first = (await ask(query, viewer_for(ada)))["projects"]
    assert (first["totalCount"], [node["name"] for node in first["nodes"]]) == (3, ["p2", "p1"])
    assert first["pageInfo"]["hasNextPage"] is True
    second = (await ask(query, viewer_for(ada), after=first["pageInfo"]["endCursor"]))["projects"]
    assert [node["name"] for node in second["nodes"]] == ["p0"]
    assert second["pageInfo"]["hasNextPage"] is False
    for bad in ("{ projects(first: 0) { totalCount } }", "{ projects(first: 501) { totalCount } }"):
        assert (await error_of(bad, viewer_for(ada))).code == "PAGE_SIZE"
    assert (await error_of('{ projects(after: "x") { totalCount } }', viewer_for(ada))).code == "BAD_CURSOR"


async def test_a_list_costs_the_same_few_queries_however_long(
    sqlite_database: TortoiseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tortoise.backends.sqlite.client import SqliteClient

    statements: list[str] = []
    original = SqliteClient.execute_query

    async def counted(self: SqliteClient, query: str, values: list[object] | None = None) -> object:
        statements.append(query)
        return await original(self, query, values)

    ada, eve = await make_user("Ada"), await make_user("Eve")
    counts = []
    monkeypatch.setattr(SqliteClient, "execute_query", counted)
    for _ in range(2):
        for _ in range(4):
            await make_project(ada, members={Role.VIEWER: eve})
        statements.clear()
        answer = await ask(f"{{ projects {{ nodes {{ {PROJECT} }} }} }}", viewer_for(ada))
        counts.append(len(statements))
    assert len(answer["projects"]["nodes"]) == 8
    assert len({node["id"] for node in answer["projects"]["nodes"]}) == 8
    assert counts[0] == counts[1] <= 11, statements


MUTATIONS = {
    "createProject": {"name": "x"},
    "updateProject": {"id": "P", "name": "x"},
    "deleteProject": {"id": "P"},
    "addMember": {"projectId": "P", "email": "new@example.org", "role": "VIEWER"},
    "updateMember": {"projectId": "P", "userId": "U", "role": "VIEWER"},
    "removeMember": {"projectId": "P", "userId": "U"},
    "createTerm": {"projectId": "P", "name": "x", "color": "#000000"},
    "updateTerm": {"id": "T", "name": "x"},
    "moveTerm": {"id": "T", "parentId": "O"},
    "deleteTerm": {"id": "T"},
}


@pytest.mark.parametrize("name", list(MUTATIONS))
@pytest.mark.parametrize("who", ["nobody", "stranger", *Role, "read token"])
async def test_each_mutation_as_everyone(sqlite_database: TortoiseContext, name: str, who: str) -> None:
    """A denied mutation says so in its union and changes nothing."""
    target, manager, member = await make_user("target"), await make_user("second owner"), await make_user("member")
    await make_user("new", email="new@example.org")
    project = await make_project(manager)
    await Membership.create(project=project, user=target, role=Role.ANNOTATOR)
    if who in set(Role) | {"read token"}:
        await Membership.create(project=project, user=member, role=Role.OWNER if who == "read token" else Role(who))
    term = await Term.create(project=project, name="Fat", color="#ffffff")
    other = await Term.create(project=project, name="Tissue", color="#ffffff", position=1)
    viewer = None if who == "nobody" else viewer_for(member, *([Scope.READ] if who == "read token" else []))
    places = {"P": str(project.id), "U": str(target.id), "T": str(term.id), "O": str(other.id)}
    values = {key: places.get(value, value) for key, value in MUTATIONS[name].items()}

    async def world() -> object:
        return (
            await Project.all().values_list("name", "deleted_at"),
            await Membership.all().order_by("id").values_list("project_id", "user_id", "role"),
            await Term.all().order_by("id").values_list("name", "color", "parent_id", "deleted_at"),
        )

    before = await world()
    result = await change(name, viewer, "", **values)
    allowed = {
        "createProject": {"stranger", *Role},
        "deleteProject": {Role.OWNER},
    }.get(name, {Role.OWNER, Role.MANAGER})
    if who in allowed:
        assert result["__typename"] != "Failure"
        assert await world() != before
        return
    strangers_code = "NOT_FOUND"
    assert result["code"] == {"nobody": "NOT_SIGNED_IN", "stranger": strangers_code, "read token": "SCOPE_MISSING"}.get(
        who, "NOT_PERMITTED"
    )
    assert await world() == before


@pytest.mark.parametrize("who", ["nobody", "stranger", *Role, "write token"])
async def test_each_query_as_everyone(sqlite_database: TortoiseContext, who: str) -> None:
    member = await make_user("member")
    project = await make_project()
    if who in set(Role) | {"write token"}:
        await Membership.create(project=project, user=member, role=Role.OWNER if who == "write token" else Role(who))
    viewer = None if who == "nobody" else viewer_for(member, *([Scope.WRITE] if who == "write token" else []))
    one = "query ($id: ID!) { project(id: $id) { name } }"
    many = "{ projects { totalCount } }"
    if who in set(Role):
        assert await ask(one, viewer, id=str(project.id)) == {"project": {"name": project.name}}
        assert await ask(many, viewer) == {"projects": {"totalCount": 1}}
        return
    code = {"nobody": "NOT_SIGNED_IN", "stranger": "NOT_FOUND", "write token": "SCOPE_MISSING"}[who]
    assert (await error_of(one, viewer, id=str(project.id))).code == code
    if who == "stranger":
        assert await ask(many, viewer) == {"projects": {"totalCount": 0}}
    else:
        assert (await error_of(many, viewer)).code == code


async def test_addresses_are_for_managers_and_oneself(sqlite_database: TortoiseContext) -> None:
    manager, viewer = await make_user("M"), await make_user("V")
    project = await make_project(members={Role.MANAGER: manager, Role.VIEWER: viewer})
    query = "query ($id: ID!) { project(id: $id) { members { user { name email } } } }"
    seen = {}
    for user in (manager, viewer):
        answer = await ask(query, viewer_for(user), id=str(project.id))
        seen[user.name] = {entry["user"]["name"]: entry["user"]["email"] for entry in answer["project"]["members"]}
    owner = (await project.created_by).name  # type: ignore[misc]
    assert seen["V"] == {owner: None, "M": None, "V": viewer.email}
    assert seen["M"]["V"] == viewer.email
    assert None not in seen["M"].values()


async def test_what_is_no_identifier(sqlite_database: TortoiseContext) -> None:
    viewer = viewer_for(await make_user())
    error = await error_of('{ project(id: "7") { name } }', viewer)
    assert (error.code, error.field) == ("BAD_ID", "id")
    assert error.message == "id is '7', which is not an identifier. Pass an id as the API returned it."
    result = await change("removeMember", viewer, "", projectId=str(uuid4()), userId="me")
    assert (result["code"], result["failedField"]) == ("BAD_ID", "userId")

"""The tree of terms: parents before children, no circles, and no term that gets lost."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.context import TortoiseContext

from api.auth.viewer import Viewer
from api.errors import Conflict, InvalidInput
from api.models.ontology import Term
from api.models.project import Project, Role
from api.projects import terms
from api.projects.term_tree import MAX_DEPTH, Node, in_order, moved, path_of, with_descendants, without
from tests.factories import make_project, make_user

IDS = [UUID(int=number) for number in range(1, 9)]


def names(rows: list[Term]) -> list[tuple[str, int, str | None]]:
    by_id = {row.id: row.name for row in rows}
    return [(row.name, row.position, by_id[row.parent_id] if row.parent_id else None) for row in rows]


async def listed(project: Project) -> list[tuple[str, int, str | None]]:
    return names(await Term.filter(project=project, deleted_at__isnull=True).order_by("position"))


async def a_tree() -> tuple[Project, Viewer, dict[str, UUID]]:
    """Epithelium (Benign, Carcinoma (Glandular)), Stroma."""
    manager = await make_user("Manager")
    project, viewer = await make_project(members={Role.MANAGER: manager}), Viewer(manager.id, manager.name, "c")
    ids: dict[str, UUID] = {}
    for name, parent in (
        ("Epithelium", None),
        ("Stroma", None),
        ("Benign", "Epithelium"),
        ("Carcinoma", "Epithelium"),
        ("Glandular", "Carcinoma"),
    ):
        parent_id = ids[parent] if parent else None
        made = await terms.create_term(viewer, project.id, name=name, color="#123456", parent_id=parent_id)
        ids[name] = made.id
    return project, viewer, ids


async def test_children_stand_after_their_parent_wherever_they_were_made(database: TortoiseContext) -> None:
    project, _, _ = await a_tree()
    assert await listed(project) == [
        ("Epithelium", 0, None),
        ("Benign", 1, "Epithelium"),
        ("Carcinoma", 2, "Epithelium"),
        ("Glandular", 3, "Carcinoma"),
        ("Stroma", 4, None),
    ]


async def test_a_term_goes_elsewhere_with_all_below_it(database: TortoiseContext) -> None:
    project, viewer, ids = await a_tree()
    after = await terms.move_term(viewer, ids["Carcinoma"], parent_id=None, before_id=ids["Epithelium"])
    assert names(after) == [
        ("Carcinoma", 0, None),
        ("Glandular", 1, "Carcinoma"),
        ("Epithelium", 2, None),
        ("Benign", 3, "Epithelium"),
        ("Stroma", 4, None),
    ]
    assert await listed(project) == names(after)
    await terms.move_term(viewer, ids["Carcinoma"], parent_id=ids["Stroma"])
    assert (await listed(project))[-2:] == [("Carcinoma", 3, "Stroma"), ("Glandular", 4, "Carcinoma")]


@pytest.mark.parametrize(
    ("parent", "before", "kind", "code", "message"),
    [
        ("Glandular", None, Conflict, "TERM_CYCLE", "“Glandular” is “Epithelium” itself or below it, so"),
        ("Epithelium", None, Conflict, "TERM_CYCLE", "“Epithelium” is “Epithelium” itself or below it, so"),
        ("Stroma", "Benign", InvalidInput, "TERM_NOT_FOUND", "is not a child of the new parent"),
        ("nothing", None, InvalidInput, "TERM_NOT_FOUND", "in this project to be the parent"),
    ],
)
async def test_what_can_be_no_place_is_refused_and_changes_nothing(
    database: TortoiseContext, parent: str, before: str | None, kind: type[Conflict], code: str, message: str
) -> None:
    project, viewer, ids = await a_tree()
    was = await listed(project)
    with pytest.raises(kind, match=message) as refused:
        await terms.move_term(
            viewer,
            ids["Epithelium"],
            parent_id=ids.get(parent, uuid4()),
            before_id=ids[before] if before else None,
        )
    assert refused.value.code == code
    assert await listed(project) == was


async def test_a_term_of_another_project_is_no_parent(database: TortoiseContext) -> None:
    project, viewer, ids = await a_tree()
    elsewhere = await Term.create(project=await make_project(), name="Elsewhere", color="#000000")
    for call in (
        terms.move_term(viewer, ids["Benign"], parent_id=elsewhere.id),
        terms.create_term(viewer, project.id, name="Another", color="#000000", parent_id=elsewhere.id),
    ):
        with pytest.raises(InvalidInput) as refused:
            await call
        assert refused.value.code == "TERM_NOT_FOUND"
    assert await Term.filter(project=project).count() == len(ids)


async def test_the_tree_is_at_most_eight_deep(database: TortoiseContext) -> None:
    project, viewer, ids = await a_tree()
    last = ids["Glandular"]
    for depth in range(4, MAX_DEPTH + 1):
        made = await terms.create_term(viewer, project.id, name=f"depth {depth}", color="#000000", parent_id=last)
        last = made.id
    with pytest.raises(Conflict, match="The tree would be 9 terms deep; 8 are possible") as refused:
        await terms.create_term(viewer, project.id, name="too deep", color="#000000", parent_id=last)
    assert refused.value.code == "TERM_TOO_DEEP"
    with pytest.raises(Conflict, match="9 terms deep"):
        await terms.move_term(viewer, ids["Epithelium"], parent_id=ids["Stroma"])
    assert not await Term.filter(name="too deep").exists()


async def test_the_children_of_a_deleted_term_come_up_into_its_place(database: TortoiseContext) -> None:
    project, viewer, ids = await a_tree()
    await terms.delete_term(viewer, ids["Carcinoma"])
    assert (await listed(project))[:3] == [
        ("Epithelium", 0, None),
        ("Benign", 1, "Epithelium"),
        ("Glandular", 2, "Epithelium"),
    ]
    await terms.delete_term(viewer, ids["Epithelium"])
    assert await listed(project) == [("Benign", 0, None), ("Glandular", 1, None), ("Stroma", 2, None)]


async def test_a_term_is_asked_for_with_all_below_it(database: TortoiseContext) -> None:
    project, _, ids = await a_tree()
    wanted = await terms.term_filter(project.id, ids["Epithelium"], below=True)
    assert wanted == {ids[name] for name in ("Epithelium", "Benign", "Carcinoma", "Glandular")}
    assert await terms.term_filter(project.id, ids["Epithelium"], below=False) == {ids["Epithelium"]}
    assert await terms.term_filter(project.id, None, below=True) is None


@st.composite
def trees(draw: st.DrawFn) -> list[Node]:
    """Up to eight terms, each below one before it or at the top."""
    count = draw(st.integers(1, len(IDS)))
    parents = [draw(st.sampled_from([None, *IDS[:place]])) for place in range(count)]
    return in_order([Node(IDS[place], parent, str(place)) for place, parent in enumerate(parents)])


@given(trees(), st.data())
def test_no_move_loses_a_term_or_puts_a_child_before_its_parent(tree: list[Node], data: st.DataObject) -> None:
    ids = [node.id for node in tree]
    node_id, parent_id = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from([None, *ids]))
    below = with_descendants(tree, node_id)
    if parent_id in below:
        with pytest.raises(Conflict):
            moved(tree, node_id, parent_id, None)
        return
    try:
        after = moved(tree, node_id, parent_id, None)
    except Conflict as refused:
        assert refused.code == "TERM_TOO_DEEP"
        return
    assert sorted(node.id for node in after) == sorted(ids)
    places = {node.id: place for place, node in enumerate(after)}
    assert all(node.parent_id is None or places[node.parent_id] < places[node.id] for node in after)
    assert with_descendants(after, node_id) == below
    was = {node.id: node.parent_id for node in tree}
    assert {node.id: node.parent_id for node in after} == was | {node_id: parent_id}


@given(trees(), st.data())
def test_taking_a_term_out_keeps_all_others(tree: list[Node], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(tree))
    left = without(tree, gone.id)
    assert sorted(node.id for node in left) == sorted(node.id for node in tree if node.id != gone.id)
    kept = {node.id for node in left}
    assert all(node.parent_id is None or node.parent_id in kept for node in left)


def test_a_path_goes_from_the_top_to_the_term() -> None:
    nodes = {IDS[0]: Node(IDS[0], None, "a"), IDS[1]: Node(IDS[1], IDS[0], "b"), IDS[2]: Node(IDS[2], IDS[1], "c")}
    assert path_of(nodes, IDS[2]) == ("a", "b", "c")
    assert path_of(nodes, IDS[5]) == ()

"""PURE: a project's terms as a tree, kept as a list in which every parent comes before its children.

Terms without a parent are the top. A parent that is not among the terms (it was deleted) counts as none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from api.errors import Conflict, InvalidInput

MAX_DEPTH = 8
"""Terms from the top to the deepest, both counted."""


@dataclass(frozen=True)
class Node:
    """A term's place: `parent_id` is None at the top, `name` is for messages."""

    id: UUID
    parent_id: UUID | None
    name: str = ""


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """Depth first; siblings keep the order in which they are given."""
    children = _children(nodes)
    ordered: list[Node] = []
    waiting = list(reversed(children[None]))
    while waiting:
        node = waiting.pop()
        ordered.append(node)
        waiting.extend(reversed(children[node.id]))
    return ordered


def with_descendants(nodes: Iterable[Node], root_id: UUID) -> frozenset[UUID]:
    """The term and everything below it."""
    children = _children(nodes)
    found: set[UUID] = set()
    waiting = [root_id]
    while waiting:
        found.add(node_id := waiting.pop())
        waiting.extend(child.id for child in children[node_id] if child.id not in found)
    return frozenset(found)


def path_of(nodes: Mapping[UUID, Node], node_id: UUID) -> tuple[str, ...]:
    """The names from the top down to the term, its own last."""
    names: list[str] = []
    node = nodes.get(node_id)
    while node is not None and len(names) < MAX_DEPTH:
        names.append(node.name)
        node = nodes.get(node.parent_id) if node.parent_id else None
    return tuple(reversed(names))


def moved(nodes: Sequence[Node], node_id: UUID, parent_id: UUID | None, before_id: UUID | None) -> list[Node]:
    """The terms in order after one, with all below it, went to another place.

    Args:
        parent_id: its new parent; None for the top.
        before_id: the sibling that it comes before; None for the last place.

    Raises:
        InvalidInput: `parent_id` or `before_id` names no term of the project, or no sibling of the new place.
        Conflict: code `TERM_CYCLE`, the new parent is the term itself or below it; `TERM_TOO_DEEP`.
    """
    by_id = {node.id: node for node in in_order(nodes)}
    node = by_id[node_id]
    parent = by_id.get(parent_id) if parent_id else None
    if parent_id is not None and parent is None:
        raise InvalidInput(
            f"There is no term {parent_id} in this project to be the parent.", code="TERM_NOT_FOUND", field="parentId"
        )
    below = with_descendants(by_id.values(), node_id)
    if parent is not None and parent.id in below:
        raise Conflict(
            f"“{parent.name}” is “{node.name}” itself or below it, so it can't be its parent. Choose another one.",
            code="TERM_CYCLE",
            field="parentId",
            params={"term": node.name, "parent": parent.name},
        )
    sibling = by_id.get(before_id) if before_id else None
    if before_id is not None and (sibling is None or _parent(sibling, by_id) != parent_id or before_id == node_id):
        raise InvalidInput(
            f"The term {before_id} is not a child of the new parent. Name one of its children, or none for the end.",
            code="TERM_NOT_FOUND",
            field="beforeId",
        )
    here = replace(node, parent_id=parent_id)
    others = [other for other in by_id.values() if other.id != node_id]
    place = len(others) if sibling is None else others.index(sibling)
    ordered = in_order([*others[:place], here, *others[place:]])
    deepest = max(_depth(by_id | {node_id: here}, each) for each in below)
    if deepest > MAX_DEPTH:
        raise Conflict(
            f"The tree would be {deepest} terms deep; {MAX_DEPTH} are possible. Move it further up.",
            code="TERM_TOO_DEEP",
            field="parentId",
            params={"limit": MAX_DEPTH, "actual": deepest},
        )
    return ordered


def without(nodes: Sequence[Node], node_id: UUID) -> list[Node]:
    """The terms in order after one was taken out: its children come up into its place."""
    by_id = {node.id: node for node in nodes}
    gone = by_id[node_id]
    parent_id = _parent(gone, by_id)
    raised = (replace(node, parent_id=parent_id) if node.parent_id == node_id else node for node in in_order(nodes))
    return in_order([node for node in raised if node.id != node_id])


def _children(nodes: Iterable[Node]) -> defaultdict[UUID | None, list[Node]]:
    by_id = {node.id: node for node in nodes}
    children: defaultdict[UUID | None, list[Node]] = defaultdict(list)
    for node in by_id.values():
        children[_parent(node, by_id)].append(node)
    return children


def _parent(node: Node, by_id: Mapping[UUID, Node]) -> UUID | None:
    return node.parent_id if node.parent_id in by_id else None


def _depth(by_id: Mapping[UUID, Node], node_id: UUID) -> int:
    depth, node = 0, by_id.get(node_id)
    while node is not None and depth <= 2 * MAX_DEPTH:
        depth, node = depth + 1, by_id.get(node.parent_id) if node.parent_id else None
    return depth

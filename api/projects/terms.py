"""A project's terms: names with a colour and a hot key. Deleted terms stay in the table for old annotations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from api.auth import audit
from api.auth.account_rules import clean_name
from api.auth.permissions import require_project
from api.auth.viewer import Action, Viewer
from api.errors import Conflict, InvalidInput, NotFound
from api.models.audit import AuditKind
from api.models.ontology import Term
from api.models.transaction import transaction
from api.projects.lock import lock_project
from api.projects.term_tree import Node, moved, with_descendants, without

MAX_TERMS = 100
MAX_POSITION = 10_000

_COLOR = re.compile(r"#[0-9a-f]{6}")
_HOTKEY = re.compile(r"[a-z0-9]")


@dataclass(frozen=True)
class DefaultTerm:
    """A term that a new project begins with; the Korean name keeps the English one, which mixed teams share."""

    name: str
    name_ko: str
    color: str
    hotkey: str

    def name_in(self, locale: str) -> str:
        """The name for a project whose maker reads this language."""
        return self.name_ko if locale == "ko" else self.name


# Apart from each other also for colour-blind readers, and from haematoxylin's violet and eosin's pink.
DEFAULT_TERMS = (
    DefaultTerm("Carcinoma", "암 Carcinoma", "#e03131", "1"),
    DefaultTerm("High-grade", "고도 이형성 High-grade", "#f08c00", "2"),
    DefaultTerm("Benign", "양성 상피 Benign", "#1c7ed6", "3"),
    DefaultTerm("Unsure", "불확실 Unsure", "#f0b44c", "4"),
)


async def create_term(
    viewer: Viewer | None,
    project_id: UUID,
    *,
    name: str,
    color: str,
    hotkey: str | None = None,
    parent_id: UUID | None = None,
) -> Term:
    """A new term, the last child of its parent, or the last of all.

    Raises:
        InvalidInput: `name`, `color`, `hotkey` or `parent_id` break a rule.
        Conflict: codes `TERM_NAME_TAKEN`, `HOTKEY_TAKEN`, `TOO_MANY_TERMS`, `TERM_TOO_DEEP`.
    """
    await require_project(viewer, project_id, Action.MANAGE)
    term = Term(project_id=project_id, name=clean_name(name), color=_color(color), hotkey=_hotkey(hotkey))
    async with transaction():
        others = await _locked_terms(project_id)
        if len(others) >= MAX_TERMS:
            raise Conflict(f"The project has {MAX_TERMS} terms already. Delete one first.", code="TOO_MANY_TERMS")
        _require_free(term, others)
        term.position = max((other.position for other in others), default=-1) + 1
        await term.save(force_create=True)
        if parent_id is not None:
            await _rearrange([*others, term], moved(_nodes([*others, term]), term.id, parent_id, None))
    return term


async def update_term(
    viewer: Viewer | None,
    term_id: UUID,
    *,
    name: str | None = None,
    color: str | None = None,
    hotkey: str | None = None,
    position: int | None = None,
) -> Term:
    """Change what is given; None leaves a value as it is, an empty `hotkey` takes it away.

    Raises:
        NotFound, InvalidInput, Conflict: as for `create_term`.
    """
    project_id = await _project_of(viewer, term_id)
    async with transaction():
        others = await _locked_terms(project_id)
        term = next((other for other in others if other.id == term_id), None)
        if term is None:
            raise _unknown(term_id)
        term.name = term.name if name is None else clean_name(name)
        term.color = term.color if color is None else _color(color)
        term.hotkey = term.hotkey if hotkey is None else _hotkey(hotkey)
        term.position = term.position if position is None else _position(position)
        _require_free(term, [other for other in others if other.id != term_id])
        await term.save(update_fields=["name", "color", "hotkey", "position"])
    return term


async def move_term(
    viewer: Viewer | None, term_id: UUID, *, parent_id: UUID | None, before_id: UUID | None = None
) -> list[Term]:
    """Put a term, with all below it, under another parent or among its siblings; the project's terms in their order.

    Raises:
        NotFound: there is no such term.
        InvalidInput, Conflict: as `term_tree.moved`.
    """
    project_id = await _project_of(viewer, term_id)
    async with transaction():
        terms = await _locked_terms(project_id)
        if all(term.id != term_id for term in terms):
            raise _unknown(term_id)
        return await _rearrange(terms, moved(_nodes(terms), term_id, parent_id, before_id))


async def term_and_below(project_id: UUID, term_id: UUID) -> frozenset[UUID]:
    """A term's id with those of all living terms below it; alone where it has none, or was deleted."""
    rows = await Term.filter(project_id=project_id, deleted_at__isnull=True).values_list("id", "parent_id")
    return with_descendants([Node(row_id, parent_id) for row_id, parent_id in rows], term_id)


async def term_filter(project_id: UUID, term_id: UUID | None, *, below: bool) -> frozenset[UUID] | None:
    """The terms that a query for one means: it alone, or with all below it; None where none is asked for."""
    if term_id is None:
        return None
    return await term_and_below(project_id, term_id) if below else frozenset({term_id})


async def delete_term(viewer: Viewer | None, term_id: UUID) -> None:
    """Take a term from the list; annotations that have it keep it, and its children come up into its place."""
    project_id = await _project_of(viewer, term_id)
    async with transaction():
        terms = await _locked_terms(project_id)
        term = await Term.get(id=term_id)
        if any(other.id == term_id for other in terms):
            await _rearrange([other for other in terms if other.id != term_id], without(_nodes(terms), term_id))
        if await Term.filter(id=term_id, deleted_at__isnull=True).update(deleted_at=datetime.now(UTC)):
            await audit.record(
                AuditKind.TERM_DELETED, viewer, project_id=project_id, subject_id=term_id, subject_name=term.name
            )


async def _project_of(viewer: Viewer | None, term_id: UUID) -> UUID:
    """The project of a live term that the viewer may manage."""
    term = await Term.get_or_none(id=term_id, deleted_at__isnull=True)
    if term is None:
        raise _unknown(term_id)
    try:
        await require_project(viewer, term.project_id, Action.MANAGE)
    except NotFound as error:
        raise _unknown(term_id) from error
    return term.project_id


async def _locked_terms(project_id: UUID) -> list[Term]:
    """The project's live terms, which no one else changes until the transaction around ends."""
    await lock_project(project_id)
    return await Term.filter(project_id=project_id, deleted_at__isnull=True)


def _nodes(terms: list[Term]) -> list[Node]:
    ordered = sorted(terms, key=lambda term: (term.position, term.created_at, term.id))
    return [Node(term.id, term.parent_id, term.name) for term in ordered]


async def _rearrange(terms: list[Term], nodes: list[Node]) -> list[Term]:
    """Write places that changed; the terms in their new order."""
    by_id = {term.id: term for term in terms}
    for position, node in enumerate(nodes):
        term = by_id[node.id]
        if (term.position, term.parent_id) != (position, node.parent_id):
            term.position, term.parent_id = position, node.parent_id
            await term.save(update_fields=["position", "parent_id"])
    return [by_id[node.id] for node in nodes]


def _require_free(term: Term, others: list[Term]) -> None:
    if any(other.name.casefold() == term.name.casefold() for other in others):
        raise Conflict(
            f"The project has a term '{term.name}' already. Choose another name.", code="TERM_NAME_TAKEN", field="name"
        )
    taken = next((other for other in others if term.hotkey and other.hotkey == term.hotkey), None)
    if taken is not None:
        raise Conflict(
            f"The key '{term.hotkey}' belongs to the term '{taken.name}'. Choose another key.",
            code="HOTKEY_TAKEN",
            field="hotkey",
            params={"hotkey": taken.hotkey or "", "term": taken.name},
        )


def _color(color: str) -> str:
    cleaned = color.strip().lower()
    if not _COLOR.fullmatch(cleaned):
        raise InvalidInput(
            f"The colour is '{color[:20]}'. Write it as #rrggbb, such as #e03131.", code="COLOR_INVALID", field="color"
        )
    return cleaned


def _hotkey(hotkey: str | None) -> str | None:
    cleaned = (hotkey or "").strip().lower()
    if cleaned and not _HOTKEY.fullmatch(cleaned):
        raise InvalidInput(
            f"The hot key is '{cleaned[:20]}'. Use one letter a-z or digit, or none.",
            code="HOTKEY_INVALID",
            field="hotkey",
        )
    return cleaned or None


def _position(position: int) -> int:
    if not 0 <= position <= MAX_POSITION:
        raise InvalidInput(
            f"The position is {position}; use 0 to {MAX_POSITION}.", code="POSITION_INVALID", field="position"
        )
    return position


def _unknown(term_id: UUID) -> NotFound:
    return NotFound(f"There is no term {term_id}, or you are not a member of its project.")

"""Batch loaders named `<Thing>By<Key>Loader`: one query for all the parents of a list.

A resolver asks `await info.context.loader(UserByIdLoader).load(id)`. Loaders gather the keys of one turn of the event
loop and remember nothing afterwards: a mutation must read what it has just written, and sockets live for hours.
Who makes many answers of one moment may ask a loader to `remember`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader
from tortoise.functions import Count

from api.annotations.sight import seen
from api.auth.permissions import only_own
from api.models.annotation import Annotation
from api.models.ontology import Term
from api.models.project import Membership, Project, Role
from api.models.slide import Slide
from api.models.user import User

K = TypeVar("K")
T = TypeVar("T")


class Loader(DataLoader[K, T], Generic[K, T]):
    """A loader whose subclass answers many different keys with one query."""

    def __init__(self, *, remember: bool = False) -> None:
        super().__init__(load_fn=self._load, max_batch_size=500, cache=remember)

    async def _load(self, keys: list[K]) -> list[T]:
        found = await self.fetch(list(dict.fromkeys(keys)))
        return [found[key] if key in found else self.absent(key) for key in keys]

    @abstractmethod
    async def fetch(self, keys: Sequence[K]) -> Mapping[K, T]:
        """What there is for these keys, each given once; keys without anything may be left out."""

    @abstractmethod
    def absent(self, key: K) -> T:
        """What a key without anything gets, such as None, 0 or an empty list."""


class UserByIdLoader(Loader[UUID, User | None]):
    """People by id; None for one who is gone."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, User | None]:
        return {row.id: row for row in await User.filter(id__in=keys)}

    def absent(self, key: UUID) -> None:
        return None


class ProjectByIdLoader(Loader[UUID, Project | None]):
    """Projects by id, deleted ones too: the caller has passed the permission check of something inside it."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, Project | None]:
        return {row.id: row for row in await Project.filter(id__in=keys)}

    def absent(self, key: UUID) -> None:
        return None


class TermByIdLoader(Loader[UUID, Term | None]):
    """Terms by id, deleted ones too, so that old annotations keep their name."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, Term | None]:
        return {row.id: row for row in await Term.filter(id__in=keys)}

    def absent(self, key: UUID) -> None:
        return None


class TermsByProjectLoader(Loader[UUID, list[Term]]):
    """A project's terms in their order, without deleted ones."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, list[Term]]:
        rows = await Term.filter(project_id__in=keys, deleted_at__isnull=True).order_by("position", "created_at", "id")
        terms: dict[UUID, list[Term]] = defaultdict(list)
        for row in rows:
            terms[row.project_id].append(row)
        return terms

    def absent(self, key: UUID) -> list[Term]:
        return []


class MembershipsByProjectLoader(Loader[UUID, list[Membership]]):
    """A project's memberships, earliest first."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, list[Membership]]:
        memberships: dict[UUID, list[Membership]] = defaultdict(list)
        for row in await Membership.filter(project_id__in=keys).order_by("created_at", "id"):
            memberships[row.project_id].append(row)
        return memberships

    def absent(self, key: UUID) -> list[Membership]:
        return []


class RoleByProjectAndUserLoader(Loader[tuple[UUID, UUID], Role | None]):
    """The role of (project id, user id); None for someone who is no member."""

    async def fetch(self, keys: Sequence[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], Role | None]:
        rows = await Membership.filter(
            project_id__in={project_id for project_id, _ in keys},
            user_id__in={user_id for _, user_id in keys},
        )
        return {(row.project_id, row.user_id): row.role for row in rows}

    def absent(self, key: tuple[UUID, UUID]) -> None:
        return None


class OnlyOwnByProjectAndUserLoader(Loader[tuple[UUID, UUID], UUID | None]):
    """`SlideAccess.only_own` of (project id, user id); someone who is no member sees nobody's drawings."""

    async def fetch(self, keys: Sequence[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], UUID | None]:
        rows = await Membership.filter(
            project_id__in={project_id for project_id, _ in keys},
            user_id__in={user_id for _, user_id in keys},
        ).values_list("project_id", "user_id", "role", "project__blind")
        return {
            (project_id, user_id): only_own(user_id, Role(role), blind=blind)
            for project_id, user_id, role, blind in rows
        }

    def absent(self, key: tuple[UUID, UUID]) -> UUID | None:
        return key[1]


class ManagedUserLoader(Loader[tuple[UUID, UUID], bool]):
    """Whether (viewer id, user id) share a project that the viewer manages or owns."""

    async def fetch(self, keys: Sequence[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], bool]:
        managed: dict[UUID, set[UUID]] = defaultdict(set)
        for project_id, viewer_id in await Membership.filter(
            user_id__in={viewer_id for viewer_id, _ in keys},
            role__in=[Role.OWNER, Role.MANAGER],
            project__deleted_at__isnull=True,
        ).values_list("project_id", "user_id"):
            managed[project_id].add(viewer_id)
        members = await Membership.filter(
            project_id__in=list(managed), user_id__in={user_id for _, user_id in keys}
        ).values_list("project_id", "user_id")
        return {(viewer_id, user_id): True for project_id, user_id in members for viewer_id in managed[project_id]}

    def absent(self, key: tuple[UUID, UUID]) -> bool:
        return False


class SlideCountByProjectLoader(Loader[UUID, int]):
    """How many slides a project has outside its bin."""

    async def fetch(self, keys: Sequence[UUID]) -> Mapping[UUID, int]:
        rows = (
            await Slide.filter(project_id__in=keys, deleted_at__isnull=True)
            .annotate(count=Count("id"))
            .group_by("project_id")
            .values_list("project_id", "count")
        )
        return dict(rows)

    def absent(self, key: UUID) -> int:
        return 0


class AnnotationCountByProjectLoader(Loader[tuple[UUID, UUID | None], int]):
    """How many annotations people made or corrected on a project's slides, by (project id, `SlideAccess.only_own`).

    Untouched predictions are not counted.
    """

    async def fetch(self, keys: Sequence[tuple[UUID, UUID | None]]) -> Mapping[tuple[UUID, UUID | None], int]:
        counts: dict[tuple[UUID, UUID | None], int] = {}
        for sight in {sight for _, sight in keys}:
            living = Annotation.filter(
                seen(sight),
                slide__project_id__in=[project_id for project_id, other in keys if other == sight],
                slide__deleted_at__isnull=True,
                deleted_at__isnull=True,
            )
            rows = (
                await living.annotate(count=Count("id"))
                .group_by("slide__project_id")
                .values_list("slide__project_id", "count")
            )
            counts |= {(project_id, sight): count for project_id, count in rows}
        return counts

    def absent(self, key: tuple[UUID, UUID | None]) -> int:
        return 0

"""Projects, their members and their terms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.auth.permissions import require_viewer
from api.errors import NotFound
from api.models.ontology import Term as TermRow
from api.models.project import Membership as MembershipRow
from api.models.project import Project as ProjectRow
from api.models.project import Role
from api.projects import members, projects, terms
from schema.connection import PageInfo
from schema.context import Info
from schema.deleted import Deleted
from schema.failure import Failure
from schema.ids import optional_uuid, uuid_of
from schema.loaders import (
    AnnotationCountByProjectLoader,
    MembershipsByProjectLoader,
    OnlyOwnByProjectAndUserLoader,
    RoleByProjectAndUserLoader,
    SlideCountByProjectLoader,
    TermsByProjectLoader,
)
from schema.slide_loaders import UsedBytesByProjectLoader
from schema.user import User, load_user

strawberry.enum(
    Role,
    description="What a member may do, from most to least: OWNER deletes the project and makes owners, MANAGER changes "
    "slides, members and terms, REVIEWER reviews, ANNOTATOR annotates and predicts, VIEWER looks.",
)


@strawberry.type(description="What an annotation can mean.")
class Term:
    id: strawberry.ID = strawberry.field(description="The term's id.")
    name: str = strawberry.field(description="Its name.")
    color: str = strawberry.field(description="Its colour as #rrggbb.")
    hotkey: str | None = strawberry.field(description="The key that chooses it, a-z or 0-9.")
    position: int = strawberry.field(description="Its place in the list, from 0.")
    parent_id: strawberry.ID | None = strawberry.field(
        description="The term that it is a kind of; null at the top of the tree. Parents come before their children."
    )

    @classmethod
    def of(cls, row: TermRow) -> Term:
        """The GraphQL side of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            color=row.color,
            hotkey=row.hotkey,
            position=row.position,
            parent_id=strawberry.ID(str(row.parent_id)) if row.parent_id else None,
        )


@strawberry.type(description="A project's terms after they were put into another order.")
class TermTree:
    terms: list[Term] = strawberry.field(description="All its terms, in order.")


@strawberry.type(description="A person's part in a project.")
class Membership:
    row: strawberry.Private[MembershipRow]
    role: Role = strawberry.field(description="What they may do.")
    created_at: datetime = strawberry.field(description="Since when.")

    @classmethod
    def of(cls, row: MembershipRow) -> Membership:
        """The GraphQL side of a row."""
        return cls(row=row, role=row.role, created_at=row.created_at)

    @strawberry.field(description="Who.")
    async def user(self, info: Info) -> User:
        user = await load_user(info, self.row.user_id)
        assert user is not None, "a membership goes with its user"
        return user


@strawberry.type(description="Slides, members and terms that belong together.")
class Project:
    row: strawberry.Private[ProjectRow]
    id: strawberry.ID = strawberry.field(description="The project's id.")
    name: str = strawberry.field(description="Its name.")
    description: str = strawberry.field(description="What it is about.")
    blind: bool = strawberry.field(
        description="Whether those who may not review see nobody's annotations but their own, imports and predictions."
    )
    created_at: datetime = strawberry.field(description="When it was made.")

    @classmethod
    def of(cls, row: ProjectRow) -> Project:
        """The GraphQL side of a row that the viewer may see."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            name=row.name,
            description=row.description,
            blind=row.blind,
            created_at=row.created_at,
        )

    @strawberry.field(description="The viewer's role.")
    async def my_role(self, info: Info) -> Role:
        viewer = require_viewer(info.context.viewer)
        role = await info.context.loader(RoleByProjectAndUserLoader).load((self.row.id, viewer.user_id))
        if role is None:
            raise NotFound(f"You are no longer a member of project {self.id}.")
        return role

    @strawberry.field(description="Who belongs to it, earliest first.")
    async def members(self, info: Info) -> list[Membership]:
        rows = await info.context.loader(MembershipsByProjectLoader).load(self.row.id)
        return [Membership.of(row) for row in rows]

    @strawberry.field(description="Its terms, in order.")
    async def terms(self, info: Info) -> list[Term]:
        return [Term.of(row) for row in await info.context.loader(TermsByProjectLoader).load(self.row.id)]

    @strawberry.field(description="Bytes of its slide files, those in its bin and on their way too.")
    async def used_bytes(self, info: Info) -> float:
        return float(await info.context.loader(UsedBytesByProjectLoader).load(self.row.id))

    @strawberry.field(description="Bytes that its slide files may have together; null for no limit.")
    def quota_bytes(self, info: Info) -> float | None:
        default_gb = info.context.settings.project_quota_gb
        default_bytes = None if default_gb is None else default_gb * 1e9
        return default_bytes if self.row.quota_bytes is None else float(self.row.quota_bytes)

    @strawberry.field(description="How many slides it has outside its bin.")
    async def slide_count(self, info: Info) -> int:
        return await info.context.loader(SlideCountByProjectLoader).load(self.row.id)

    @strawberry.field(
        description="How many annotations people made or corrected; untouched predictions are not counted."
    )
    async def annotation_count(self, info: Info) -> int:
        key = (self.row.id, await only_own_in(info, self.row.id))
        return await info.context.loader(AnnotationCountByProjectLoader).load(key)


async def only_own_in(info: Info, project_id: UUID) -> UUID | None:
    """`SlideAccess.only_own` of the viewer in a project."""
    viewer = require_viewer(info.context.viewer)
    return await info.context.loader(OnlyOwnByProjectAndUserLoader).load((project_id, viewer.user_id))


@strawberry.type(description="A page of projects.")
class ProjectConnection:
    nodes: list[Project] = strawberry.field(description="The projects, newest first.")
    page_info: PageInfo = strawberry.field(description="Whether more follow.")

    @strawberry.field(description="How many projects there are in all.")
    async def total_count(self, info: Info) -> int:
        return await projects.count_projects(info.context.viewer)


@strawberry.input(description="A project to make; four terms come with it.")
class CreateProjectInput:
    name: str = strawberry.field(description="Its name, 1 to 120 characters.")
    description: str = strawberry.field(default="", description="What it is about.")


@strawberry.input(description="Changes to a project; what is left out stays as it is.")
class UpdateProjectInput:
    id: strawberry.ID = strawberry.field(description="The project's id.")
    name: str | None = strawberry.field(default=None, description="A new name.")
    description: str | None = strawberry.field(default=None, description="A new description.")
    blind: bool | None = strawberry.field(
        default=None, description="Whether annotators are to work without seeing each other's annotations."
    )


@strawberry.input(description="The project to delete, for all its members.")
class DeleteProjectInput:
    id: strawberry.ID = strawberry.field(description="The project's id.")


@strawberry.input(description="Someone who is to take part.")
class AddMemberInput:
    project_id: strawberry.ID = strawberry.field(description="The project's id.")
    email: str = strawberry.field(
        description="The e-mail address of their account, or the account's id for people without an address."
    )
    role: Role = strawberry.field(description="What they are to be; only owners make owners.")


@strawberry.input(description="Another role for a member.")
class UpdateMemberInput:
    project_id: strawberry.ID = strawberry.field(description="The project's id.")
    user_id: strawberry.ID = strawberry.field(description="The member's account id.")
    role: Role = strawberry.field(description="What they are to be; only owners make and change owners.")


@strawberry.input(description="Someone who is to leave; everyone may leave themselves, but not the last owner.")
class RemoveMemberInput:
    project_id: strawberry.ID = strawberry.field(description="The project's id.")
    user_id: strawberry.ID = strawberry.field(description="The member's account id.")


@strawberry.input(description="A term to make, after the project's others.")
class CreateTermInput:
    project_id: strawberry.ID = strawberry.field(description="The project's id.")
    name: str = strawberry.field(description="Its name, 1 to 120 characters, once in a project.")
    color: str = strawberry.field(description="Its colour as #rrggbb.")
    hotkey: str | None = strawberry.field(default=None, description="The key that chooses it, a-z or 0-9.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="The term that it is a kind of; it becomes the last of its children."
    )


@strawberry.input(description="Changes to a term; what is left out stays as it is.")
class UpdateTermInput:
    id: strawberry.ID = strawberry.field(description="The term's id.")
    name: str | None = strawberry.field(default=None, description="A new name.")
    color: str | None = strawberry.field(default=None, description="A new colour as #rrggbb.")
    hotkey: str | None = strawberry.field(
        default=None, description="A new key, a-z or 0-9; an empty text takes it away."
    )
    position: int | None = strawberry.field(default=None, description="A new place in the list, from 0.")


@strawberry.input(description="Another place in the tree for a term and all below it.")
class MoveTermInput:
    id: strawberry.ID = strawberry.field(description="The term's id.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its parent from now on; without one it goes to the top."
    )
    before_id: strawberry.ID | None = strawberry.field(
        default=None, description="The child of that parent that it comes before; without one it comes last."
    )


@strawberry.input(description="The term to delete; annotations that have it keep it, its children come up.")
class DeleteTermInput:
    id: strawberry.ID = strawberry.field(description="The term's id.")


CreateProjectResult = Annotated[
    Project | Failure, strawberry.union("CreateProjectResult", description="The project, or why not.")
]
UpdateProjectResult = Annotated[
    Project | Failure, strawberry.union("UpdateProjectResult", description="The project, or why not.")
]
DeleteProjectResult = Annotated[
    Deleted | Failure, strawberry.union("DeleteProjectResult", description="The project's id, or why not.")
]
AddMemberResult = Annotated[
    Membership | Failure, strawberry.union("AddMemberResult", description="The membership, or why not.")
]
UpdateMemberResult = Annotated[
    Membership | Failure, strawberry.union("UpdateMemberResult", description="The membership, or why not.")
]
RemoveMemberResult = Annotated[
    Deleted | Failure, strawberry.union("RemoveMemberResult", description="The person's id, or why not.")
]
CreateTermResult = Annotated[Term | Failure, strawberry.union("CreateTermResult", description="The term, or why not.")]
UpdateTermResult = Annotated[Term | Failure, strawberry.union("UpdateTermResult", description="The term, or why not.")]
MoveTermResult = Annotated[
    TermTree | Failure, strawberry.union("MoveTermResult", description="The terms in their new order, or why not.")
]
DeleteTermResult = Annotated[
    Deleted | Failure, strawberry.union("DeleteTermResult", description="The term's id, or why not.")
]


@strawberry.type
class ProjectQuery:
    @strawberry.field(description="A project the viewer is a member of.")
    async def project(self, info: Info, id: strawberry.ID) -> Project | None:
        return Project.of(await projects.get_project(info.context.viewer, uuid_of(id)))

    @strawberry.field(description="The viewer's projects, newest first.")
    async def projects(self, info: Info, first: int = 50, after: str | None = None) -> ProjectConnection:
        page = await projects.list_projects(info.context.viewer, first=first, after=after)
        return ProjectConnection(nodes=[Project.of(row) for row in page.rows], page_info=PageInfo.of(page))


@strawberry.type
class ProjectMutation:
    @strawberry.mutation(description="Make a project; the viewer becomes its owner.")
    async def create_project(self, info: Info, input: CreateProjectInput) -> CreateProjectResult:
        viewer = info.context.viewer
        return Project.of(await projects.create_project(viewer, name=input.name, description=input.description))

    @strawberry.mutation(description="Change a project's name or description, or make it blind. For managers.")
    async def update_project(self, info: Info, input: UpdateProjectInput) -> UpdateProjectResult:
        row = await projects.update_project(
            info.context.viewer,
            uuid_of(input.id),
            name=input.name,
            description=input.description,
            blind=input.blind,
        )
        return Project.of(row)

    @strawberry.mutation(description="Delete a project for all its members. For owners.")
    async def delete_project(self, info: Info, input: DeleteProjectInput) -> DeleteProjectResult:
        await projects.delete_project(info.context.viewer, uuid_of(input.id))
        return Deleted(id=input.id)

    @strawberry.mutation(description="Let someone with an account take part. For managers.")
    async def add_member(self, info: Info, input: AddMemberInput) -> AddMemberResult:
        project_id = uuid_of(input.project_id, "projectId")
        row = await members.add_member(info.context.viewer, project_id, who=input.email, role=input.role)
        return Membership.of(row)

    @strawberry.mutation(description="Give a member another role. For managers.")
    async def update_member(self, info: Info, input: UpdateMemberInput) -> UpdateMemberResult:
        project_id, user_id = uuid_of(input.project_id, "projectId"), uuid_of(input.user_id, "userId")
        return Membership.of(await members.update_member(info.context.viewer, project_id, user_id, role=input.role))

    @strawberry.mutation(description="Take someone out of a project. For managers, and for oneself.")
    async def remove_member(self, info: Info, input: RemoveMemberInput) -> RemoveMemberResult:
        project_id, user_id = uuid_of(input.project_id, "projectId"), uuid_of(input.user_id, "userId")
        await members.remove_member(info.context.viewer, project_id, user_id)
        return Deleted(id=input.user_id)

    @strawberry.mutation(description="Make a term. For managers.")
    async def create_term(self, info: Info, input: CreateTermInput) -> CreateTermResult:
        project_id = uuid_of(input.project_id, "projectId")
        row = await terms.create_term(
            info.context.viewer,
            project_id,
            name=input.name,
            color=input.color,
            hotkey=input.hotkey,
            parent_id=optional_uuid(input.parent_id, "parentId"),
        )
        return Term.of(row)

    @strawberry.mutation(description="Change a term. For managers.")
    async def update_term(self, info: Info, input: UpdateTermInput) -> UpdateTermResult:
        row = await terms.update_term(
            info.context.viewer,
            uuid_of(input.id),
            name=input.name,
            color=input.color,
            hotkey=input.hotkey,
            position=input.position,
        )
        return Term.of(row)

    @strawberry.mutation(description="Put a term, with all below it, elsewhere in the tree. For managers.")
    async def move_term(self, info: Info, input: MoveTermInput) -> MoveTermResult:
        rows = await terms.move_term(
            info.context.viewer,
            uuid_of(input.id),
            parent_id=optional_uuid(input.parent_id, "parentId"),
            before_id=optional_uuid(input.before_id, "beforeId"),
        )
        return TermTree(terms=[Term.of(row) for row in rows])

    @strawberry.mutation(
        description="Delete a term; annotations that have it keep it, its children come up. For managers."
    )
    async def delete_term(self, info: Info, input: DeleteTermInput) -> DeleteTermResult:
        await terms.delete_term(info.context.viewer, uuid_of(input.id))
        return Deleted(id=input.id)

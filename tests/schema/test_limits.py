"""Limits of one operation, measured on a small schema of the same shapes as ours."""

from __future__ import annotations

import strawberry
from graphql import GraphQLSchema, parse

from schema.limits import MAX_COST, Demand, DemandLimiter, complaint, measure


@strawberry.type
class Leaf:
    name: str = "leaf"

    @strawberry.field
    def me(self) -> Leaf:
        return Leaf()

    @strawberry.field
    def children(self) -> list[Leaf]:
        return []


@strawberry.type
class Page:
    nodes: list[Leaf]


@strawberry.type
class Query:
    @strawberry.field
    def leaf(self) -> Leaf:
        return Leaf()

    @strawberry.field
    def leaves(self, first: int | None = 50) -> Page:
        return Page(nodes=[])


def graphql_schema() -> GraphQLSchema:
    return strawberry.Schema(query=Query)._schema  # type: ignore[return-value]


def demand(query: str, variables: dict[str, object] | None = None, name: str | None = None) -> Demand:
    return measure(parse(query), graphql_schema(), variables, name)


def test_depth_aliases_and_cost_of_a_plain_query() -> None:
    assert demand("{ leaf { a: name b: name } }") == Demand(depth=2, aliases=2, cost=3)


def test_a_page_multiplies_by_first_once() -> None:
    assert demand("{ leaves(first: 7) { nodes { name } } }").cost == 1 + 7 * (1 + 1)
    assert demand("{ leaves { nodes { name } } }").cost == 1 + 50 * 2
    assert demand("query($n: Int) { leaves(first: $n) { nodes { name } } }", {"n": 3}).cost == 1 + 3 * 2
    assert demand("{ leaves(first: null) { nodes { name } } }").cost == 1 + 10 * 2


def test_a_list_without_pages_counts_as_ten() -> None:
    assert demand("{ leaf { children { name } } }").cost == 1 + (1 + 10 * 1)


def test_fragments_count_where_they_are_spread() -> None:
    query = "{ leaf { ...F ... on Leaf { me { ...F } } } } fragment F on Leaf { x: name }"
    assert demand(query) == Demand(depth=3, aliases=2, cost=4)


def test_doubling_fragments_are_measured_in_linear_time() -> None:
    chain = "".join(f"fragment F{i} on Leaf {{ a: me {{ ...F{i + 1} }} b: me {{ ...F{i + 1} }} }}" for i in range(60))
    query = "{ leaf { ...F0 } }" + chain + "fragment F60 on Leaf { name }"
    assert demand(query).aliases == 2**61 - 2


def test_a_cycle_of_fragments_ends() -> None:
    assert demand("{ leaf { ...A } } fragment A on Leaf { me { ...A } }").depth == 2


def test_only_the_named_operation_counts() -> None:
    query = "query One { leaf { name } } query Two { leaf { me { me { name } } } }"
    assert demand(query, name="One").depth == 2
    assert demand(query, name="Two").depth == 4


def test_complaints_name_the_limit_and_the_remedy() -> None:
    assert complaint(Demand(depth=3, aliases=2, cost=9)) is None
    assert complaint(Demand(depth=13)) == ("The operation's depth is 13; at most 12 is allowed. Nest fewer fields.")
    assert complaint(Demand(cost=MAX_COST + 1)) == (
        "The operation's cost is 100,001; at most 100,000 is allowed. Ask for fewer fields or smaller pages (`first`)."
    )


async def test_the_extension_refuses_before_anything_is_resolved() -> None:
    resolved: list[str] = []

    @strawberry.type
    class Root:
        @strawberry.field
        def leaves(self, first: int = 50) -> Page:
            resolved.append("leaves")
            return Page(nodes=[])

    schema = strawberry.Schema(query=Root, extensions=[DemandLimiter])
    result = await schema.execute("{ leaves(first: 100000) { nodes { name } } }")
    assert result.errors is not None
    assert result.errors[0].extensions == {"code": "TOO_DEMANDING"}
    assert resolved == []
    assert (await schema.execute("{ leaves(first: 2) { nodes { name } } }")).errors is None
    assert resolved == ["leaves"]

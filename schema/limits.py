"""What one GraphQL operation may ask for: its depth, its aliases and its worst-case cost.

Each fragment is measured once, so a document whose fragments spread one another doubly can't make the measuring
itself expensive.
The token limit is Strawberry's own `MaxTokensLimiter`, which stops the parser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_interface_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.language import NullValueNode
from graphql.type import GraphQLField
from strawberry.extensions import SchemaExtension

MAX_TOKENS = 4_000
MAX_DEPTH = 12
MAX_ALIASES = 30
MAX_COST = 100_000
UNPAGED_LIST_LENGTH = 10

_INTROSPECTION_ROOTS = frozenset({"__schema", "__type", "__typename"})
_PAGE_ITEMS = frozenset({"nodes", "edges"})


@dataclass(frozen=True)
class Demand:
    """What a selection asks for: nesting, number of aliases, and number of values in the worst case."""

    depth: int = 0
    aliases: int = 0
    cost: int = 0

    def beside(self, other: Demand) -> Demand:
        return Demand(max(self.depth, other.depth), self.aliases + other.aliases, self.cost + other.cost)


@dataclass
class _Measurer:
    schema: GraphQLSchema
    variables: Mapping[str, Any]
    fragments: dict[str, FragmentDefinitionNode]
    measured: dict[str, Demand] = field(default_factory=dict)

    def selection(self, node: SelectionSetNode | None, parent: Any) -> Demand:
        total = Demand()
        for child in node.selections if node else ():
            if isinstance(child, FieldNode):
                total = total.beside(self.of_field(child, parent))
            elif isinstance(child, InlineFragmentNode):
                condition = child.type_condition
                inner = self.schema.get_type(condition.name.value) if condition else parent
                total = total.beside(self.selection(child.selection_set, inner))
            elif isinstance(child, FragmentSpreadNode):
                total = total.beside(self.fragment(child.name.value))
        return total

    def fragment(self, name: str) -> Demand:
        if name not in self.measured:
            self.measured[name] = Demand()  # a cycle ends here; validation refuses it anyway
            definition = self.fragments.get(name)
            if definition is not None:
                condition = self.schema.get_type(definition.type_condition.name.value)
                self.measured[name] = self.selection(definition.selection_set, condition)
        return self.measured[name]

    def of_field(self, node: FieldNode, parent: Any) -> Demand:
        name = node.name.value
        if name in _INTROSPECTION_ROOTS:
            return Demand(depth=1, aliases=int(node.alias is not None), cost=1)
        known = parent.fields.get(name) if is_object_type(parent) or is_interface_type(parent) else None
        inner = self.selection(node.selection_set, get_named_type(known.type) if known else None)
        times = self.times(node, known) if known else 1
        return Demand(inner.depth + 1, inner.aliases + int(node.alias is not None), 1 + times * inner.cost)

    def times(self, node: FieldNode, known: GraphQLField) -> int:
        """How often the field's children are resolved: the page size asked for, or a guess for a list without pages."""
        if "first" in known.args:
            default = known.args["first"].default_value
            given = next((argument.value for argument in node.arguments or () if argument.name.value == "first"), None)
            value: Any = default
            if isinstance(given, IntValueNode):
                value = int(given.value)
            elif isinstance(given, VariableNode):
                value = self.variables.get(given.name.value, default)
            elif isinstance(given, NullValueNode):
                value = None
            return max(1, value) if isinstance(value, int) else UNPAGED_LIST_LENGTH
        if node.name.value in _PAGE_ITEMS:
            return 1
        inner = known.type.of_type if is_non_null_type(known.type) else known.type
        return UNPAGED_LIST_LENGTH if is_list_type(inner) else 1


def measure(
    document: DocumentNode, schema: GraphQLSchema, variables: Mapping[str, Any] | None, operation_name: str | None
) -> Demand:
    """The demand of the operation that would run (of all operations when the name does not choose one)."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    measurer = _Measurer(schema, variables or {}, fragments)
    total = Demand()
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        if operation_name and node.name and node.name.value != operation_name:
            continue
        root: GraphQLObjectType | None = schema.get_root_type(node.operation)
        total = total.beside(measurer.selection(node.selection_set, root))
    return total


def complaint(demand: Demand) -> str | None:
    """Why the demand is too large, or None."""
    for name, value, limit, advice in (
        ("depth", demand.depth, MAX_DEPTH, "Nest fewer fields."),
        ("number of aliases", demand.aliases, MAX_ALIASES, "Send several requests."),
        ("cost", demand.cost, MAX_COST, "Ask for fewer fields or smaller pages (`first`)."),
    ):
        if value > limit:
            return f"The operation's {name} is {value:,}; at most {limit:,} is allowed. {advice}"
    return None


class DemandLimiter(SchemaExtension):
    """Refuses an operation whose demand is over the limits, before anything is resolved."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        if context.graphql_document is not None:
            schema: GraphQLSchema = context.schema._schema
            demand = measure(context.graphql_document, schema, context.variables, context.operation_name)
            message = complaint(demand)
            if message:
                context.pre_execution_errors = [GraphQLError(message, extensions={"code": "TOO_DEMANDING"})]
        yield

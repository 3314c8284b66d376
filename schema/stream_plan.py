"""What a subscribe message asks for, when it is one `slideEvents` that many may share.

Two members share one execution when they sent the same document, operation name and variables, `sinceSeq` left out:
where one begins does not change what an event looks like. A document that reaches anything that depends on who
looks, such as an e-mail address or a tile grant, is shared with oneself only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_named_type,
    get_operation_ast,
    is_object_type,
    parse,
    separate_operations,
    validate,
    visit,
)
from graphql.execution.values import get_argument_values, get_variable_values

from schema.limits import MAX_TOKENS, complaint, measure

FIELD = "slideEvents"
CACHE_SIZE = 256
MAX_CACHED_LENGTH = 20_000

SHARED_TYPES = frozenset(
    {
        "Subscription",
        "AnnotationsChanged",
        "Annotation",
        "Layer",
        "User",
        "PresenceChanged",
        "PresentPerson",
        "PredictionProgressed",
        "Prediction",
        "SetAside",
        "Failure",
        "Heatmap",
        "HeatmapTile",
        "Level",
        "CommentsChanged",
        "SlideChanged",
        "ResyncRequired",
        "Slide",
    }
)
PERSONAL_FIELDS = frozenset({("User", "email")})
"""Fields of shared types whose value depends on who looks."""
SLIDE_FIELDS = frozenset({"id", "name", "description", "tags", "width", "height", "mppX", "mppY"})
"""The fields of a slide that look the same to all of its project."""


@dataclass(frozen=True)
class StreamPlan:
    """A checked `slideEvents` operation.

    Attributes:
        key: equal for operations whose events look the same to viewers of one capability.
        personal: whether events look different to each viewer.
        variables: as sent.
    """

    document: DocumentNode
    operation_name: str | None
    variables: Mapping[str, Any]
    slide_id: str
    since_seq: int | None
    key: tuple[str, str | None, bytes]
    personal: bool
    node: FieldNode


@dataclass(frozen=True)
class _Checked:
    """What does not depend on the variables, remembered by document."""

    document: DocumentNode
    operation: OperationDefinitionNode
    node: FieldNode
    since_variable: str | None
    personal: bool


class StreamPlanner:
    """Reads subscribe messages; a document that was valid once is not validated again."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._checked: OrderedDict[tuple[str, str | None], _Checked] = OrderedDict()

    def plan(self, query: str, variables: object, operation_name: str | None) -> StreamPlan | None:
        """The plan; None for anything but one valid `slideEvents`, which is then run, or refused, the common way."""
        given = {} if variables is None else variables
        if not isinstance(query, str) or not isinstance(given, dict):
            return None
        checked = self._checked_document(query, operation_name)
        if checked is None:
            return None
        if complaint(measure(checked.document, self._schema, given, operation_name)):
            return None
        coerced = get_variable_values(self._schema, checked.operation.variable_definitions or (), given)
        if isinstance(coerced, list):
            return None
        subscription = self._schema.subscription_type
        assert subscription is not None, "the document was validated against it"
        try:
            arguments = get_argument_values(subscription.fields[FIELD], checked.node, coerced)
        except GraphQLError:
            return None
        told = {name: value for name, value in given.items() if name != checked.since_variable}
        return StreamPlan(
            document=checked.document,
            operation_name=operation_name,
            variables=given,
            slide_id=arguments["slideId"],
            since_seq=arguments.get("sinceSeq"),
            key=(query, operation_name, orjson.dumps(told, option=orjson.OPT_SORT_KEYS)),
            personal=checked.personal,
            node=checked.node,
        )

    def _checked_document(self, query: str, operation_name: str | None) -> _Checked | None:
        name = (query, operation_name)
        if name in self._checked:
            self._checked.move_to_end(name)
            return self._checked[name]
        checked = _check(self._schema, query, operation_name)
        if checked is not None and len(query) <= MAX_CACHED_LENGTH:
            self._checked[name] = checked
            if len(self._checked) > CACHE_SIZE:
                self._checked.popitem(last=False)
        return checked


def _check(schema: GraphQLSchema, query: str, operation_name: str | None) -> _Checked | None:
    if FIELD not in query:
        return None
    try:
        document = parse(query, max_tokens=MAX_TOKENS)
    except GraphQLError:
        return None
    operation = get_operation_ast(document, operation_name)
    if operation is None or operation.operation is not OperationType.SUBSCRIPTION:
        return None
    if complaint(measure(document, schema, {}, operation_name)) or validate(schema, document):
        return None
    document = separate_operations(document)[operation.name.value if operation.name else ""]
    roots = operation.selection_set.selections
    if len(roots) != 1 or not isinstance(roots[0], FieldNode) or roots[0].name.value != FIELD or roots[0].directives:
        return None
    reader = _Reader(TypeInfo(schema))
    visit(document, TypeInfoVisitor(reader.types, reader))
    return _Checked(document, operation, roots[0], _since_variable(roots[0], reader), reader.personal)


class _Reader(Visitor):
    """Counts how often each variable is used, and notices types and fields that depend on who looks."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.uses: dict[str, int] = {}
        self.personal = False

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.uses[node.name.value] = self.uses.get(node.name.value, 0) + 1

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent, kind = self.types.get_parent_type(), self.types.get_type()
        if parent is not None and (parent.name, node.name.value) in PERSONAL_FIELDS:
            self.personal = True
        if parent is not None and parent.name == "Slide" and node.name.value not in SLIDE_FIELDS:
            self.personal = True
        named = get_named_type(kind) if kind is not None else None
        if is_object_type(named) and named is not None and named.name not in SHARED_TYPES:
            self.personal = True

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        if node.directives:  # its variables may mean anything
            self.personal = True


def _since_variable(node: FieldNode, reader: _Reader) -> str | None:
    """The variable that gives `sinceSeq` and nothing else (its definition is its second use)."""
    for argument in node.arguments or ():
        if argument.name.value == "sinceSeq" and isinstance(argument.value, VariableNode):
            name = argument.value.name.value
            return name if reader.uses.get(name) == 2 else None
    return None

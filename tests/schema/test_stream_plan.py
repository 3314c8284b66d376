"""Who shares whose execution."""

from __future__ import annotations

from pathlib import Path

import pytest

from schema.app import schema
from schema.stream_plan import StreamPlan, StreamPlanner
from tests.schema.live_client import EVENTS

SLIDE = "7b1c53a4-8c35-4b1c-9d5e-1f9a4a8f0a11"


def plan(query: str = EVENTS, operation_name: str | None = None, **variables: object) -> StreamPlan | None:
    return StreamPlanner(schema._schema).plan(query, {"slide": SLIDE, **variables}, operation_name)


def test_where_a_member_begins_does_not_part_it_from_others() -> None:
    early, late, without = plan(since=3), plan(since=900), plan()
    assert early is not None
    assert late is not None
    assert without is not None
    assert (early.slide_id, early.since_seq, late.since_seq, without.since_seq) == (SLIDE, 3, 900, None)
    assert early.key == late.key == without.key


def test_another_document_or_variable_is_another_group() -> None:
    conditional = EVENTS.replace("$since: Int)", "$since: Int, $full: Boolean!)").replace(
        "seq deleted", "seq @include(if: $full) deleted"
    )
    keys = {p.key for p in (plan(), plan(conditional, full=True), plan(conditional, full=False)) if p}
    assert len(keys) == 3


def test_a_variable_with_a_second_use_parts() -> None:
    twice = "subscription($slide: ID!, $since: Int!) { slideEvents(slideId: $slide, sinceSeq: $since) { __typename } }"
    once, again = plan(twice, since=1), plan(twice, since=2)
    assert once is not None
    assert again is not None
    assert once.key == again.key
    both = twice.replace("$slide, sinceSeq: $since", "$since, sinceSeq: $since")
    assert plan(both, since=1) is None  # an Int is no ID: refused by validation, the common way


@pytest.mark.parametrize(
    ("selection", "personal"),
    [
        ("... on AnnotationsChanged { seq annotations { id geometry createdBy { name } } }", False),
        ("... on AnnotationsChanged { seq annotations { createdBy { name email } } }", True),
        ("... on SlideChanged { seq deleted }", False),
        ("... on SlideChanged { slide { tileSource { grant } } }", True),
        ("... on PresenceChanged { people { user { ...Who } } }", True),
    ],
)
def test_what_depends_on_who_looks_is_noticed(selection: str, personal: bool) -> None:
    fragment = "fragment Who on User { id email }" if "Who" in selection else ""
    found = plan(f"subscription($slide: ID!) {{ slideEvents(slideId: $slide) {{ {selection} }} }} {fragment}")
    assert found is not None
    assert found.personal is personal


@pytest.mark.parametrize(
    "query",
    [
        "subscription {",
        "{ server { version } }",
        "subscription($slide: ID!) { slideEvents(slideId: $slide) { nonsense } }",
        "subscription($slide: ID!) { a: slideEvents(slideId: $slide) { __typename } "
        "b: slideEvents(slideId: $slide) { __typename } }",
        "subscription($slide: ID!, $x: Boolean!) { slideEvents(slideId: $slide) @include(if: $x) { __typename } }",
    ],
)
def test_anything_else_is_left_to_the_common_way(query: str) -> None:
    assert plan(query, x=True) is None


def test_missing_and_wrong_variables_are_left_to_the_common_way() -> None:
    planner = StreamPlanner(schema._schema)
    assert planner.plan(EVENTS, {}, None) is None
    assert planner.plan(EVENTS, {"slide": SLIDE, "since": "x"}, None) is None
    assert planner.plan(EVENTS, ["no", "object"], None) is None


def test_only_the_named_operation_counts() -> None:
    other = "query Other { me { user { email } } }"
    named = plan(f"{EVENTS.replace('subscription(', 'subscription Follow(')} {other}", "Follow")
    assert named is not None
    assert not named.personal


def test_the_web_clients_own_document_is_shared() -> None:
    document = (Path(__file__).parents[2] / "web" / "src" / "sync" / "live.graphql").read_text(encoding="utf-8")
    own = StreamPlanner(schema._schema).plan(document, {"slideId": SLIDE, "sinceSeq": 7}, "SlideEvents")
    assert own is not None
    assert (own.personal, own.since_seq) == (False, 7)

"""Layers, terms, list, notes and attributes beside the slide."""

from __future__ import annotations

import pytest

from tests.e2e.stories import Story


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_what_is_drawn_is_described_and_looked_at(story: Story) -> None:
    seen = story("panels")

    assert sorted(seen["terms"][annotation["termId"]] for annotation in seen["drawn"]) == ["Benign", "Carcinoma"]
    [described] = [annotation for annotation in seen["described"] if annotation["note"]]
    assert described["note"] == "Seen twice."
    assert described["attributes"] == {"grade": "high"}
    assert (seen["bare"], seen["back"]) == (True, True)
    assert len(seen["after"]) == 2
    assert all(annotation["attributes"] == {} for annotation in seen["after"])

"""Who did what when, the slide as it was, and bringing back what is gone."""

from __future__ import annotations

import pytest

from tests.e2e.stories import Story


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_what_is_gone_comes_back(story: Story) -> None:
    seen = story("history")

    drawn = {annotation["id"]: annotation for annotation in seen["drawn"]}
    moved = seen["moved"]
    assert moved["bounds"] != drawn[moved["id"]]["bounds"]
    assert seen["afterDeleteInThePast"] == [moved], "the past can't be changed"
    restored = {annotation["id"]: annotation for annotation in seen["restored"]}
    assert restored.keys() == drawn.keys()
    [deleted] = drawn.keys() - {moved["id"]}
    assert restored[deleted]["bounds"] == drawn[deleted]["bounds"]
    assert seen["back"]["bounds"] == drawn[moved["id"]]["bounds"]
    assert seen["back"]["version"] == moved["version"] + 1

"""Comments in place, by two people in two languages."""

from __future__ import annotations

import pytest

from tests.e2e.stories import Story


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_two_people_talk_about_a_slide(story: Story) -> None:
    seen = story("comments")

    begun = seen["begun"]
    assert begun["annotationId"] is None
    assert begun["resolvedAt"] is None
    [comment] = begun["comments"]
    assert comment["text"] == "Is this mitosis, @벤 ?"
    assert comment["author"] == {"name": "Ann"}
    assert comment["mentions"] == [{"name": "벤"}]
    assert seen["replied"] == [["Ann", "Is this mitosis, @벤 ?"], ["벤", "네, 후기 같습니다."]]
    assert seen["edited"] is True
    assert seen["deleted"]["text"] == ""
    assert seen["deleted"]["deletedAt"] is not None
    assert seen["resolved"] == {"name": "Ann"}
    [outline] = seen["annotation"]
    left, top, right, bottom = outline["bounds"]
    assert seen["about"]["annotationId"] == outline["id"]
    assert (seen["about"]["x"], seen["about"]["y"]) == pytest.approx(((left + right) / 2, (top + bottom) / 2))

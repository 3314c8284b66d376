"""The tree of terms, made by the keyboard and drawn with."""

from __future__ import annotations

import pytest

from tests.e2e.stories import Story

NEW = {"en": "New term", "ko": "새 용어"}


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_terms_are_put_below_each_other_by_keyboard_and_menu(story: Story) -> None:
    seen = story("terms")

    for language, told in seen["trees"].items():
        first, second, third, fourth = told["names"]
        assert told["steps"] == [
            [first, f"{second} < {first}", third, fourth],
            [first, f"{third} < {first}", f"{second} < {first}", fourth],
            [first, f"{second} < {first}", third, fourth],
            [first, f"{second} < {first}", f"{NEW[language]} < {second}", f"{third} < {first}", fourth],
        ]
        assert (told["alone"], told["listed"]) == (0, 1)
        assert told["folded"].split()[-2:] == ["1", "1"], "one outline below it, and its key"
    assert sorted(seen["trees"]) == ["en", "ko"]

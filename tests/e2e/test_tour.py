"""The first visit's tour: by keyboard, once for each account, and back from the shortcut sheet."""

from __future__ import annotations

import pytest

from tests.e2e.stories import Story

STEPS = 6


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_the_tour_comes_once_and_is_remembered_with_the_account(story: Story) -> None:
    seen = story("tour")

    for told in (seen["tours"]["en"], seen["tours"]["ko"]):
        assert (told["before"], told["after"]) == (False, True)
        assert len(set(told["titles"])) == STEPS
        assert told["lit"] == [True] * STEPS
        assert told["again"] == 0

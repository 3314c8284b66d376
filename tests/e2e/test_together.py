"""Presenting, and a project that becomes blind under the eyes of two annotators."""

from __future__ import annotations

import pytest

from tests.e2e.stories import Story


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_one_presents_and_a_project_is_made_blind(story: Story) -> None:
    seen = story("together")

    assert seen["mayPresentToo"] == "true"
    assert seen["stillPresenting"] == "true"
    assert seen["following"] == 0
    assert seen["counts"] == [1, 1, 2]
    assert seen["presentsWhenBlind"] == 0
    assert seen["chosRows"] == 1
    assert seen["annIsHere"] == 1

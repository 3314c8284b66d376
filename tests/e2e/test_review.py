"""Review by two people in two languages."""

from __future__ import annotations

import pytest

from tests.e2e.stories import Story


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_an_annotator_proposes_and_a_reviewer_judges(story: Story) -> None:
    seen = story("review")

    assert seen["annotatorMayAccept"] is False
    accepted, rejected = sorted(seen["reviewed"], key=lambda one: str(one["reviewState"]))
    assert accepted == {"reviewState": "ACCEPTED", "reviewReason": None, "locked": True, "reviewedBy": {"name": "로"}}
    assert rejected == {
        "reviewState": "REJECTED",
        "reviewReason": "Too wide",
        "locked": False,
        "reviewedBy": {"name": "로"},
    }
    assert seen["marks"] == [1, 1]
    assert seen["mayDeleteAccepted"] is False
    assert sorted(seen["opened"]) == [["PROPOSED", False], ["REJECTED", False]]

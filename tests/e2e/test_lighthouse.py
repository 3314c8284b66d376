"""Lighthouse on the sign-in page and on a slide's page.

Its performance is a matter of the machine: `make bench-lighthouse` tells it.
"""

from __future__ import annotations

import pytest

from tests.e2e.stories import Story


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_lighthouse_finds_nothing_against_accessibility_and_good_practice(story: Story) -> None:
    seen = story("lighthouse")

    for page, path in (("signIn", "/sign-in"), ("viewer", "/s/")):
        assert seen[page]["at"].startswith(path)
        assert seen[page]["accessibility"] == 100, seen[page]
        assert seen[page]["best-practices"] >= 95, seen[page]

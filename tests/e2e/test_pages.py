"""Every page in both languages and both themes, as axe-core sees it, and a round by keyboard alone."""

from __future__ import annotations

import pytest

from tests.e2e.stories import Story

PAGES = {
    *("projects", "new-project", "grid", "members", "terms", "bin", "settings", "new-token", "viewer", "viewer-ai"),
    *(
        "viewer-comments",
        "viewer-slides",
        "viewer-picture",
        "viewer-history",
        "viewer-about",
        "shortcuts",
        "not-found",
        "sign-in",
    ),
}


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_every_page_is_accessible_in_both_languages_and_themes(story: Story) -> None:
    seen = story("pages")

    looks = [f"{language}-{theme}" for language in ("en", "ko") for theme in ("dark", "light")]
    assert sorted(seen["visited"]) == sorted(f"{page}-{look}" for page in PAGES for look in looks)
    assert seen["byKeyboard"] == 1

"""What each provider's answer says about a person, however it is shaped."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth.providers import Profile, github_profile, kakao_profile, naver_profile, openid_profile

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        *("id", "sub", "response", "kakao_account", "properties", "profile", "nickname", "name", "login", "email"),
        *("email_verified", "is_email_verified", "is_email_valid", "primary", "verified"),
    ]
)
ANSWERS = st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON, max_size=5), max_size=8)


@given(answer=ANSWERS, emails=st.lists(ANSWERS | JSON, max_size=3))
def test_any_answer_is_a_profile_or_refused(answer: dict[str, object], emails: list[object]) -> None:
    for profile in (
        lambda: kakao_profile(answer),
        lambda: naver_profile(answer),
        lambda: github_profile(answer, emails),
        lambda: openid_profile(answer),
    ):
        with contextlib.suppress(ValueError):
            found = profile()
            assert isinstance(found, Profile)
            assert found.subject
            assert found.email != ""


@pytest.mark.parametrize("subject", [None, "", True, 1.5, [], {}])
def test_a_subject_is_a_text_or_a_number(subject: object) -> None:
    with pytest.raises(ValueError, match="the answer has no 'sub'"):
        openid_profile({"sub": subject})


@pytest.mark.parametrize(
    ("said", "believed"),
    [(True, True), ("true", True), (False, False), ("false", False), (1, False), ([], False), (None, False)],
)
def test_what_counts_as_verified(said: object, believed: bool) -> None:
    assert openid_profile({"sub": "7", "email": "a@example.org", "email_verified": said}).email_verified is believed


def test_githubs_primary_address_counts_not_the_public_one() -> None:
    answer: dict[str, object] = {"id": 7, "login": "ada", "email": "public@example.org"}
    assert github_profile(answer, []) == Profile("7", "ada", None, email_verified=False)
    emails: list[object] = [
        {"email": "verified@example.org", "primary": False, "verified": True},
        {"email": "primary@example.org", "primary": True, "verified": False},
    ]
    assert github_profile(answer, emails) == Profile("7", "ada", "primary@example.org", email_verified=False)


def test_kakaos_number_is_a_text() -> None:
    assert kakao_profile({"id": 1234567890123}) == Profile("1234567890123", "", None, email_verified=False)

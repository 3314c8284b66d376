"""E-mail addresses, names, passwords, languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth.account_rules import check_locale, check_password, clean_name, normalise_email
from api.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Ada@Example.ORG", "ada@example.org"),
        ("  ada.b+slides@example.org ", "ada.b+slides@example.org"),
        ("admin@localhost", "admin@localhost"),
        ("ａｄａ@example.org", "ada@example.org"),
        ("kim@병원.한국", "kim@xn--om3bw6p.xn--3e0b707e"),
    ],
)
def test_addresses_have_one_form(typed: str, stored: str) -> None:
    assert normalise_email(typed) == stored
    assert normalise_email(stored) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "a b@example.org",
        "ada@exa mple.org",
        "ada@example..org",
        ".ada@example.org",
        "ada@-example.org",
        "ada@@example.org",
        "ada@example.org\nbcc: x",
        f"{'a' * 65}@example.org",
        f"a@{'b' * 64}.org",
        f"a@{'.'.join(['b' * 60] * 5)}",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normalise_email(typed)
    assert (refused.value.code, refused.value.field) == ("EMAIL_INVALID", "email")


@given(st.text(max_size=300))
def test_any_text_is_an_address_in_its_one_form_or_refused(typed: str) -> None:
    try:
        address = normalise_email(typed)
    except InvalidInput:
        return
    assert normalise_email(address) == address
    assert len(address) <= 254
    assert address == address.lower()


def test_names_lose_needless_spaces() -> None:
    assert clean_name("  Ada \n Lovelace ") == "Ada Lovelace"
    assert clean_name("가" * 120) == "가" * 120


@pytest.mark.parametrize(
    ("name", "code"),
    [(" \t ", "NAME_EMPTY"), ("x" * 121, "NAME_TOO_LONG"), ("Ada\x00", "NAME_INVALID"), ("\ud800", "NAME_INVALID")],
)
def test_names_that_are_refused(name: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        clean_name(name)
    assert (refused.value.code, refused.value.field) == (code, "name")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("seven77", "PASSWORD_TOO_SHORT"),
        ("x" * 257, "PASSWORD_TOO_LONG"),
        ("QwertyUiop", "PASSWORD_COMMON"),
        ("zzzzzzzzzz", "PASSWORD_COMMON"),
        ("ada@example.org", "PASSWORD_COMMON"),
    ],
)
def test_passwords_that_are_refused(password: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_password(password, email="ada@example.org")
    assert (refused.value.code, refused.value.field) == (code, "password")
    assert password not in refused.value.message


@pytest.mark.parametrize(
    "password", ["eight ch", "correct horse battery staple", "병리학교실의슬라이드", "x" * 255 + "y"]
)
def test_good_passwords_pass(password: str) -> None:
    assert check_password(password, email="ada@example.org") == password


def test_the_platform_speaks_english_and_korean() -> None:
    assert [check_locale("en"), check_locale("ko")] == ["en", "ko"]
    with pytest.raises(InvalidInput, match=r"The language 'fr' is not available\. Use one of: en, ko\."):
        check_locale("fr")

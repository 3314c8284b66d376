"""File names from people: safe to keep, to show and to hand out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.slides.names import content_disposition, safe_filename


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("CMU-1.svs", "CMU-1.svs"),
        ("../../etc/passwd", "passwd"),
        ("C:\\slides\\case 7.ndpi", "case 7.ndpi"),
        ("슬라이드 1.svs", "슬라이드 1.svs"),
        ("a\r\nSet-Cookie: x.svs", "aSet-Cookie: x.svs"),
        ("evil\u202egpj.svs", "evilgpj.svs"),
        ("", "slide"),
        ("..", "slide"),
        ("  .  ", "slide"),
        ("x" * 300 + ".svs", "x" * 196 + ".svs"),
        ("가" * 100 + ".svs", "가" * 65 + ".svs"),
        ("<script>.svs", "<script>.svs"),
    ],
)
def test_what_is_kept_of_a_name(sent: str, kept: str) -> None:
    assert safe_filename(sent) == kept


@given(st.text())
def test_any_name_becomes_a_safe_one(sent: str) -> None:
    name = safe_filename(sent)
    assert 1 <= len(name.encode()) <= 200
    assert "/" not in name
    assert "\\" not in name
    assert name.strip(".") != ""
    assert safe_filename(name) == name or name.startswith(" ") or name != name.strip()


@given(st.text())
def test_any_name_fits_into_a_header(sent: str) -> None:
    header = content_disposition(safe_filename(sent))
    assert header.isascii()
    assert "\n" not in header
    assert "\r" not in header


def test_the_download_header_carries_the_true_name() -> None:
    assert content_disposition('암 "1";.svs') == (
        "attachment; filename=\"_ _1__.svs\"; filename*=UTF-8''%EC%95%94%20%221%22%3B.svs"
    )

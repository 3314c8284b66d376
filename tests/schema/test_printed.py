"""schema.graphql is the code's schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from schema import printed


def test_the_kept_schema_is_the_codes_own() -> None:
    assert printed.difference() == ""


def test_a_schema_that_is_out_of_date_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "schema.graphql"
    monkeypatch.setattr(printed, "FILE", kept)
    kept.write_text(printed.printed().replace("input AddMemberInput", "input JoinInput"))
    assert printed.main(["--check"]) == 1
    told = capsys.readouterr().out
    assert "-input JoinInput {\n+input AddMemberInput {\n" in told
    assert told.endswith("schema.graphql is out of date.\n")
    assert printed.main([]) == 0
    assert printed.main(["--check"]) == 0
    assert capsys.readouterr().out == "schema.graphql is up to date.\n"

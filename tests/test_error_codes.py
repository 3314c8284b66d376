"""Every error code that a person can meet is said in both languages of the client."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")

# What only a program that writes its own requests can cause; the client never does, or not yet (comments,
# history, brush strokes merged by the server). They are told in English.
FOR_PROGRAMS = {
    "ANNOTATION_EXISTS",
    "AREA_NEEDED",
    "ATTRIBUTE_KEPT",
    "BAD_CURSOR",
    "BAD_DOWNSAMPLE",
    "BAD_FORMAT",
    "BAD_ID",
    "BAD_REGION",
    "BAD_SEQ",
    "BODY_INVALID",
    "BODY_TYPE",
    "CHECKSUM_MISMATCH",
    "CLIENT_ID_TAKEN",
    "COMMENT_EXISTS",
    "COMMENT_LENGTH",
    "COMMENT_NOT_YOURS",
    "EXPECTED_VERSION_MISSING",
    "FIELD_MISSING",
    "HISTORY_PRUNED",
    "IIIF_REQUEST",
    "LOCALE_UNKNOWN",
    "MENTION_NOT_MEMBER",
    "MUTATION_ID_REUSED",
    "NO_SUCH_IMAGE",
    "NO_SUCH_TILE",
    "OFFSET_MISMATCH",
    "PAGE_SIZE",
    "PLATFORM_ERROR",
    "POSITION_INVALID",
    "SCOPE_MISSING",
    "SIGNATURE_INVALID",
    "THREAD_FULL",
    "TOO_FAR_TO_REPLAY",
    "TUS_CHECKSUM",
    "TUS_CONTENT_TYPE",
    "TUS_METADATA",
    "TUS_VERSION",
}

# What is told in a terminal or a log to whoever runs the server.
FOR_OPERATORS = {
    "MODEL_REPOSITORY_MISSING",
    "MODEL_SERVER_NOT_INSTALLED",
    "MODEL_SERVER_NO_LIBPYTHON",
    "MODEL_SERVER_PORT",
    "MODEL_SERVER_START",
    "NO_SUCH_FILE",
    "PORT_TAKEN",
    "STORED_DIFFERENTLY",
}


def raised_codes() -> set[str]:
    """Codes given as `code=…` or `default_code = …` anywhere in the server."""
    found: set[str] = set()
    for package in ("api", "schema", "workers"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                value: ast.expr | None = None
                if isinstance(node, ast.keyword) and node.arg == "code":
                    value = node.value
                elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                    if isinstance(target, ast.Name) and target.id == "default_code":
                        value = node.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and CODE.fullmatch(value.value):
                    found.add(value.value)
    return found


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_client_says_every_code(language: str) -> None:
    text = (ROOT / "web" / "src" / "i18n" / f"{language}.ts").read_text(encoding="utf-8")
    failures = text[text.index("failure: {") :]
    said = set(re.findall(r"^\s+([A-Z][A-Z0-9_]+):", failures, re.MULTILINE))
    raised = raised_codes()
    assert len(raised) > 50
    assert sorted(raised - said - FOR_PROGRAMS - FOR_OPERATORS) == []
    assert sorted((FOR_PROGRAMS | FOR_OPERATORS) - raised) == [], "no longer raised: take them off the list"

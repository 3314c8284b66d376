"""The schema as text: `python -m schema.printed` writes schema.graphql, `--check` says whether it is the code's own.

The file is kept in the project's history, so that a change of the outside surface is seen in review; the web client's
types are made from it.
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from schema.app import schema

FILE = Path(__file__).resolve().parents[1] / "schema.graphql"


def printed() -> str:
    """The schema in GraphQL's own language."""
    return f"{schema.as_str()}\n"


def difference() -> str:
    """What differs between schema.graphql and the code's schema, as a unified diff; "" when nothing does."""
    kept = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    lines = difflib.unified_diff(
        kept.splitlines(keepends=True), printed().splitlines(keepends=True), FILE.name, "the code's schema"
    )
    return "".join(lines)


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        found = difference()
        print(f"{found}{FILE.name} is out of date." if found else f"{FILE.name} is up to date.")
        return 1 if found else 0
    FILE.write_text(printed(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""File names as people send them, made safe to keep, show and hand out again. PURE."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

MAX_BYTES = 200


def safe_filename(name: str) -> str:
    """The last part of a path in either style, without control characters or marks that turn text around.

    Never empty, never `.` or `..`; at most 200 bytes of UTF-8, its ending kept. Storage never uses it: files lie under
    hashes. Showing it still needs escaping.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    # Cc and Cf hold control and direction marks, Cs lone surrogates; line and paragraph separators are Zl, Zp.
    kept = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}).strip()
    if kept.strip(".") == "":
        return "slide"
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending.encode()) > 16:
        stem, dot, ending = kept, "", ""
    room = MAX_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + ending


def content_disposition(filename: str) -> str:
    """An attachment header by RFC 6266: an ASCII name for old programs, the true one as RFC 5987 has it."""
    plain = "".join(c if c.isascii() and c not in '"\\%;' and c.isprintable() else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"

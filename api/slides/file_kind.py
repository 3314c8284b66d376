"""What can be made of a file that somebody brings. PURE."""

from __future__ import annotations

import enum


class FileKind(enum.StrEnum):
    """What can be made of a file."""

    SLIDE = "SLIDE"
    FLAT_IMAGE = "FLAT_IMAGE"
    """One picture without levels; a pyramid is made of it."""
    ARCHIVE = "ARCHIVE"
    """A zip whose files may make a slide."""

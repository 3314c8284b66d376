"""Which formats label and macro can be taken out of, and what to say about the others. PURE."""

from __future__ import annotations

from api.errors import UnsupportedSlide


def not_removable(vendor: str) -> UnsupportedSlide:
    """Nothing is known about how this format keeps them, or the copy would not be the same slide."""
    return UnsupportedSlide(
        f"Label and macro can't be taken out of this file of the format '{vendor}'. Keep only a converted pyramid "
        f"instead, which has neither, or export the slide without them from the scanner's software.",
        code="LABEL_NOT_REMOVABLE",
        params={"vendor": vendor},
    )

"""How far an isolated process has come, told through a small file beside its work."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path


def teller(progress: Path) -> Callable[[float], None]:
    """What to call with the share that is done, 0 to 1; it writes at most once per percent."""
    draft = progress.with_name("progress.draft")
    told = -1

    def tell(share: float) -> None:
        nonlocal told
        percent = int(100 * share)
        if percent > told:
            told = percent
            # Progress is a courtesy: a full disk is said better by the work's own writing.
            with contextlib.suppress(OSError):
                draft.write_text(str(percent / 100))
                draft.replace(progress)

    return tell


def read_progress(progress: Path) -> float:
    """The share that was told last; 0 when nothing was."""
    try:
        return min(1.0, max(0.0, float(progress.read_text())))
    except (OSError, ValueError):
        return 0.0

"""Other programs: run quietly, their output kept in a log and its end shown when they fail."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.setup.steps import SetupFailed, Step

SHOWN_LINES = 25


def run(
    command: Sequence[str | Path],
    step: Step,
    *,
    log: Path,
    remedy: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    keeps_output: bool = True,
) -> str:
    """Run a program to its end and return what it printed; each line becomes the step's note.

    Args:
        log: file that its output is appended to.
        remedy: what to do when it fails.
        environment: variables to add to this process's own.
        keeps_output: False for a program that prints a secret: neither the log nor the step's line shows it.

    Raises:
        SetupFailed: it could not be started, or ended with a code other than 0.
    """
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    last: deque[str] = deque(maxlen=SHOWN_LINES)
    with log.open("a", encoding="utf-8") as kept:
        kept.write(f"$ {' '.join(words)}\n")
        try:
            child = subprocess.Popen(
                words,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise SetupFailed(f"{words[0]} could not be started: {error}", remedy) from error
        with child:
            for line in child.stdout or ():
                lines.append(line)
                last.append(line.rstrip())
                if keeps_output:
                    kept.write(line)
                    if line.strip():
                        step.note(line)
    if child.returncode != 0:
        raise SetupFailed(
            f"{Path(words[0]).name} ended with code {child.returncode} ({step.title})",
            f"{remedy}\n             The whole output is in {log}.",
            "\n".join(last),
        )
    return "".join(lines)

"""Steps: one line when a step starts, how long it took, and what to type when it fails."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

TERMINAL_PERIOD_S = 0.2
PLAIN_PERIOD_S = 15.0
FIRST_SIGN_S = 2.0
TERMINAL_WIDTH = 100


class SetupFailed(Exception):
    """A step did not work.

    Args:
        what: what happened, with values.
        remedy: what the person should type or do.
        output: the last lines of the program that failed, or "".
    """

    def __init__(self, what: str, remedy: str, output: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.output = output


@dataclass
class Step:
    """A step under way. `note` says what it is doing now; `outcome` replaces "done" on its last line."""

    title: str
    outcome: str = "done"
    doing: str = field(default="", repr=False)

    def note(self, text: str) -> None:
        self.doing = " ".join(text.split())


class Reporter:
    """Prints steps. On a terminal the running step's line is refreshed; elsewhere a step that takes over two
    seconds says now and then what it is doing.

    Args:
        output: where the lines go.
        period_s: seconds between two signs of life; chosen by the kind of output when None.
    """

    def __init__(self, output: TextIO | None = None, period_s: float | None = None) -> None:
        self._output = output or sys.stdout
        self._is_terminal = self._output.isatty()
        self._period_s = period_s or (TERMINAL_PERIOD_S if self._is_terminal else PLAIN_PERIOD_S)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Run the body as one step; its exceptions pass through after the line is finished."""
        step = Step(title)
        started = time.monotonic()
        ended = threading.Event()
        if self._is_terminal:
            self._show(f"{title} …")
        ticker = threading.Thread(target=self._tick, args=(step, started, ended), daemon=True)
        ticker.start()
        try:
            yield step
        except BaseException:
            step.outcome = "FAILED"
            raise
        finally:
            ended.set()
            ticker.join()
            self._finish(f"{title}: {step.outcome}{_took(time.monotonic() - started)}")

    def say(self, text: str) -> None:
        print(text, file=self._output, flush=True)

    def failure(self, failed: SetupFailed) -> None:
        """Print what failed and what to type."""
        self.say("")
        if failed.output:
            self.say("\n".join(f"    {line}" for line in failed.output.splitlines()))
        self.say(f"What failed: {failed.what}")
        self.say(f"What to do:  {failed.remedy}")

    def _tick(self, step: Step, started: float, ended: threading.Event) -> None:
        pause_s = min(self._period_s, FIRST_SIGN_S)
        while not ended.wait(pause_s):
            pause_s = self._period_s
            doing = f" · {step.doing}" if step.doing else ""
            self._show(f"{step.title} … {time.monotonic() - started:.0f} s{doing}")

    def _show(self, text: str) -> None:
        if self._is_terminal:
            self._output.write(f"\r\x1b[2K• {text[:TERMINAL_WIDTH]}")
            self._output.flush()
        else:
            self.say(f"• {text}")

    def _finish(self, text: str) -> None:
        self.say(f"\r\x1b[2K• {text}" if self._is_terminal else f"• {text}")


def _took(seconds: float) -> str:
    return f" ({seconds:.1f} s)" if seconds >= 0.1 else ""

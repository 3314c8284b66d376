"""Processes that are kept running: started again when they die, ended when the work is over.

    async with kept_running(programs, print):
        ...

Invariant: a child leads a process group of its own, and only groups led by our children are ever signalled.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from workers.parent import with_this_process

Say = Callable[[str], None]


@dataclass(frozen=True)
class Program:
    """A process to keep running: what people call it, its command, and variables added to our own."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Patience:
    """Seconds: the pause before the first restart, the longest pause, how long a child must have run for its
    next pause to be short again, and how long a child has to end when asked."""

    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    steady_s: float = 60.0
    stop_s: float = 10.0


@asynccontextmanager
async def kept_running(programs: Sequence[Program], say: Say, patience: Patience | None = None) -> AsyncIterator[None]:
    """Run programs for the length of the body; one that ends is told of and started again, with growing pauses."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for program in programs:
            group.create_task(_keep(program, stop, say, patience or Patience()))
        try:
            yield
        finally:
            stop.set()


async def _keep(program: Program, stop: asyncio.Event, say: Say, patience: Patience) -> None:
    """Start `program` again and again until `stop`, then end it. The only place that starts or ends a child."""
    loop = asyncio.get_running_loop()
    pause_s = patience.first_pause_s
    while not stop.is_set():
        started = loop.time()
        child = await asyncio.create_subprocess_exec(
            *with_this_process(program.command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, **program.environment},
            start_new_session=True,
        )
        try:
            await _first_of(child.wait(), stop.wait())
        finally:
            await _end(child, patience.stop_s)
        if stop.is_set():
            return
        if loop.time() - started > patience.steady_s:
            pause_s = patience.first_pause_s
        say(f"The {program.name} ended with code {child.returncode}; starting it again in {pause_s:g} s.")
        await _first_of(asyncio.sleep(pause_s), stop.wait())
        pause_s = min(2 * pause_s, patience.longest_pause_s)


async def _first_of(*waits: Coroutine[object, object, object]) -> None:
    """Wait until one of these is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _end(child: asyncio.subprocess.Process, stop_s: float) -> None:
    """Ask a child to end, give it time, then kill what is left of its group."""
    if child.returncode is None:
        child.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), stop_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()

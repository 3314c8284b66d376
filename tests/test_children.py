"""Processes kept running: started again when they die, ended with all they started, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.children import Patience, Program, kept_running

QUICK = Patience(first_pause_s=0.01, longest_pause_s=0.04, steady_s=60, stop_s=5)


class Told:
    """What was said, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, line: str) -> None:
        self.lines.append(line)
        self._changed.set()

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(30):
            while len(self.lines) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.lines[:count]


def script(text: str, *arguments: str | Path) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", text, *map(str, arguments))


async def appears(path: Path) -> str:
    """The file's text once a child has written it whole (a line)."""
    async with asyncio.timeout(30):
        while not (path.exists() and path.read_text().endswith("\n")):
            await asyncio.sleep(0.01)
    return path.read_text()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


async def test_a_child_that_dies_is_told_of_and_started_again_with_growing_pauses(tmp_path: Path) -> None:
    told = Told()
    program = Program("parrot", script("import sys; sys.exit(3)"))
    async with kept_running([program], told, QUICK):
        lines = await told.until(4)
    assert lines == [
        "The parrot ended with code 3; starting it again in 0.01 s.",
        "The parrot ended with code 3; starting it again in 0.02 s.",
        "The parrot ended with code 3; starting it again in 0.04 s.",
        "The parrot ended with code 3; starting it again in 0.04 s.",
    ]


async def test_a_killed_child_comes_back(tmp_path: Path) -> None:
    told = Told()
    note = tmp_path / "pid"
    text = "import os, sys, time; open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(600)"
    async with kept_running([Program("worker", script(text, note))], told, QUICK):
        first = int(await appears(note))
        note.unlink()
        os.kill(first, signal.SIGKILL)
        second = int(await appears(note))
        assert told.lines == ["The worker ended with code -9; starting it again in 0.01 s."]
        assert second != first
        assert is_alive(second)
    assert not is_alive(second)


async def test_what_a_child_started_ends_with_it_and_nothing_else_does(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    text = (
        "import subprocess, sys, time\n"
        "inner = subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(f'{inner.pid}\\n')\n"
        "time.sleep(600)"
    )
    stranger = subprocess.Popen(script("import time; time.sleep(600)"))
    try:
        async with kept_running([Program("API", script(text, note))], Told(), QUICK):
            inner = int(await appears(note))
            assert is_alive(inner)
        async with asyncio.timeout(30):
            while is_alive(inner):
                await asyncio.sleep(0.01)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    text = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open(sys.argv[1], 'w').write(f'{os.getpid()}\\n')\n"
        "time.sleep(600)"
    )
    async with kept_running([Program("mule", script(text, note))], Told(), Patience(stop_s=0.1)):
        pid = int(await appears(note))
    assert not is_alive(pid)


async def test_a_child_has_its_own_variables_beside_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "1")
    note = tmp_path / "variables"
    text = "import os, sys; open(sys.argv[1], 'w').write(os.environ['OURS'] + os.environ['ITS'] + '\\n')"
    async with kept_running([Program("reader", script(text, note), {"ITS": "2"})], Told(), Patience()):
        assert await appears(note) == "12\n"


async def test_nothing_to_run_is_fine() -> None:
    told = Told()
    async with kept_running([], told):
        pass
    assert told.lines == []

"""ENTRY: 64 clients on 50 position-coded slides, 200,000 tiles, every byte checked (`make bench-tile-soak`).

A tile that is scrambled, cut or another slide's ends the run. Memory is the server's and its readers', from /proc.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tiles import fetch_all

SLIDES = 50
CLIENTS = 64
REQUESTS = 200_000
ROUNDS = 20
SETTLE_ROUNDS = 5
"""Rounds until every cache is full; memory is compared from there on."""


def resident_mb(pid: int) -> float:
    """Memory of a process and its children that is theirs alone."""
    total_kb = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if int(folder.name) == pid or parent == pid:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total_kb / 1024


async def soak(pid: int, port: int, cookie: str, paths: Sequence[str]) -> dict[str, float]:
    """Fetch at random and compare each body with the one that came when nothing else ran."""
    alone: dict[str, bytes] = {}
    await fetch_all(port, cookie, paths, 1, alone)
    digests = {path: hashlib.sha256(body).digest() for path, body in alone.items()}
    distinct = len(set(digests.values()))
    if distinct != len(paths):
        raise SystemExit(f"{len(paths) - distinct} tiles of different places or slides are the same")
    alone.clear()
    chance = random.Random(1)  # noqa: S311 - an order, no secret
    memory_mb: list[float] = []
    started = time.monotonic()
    for _ in range(ROUNDS):
        asked = [chance.choice(paths) for _ in range(REQUESTS // ROUNDS)]
        await fetch_all(port, cookie, asked, CLIENTS, expected=digests)
        memory_mb.append(resident_mb(pid))
    settled = memory_mb[SETTLE_ROUNDS:]
    return {
        "requests": REQUESTS,
        "slides": SLIDES,
        "clients": CLIENTS,
        "wrong_tiles": 0,
        "distinct_tiles": distinct,
        "memory_settled_mb": round(settled[0], 1),
        "memory_end_mb": round(settled[-1], 1),
        "memory_growth_mb": round(settled[-1] - settled[0], 1),
        "seconds": round(time.monotonic() - started, 1),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="coslide-soak-") as folder:
        command = [sys.executable, "-m", "benchmarks._tile_server", folder, str(SLIDES)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COSLIDE_")}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
            try:
                if server.stdout is None or not (line := server.stdout.readline()):
                    raise SystemExit("the server did not start; its error is above")
                facts = json.loads(line)
                paths = [
                    f"/slides/{slide}/tiles/{place}" for slide in facts["slides"].values() for place in facts["places"]
                ]
                figures = asyncio.run(soak(server.pid, facts["port"], facts["cookie"], paths))
            finally:
                server.terminate()
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()

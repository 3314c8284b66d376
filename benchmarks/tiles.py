"""ENTRY: tiles over HTTP with permission checks, beside the DeepZoom recipe in the same server (`make bench-tiles`).

CPU is the server's and its readers', from /proc: a busy machine hardly changes it. Times are the client's.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._nginx import has_nginx, nginx

CONNECTIONS = 8
ROUNDS = 24


@dataclass(frozen=True)
class Measured:
    """One run: server CPU per tile, and each tile's time as the client saw it."""

    cpu_us: float
    times_ms: Sequence[float]

    @property
    def p99_ms(self) -> float:
        return sorted(self.times_ms)[int(len(self.times_ms) * 0.99)]


def cpu_seconds(pid: int) -> float:
    """Time on a processor of a process's and its children's threads, to the microsecond."""
    total = 0.0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if int(folder.name) == pid or parent == pid:
                total += sum(int(one.read_text().split()[0]) for one in folder.glob("task/*/schedstat")) / 1e9
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


async def fetch_all(
    port: int,
    cookie: str,
    paths: Sequence[str],
    connections: int,
    keep: dict[str, bytes] | None = None,
    expected: Mapping[str, bytes] | None = None,
) -> list[float]:
    """Fetch every path over so many kept-alive connections; milliseconds each took.

    Args:
        keep: receives the bodies.
        expected: the SHA-256 that each body must have.
    """
    waiting = list(reversed(paths))
    times: list[float] = []

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            path = waiting.pop()
            started = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith(b"http/1.1 200") or not body.startswith(b"\xff\xd8"):
                raise RuntimeError(f"{path}: {head[:80]!r} {body[:200]!r}")
            times.append((time.perf_counter() - started) * 1e3)
            if keep is not None:
                keep[path] = body
            if expected is not None and hashlib.sha256(body).digest() != expected[path]:
                raise RuntimeError(f"{path}: a tile with other bytes than before")
        writer.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    return times


def places(level: int, columns: int, rows: int) -> list[str]:
    return [f"{level}/{column}_{row}.jpg" for row in range(rows) for column in range(columns)]


class Bench:
    """A running server and how to measure it."""

    def __init__(self, pid: int, facts: dict[str, object]) -> None:
        self._pid = pid
        self._port = int(str(facts["port"]))
        self._cookie = str(facts["cookie"])
        self._slides: dict[str, str] = dict(facts["slides"])  # type: ignore[call-overload]

    async def run(self, paths: Sequence[str], connections: int = CONNECTIONS) -> Measured:
        before = cpu_seconds(self._pid)
        times = await fetch_all(self._port, self._cookie, paths, connections)
        return Measured((cpu_seconds(self._pid) - before) * 1e6 / len(paths), times)

    async def nginx_cpu_us(self, paths: Sequence[str], rounds: int, folder: Path) -> float | None:
        """CPU per tile of nginx on the same bytes; None without nginx."""
        if not has_nginx():
            return None
        bodies: dict[str, bytes] = {}
        await fetch_all(self._port, self._cookie, paths, CONNECTIONS, bodies)
        for path, body in bodies.items():
            file = folder / "files" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        with nginx(folder) as (pid, port):
            await fetch_all(port, "", paths, CONNECTIONS)
            before = cpu_seconds(pid)
            await fetch_all(port, "", list(paths) * rounds, CONNECTIONS)
            return (cpu_seconds(pid) - before) * 1e6 / (len(paths) * rounds)

    def ours(self, name: str, tiles: Sequence[str]) -> list[str]:
        return [f"/slides/{self._slides[name]}/tiles/{tile}" for tile in tiles]

    def deepzoom(self, name: str, tiles: Sequence[str]) -> list[str]:
        return [f"/deepzoom/{name}/{tile}" for tile in tiles]


async def measure(bench: Bench, folder: Path) -> dict[str, float | None]:
    full, half = places(0, 16, 16), places(1, 8, 8)
    await bench.run(bench.ours("native", full))
    cold = await bench.run(bench.ours("jpeg2000", places(2, 4, 3)))  # a screenful that nobody has seen yet
    native = await bench.run(bench.ours("native", full * ROUNDS))
    limit_us = await bench.nginx_cpu_us(bench.ours("native", full), ROUNDS, folder)
    recipe = await bench.run(bench.deepzoom("native", full * 2))
    # Both ways know the slide by then, as they know the others: asking who may see it is no part of a tile's cost.
    await bench.run([*bench.ours("sparse", places(0, 1, 1)), *bench.deepzoom("sparse", places(0, 1, 1))])
    made = await bench.run(bench.ours("sparse", half))
    between = await bench.run(bench.deepzoom("sparse", half))
    jpeg2000_first = await bench.run(bench.ours("jpeg2000", full))
    jpeg2000_recipe = await bench.run(bench.deepzoom("jpeg2000", full))
    jpeg2000_again = await bench.run(bench.ours("jpeg2000", full * ROUNDS))
    crowd = await bench.run(bench.ours("native", full * ROUNDS), connections=32)
    return {
        "native_us": native.cpu_us,
        "deepzoom_us": recipe.cpu_us,
        "between_us": made.cpu_us,
        "between_deepzoom_us": between.cpu_us,
        "jp2k_first_us": jpeg2000_first.cpu_us,
        "jp2k_deepzoom_us": jpeg2000_recipe.cpu_us,
        "jp2k_repeat_us": jpeg2000_again.cpu_us,
        "native_cpu_vs_deepzoom": recipe.cpu_us / native.cpu_us,
        "native_cpu_share_of_nginx": limit_us / native.cpu_us if limit_us is not None else None,
        "between_level_vs_deepzoom": between.cpu_us / made.cpu_us,
        "jp2k_first_vs_deepzoom": jpeg2000_recipe.cpu_us / jpeg2000_first.cpu_us,
        "jp2k_repeat_share_of_native": native.cpu_us / jpeg2000_again.cpu_us,
        "cold_viewport_ms": sum(cold.times_ms) / CONNECTIONS,
        "native_p50_ms": statistics.median(native.times_ms),
        "p99_ms_32_clients": crowd.p99_ms,
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="coslide-bench-") as folder:
        command = [sys.executable, "-m", "benchmarks._tile_server", folder]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COSLIDE_")}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
            try:
                if server.stdout is None or not (line := server.stdout.readline()):
                    raise SystemExit("the server did not start; its error is above")
                figures = asyncio.run(measure(Bench(server.pid, json.loads(line)), Path(folder)))
            finally:
                server.terminate()
    rounded = {name: None if value is None else round(value, 2) for name, value in figures.items()}
    sys.stdout.write(json.dumps(rounded) + "\n")


if __name__ == "__main__":
    main()

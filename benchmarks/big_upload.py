"""ENTRY: ten gigabytes through tus on loopback, broken off in the middle and resumed (`make bench-big-upload`).

The file is generated, mostly of holes, so that it costs the sender nothing; the server writes every byte of it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import tifffile

from api.models.database import migrate
from api.settings import Settings
from benchmarks.tiles import cpu_seconds
from tests.servers.coslide import ApiServer

SIDE_PX = 57_856
TILE_PX = 1024
PIECE_BYTES = 1 << 20
TUS = {"tus-resumable": "1.0.0"}


def write_slide(path: Path) -> int:
    """An uncompressed slide of black pixels; its size in bytes."""
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        tiff.write(
            shape=(SIDE_PX, SIDE_PX, 3), dtype=np.uint8, tile=(TILE_PX, TILE_PX), photometric="rgb", metadata=None
        )
    return path.stat().st_size


async def pieces(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < end:
            piece = file.read(min(PIECE_BYTES, end - start))
            start += len(piece)
            yield piece


async def send(client: httpx.AsyncClient, url: str, path: Path, end: int) -> int:
    """Send from where the server is up to `end`; the status of the answer."""
    start = int((await client.head(url, headers=TUS)).raise_for_status().headers["upload-offset"])
    headers = {**TUS, "upload-offset": str(start), "content-type": "application/offset+octet-stream"}
    return (await client.patch(url, headers=headers, content=pieces(path, start, end))).status_code


async def upload(api: ApiServer, pid: int, path: Path, length: int) -> dict[str, float]:
    async with httpx.AsyncClient(base_url=api.url, timeout=1800, headers={"origin": api.url}) as client:
        person = {"email": "big@example.org", "name": "Big", "password": "a long enough password"}
        (await client.post("/auth/register", json=person)).raise_for_status()
        made = 'mutation { createProject(input: { name: "Big" }) { ... on Project { id } } }'
        project = (await client.post("/graphql", json={"query": made})).json()["data"]["createProject"]["id"]
        about = {"filename": "big.tiff", "projectId": project}
        coded = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in about.items())
        begun = await client.post("/uploads", headers={**TUS, "upload-length": str(length), "upload-metadata": coded})
        url = begun.raise_for_status().headers["location"]
        before, started = cpu_seconds(pid), time.perf_counter()
        await send(client, url, path, length // 2)
        first_s = time.perf_counter() - started
        # The rest but one byte, so that receiving and checking can be told apart.
        await send(client, url, path, length - 1)
        received_s = time.perf_counter() - started
        cpu_s = cpu_seconds(pid) - before
        status = await send(client, url, path, length)
        whole_s = time.perf_counter() - started
        query = f'{{ slides(projectId: "{project}") {{ nodes {{ width sizeBytes }} }} }}'
        nodes = (await client.post("/graphql", json={"query": query})).json()["data"]["slides"]["nodes"]
        if status not in (200, 204) or nodes != [{"width": SIDE_PX, "sizeBytes": float(length)}]:
            raise SystemExit(f"the upload ended with {status} and {nodes}")
    return {
        "gb": length / 1e9,
        "first_half_mb_per_s": length / 2 / first_s / 1e6,
        "received_mb_per_s": length / received_s / 1e6,
        "cpu_s_per_gb": cpu_s / (length / 1e9),
        "check_s": whole_s - received_s,
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="coslide-bench-", dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder = Path(name)
        data, path = folder / "data", folder / "big.tiff"
        data.mkdir()
        length = write_slide(path)
        asyncio.run(migrate(Settings(data=data)))
        api = ApiServer(data)
        api.start()
        try:
            figures = asyncio.run(upload(api, api.pid, path, length))
        finally:
            api.stop()
    sys.stdout.write(json.dumps({key: round(value, 2) for key, value in figures.items()}) + "\n")


if __name__ == "__main__":
    main()

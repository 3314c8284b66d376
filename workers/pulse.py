"""A worker's pulse: a file that is touched while its event loop runs, for a container's health check.

`python -m workers.pulse` ends with 0 when a worker of this machine has touched its file lately, else with 1.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

from api.settings import get_settings

BEAT_S = 5.0
LOST_S = 60.0


def pulse_file(data: Path) -> Path:
    """The file of the worker in this process."""
    return data / "workers" / f"{socket.gethostname()}-{os.getpid()}"


async def beat(file: Path) -> NoReturn:
    """Touch the file until cancelled; then take it away."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        while True:
            file.touch()  # noqa: ASYNC240 (microseconds)
            await asyncio.sleep(BEAT_S)
    finally:
        file.unlink(missing_ok=True)  # noqa: ASYNC240


def newest_age_s(data: Path) -> float | None:
    """Seconds since a worker of this machine touched its file; None when there is none."""
    ages = [time.time() - file.stat().st_mtime for file in (data / "workers").glob(f"{socket.gethostname()}-*")]
    return min(ages, default=None)


def main() -> int:
    age_s = newest_age_s(get_settings().data)
    if age_s is None:
        print("No worker runs on this machine.", file=sys.stderr)
        return 1
    print(f"A worker was seen {age_s:.0f} s ago.")
    return 0 if age_s < LOST_S else 1


if __name__ == "__main__":
    sys.exit(main())

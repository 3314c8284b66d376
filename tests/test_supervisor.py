"""What `coslide serve` refuses before it starts anything, and what it would start."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from api.errors import Unavailable
from api.settings import Settings
from api.supervisor import programs, serve


async def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(Unavailable) as refusal:
            await serve(Settings(data=tmp_path, port=port))
    assert refusal.value.message == (
        f"Coslide can't listen on 127.0.0.1 port {port} (Address already in use). "
        f"Stop what listens there, or choose another: COSLIDE_PORT={port + 1}"
    )
    assert list(tmp_path.iterdir()) == []


async def test_a_database_without_its_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"The database lacks \d+ migrations? .*Type: coslide migrate"):
        await serve(Settings(data=tmp_path, port=0))


def test_the_api_and_each_worker_are_told_where_the_model_server_is() -> None:
    api, first, second = programs(Settings(port=8123, workers=2), "127.0.0.1:9001")
    assert (first.name, second.name) == ("worker 1", "worker 2")
    assert first.command == (sys.executable, "-m", "workers.main")
    assert api.command[:7] == (sys.executable, "-m", "uvicorn", "api.main:app", "--host", "127.0.0.1", "--port")
    assert {program.environment["COSLIDE_TRITON_URL"] for program in (api, first, second)} == {"127.0.0.1:9001"}

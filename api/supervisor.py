"""`coslide serve`: the API, its workers and the model server under one roof, and the address that opens them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable

import httpx

from api.auth import links
from api.children import Program, kept_running
from api.errors import Unavailable
from api.models.database import connected, pending_migrations
from api.models.user import User
from api.settings import Settings

READY_TIMEOUT_S = 60.0
MAX_SOCKET_MESSAGE_BYTES = 1_048_576
"""A larger message closes its socket with 1009; bulk goes over HTTP."""
MODEL_TIMEOUT_S = 180.0
LINK_MINUTES = 60


async def serve(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM, then end every child. Returns the process's exit code.

    Raises:
        Unavailable: the port is taken, or the database lacks migrations; nothing was started.
    """
    for chatty in ("httpx", "tortoise"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    settings = _with_port(settings)
    address = await _sign_in_address(settings)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    triton_url = settings.triton_url or f"127.0.0.1:{_free_port()}"
    model_server = [] if settings.triton_url else [_model_server(triton_url)]
    # The model server is left last, so that workers can put down what they hold.
    async with kept_running(model_server, say), kept_running(programs(settings, triton_url), say):
        announcing = asyncio.create_task(_announce(settings, address, triton_url))
        await stop.wait()
        announcing.cancel()
        say("Stopping …")
        with contextlib.suppress(asyncio.CancelledError):
            await announcing
    say("Stopped.")
    return 0


def _model_server(triton_url: str) -> Program:
    port = triton_url.rpartition(":")[2]
    return Program("model server", (sys.executable, "-m", "workers.triton_server", "--grpc-port", port))


def programs(settings: Settings, triton_url: str) -> list[Program]:
    """The API and the workers, all told where the model server is."""
    environment = {"COSLIDE_TRITON_URL": triton_url, "COSLIDE_PORT": str(settings.port)}
    uvicorn = (
        *(sys.executable, "-m", "uvicorn", "api.main:app", "--host", settings.host, "--port", str(settings.port)),
        # Compression costs three times the server's time for each message of a live session.
        *(
            "--ws",
            "api.texts:TextsProtocol",
            "--ws-per-message-deflate",
            "false",
            "--no-access-log",
            "--no-server-header",
        ),
        *("--ws-max-size", str(MAX_SOCKET_MESSAGE_BYTES)),
        *("--timeout-graceful-shutdown", "3", "--lifespan", "on"),
        *("--log-level", "debug" if settings.log_level == "debug" else "warning"),
    )
    workers = [
        Program(f"worker {number}", (sys.executable, "-m", "workers.main"), environment)
        for number in range(1, settings.workers + 1)
    ]
    return [Program("API", uvicorn, environment), *workers]


async def _announce(settings: Settings, address: str, triton_url: str) -> None:
    """Say where Coslide is once it answers, and when the model server does."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 (asked, not bound)
    if not await _eventually(lambda: _is_ready(f"http://{host}:{settings.port}/readyz"), READY_TIMEOUT_S):
        say(f"The API has not answered for {READY_TIMEOUT_S:g} s. Read the lines above; `coslide doctor` may help.")
        return
    say(f"\nCoslide is ready. Open this address, which signs you in once:\n\n    {address}\n\nCtrl-C stops it.")
    model_host, _, model_port = triton_url.rpartition(":")
    if await _eventually(lambda: _accepts(model_host, int(model_port)), MODEL_TIMEOUT_S):
        say("The model server is ready: Predict works.")
    else:
        say(f"The model server at {triton_url} has not answered for {MODEL_TIMEOUT_S:g} s: Predict will wait for it.")


async def _eventually(is_so: Callable[[], Awaitable[bool]], timeout_s: float) -> bool:
    """Ask every 0.1 s until true (True) or until the time is over (False)."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while not await is_so():  # noqa: ASYNC110 (another process can't set an event of ours)
                await asyncio.sleep(0.1)
            return True
    return False


async def _is_ready(url: str) -> bool:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            return (await client.get(url)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


async def _accepts(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _sign_in_address(settings: Settings) -> str:
    """An address that signs the first administrator in once; the plain address when there is none.

    Raises:
        Unavailable: the database lacks migrations.
    """
    async with connected(settings):
        if pending := await pending_migrations():
            raise Unavailable(
                f"The database lacks {len(pending)} migration{'s' if len(pending) > 1 else ''} "
                f"(the first is {pending[0]}). Type: coslide migrate",
                code="DATABASE_OUTDATED",
            )
        user = await User.filter(is_admin=True, disabled_at=None).order_by("created_at").first()
        if user is None:
            return settings.origin
        token = await links.create_link(user, minutes=LINK_MINUTES)
    return f"{settings.origin}/auth/link?token={token}"


def _with_port(settings: Settings) -> Settings:
    """The settings with a port that can be listened on: the one that they name, or a free one for 0.

    Raises:
        Unavailable: it is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Unavailable(
                f"Coslide can't listen on {settings.host} port {settings.port} ({error.strerror}). "
                f"Stop what listens there, or choose another: COSLIDE_PORT={settings.port + 1}",
                code="PORT_TAKEN",
            ) from error
        return settings.model_copy(update={"port": probe.getsockname()[1]})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(text: str) -> None:
    print(text, flush=True)

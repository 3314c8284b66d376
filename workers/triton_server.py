"""Starts and stops a real Triton server as a child process, and cleans up after it.

    async with TritonServer(settings.triton_venv, settings.model_repository, log_dir) as server:
        print(server.grpc_address)

The server listens on loopback only, loads every model of the repository, dies with this process, and leaves
its log behind. `python -m workers.triton_server` keeps one up for `coslide serve`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import grpc
from tritonclient.grpc import aio as triton_grpc
from tritonclient.utils import InferenceServerException

from api.errors import PlatformError, Unavailable
from api.settings import get_settings
from workers.model_care import CANARY_LIMIT_S, CANARY_S, ModelCare
from workers.parent import die_with_parent, with_this_process
from workers.triton_install import TritonInstall, find_install

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (the kernel's own place for it, which Triton uses)
_LOGS_KEPT = 10
_STOP_S = 3.0
_EXIT_S = 10
"""What a server that lost its launcher gets to put its shared memory away; one that is stopped has `_STOP_S`."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _STEADY_S = 0.5, 30.0, 60.0


@dataclass(frozen=True)
class ModelFailure:
    """A model of the repository that the server refused, and why."""

    name: str
    reason: str


class TritonServer:
    """One Triton server process, as an async context manager.

    Args:
        venv: virtual environment that holds nvidia-pytriton.
        repository: Triton model repository; every model in it is loaded.
        log_dir: where the log goes; the newest ten are kept.
        grpc_port: loopback port, 0 for a free one.
        config_name: which of a model's `configs/` is used; models without it use `config.pbtxt`.
        start_timeout_s: how long the server may take to load its models.
    """

    def __init__(
        self,
        venv: Path,
        repository: Path,
        log_dir: Path,
        *,
        grpc_port: int = 0,
        config_name: str = "cpu",
        start_timeout_s: float = 120,
    ) -> None:
        self.refused: tuple[ModelFailure, ...] = ()
        self._venv = venv
        self._repository = repository
        self._log_dir = log_dir
        self._wanted_port = grpc_port
        self._config_name = config_name
        self._start_timeout_s = start_timeout_s
        self._token = f"coslide_triton_{os.getpid()}_{secrets.token_hex(4)}_"
        self._process: asyncio.subprocess.Process | None = None
        self._port = 0

    @property
    def grpc_address(self) -> str:
        """host:port for gRPC clients."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The server's process id; the server leads a process group of its own."""
        return self._running().pid

    @property
    def log_path(self) -> Path:
        return self._log_dir / f"{self._token.rstrip('_')}.log"

    async def __aenter__(self) -> Self:
        if not self._repository.is_dir():
            raise Unavailable(
                f"There is no model repository at {self._repository}. "
                "Set COSLIDE_MODEL_REPOSITORY to the folder that holds the models.",
                code="MODEL_REPOSITORY_MISSING",
            )
        install = await asyncio.to_thread(find_install, self._venv)
        self._log_dir.mkdir(parents=True, exist_ok=True)
        _tidy(self._log_dir)
        # Reserves the port until the server shares it: both ask for SO_REUSEPORT, others cannot have it.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as reservation:
            reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                reservation.bind(("127.0.0.1", self._wanted_port))
            except OSError as exc:
                raise Unavailable(
                    f"Port {self._wanted_port} for the model server is taken ({exc.strerror}). "
                    "Stop what listens there or choose another port.",
                    code="MODEL_SERVER_PORT",
                ) from exc
            self._port = reservation.getsockname()[1]
            self._process = await self._spawn(install)
            try:
                await self._until_ready()
            except BaseException:
                await self.stop()
                raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    async def wait(self) -> int:
        """Wait until the server ends by itself or is stopped; its exit code, negative for a signal."""
        return await self._running().wait()

    async def stop(self) -> None:
        """End the server (asked first, then killed with its stubs) and remove the shared memory it leaked."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _STOP_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        _remove_shared_memory(self._token)

    async def _spawn(self, install: TritonInstall) -> asyncio.subprocess.Process:
        with self.log_path.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *with_this_process(self._command(install)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=install.environment,
                start_new_session=True,
            )

    def _command(self, install: TritonInstall) -> tuple[str, ...]:
        return (
            str(install.binary),
            f"--model-repository={self._repository.absolute()}",
            f"--backend-directory={install.root / 'backends'}",
            f"--cache-directory={install.root / 'caches'}",
            f"--backend-config=python,shm-region-prefix-name={self._token}",
            f"--model-config-name={self._config_name}",
            "--model-control-mode=explicit",
            "--load-model=*",
            "--exit-on-error=false",
            "--strict-readiness=false",
            f"--exit-timeout-secs={_EXIT_S}",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={self._port}",
            "--reuse-grpc-port=1",
            "--allow-http=false",
            "--allow-metrics=false",
            "--allow-gpu-metrics=false",
        )

    async def _until_ready(self) -> None:
        """Wait for the server to answer and note which models it refused.

        Raises:
            Unavailable: it ended, was not ready in time, or could load no model; the message has its log.
        """
        process = self._running()
        deadline = time.monotonic() + self._start_timeout_s
        async with triton_grpc.InferenceServerClient(self.grpc_address) as client:
            while not await _is_ready(client):
                if process.returncode is not None:
                    raise self._failed(f"The model server ended with code {process.returncode} while starting")
                if time.monotonic() > deadline:
                    raise self._failed(f"The model server was not ready after {self._start_timeout_s:.0f} s")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 0.1)
            index = await client.get_model_repository_index(client_timeout=10)
        self.refused = tuple(
            ModelFailure(m.name, m.reason.strip().partition("\n")[0] or "not loaded")
            for m in index.models
            if m.state != "READY"
        )
        if self.refused and len(self.refused) == len(index.models):
            reasons = "; ".join(f"{failure.name}: {failure.reason}" for failure in self.refused)
            raise self._failed(f"The model server could load no model ({reasons})")

    def _failed(self, what: str) -> Unavailable:
        lines = self.log_path.read_text(errors="replace").splitlines()
        told = [line for line in lines if line and line[0] not in "|+"][-12:]  # without the tables of settings
        return Unavailable(
            f"{what}. Its log {self.log_path} ends with:\n"
            + "\n".join(told)
            + "\nMend what it names (`coslide doctor` helps) and start again.",
            code="MODEL_SERVER_START",
        )

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("TritonServer is used before `async with` has started it")
        return self._process


async def _is_ready(client: triton_grpc.InferenceServerClient) -> bool:
    try:
        return bool(await client.is_server_ready(client_timeout=5))
    except (InferenceServerException, grpc.RpcError):
        return False


def _tidy(log_dir: Path) -> None:
    """Keep the newest logs; remove the shared memory of servers killed together with their launcher."""
    logs = sorted(log_dir.glob("coslide_triton_*.log"), key=lambda path: path.stat().st_mtime)
    for path in logs:
        launcher_pid = path.stem.split("_")[2]
        if not Path("/proc", launcher_pid).exists():
            _remove_shared_memory(f"{path.stem}_")
    for path in logs[: 1 - _LOGS_KEPT]:
        path.unlink(missing_ok=True)


def _remove_shared_memory(prefix: str) -> None:
    for region in _SHARED_MEMORY.glob(f"{prefix}*"):
        region.unlink(missing_ok=True)


async def _serve(arguments: argparse.Namespace) -> int:
    """Keep a server up until SIGTERM or SIGINT; one that dies is started again, with growing pauses."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings = get_settings()
    venv = arguments.venv or settings.triton_venv
    repository = arguments.model_repository or settings.model_repository
    log_dir = arguments.log_dir or settings.data / "logs"
    pause_s = _FIRST_PAUSE_S
    while not stop.is_set():
        started = time.monotonic()
        async with TritonServer(venv, repository, log_dir, grpc_port=arguments.grpc_port) as server:
            for failure in server.refused:
                _say(f"the model server refused the model {failure.name}: {failure.reason}")
            print(f"ready {server.grpc_address}", flush=True)
            arguments.grpc_port = int(server.grpc_address.rpartition(":")[2])
            care = ModelCare(
                repository, server.grpc_address, canary_s=arguments.canary_s, limit_s=arguments.canary_limit_s
            )
            code = await _first(stop, server, care)
        if not stop.is_set():
            was_steady = time.monotonic() - started > _STEADY_S
            pause_s = _FIRST_PAUSE_S if was_steady else min(2 * pause_s, _LONGEST_PAUSE_S)
            _say(f"the model server ended with code {code}; starting it again in {pause_s:.0f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)
    return 0


async def _first(stop: asyncio.Event, server: TritonServer, care: ModelCare) -> int | None:
    """Wait for `stop` (None), for the server to end (its exit code), or to be found hung (None)."""
    stopping, ending = asyncio.create_task(stop.wait()), asyncio.create_task(server.wait())
    caring = asyncio.create_task(care.until_hung())
    done, pending = await asyncio.wait({stopping, ending, caring}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if caring in done:
        _say(f"the model server hangs: {caring.result()}")
    return ending.result() if ending in done else None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m workers.triton_server",
        description="Run the Triton model server on loopback until stopped.",
    )
    parser.add_argument("--grpc-port", type=int, default=0, help="port; 0 (the default) for a free one")
    parser.add_argument("--venv", type=Path, help="environment with nvidia-pytriton (COSLIDE_TRITON_VENV)")
    parser.add_argument("--model-repository", type=Path, help="models (COSLIDE_MODEL_REPOSITORY)")
    parser.add_argument("--log-dir", type=Path, help="folder for logs (logs in COSLIDE_DATA)")
    parser.add_argument("--canary-s", type=float, default=CANARY_S, help="seconds between trial inferences")
    parser.add_argument("--canary-limit-s", type=float, default=CANARY_LIMIT_S, help="how long one may take")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    die_with_parent()
    try:
        return asyncio.run(_serve(parser.parse_args()))
    except PlatformError as error:
        _say(error.message)
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""`coslide doctor`: looks at everything that serving needs and says what is wrong and what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import redis.asyncio
from tritonclient.grpc.aio import InferenceServerClient

from api.errors import PlatformError, Unavailable
from api.models.database import connected, pending_migrations
from api.predictions.triton import TritonClient
from api.routes.web import WEB_DIST
from api.settings import Settings
from api.slides.reader import ReaderPool
from workers.triton_install import find_install

TIMEOUT_S = 20.0
SPARE_GB = 2.0

Check = Callable[[Settings], Awaitable[str]]


@dataclass(frozen=True)
class Finding:
    """What a check saw: `text` describes the thing that works, or the problem and its remedy."""

    about: str
    works: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok     ' if self.works else 'PROBLEM'} {self.about}: {self.text}"


async def examine(settings: Settings) -> list[Finding]:
    """Run every check, one after the other; a check that fails does not keep the others from running."""
    checks: dict[str, Check] = {
        "data folder": _data_folder,
        "database": _database,
        "Redis": _redis,
        "slide reader": _slide_reader,
        "model server": _model_server,
        "models": _models,
        "web client": _web_client,
    }
    return [await _finding(about, check, settings) for about, check in checks.items()]


async def _finding(about: str, check: Check, settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return Finding(about, True, await check(settings))
    except PlatformError as problem:
        return Finding(about, False, problem.message)
    except TimeoutError:
        return Finding(about, False, f"no answer in {TIMEOUT_S:g} s. Check that it runs and is reachable from here.")
    except Exception as error:  # whatever a driver raises is what is to be told
        return Finding(about, False, f"{type(error).__name__}: {error}")


async def _data_folder(settings: Settings) -> str:
    folder = settings.data.absolute()
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise Unavailable(f"{folder} is no folder that can be written. Make it, or set COSLIDE_DATA to one that can.")
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < SPARE_GB:
        raise Unavailable(f"{folder} has {free_gb:.1f} GB free. Make room: slides and tiles go there.")
    return f"{folder}, {free_gb:.0f} GB free"


async def _database(settings: Settings) -> str:
    async with connected(settings):
        if pending := await pending_migrations():
            raise Unavailable(
                f"{len(pending)} migrations are not applied ({', '.join(pending)}). Type: coslide migrate"
            )
    return f"{settings.database.partition(':')[0]}, tables up to date"


async def _redis(settings: Settings) -> str:
    if settings.redis_url is None:
        return "not used; COSLIDE_REDIS_URL is needed with more than one API process"
    async with redis.asyncio.from_url(settings.redis_url) as client:
        facts = await client.info("server")
    return f"version {facts['redis_version']}"


async def _slide_reader(settings: Settings) -> str:
    memory_mb, timeout_s = settings.reader_memory_mb, settings.reader_timeout_s
    async with ReaderPool(processes=1, memory_mb=memory_mb, timeout_s=timeout_s):
        return f"starts; at most {memory_mb} MB and {timeout_s:g} s a read"


async def _model_server(settings: Settings) -> str:
    if settings.triton_url is None:
        install = await asyncio.to_thread(find_install, settings.triton_venv)
        return f"installed in {install.venv}; coslide serve starts it"
    async with InferenceServerClient(settings.triton_url) as client:
        facts = await client.get_server_metadata(client_timeout=TIMEOUT_S)
    return f"Triton {facts.version} at {settings.triton_url}"


async def _models(settings: Settings) -> str:
    folder = settings.model_repository
    names = sorted(path.parent.name for path in folder.glob("*/config.pbtxt"))
    if not names:
        raise Unavailable(f"{folder.absolute()} holds no model. Set COSLIDE_MODEL_REPOSITORY to the folder that does.")
    if settings.triton_url is None:
        return ", ".join(names)
    # A model's process may be dead or hang while the server calls it ready: only an inference tells.
    async with TritonClient(settings.triton_url, timeout_s=TIMEOUT_S) as client:
        models = [await client.model(name) for name in names]
        answered = [f"{model.name} {model.version} answers in {await client.canary(model):.2f} s" for model in models]
    return ", ".join(answered)


async def _web_client(settings: Settings) -> str:
    if not (WEB_DIST / "index.html").is_file():
        raise Unavailable(f"{WEB_DIST} holds no built client. Type: make setup")
    return f"built, in {WEB_DIST}"

"""`coslide doctor`: looks at everything that serving needs and tells in one table what is wrong and what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import redis.asyncio
from rich.table import Table
from tortoise.connection import get_connections
from tritonclient.grpc.aio import InferenceServerClient

from api.errors import PlatformError, Unavailable
from api.models.database import connected, pending_migrations
from api.models.slide import Slide
from api.predictions.triton import TritonClient
from api.routes.web import WEB_DIST
from api.settings import Settings
from api.slides.bucket import Bucket
from api.slides.reader import ReaderPool
from api.slides.services import open_storage
from workers.triton_install import find_install

TIMEOUT_S = 20.0
SPARE_GB = 2.0
_TRIED = "doctor/tried"
_MOST_SLIDES = 1000
_NAMED = 3


class Trouble(Exception):
    """What a check found wrong, and what to do about it."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.remedy = remedy


@dataclass(frozen=True)
class Finding:
    """What a check saw.

    Attributes:
        text: the thing that works, or what is wrong.
        remedy: what to do; "" when nothing is.
    """

    about: str
    works: bool
    text: str
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """How one thing is looked at.

    Attributes:
        remedy: what to do about a failure that does not say so itself.
    """

    about: str
    look: Callable[[Settings], Awaitable[str]]
    remedy: str


async def examine(settings: Settings) -> list[Finding]:
    """Run every check, one after the other; a check that fails does not keep the others from running."""
    return [await _finding(check, settings) for check in CHECKS]


def as_table(findings: list[Finding]) -> Table:
    """The findings for people, a row each."""
    table = Table(show_lines=True)
    table.add_column("Looked at", no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column("Found", overflow="fold")
    table.add_column("What to do", overflow="fold")
    for finding in findings:
        state = "[green]ok[/]" if finding.works else "[bold red]PROBLEM[/]"
        table.add_row(finding.about, state, _plain(finding.text), _plain(finding.remedy))
    return table


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


async def _finding(check: Check, settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return Finding(check.about, True, await check.look(settings))
    except Trouble as trouble:
        return Finding(check.about, False, trouble.wrong, trouble.remedy)
    except PlatformError as problem:
        # Every message says what happened, and then what to do.
        wrong, _, remedy = problem.message.partition(". ")
        return Finding(check.about, False, wrong.rstrip("."), remedy or check.remedy)
    except TimeoutError:
        return Finding(check.about, False, f"no answer in {TIMEOUT_S:g} s", check.remedy)
    except Exception as error:  # whatever a driver raises is what is to be told
        return Finding(check.about, False, f"{type(error).__name__}: {error}", check.remedy)


async def _data_folder(settings: Settings) -> str:
    folder = settings.data.absolute()
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise Trouble(
            f"{folder} is no folder that can be written", "Make it, or set COSLIDE_DATA to one that can be written."
        )
    free_gb = shutil.disk_usage(folder).free / 1e9
    if free_gb < SPARE_GB:
        raise Trouble(f"{folder} has {free_gb:.1f} GB free", "Make room: slides, tiles and predictions go there.")
    return f"{folder}, {free_gb:.0f} GB free"


async def _storage(settings: Settings) -> str:
    if settings.s3_bucket is None:
        return "slide files stay in the data folder; no bucket is set"
    bucket = Bucket(settings)
    await bucket.put(_TRIED, b"doctor")
    if await bucket.get(_TRIED) != b"doctor":
        raise Trouble(f"The bucket {settings.s3_bucket} does not give back what was written", _BUCKET)
    await bucket.delete([_TRIED])
    return f"the bucket {settings.s3_bucket} can be written, read and cleared"


async def _database(settings: Settings) -> str:
    async with connected(settings):
        # Asked first: where nothing answers, every migration would seem to be missing.
        await get_connections().get("default").execute_query("SELECT 1")
        if pending := await pending_migrations():
            raise Trouble(f"{len(pending)} migrations are not applied ({', '.join(pending)})", "Type: coslide migrate")
    return f"{settings.database.partition(':')[0]}, tables up to date"


async def _slides(settings: Settings) -> str:
    """Whether the files of the slides, the newest first, are where they should be."""
    async with connected(settings):
        rows = await Slide.filter(deleted_at=None).order_by("-created_at").limit(_MOST_SLIDES).values("name", "sha256")
    storage = open_storage(settings)
    missing = [row["name"] for row in rows if not await storage.holds_slide(row["sha256"])]
    if missing:
        named = ", ".join(missing[:_NAMED]) + (" and others" if len(missing) > _NAMED else "")
        raise Trouble(
            f"{len(missing)} of {len(rows)} slides lack their file: {named}",
            "Restore the folder `slides` from a backup, or upload them again.",
        )
    return f"of {len(rows)} looked at, each has its file"


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
        raise Trouble(f"{WEB_DIST} holds no built client", "Type: make setup")
    return f"built, in {WEB_DIST}"


_BUCKET = "Correct the COSLIDE_S3 settings; the key must be allowed to read, write, list and delete."
_DATABASE = "Start the database, or correct COSLIDE_DATABASE_URL."
CHECKS = (
    Check("data folder", _data_folder, "Correct COSLIDE_DATA."),
    Check("storage", _storage, _BUCKET),
    Check("database", _database, _DATABASE),
    Check("slides", _slides, "Mend the database first; what slides there are is in it."),
    Check("Redis", _redis, "Start Redis, or correct COSLIDE_REDIS_URL."),
    Check("slide reader", _slide_reader, "Raise COSLIDE_READER_MEMORY_MB, or close what uses the machine's memory."),
    Check("model server", _model_server, "Start the model server, or correct COSLIDE_TRITON_URL."),
    Check("models", _models, "Start the model server, or correct COSLIDE_TRITON_URL."),
    Check("web client", _web_client, "Type: make setup"),
)

"""The shared fixtures do what conftest promises."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import redis.asyncio
from tortoise.context import TortoiseContext
from tritonclient.grpc.aio import InferenceServerClient

from api.models.project import Membership, Role
from api.models.slide import Slide, SlideSequence
from tests.factories import make_project, make_slide_row, make_user
from tests.servers.process import ServerDidNotStart, ServerProcess, accepts, free_port
from tests.servers.redis import RedisServer


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_has_an_empty_database_of_its_own(database: TortoiseContext, turn: int) -> None:
    assert await Slide.all().count() == 0
    slide = await make_slide_row()
    stored = await Slide.get(id=slide.id).prefetch_related("project")
    assert (stored.width, stored.levels[2]) == (4096, {"width": 1024, "height": 512, "downsample": 4.0})
    assert (await SlideSequence.get(slide_id=slide.id)).seq == 0
    assert turn in (1, 2)


async def test_tasks_of_a_test_use_its_database(database: TortoiseContext) -> None:
    slide = await make_slide_row()

    async def name_in_another_task() -> str:
        return (await Slide.get(id=slide.id)).name

    assert await asyncio.create_task(name_in_another_task()) == slide.name


async def test_a_project_has_its_owner_and_the_members_named(sqlite_database: TortoiseContext) -> None:
    reviewer = await make_user("Ada")
    project = await make_project(members={Role.REVIEWER: reviewer})
    rows = await Membership.filter(project=project).order_by("created_at").values_list("role", "user__name")
    assert [role for role, _ in rows] == [Role.OWNER, Role.REVIEWER]
    assert rows[1][1] == "Ada"


@pytest.mark.parametrize("turn", [1, 2])
async def test_redis_is_empty_for_each_test(redis_url: str, turn: int) -> None:
    async with redis.asyncio.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("turn", turn)


def test_a_server_can_be_taken_away_and_brought_back(redis_url: str, tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    assert accepts(server.port)
    server.kill()
    assert not accepts(server.port)
    server.start()
    assert accepts(server.port)
    server.stop()
    assert not accepts(server.port)


def test_a_server_that_ends_early_shows_its_log(tmp_path: Path) -> None:
    server = ServerProcess(["sh", "-c", "echo out of ink; exit 3"], log=tmp_path / "log", is_ready=lambda: False)
    with pytest.raises(ServerDidNotStart, match=r"sh ended with code 3 before it was ready:\nout of ink"):
        server.start()


def test_a_server_that_never_answers_is_ended(tmp_path: Path) -> None:
    server = ServerProcess(["sleep", "60"], log=tmp_path / "log", is_ready=lambda: False, timeout_s=0.1)
    with pytest.raises(ServerDidNotStart, match=r"sleep was not ready in 0\.1 s"):
        server.start()
    with pytest.raises(RuntimeError, match="sleep is not running"):
        _ = server.pid


def test_a_free_port_is_free() -> None:
    assert not accepts(free_port())


def test_shared_data_has_the_slides(shared_data: Path) -> None:
    assert (shared_data / "slides" / "aperio_cmu").is_dir()


def test_chromium_is_a_program(chromium_path: Path) -> None:
    assert chromium_path.is_file()


async def test_triton_answers_with_the_projects_models(triton_url: str) -> None:
    async with InferenceServerClient(triton_url) as client:
        assert await client.is_server_ready(client_timeout=10)
        index = await client.get_model_repository_index(client_timeout=10)
    assert [(model.name, model.state) for model in index.models] == [("tumor_fast", "READY")]

"""`coslide doctor` names what is wrong and what to do, whatever else is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api import doctor
from api.cli import cli
from api.doctor import Finding, examine
from api.models.database import connected, migrate
from api.settings import Settings
from api.slides.bucket import Bucket
from api.slides.storage import Storage
from tests.factories import make_slide_row
from tests.servers.process import free_port
from tests.servers.s3 import S3Server
from tests.servers.triton import TritonProcess, write_model


async def about(thing: str, settings: Settings) -> Finding:
    [finding] = [finding for finding in await examine(settings) if finding.about == thing]
    return finding


async def test_each_thing_is_looked_at_even_where_nothing_works(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path / "nowhere",
        database_url=f"mysql://root:@127.0.0.1:{free_port()}/coslide",
        redis_url=f"redis://127.0.0.1:{free_port()}/0",
        triton_venv=tmp_path / "no-venv",
        model_repository=tmp_path / "no-models",
    )
    found = {finding.about: finding for finding in await examine(settings)}
    assert [name for name, finding in found.items() if finding.works] in (
        ["storage", "slide reader"],
        ["storage", "slide reader", "web client"],
    )
    assert found["model server"].text == f"There is no virtual environment at {tmp_path / 'no-venv'}"
    assert found["model server"].remedy.startswith("Run `make")
    assert found["models"].text == f"{tmp_path / 'no-models'} holds no model"
    assert found["models"].remedy == "Set COSLIDE_MODEL_REPOSITORY to the folder that does."
    assert found["Redis"].text.startswith("ConnectionError: ")
    assert found["Redis"].remedy == "Start Redis, or correct COSLIDE_REDIS_URL."
    assert found["database"].remedy == "Start the database, or correct COSLIDE_DATABASE_URL."
    assert all(finding.remedy for finding in found.values() if not finding.works)


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    finding = await about("data folder", Settings(data=tmp_path / "nowhere"))
    assert finding == Finding(
        "data folder",
        False,
        f"{tmp_path / 'nowhere'} is no folder that can be written",
        "Make it, or set COSLIDE_DATA to one that can be written.",
    )


async def test_a_database_is_asked_for_its_migrations(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    before = await about("database", settings)
    assert not before.works
    assert before.remedy == "Type: coslide migrate"
    await migrate(settings)
    assert await about("database", settings) == Finding("database", True, "sqlite, tables up to date")


async def test_slides_without_their_file_are_named(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    await migrate(settings)
    kept = Storage(tmp_path).slide_path("a" * 64)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"pixels")
    async with connected(settings):
        await make_slide_row(sha256="a" * 64, name="kept")
    assert await about("slides", settings) == Finding("slides", True, "of 1 looked at, each has its file")

    async with connected(settings):
        await make_slide_row(sha256="b" * 64, name="lost")

    assert await about("slides", settings) == Finding(
        "slides",
        False,
        "1 of 2 slides lack their file: lost",
        "Restore the folder `slides` from a backup, or upload them again.",
    )


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    server = S3Server(tmp_path)
    server.start()
    yield server
    server.stop()


async def test_a_bucket_is_written_read_and_cleared(s3: S3Server, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, **s3.new_bucket())
    finding = await about("storage", settings)
    assert finding == Finding("storage", True, f"the bucket {settings.s3_bucket} can be written, read and cleared")
    assert await Bucket(settings).get("doctor/tried") is None
    elsewhere = await about("storage", settings.model_copy(update={"s3_bucket": "not-there"}))
    assert elsewhere.text == "The storage of the slides does not answer or refuses"
    assert "COSLIDE_S3" in elsewhere.remedy


async def test_redis_tells_its_version(tmp_path: Path, redis_url: str) -> None:
    finding = await about("Redis", Settings(data=tmp_path, redis_url=redis_url))
    assert finding.works
    assert finding.text.startswith("version ")


async def test_a_running_model_server_tells_its_version(tmp_path: Path, triton_url: str) -> None:
    finding = await about("model server", Settings(data=tmp_path, triton_url=triton_url))
    assert finding.text == f"Triton 2.51.0 at {triton_url}"


@pytest.mark.parametrize(
    ("works", "code", "state", "remedy"), [(True, 0, "ok", ""), (False, 1, "PROBLEM", "Start the model server.")]
)
def test_the_command_prints_one_table_and_exits_with_1_for_a_problem(
    monkeypatch: pytest.MonkeyPatch, works: bool, code: int, state: str, remedy: str
) -> None:
    async def examined(settings: Settings) -> list[Finding]:
        return [Finding("Redis", True, "version 8"), Finding("models", works, "tumor_fast [int8]", remedy)]

    monkeypatch.setattr(doctor, "examine", examined)
    answer = CliRunner().invoke(cli, ["doctor"])
    assert answer.exit_code == code
    rows = [[cell.strip() for cell in re.split("[│┃]", line)[1:-1]] for line in answer.stdout.splitlines()]
    assert [row for row in rows if row] == [
        ["Looked at", "State", "Found", "What to do"],
        ["Redis", "ok", "version 8", ""],
        ["models", state, "tumor_fast [int8]", remedy],
    ]


async def test_each_model_is_tried_with_an_inference(standin_triton: TritonProcess, tmp_path: Path) -> None:
    write_model(tmp_path / "well", "redness")
    write_model(tmp_path / "ill", "faulty")
    url = standin_triton.address

    well = await about("models", Settings(data=tmp_path, triton_url=url, model_repository=tmp_path / "well"))
    ill = await about("models", Settings(data=tmp_path, triton_url=url, model_repository=tmp_path / "ill"))

    assert well.works
    assert re.fullmatch(r"redness 1\.2\.3 answers in \d+\.\d\d s", well.text)
    assert not ill.works
    assert ill.text.startswith("The model faulty failed: ")
    assert "the weights are melted" in ill.text

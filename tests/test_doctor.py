"""`coslide doctor` names what is wrong and what to do, whatever else is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api import doctor
from api.cli import cli
from api.doctor import Finding, examine
from api.models.database import migrate
from api.settings import Settings
from tests.servers.process import free_port
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
        ["slide reader"],
        ["slide reader", "web client"],
    )
    assert found["model server"].text.startswith(
        f"There is no virtual environment at {tmp_path / 'no-venv'}. Run `make"
    )
    assert found["models"].text == (
        f"{tmp_path / 'no-models'} holds no model. Set COSLIDE_MODEL_REPOSITORY to the folder that does."
    )
    assert found["Redis"].text.startswith("ConnectionError: ")


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    finding = await about("data folder", Settings(data=tmp_path / "nowhere"))
    assert str(finding) == (
        f"PROBLEM data folder: {tmp_path / 'nowhere'} is no folder that can be written. "
        "Make it, or set COSLIDE_DATA to one that can."
    )


async def test_a_database_is_asked_for_its_migrations(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    before = await about("database", settings)
    assert not before.works
    assert before.text.endswith("Type: coslide migrate")
    await migrate(settings)
    assert str(await about("database", settings)) == "ok      database: sqlite, tables up to date"


async def test_redis_tells_its_version(tmp_path: Path, redis_url: str) -> None:
    finding = await about("Redis", Settings(data=tmp_path, redis_url=redis_url))
    assert finding.works
    assert finding.text.startswith("version ")


async def test_a_running_model_server_tells_its_version(tmp_path: Path, triton_url: str) -> None:
    finding = await about("model server", Settings(data=tmp_path, triton_url=triton_url))
    assert finding.text == f"Triton 2.51.0 at {triton_url}"


@pytest.mark.parametrize(
    ("works", "code", "line"), [(True, 0, "ok      models: tumor_fast"), (False, 1, "PROBLEM models: tumor_fast")]
)
def test_the_command_prints_each_finding_and_exits_with_1_for_a_problem(
    monkeypatch: pytest.MonkeyPatch, works: bool, code: int, line: str
) -> None:
    async def examined(settings: Settings) -> list[Finding]:
        return [Finding("Redis", True, "version 8"), Finding("models", works, "tumor_fast")]

    monkeypatch.setattr(doctor, "examine", examined)
    answer = CliRunner().invoke(cli, ["doctor"])
    assert answer.exit_code == code
    assert answer.stdout.splitlines() == ["ok      Redis: version 8", line]


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

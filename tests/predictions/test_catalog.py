"""Which models there are, with the server and without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.errors import InvalidInput, NotFound
from api.predictions.catalog import ModelCatalog
from api.settings import Settings
from tests.servers.process import free_port
from tests.servers.triton import TritonProcess, write_model


def settings_for(repository: Path, address: str | None) -> Settings:
    return Settings(model_repository=repository, triton_url=address)


@pytest.mark.parametrize("has_address", [False, True])
async def test_without_a_server_the_files_tell(tmp_path: Path, has_address: bool) -> None:
    write_model(tmp_path, "redness")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.pbtxt").write_text('name: "broken"')
    address = f"127.0.0.1:{free_port()}" if has_address else None
    async with ModelCatalog(settings_for(tmp_path, address)) as catalog:
        assert [(entry.info.name, entry.is_ready) for entry in await catalog.entries()] == [("redness", False)]
        assert (await catalog.model("redness")).version == "1.2.3"
        assert (await catalog.model(None)).name == "redness"
        with pytest.raises(InvalidInput, match=r"The model 'broken' can't be used: the parameter 'classes' is missing"):
            await catalog.model("broken")
        with pytest.raises(NotFound, match=r"There is no model 'nonesuch'\. There are: redness\."):
            await catalog.model("nonesuch")


async def test_an_empty_repository_says_what_to_do(tmp_path: Path) -> None:
    async with ModelCatalog(settings_for(tmp_path, None)) as catalog:
        assert await catalog.entries() == ()
        with pytest.raises(NotFound, match=r"There is no model in .* Train one with `make train`"):
            await catalog.model(None)


@pytest.mark.triton
async def test_the_server_tells_what_is_ready(standin_triton: TritonProcess, tmp_path: Path) -> None:
    write_model(tmp_path, "mortal")
    async with ModelCatalog(settings_for(tmp_path, standin_triton.address)) as catalog:
        found = {entry.info.name: entry.is_ready for entry in await catalog.entries()}

        assert found == {"redness": True, "slow": True, "doubtful": True, "faulty": True, "mortal": False}
        assert (await catalog.model(None)).name == "doubtful"


async def test_a_model_put_there_later_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.predictions.catalog._FRESH_S", 0.0)
    async with ModelCatalog(settings_for(tmp_path, None)) as catalog:
        assert await catalog.entries() == ()
        write_model(tmp_path, "redness")
        assert [entry.info.name for entry in await catalog.entries()] == ["redness"]

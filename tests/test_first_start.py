"""The first start: an account, a project and the samples, once."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import PIL.Image
import pytest

from api.auth.accounts import check_credentials
from api.errors import UnsupportedSlide
from api.first_start import EMAIL, prepare
from api.models.database import connected
from api.models.project import Membership, Project, Role
from api.models.slide import Slide
from api.models.user import User
from api.settings import Settings


@pytest.fixture
def samples(tmp_path: Path, shared_data: Path) -> Path:
    folder = tmp_path / "samples"
    folder.mkdir()
    shutil.copy(shared_data / "slides" / "aperio_cmu" / "CMU-1-Small-Region.svs", folder)
    PIL.Image.new("RGB", (600, 400), "#b05a90").save(folder / "adenocarcinoma.png")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", reader_processes=1)


async def test_the_first_start_makes_an_account_and_the_samples(settings: Settings, samples: Path) -> None:
    tables, account, project = await prepare(settings, samples)
    assert re.fullmatch(r"\d+ migrations? applied", tables)
    assert project == "Project Samples: CMU-1 Small Region, Adenocarcinoma"
    password = account.rpartition(" ")[2]
    async with connected(settings):
        owner = await check_credentials(EMAIL, password)
        assert owner.is_admin
        assert await Membership.all().values_list("user_id", "role") == [(owner.id, Role.OWNER)]
        slides = await Slide.all().order_by("created_at").values_list("name", "width", "height", "mpp_x", "mpp_y")
    assert slides == [("CMU-1 Small Region", 2220, 2967, 0.499, 0.499), ("Adenocarcinoma", 600, 400, 0.25, 0.25)]
    assert sorted(path.name for path in samples.iterdir()) == ["CMU-1-Small-Region.svs", "adenocarcinoma.png"]


async def test_the_second_start_changes_nothing(settings: Settings, samples: Path) -> None:
    await prepare(settings, samples)
    assert await prepare(settings, samples) == ["tables up to date"]
    async with connected(settings):
        assert (await User.all().count(), await Slide.all().count()) == (1, 2)


async def test_samples_that_were_removed_stay_removed(settings: Settings, samples: Path) -> None:
    await prepare(settings, samples)
    async with connected(settings):
        await Project.all().delete()
        await Project.create(name="Mine")
    assert await prepare(settings, samples) == ["tables up to date"]


async def test_a_sample_that_fails_leaves_no_project_and_is_tried_again(settings: Settings, samples: Path) -> None:
    slide = samples / "CMU-1-Small-Region.svs"
    whole = slide.read_bytes()
    slide.write_bytes(b"II*\0 and nothing more")
    with pytest.raises(UnsupportedSlide):
        await prepare(settings, samples)
    async with connected(settings):
        assert (await User.all().count(), await Project.all().count(), await Slide.all().count()) == (1, 0, 0)
    slide.write_bytes(whole)
    _, project = await prepare(settings, samples)
    assert project == "Project Samples: CMU-1 Small Region, Adenocarcinoma"

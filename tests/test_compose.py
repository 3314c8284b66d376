"""docker-compose.yml and the Dockerfile name only what exists: images, ports, settings, paths, commands."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from api.cli import cli
from api.routes import health
from api.settings import Settings
from workers.triton_install import TRITON_VERSION

ROOT = Path(__file__).parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
OURS = ("migrate", "api", "worker")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
ENV_EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
TRITON_OF_IMAGE = {"24.10-py3": "2.51.0"}


def required(text: str) -> set[str]:
    """Variables that must be set: `${NAME:?what to do}`."""
    return set(re.findall(r"\$\{(\w+):\?[^}]+\}", text))


def test_the_services_and_their_images() -> None:
    assert {name: service["image"] for name, service in SERVICES.items()} == {
        "mysql": "mysql:8.4",
        "redis": "redis:8",
        "triton": "nvcr.io/nvidia/tritonserver:24.10-py3",
        "migrate": "coslide",
        "api": "coslide",
        "worker": "coslide",
    }


def test_triton_is_the_version_that_runs_without_docker() -> None:
    assert TRITON_OF_IMAGE[SERVICES["triton"]["image"].rpartition(":")[2]] == TRITON_VERSION


@pytest.mark.parametrize("name", OURS)
def test_every_setting_exists(name: str) -> None:
    known = {f"COSLIDE_{field.upper()}" for field in Settings.model_fields}
    assert set(SERVICES[name]["environment"]) - known == set()


def test_the_settings_are_valid_and_reach_the_other_services(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICES["api"]["environment"].items():
        if value is None:
            continue
        filled = re.sub(r"\$\{COSLIDE_PUBLIC_URL:\?[^}]*\}", "https://slides.example.org", str(value))
        filled = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", re.sub(r"\$\{\w+:\?[^}]*\}", "filled", filled))
        monkeypatch.setenv(name, filled)
    settings = Settings()
    assert settings.database_url == "mysql://coslide:filled@mysql:3306/coslide"
    assert settings.redis_url == "redis://redis:6379/0"
    assert settings.triton_url == "triton:8001"
    assert settings.secure_cookies
    for address in (settings.database_url, settings.redis_url, f"grpc://{settings.triton_url}"):
        host = re.sub(r"^\w+://(?:[^@]*@)?", "", address).partition(":")[0]
        assert host in SERVICES
    mysql = SERVICES["mysql"]["environment"]
    assert (mysql["MYSQL_USER"], mysql["MYSQL_DATABASE"]) == ("coslide", "coslide")


def test_no_secret_has_a_default() -> None:
    asked_for = required(COMPOSE)
    assert asked_for == {"MYSQL_PASSWORD", "COSLIDE_PUBLIC_URL", "COSLIDE_SECRET"}
    with_default = set(re.findall(r"\$\{(\w+):?-", COMPOSE))
    assert with_default == {"COSLIDE_REGISTRATION"}
    assert re.findall(r"^(\w+)=(.*)$", ENV_EXAMPLE, re.MULTILINE) == [
        ("MYSQL_PASSWORD", ""),
        ("COSLIDE_SECRET", ""),
        ("COSLIDE_PUBLIC_URL", ""),
    ]


def test_the_example_names_only_variables_that_are_handed_on() -> None:
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", ENV_EXAMPLE, re.MULTILINE))
    handed_on = required(COMPOSE) | {"COSLIDE_REGISTRATION"}
    handed_on |= {name for name, value in SERVICES["api"]["environment"].items() if value is None}
    assert named - handed_on == set()


@pytest.mark.parametrize("name", ["mysql", "redis", "triton", "api"])
def test_a_service_that_others_wait_for_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


def test_the_apis_health_path_and_port_are_its_own() -> None:
    api = SERVICES["api"]
    port, path = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", api["healthcheck"]["test"][-1]).groups()  # type: ignore[union-attr]
    assert path in {route.path for route in health.routes}
    assert f"--port={port}" in api["command"]
    assert [mapping.rpartition(":")[2] for mapping in api["ports"]] == [port]
    assert f"EXPOSE {port}\n" in DOCKERFILE


@pytest.mark.parametrize("name", OURS)
def test_waiting_is_for_services_that_can_be_waited_for(name: str) -> None:
    for other, how in SERVICES[name]["depends_on"].items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"


def test_the_commands_exist() -> None:
    assert SERVICES["migrate"]["command"] == ["coslide", "migrate"]
    assert "migrate" in get_command(cli).commands  # type: ignore[attr-defined]
    assert SERVICES["worker"]["command"] == ["python", "-m", "workers.main"]
    assert SERVICES["api"]["command"][:2] == ["uvicorn", "api.main:app"]
    assert SERVICES["worker"]["healthcheck"]["test"] == ["CMD", "python", "-m", "workers.pulse"]
    for module in ("workers.main", "workers.pulse", "api.main"):
        assert importlib.util.find_spec(module) is not None


def test_volumes_are_declared_or_are_folders_of_the_project() -> None:
    declared = set(yaml.safe_load(COMPOSE)["volumes"])
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in declared or (ROOT / source).is_dir()


def test_the_graphics_card_override_touches_triton_alone() -> None:
    override = yaml.safe_load((ROOT / "docker-compose.gpu.yml").read_text(encoding="utf-8"))
    assert set(override["services"]) == {"triton"}


def test_the_image_copies_only_what_exists_and_is_sent_to_the_builder() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source.partition("/")[0] in sent, source
    assert "pip install --require-hashes -r locks/serve.txt" in DOCKERFILE

"""The client and the launcher of the model server, on the real thing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from api.errors import InvalidInput, NotFound, Unavailable
from api.predictions.triton import InferenceFailed, ModelServerDown, ModelSick, TritonClient
from tests.servers.coslide import environment
from tests.servers.process import free_port
from tests.servers.triton import CLASSES, TritonProcess, write_model
from workers.triton_server import TritonServer

pytestmark = pytest.mark.triton

SHARED_MEMORY = Path("/dev/shm")


def regions_of(server: TritonServer) -> list[Path]:
    return list(SHARED_MEMORY.glob(f"{server.log_path.stem}_*"))


async def test_the_models_facts_come_from_the_server(client: TritonClient) -> None:
    model = await client.model("redness")

    assert (model.name, model.version, model.mpp, model.patch_px) == ("redness", "1.2.3", 1.0, 512)
    assert tuple(item.name for item in model.classes) == CLASSES
    assert await client.version() == "2.51.0"


async def test_probabilities_come_back_for_each_patch(client: TritonClient) -> None:
    model = await client.model("redness")
    patches = np.zeros((3, 512, 512, 3), np.uint8)
    patches[1, :, :, 0] = 200
    patches[2, 100:200, :, 2] = 90

    found = await client.infer(model, patches)

    assert (found.shape, found.dtype) == ((3, 3, 512, 512), np.uint8)
    assert [np.unique(found[index, 2]).tolist() for index in range(3)] == [[0], [200], [0]]
    assert np.array_equal(found[2, 1] == 90, patches[2, :, :, 2] == 90)


async def test_the_canary_sings(client: TritonClient) -> None:
    assert 0 < await client.canary(await client.model("redness")) < 30


async def test_failures_are_told_apart(client: TritonClient) -> None:
    white = np.full((1, 512, 512, 3), 255, np.uint8)
    with pytest.raises(InferenceFailed, match=r"The model faulty failed: .*the weights are melted"):
        await client.infer(await client.model("faulty"), white)
    with pytest.raises(NotFound, match="The model server has no model 'nonesuch'"):
        await client.model("nonesuch")
    with pytest.raises(InvalidInput, match="The model server refused the request for redness"):
        await client.infer(await client.model("redness"), white[:, :256, :256])


async def test_a_server_that_is_away_is_said_to_be(client: TritonClient) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with TritonClient(address, timeout_s=5) as away:
        with pytest.raises(
            ModelServerDown, match=rf"The model server at {address} does not answer .*COSLIDE_TRITON_URL"
        ):
            await away.canary(await client.model("redness"))


async def test_a_call_ends_in_time(triton: TritonProcess, client: TritonClient) -> None:
    async with TritonClient(triton.address, timeout_s=0.05) as hasty:
        with pytest.raises(ModelServerDown, match=r"does not answer .*Deadline Exceeded"):
            await hasty.canary(await client.model("slow"))


async def test_a_dead_model_is_noticed_and_loaded_anew(model_venv: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "models", "mortal")
    async with (
        TritonServer(model_venv, tmp_path / "models", tmp_path / "logs") as server,
        TritonClient(server.grpc_address, timeout_s=20) as client,
    ):
        model = await client.model("mortal")
        with pytest.raises((ModelSick, InferenceFailed)):
            await client.canary(model)
        with pytest.raises(ModelSick, match="The model mortal has crashed inside the model server"):
            await client.canary(model)
        source = tmp_path / "models" / "mortal" / "1" / "model.py"
        source.write_text(source.read_text().replace("os.kill(os.getpid(), 9)", "pass"))

        await client.reload("mortal")

        assert await client.canary(model) > 0


async def test_the_launcher_leaves_nothing_but_its_log(
    model_venv: Path, standin_repository: Path, tmp_path: Path
) -> None:
    async with TritonServer(model_venv, standin_repository, tmp_path) as server:
        assert server.refused == ()
        assert server.grpc_address.startswith("127.0.0.1:")
        pid = server.pid
        assert len(regions_of(server)) > 0

    assert not Path(f"/proc/{pid}").exists()
    assert regions_of(server) == []
    assert "Started GRPCInferenceService" in server.log_path.read_text()


async def test_a_killed_server_s_shared_memory_is_removed(
    model_venv: Path, standin_repository: Path, tmp_path: Path
) -> None:
    strange = SHARED_MEMORY / f"triton_python_backend_shm_region_of_someone_else_{os.getpid()}"
    strange.write_bytes(b"x")
    try:
        async with TritonServer(model_venv, standin_repository, tmp_path) as server:
            os.kill(server.pid, signal.SIGKILL)
            assert await server.wait() == -signal.SIGKILL
        assert regions_of(server) == []
        assert strange.exists()
    finally:
        strange.unlink()


async def test_what_killed_launchers_left_is_removed_at_the_next_start(
    model_venv: Path, standin_repository: Path, tmp_path: Path
) -> None:
    dead = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
    await dead.wait()
    left = SHARED_MEMORY / f"coslide_triton_{dead.pid}_0badcafe_region"
    left.write_bytes(b"x")
    foreign = SHARED_MEMORY / f"coslide_triton_{dead.pid}_feedbeef_region"
    foreign.write_bytes(b"x")
    (tmp_path / f"coslide_triton_{dead.pid}_0badcafe.log").write_text("killed")
    try:
        async with TritonServer(model_venv, standin_repository, tmp_path):
            assert not left.exists()
            assert foreign.exists()  # another folder's server: not ours
    finally:
        left.unlink(missing_ok=True)
        foreign.unlink()


async def test_a_refused_model_is_named_and_the_others_serve(model_venv: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "models", "redness")
    write_model(tmp_path / "models", "slow")
    (tmp_path / "models" / "slow" / "1" / "model.py").write_text("raise RuntimeError('no weights here')")

    async with (
        TritonServer(model_venv, tmp_path / "models", tmp_path / "logs") as server,
        TritonClient(server.grpc_address, timeout_s=20) as client,
    ):
        assert [(failure.name, failure.reason) for failure in server.refused] == [
            ("slow", "Internal: RuntimeError: no weights here")
        ]
        assert await client.canary(await client.model("redness")) > 0


async def test_a_server_without_any_model_says_why(model_venv: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "models", "redness")
    (tmp_path / "models" / "redness" / "1" / "model.py").write_text("raise RuntimeError('no weights here')")

    with pytest.raises(
        Unavailable, match=r"could load no model \(redness: .*no weights here\)\. Its log .* ends with:\n"
    ):
        await TritonServer(model_venv, tmp_path / "models", tmp_path / "logs").__aenter__()


async def test_what_is_missing_is_named(model_venv: Path, standin_repository: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"There is no model repository at .*COSLIDE_MODEL_REPOSITORY"):
        await TritonServer(model_venv, tmp_path / "none", tmp_path).__aenter__()
    with pytest.raises(Unavailable, match=r"There is no virtual environment at .*Run `make setup`"):
        await TritonServer(tmp_path, standin_repository, tmp_path).__aenter__()
    with pytest.raises(Unavailable, match=r"holds no nvidia-pytriton .*Run `make setup`"):
        await TritonServer(Path(sys.prefix), standin_repository, tmp_path).__aenter__()


async def test_a_start_that_takes_too_long_is_ended(model_venv: Path, standin_repository: Path, tmp_path: Path) -> None:
    server = TritonServer(model_venv, standin_repository, tmp_path, start_timeout_s=0.2)
    with pytest.raises(Unavailable, match=r"The model server was not ready after 0 s\. Its log"):
        await server.__aenter__()
    assert not Path(f"/proc/{server.pid}").exists()


async def test_the_server_dies_with_a_killed_launcher(
    model_venv: Path, standin_repository: Path, tmp_path: Path
) -> None:
    launcher = TritonProcess(tmp_path, standin_repository)
    launcher.start()
    server_pid = launcher.server_pid

    launcher.kill()

    async with asyncio.timeout(20):
        while Path(f"/proc/{server_pid}").exists():
            await asyncio.sleep(0.05)


async def test_the_launcher_dies_with_its_parent(model_venv: Path, standin_repository: Path, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline(), flush=True)\n"
        "time.sleep(600)\n"
    )
    command = (sys.executable, "-m", "workers.triton_server", f"--venv={model_venv}")
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *command),
        *(f"--model-repository={standin_repository}", f"--log-dir={tmp_path}"),
        stdout=asyncio.subprocess.PIPE,
        env=environment(tmp_path),
    )
    assert parent.stdout is not None
    pid, word, _ = (await asyncio.wait_for(parent.stdout.readline(), 60)).decode().split()
    assert word == "ready"

    parent.kill()
    await parent.wait()

    async with asyncio.timeout(20):
        while _is_running(int(pid)):
            await asyncio.sleep(0.05)


def _is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie that nobody has reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

"""A real Triton server for tests, with small models whose answers are known in advance.

`redness` calls carcinoma what is redder than blue, and benign what is bluer than red, pixel by pixel; `slow` does the
same after a fifth of a second; `doubtful` does so too and is unsure where there is much green; `faulty` fails at every
request; `mortal` dies at the first request of every life.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.servers.coslide import environment
from tests.servers.process import ServerProcess

CLASSES = ("background", "benign", "carcinoma")
VERSION = "1.2.3"
_CONFIG = """name: "{name}"
backend: "python"
max_batch_size: 8
input [{{ name: "image", data_type: TYPE_UINT8, dims: [ 512, 512, 3 ] }}]
output [{{ name: "prob", data_type: TYPE_UINT8, dims: [ {planes}, 512, 512 ] }}]
instance_group [{{ kind: KIND_CPU count: 1 }}]
{parameters}
"""
_REDNESS = """
import os, time
import numpy as np
import triton_python_backend_utils as pb_utils

# As in the project's own model: this Triton can't read numpy 2's arrays but by DLPack.
IS_NUMPY_1 = np.__version__.startswith("1.")

def array_of(tensor):
    return tensor.as_numpy() if IS_NUMPY_1 else np.from_dlpack(tensor)

def tensor_of(name, values):
    return pb_utils.Tensor(name, values) if IS_NUMPY_1 else pb_utils.Tensor.from_dlpack(name, values)

class TritonPythonModel:
    def execute(self, requests):
        answers = []
        for request in requests:
            {before}
            image = array_of(pb_utils.get_input_tensor_by_name(request, "image")).astype(np.int16)
            red = np.clip(image[..., 0] - image[..., 2], 0, 255)
            blue = np.clip(image[..., 2] - image[..., 0], 0, 255)
            prob = np.stack([255 - red - blue, blue, red{more}], axis=1).astype(np.uint8)
            answers.append(pb_utils.InferenceResponse([tensor_of("prob", np.ascontiguousarray(prob))]))
        return answers
"""
_BEFORE = {
    "redness": "pass",
    "slow": "time.sleep(0.2)",
    "faulty": "raise ValueError('the weights are melted')",
    "mortal": "os.kill(os.getpid(), 9)",
    "doubtful": "pass",
}
_DOUBTFUL = "doubtful"


def triton_venv() -> Path:
    """Where the model server's environment is on this machine, whether or not it is there."""
    return Path(os.environ.get("COSLIDE_TRITON_VENV", Path(__file__).resolve().parents[2] / ".venv-triton"))


def write_model(repository: Path, name: str, *, threshold: float = 0.5, mpp: float = 1.0) -> None:
    """Put one of the models into a repository."""
    facts = {
        "version": VERSION,
        "classes": json.dumps(CLASSES),
        "positive_class": "carcinoma",
        "mpp": str(mpp),
        "threshold": str(threshold),
        "organ": "test pattern",
        "licence": "CC0-1.0",
        "training_data": "none",
        "limits": '["knows only red"]',
        "limits_ko": '["빨강만 안다"]',
        "class_names": json.dumps({"carcinoma": {"en": "Red", "ko": "빨강"}}, ensure_ascii=False),
        "colors": json.dumps({"carcinoma": "#d62839"}),
        "dice_carcinoma": "0.5",
        "cases": "7",
    }
    is_doubtful = name == _DOUBTFUL
    if is_doubtful:
        facts["unsure_plane"] = str(len(CLASSES))
    lines = [f"parameters {{ key: {json.dumps(k)} value {{ string_value: {_quoted(v)} }} }}" for k, v in facts.items()]
    folder = repository / name
    (folder / "1").mkdir(parents=True)
    config = _CONFIG.format(name=name, planes=len(CLASSES) + is_doubtful, parameters="\n".join(lines))
    (folder / "config.pbtxt").write_text(config, encoding="utf-8")
    model = _REDNESS.format(before=_BEFORE[name], more=", image[..., 1]" if is_doubtful else "")
    (folder / "1" / "model.py").write_text(model, encoding="utf-8")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_NO_CANARIES = ("--canary-s=3600",)
"""Trial inferences would be counted with those that a test makes."""


class TritonProcess(ServerProcess):
    """`python -m workers.triton_server` over a repository; starts its server again when that dies."""

    def __init__(
        self, folder: Path, repository: Path, *, port: int = 0, options: tuple[str, ...] = _NO_CANARIES
    ) -> None:
        command = [sys.executable, "-m", "workers.triton_server", f"--grpc-port={port}"]
        super().__init__(
            [*command, f"--venv={triton_venv()}", f"--model-repository={repository}", f"--log-dir={folder}", *options],
            log=folder / "launcher.log",
            is_ready=lambda: bool(self._lines()),
            timeout_s=120,
            environment=environment(folder),
        )

    @property
    def address(self) -> str:
        """host:port of the gRPC port."""
        return self._lines()[-1].split()[1]

    @property
    def starts(self) -> int:
        """How often a server has become ready."""
        return len(self._lines())

    @property
    def server_pid(self) -> int:
        """The Triton process below the launcher."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
        return int(children[0])

    def _lines(self) -> list[str]:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return [line for line in text.splitlines() if line.startswith("ready ")]

"""Finds the Triton server inside the `nvidia-pytriton` wheel and says what is missing.

The wheel holds a whole server, made for containers: its Python backend needs a stub of the interpreter's
version beside the backend's library, and that stub needs the shared libpython, which some systems leave out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from api.errors import Unavailable

TRITON_VERSION = "2.51.0"
_FACTS = """
import json, sys, sysconfig
print(json.dumps({
    "site_packages": sysconfig.get_path("purelib"),
    "library_dir": sysconfig.get_config_var("LIBDIR"),
    "library": sysconfig.get_config_var("INSTSONAME"),
    "version": "%d.%d" % sys.version_info[:2],
}))
"""


@dataclass(frozen=True)
class TritonInstall:
    """A usable Triton server: where its parts are, and the environment it wants."""

    venv: Path
    root: Path
    library_dir: Path

    @property
    def binary(self) -> Path:
        return self.root / "bin" / "tritonserver"

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment with the venv's interpreter first and nothing of our own packages."""
        kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
        return {
            **kept,
            "PATH": f"{self.venv / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "LD_LIBRARY_PATH": str(self.library_dir),
        }


def find_install(venv: Path) -> TritonInstall:
    """The server in `venv`, with the Python backend's stub put in its place.

    Raises:
        Unavailable: the venv, the wheel, the stub or the shared libpython is missing; the message says which.
    """
    python = venv.absolute() / "bin" / "python"
    if not python.exists():
        raise _missing(f"There is no virtual environment at {venv}")
    try:
        answer = subprocess.run([python, "-I", "-c", _FACTS], capture_output=True, timeout=30, check=True, text=True)
    except (OSError, subprocess.SubprocessError) as exc:
        raise _missing(f"The interpreter {python} does not run ({exc})") from exc
    facts: dict[str, str] = json.loads(answer.stdout)
    root = Path(facts["site_packages"]) / "pytriton" / "tritonserver"
    install = TritonInstall(venv=venv.absolute(), root=root, library_dir=Path(facts["library_dir"]))
    if not install.binary.exists():
        raise _missing(f"{venv} holds no nvidia-pytriton ({install.binary} is not there)")
    if not (install.library_dir / facts["library"]).exists():
        raise Unavailable(
            f"The model server needs {facts['library']}, which is not in {install.library_dir}. "
            f"Install it (Debian, Ubuntu: apt-get install libpython{facts['version']}) and start again.",
            code="MODEL_SERVER_NO_LIBPYTHON",
        )
    _place_stub(root, facts["version"])
    return install


def _place_stub(root: Path, version: str) -> None:
    """Put the interpreter's stub beside the backend's library; anywhere else the server never gets live."""
    stub = root / "backends" / "python" / "triton_python_backend_stub"
    source = root / "python_backend_stubs" / version / stub.name
    if not source.exists():
        raise _missing(f"nvidia-pytriton has no stub for Python {version}; it has them for 3.8 to 3.13")
    if stub.exists() and stub.stat().st_size == source.stat().st_size and os.access(stub, os.X_OK):
        return
    half_written = stub.with_name(f"{stub.name}.{os.getpid()}")
    shutil.copyfile(source, half_written)
    half_written.chmod(0o755)
    half_written.replace(stub)


def _missing(what: str) -> Unavailable:
    return Unavailable(
        f"{what}. Run `make setup` to install the model server, name its environment with "
        "COSLIDE_TRITON_VENV, or point COSLIDE_TRITON_URL at a running Triton.",
        code="MODEL_SERVER_NOT_INSTALLED",
    )

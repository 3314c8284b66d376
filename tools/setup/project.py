"""Where the parts of the checkout are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """The checkout. `.venv` serves and tests, `.venv-triton` runs the model server, `.venv-node` holds Node."""

    root: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def triton_venv(self) -> Path:
        return self.root / ".venv-triton"

    @property
    def node_venv(self) -> Path:
        return self.root / ".venv-node"

    @property
    def train_venv(self) -> Path:
        return self.root / ".venv-train"

    @property
    def web(self) -> Path:
        return self.root / "web"

    @property
    def log(self) -> Path:
        """Where the output of the programs that the set-up runs is kept."""
        return self.root / "run" / "setup.log"

    def lock(self, name: str) -> Path:
        return self.root / "locks" / f"{name}.txt"

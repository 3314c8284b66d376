"""The slides and the server of the worker's tests."""

from __future__ import annotations

from tests.workers.conftest import triton, two_lesions

__all__ = ["triton", "two_lesions"]

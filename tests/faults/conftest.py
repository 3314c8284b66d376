"""The slides and the server of the worker's tests."""

from __future__ import annotations

from tests.workers.conftest import client, triton, two_lesions

__all__ = ["client", "triton", "two_lesions"]

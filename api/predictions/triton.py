"""The one way to a model: Triton's gRPC protocol, with a time limit on every call."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

import grpc
import numpy as np
import numpy.typing as npt
from tritonclient.grpc import aio as triton_grpc
from tritonclient.utils import InferenceServerException

from api.errors import InvalidInput, NotFound, PlatformError, Unavailable
from api.predictions.model_info import ModelInfo, read_model_info
from api.predictions.transport import Transport

Patches = npt.NDArray[np.uint8]
_CALL_S = 10.0


class ModelServerDown(Unavailable):
    """The server can't be reached or does not answer; trying again later may help."""

    default_code = "MODEL_SERVER_DOWN"


class ModelServerBusy(Unavailable):
    """The server's queue is full; trying again soon helps."""

    default_code = "MODEL_SERVER_BUSY"


class ModelSick(Unavailable):
    """The model's own process has died inside the server, which has not noticed; `TritonClient.reload` helps."""

    default_code = "MODEL_SICK"


class InferenceFailed(PlatformError):
    """The model refused these patches; trying the same again is unlikely to help."""

    status = 502
    default_code = "INFERENCE_FAILED"


class TritonClient:
    """A connection to one Triton server, as an async context manager.

    Args:
        address: host:port of the server's gRPC port.
        timeout_s: time limit of one inference.
    """

    def __init__(self, address: str, *, timeout_s: float) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._client = triton_grpc.InferenceServerClient(address)
        self._transport = Transport(self._client, address)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.close()
        await self._client.close()

    async def version(self) -> str:
        """The server's version, such as 2.51.0."""
        try:
            return str((await self._client.get_server_metadata(client_timeout=_CALL_S)).version)
        except (InferenceServerException, grpc.RpcError) as exc:
            raise self._mapped(exc, "") from exc

    async def model(self, name: str) -> ModelInfo:
        """The facts of a loaded model.

        Raises:
            NotFound: the server has no such model, or refused to load it.
            InvalidInput: its configuration does not fit.
            Unavailable: the server is away.
        """
        try:
            answer = await self._client.get_model_config(name, client_timeout=_CALL_S)
        except (InferenceServerException, grpc.RpcError) as exc:
            raise self._mapped(exc, name) from exc
        return read_model_info(answer.config)

    async def infer(self, model: ModelInfo, patches: Patches, *, first_plane: int = 0) -> Patches:
        """Class probabilities of a batch.

        Args:
            patches: (n, patch_px, patch_px, 3) uint8 RGB, n from 1 to `model.max_batch`.
            first_plane: planes before it are left out.

        Returns:
            (n, P, patch_px, patch_px) uint8: a plane a class, probability x 255, then "unsure" if the model knows it.

        Raises:
            ModelServerDown, ModelServerBusy, ModelSick, InferenceFailed.
        """
        expected = (len(patches), model.planes, model.patch_px, model.patch_px)
        try:
            result = await self._transport.infer(model.name, patches, expected, self._timeout_s, first_plane)
        except (InferenceServerException, grpc.RpcError) as exc:
            raise self._mapped(exc, model.name) from exc
        expected = (len(patches), model.planes - first_plane, model.patch_px, model.patch_px)
        if result is None or result.shape != expected or result.dtype != np.uint8:
            found = "nothing" if result is None else f"{result.dtype} {result.shape}"
            raise InferenceFailed(
                f"The model {model.name} answered {found} instead of uint8 {expected}. Check its files."
            )
        return result

    async def canary(self, model: ModelInfo) -> float:
        """Infer one white patch; the seconds it took. Triton's `ready` stays true when a model's process is dead."""
        started = time.monotonic()
        await self.infer(model, np.full((1, model.patch_px, model.patch_px, 3), 255, np.uint8))
        return time.monotonic() - started

    async def inference_count(self, name: str) -> int:
        """How many patches the server has inferred with a model since that was loaded."""
        try:
            answer = await self._client.get_inference_statistics(name, client_timeout=_CALL_S)
        except (InferenceServerException, grpc.RpcError) as exc:
            raise self._mapped(exc, name) from exc
        return sum(int(version.inference_count) for version in answer.model_stats)

    async def load(self, name: str) -> None:
        """Load a model that the server has not loaded; it does nothing for one that it has."""
        try:
            await self._client.load_model(name, client_timeout=60)
        except (InferenceServerException, grpc.RpcError) as exc:
            raise self._mapped(exc, name) from exc

    async def reload(self, name: str) -> None:
        """Unload and load a model, which starts its process anew; loading alone does nothing when it is loaded."""
        try:
            await self._client.unload_model(name, client_timeout=_CALL_S)
            await self._client.load_model(name, client_timeout=60)
        except (InferenceServerException, grpc.RpcError) as exc:
            raise self._mapped(exc, name) from exc

    def _mapped(self, exc: InferenceServerException | grpc.RpcError, model: str) -> PlatformError:
        """Triton says UNAVAILABLE for "down", "queue full" and "no such model" alike: only the message tells which."""
        if isinstance(exc, InferenceServerException):
            status, message = str(exc.status() or ""), str(exc.message())
        else:
            status, message = str(exc.code()), str(exc.details())
        text = message.lower()
        if "exceeds maximum queue size" in text or "max_queue_size" in text:
            return ModelServerBusy(f"The model server's queue for {model} is full. It is tried again.")
        if "is not healthy" in text or "stub process" in text:
            return ModelSick(f"The model {model} has crashed inside the model server ({message}). It is loaded anew.")
        if "unknown model" in text or "is not found" in text or "no available versions" in text or "not ready" in text:
            return NotFound(
                f"The model server has no model '{model}' ({message}). Look into the model repository.",
                code="MODEL_NOT_FOUND",
            )
        if "UNAVAILABLE" in status or "CANCELLED" in status or "DEADLINE" in status:
            return ModelServerDown(
                f"The model server at {self.address} does not answer ({message or status}). "
                "Start it or correct COSLIDE_TRITON_URL."
            )
        if "INVALID_ARGUMENT" in status:
            return InvalidInput(f"The model server refused the request for {model}: {message}", code="MODEL_REQUEST")
        return InferenceFailed(f"The model {model} failed: {message}. Look into the model server's log.")

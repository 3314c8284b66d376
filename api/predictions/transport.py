"""How patches get to a model server and answers back: through shared memory on the same machine, else in messages."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass

import grpc
import numpy as np
import numpy.typing as npt
from tritonclient.grpc import aio as triton_grpc
from tritonclient.utils import InferenceServerException

from api.predictions.model_info import INPUT, OUTPUT
from api.predictions.shared_memory import SharedRegion, sweep

logger = logging.getLogger(__name__)

Bytes = npt.NDArray[np.uint8]
_CALL_S = 10.0
_LOCAL = ("127.0.0.1", "localhost", "[::1]", "::1")


@dataclass(frozen=True)
class _Slot:
    """Room for one request and its answer."""

    given: SharedRegion
    answer: SharedRegion

    @property
    def regions(self) -> tuple[SharedRegion, SharedRegion]:
        return self.given, self.answer


class Transport:
    """Sends one request after the other, each in a slot of its own; slots are kept for the next ones."""

    def __init__(self, client: triton_grpc.InferenceServerClient, address: str) -> None:
        self._client = client
        self._is_shared = address.rpartition(":")[0] in _LOCAL
        self._free: list[_Slot] = []
        self._retired: list[_Slot] = []  # given up, but the server may still write into them and has them mapped
        if self._is_shared:
            sweep()

    @property
    def is_shared(self) -> bool:
        """Whether shared memory is used, or will be tried at the next request."""
        return self._is_shared

    async def infer(
        self, model: str, patches: Bytes, shape: tuple[int, ...], timeout_s: float, first_plane: int = 0
    ) -> Bytes | None:
        """The model's answer, in an array of its own; None when there is no output.

        Args:
            shape: of the answer that is expected, all planes.
            first_plane: planes before it are left out of what is given.

        Raises:
            InferenceServerException, grpc.RpcError: as Triton says it.
        """
        slot = await self._slot(patches.nbytes, int(np.prod(shape)))
        if slot is None:
            return await self._in_messages(model, patches, timeout_s, first_plane)
        try:
            answer = await self._in_slot(slot, model, patches, shape, timeout_s, first_plane)
        except InferenceServerException as error:
            self._retired.append(slot)
            if "shared memory" not in str(error.message()).lower():
                raise
            # The server was started anew and knows no region of ours: the next slot is registered with it.
            self._retired += self._free
            self._free.clear()
            slot = await self._slot(patches.nbytes, int(np.prod(shape)))
            if slot is None:
                return await self._in_messages(model, patches, timeout_s, first_plane)
            answer = await self._in_slot(slot, model, patches, shape, timeout_s, first_plane)
        except BaseException:
            self._retired.append(slot)  # a late answer must not be written over another's
            raise
        self._free.append(slot)
        return answer

    async def close(self) -> None:
        """Give up all slots."""
        self._retired += self._free
        self._free.clear()
        await self._forget_retired()

    async def _forget_retired(self) -> None:
        """Have the server unmap what was given up, and remove it."""
        while self._retired:
            slot = self._retired.pop()
            for region in slot.regions:
                with suppress(InferenceServerException, grpc.RpcError):
                    await self._client.unregister_system_shared_memory(region.name, client_timeout=_CALL_S)
            _close(slot)

    async def _slot(self, given_bytes: int, answer_bytes: int) -> _Slot | None:
        """A slot with room for both; None where there is no shared memory with the server."""
        if not self._is_shared:
            return None
        await self._forget_retired()
        for index, slot in enumerate(self._free):
            if slot.given.size >= given_bytes and slot.answer.size >= answer_bytes:
                return self._free.pop(index)
        try:
            slot = _Slot(SharedRegion(given_bytes), SharedRegion(answer_bytes))
        except OSError as error:
            self._without(f"this machine gives none ({error})")
            return None
        try:
            for region in slot.regions:
                await self._client.register_system_shared_memory(
                    region.name, region.key, region.size, client_timeout=_CALL_S
                )
        except (InferenceServerException, grpc.RpcError) as error:
            _close(slot)
            if isinstance(error, InferenceServerException) and "UNAVAILABLE" in str(error.status()):
                raise
            self._without(f"the server does not take it ({error})")
            return None
        return slot

    def _without(self, why: str) -> None:
        logger.info("Patches go to the model server in messages, not by shared memory: %s", why)
        self._is_shared = False

    async def _in_slot(
        self, slot: _Slot, model: str, patches: Bytes, shape: tuple[int, ...], timeout_s: float, first_plane: int
    ) -> Bytes | None:
        np.copyto(slot.given.array(patches.shape), patches)
        tensor = triton_grpc.InferInput(INPUT, list(patches.shape), "UINT8")
        tensor.set_shared_memory(slot.given.name, patches.nbytes)
        wanted = triton_grpc.InferRequestedOutput(OUTPUT)
        wanted.set_shared_memory(slot.answer.name, slot.answer.size)
        answer = await self._client.infer(model, [tensor], outputs=[wanted], client_timeout=timeout_s)
        told = answer.get_output(OUTPUT)
        if told is None or told.datatype != "UINT8" or tuple(told.shape) != shape:
            return None
        return slot.answer.array(shape)[:, first_plane:].copy()

    async def _in_messages(self, model: str, patches: Bytes, timeout_s: float, first_plane: int) -> Bytes | None:
        tensor = triton_grpc.InferInput(INPUT, list(patches.shape), "UINT8")
        tensor.set_data_from_numpy(patches)
        wanted = triton_grpc.InferRequestedOutput(OUTPUT)
        answer = await self._client.infer(model, [tensor], outputs=[wanted], client_timeout=timeout_s)
        found = answer.as_numpy(OUTPUT)
        return None if found is None else np.asarray(found)[:, first_plane:]


def _close(slot: _Slot) -> None:
    for region in slot.regions:
        region.close()

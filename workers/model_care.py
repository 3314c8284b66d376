"""Keeps a running model server well: loads models that are new in the repository, and tries each with a canary.

A model's process may die or hang while the server goes on calling itself ready; only an inference tells.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from api.errors import NotFound, PlatformError
from api.predictions.model_info import ModelInfo, read_repository
from api.predictions.triton import ModelServerBusy, ModelServerDown, ModelSick, TritonClient

LOOK_S = 2.0
CANARY_S = 10.0
CANARY_LIMIT_S = 20.0
"""A white patch takes milliseconds; with the server's queue full, seconds."""
PATIENCE = 2
"""Canaries in a row that get no answer before the server counts as hung."""

logger = logging.getLogger(__name__)


class ModelCare:
    """Looks after one server.

    Args:
        repository: whose models the server has.
        address: host:port of its gRPC port.
        canary_s, limit_s: seconds between canaries, and how long one may take.
    """

    def __init__(
        self, repository: Path, address: str, *, canary_s: float = CANARY_S, limit_s: float = CANARY_LIMIT_S
    ) -> None:
        self._repository = repository
        self._address = address
        self._canary_s = canary_s
        self._limit_s = limit_s
        self._known: dict[str, str] = {}
        self._silent = 0

    async def until_hung(self) -> str:
        """Look after the server until it has to be started anew; why."""
        loop = asyncio.get_running_loop()
        canary_due = loop.time() + self._canary_s
        async with TritonClient(self._address, timeout_s=self._limit_s) as client:
            while True:
                await asyncio.sleep(min(LOOK_S, self._canary_s))
                models = await self._load_new(client)
                if loop.time() < canary_due:
                    continue
                canary_due = loop.time() + self._canary_s
                for model in models:
                    if reason := await self._try(client, model):
                        return reason

    async def _load_new(self, client: TritonClient) -> list[ModelInfo]:
        """Have the server load models that came or changed their version; those that can be used."""
        found = await asyncio.to_thread(read_repository, self._repository)
        usable = []
        for name, item in found.items():
            if not isinstance(item, ModelInfo):
                if self._known.get(name) != item.message:
                    self._known[name] = item.message
                    logger.warning("%s", item.message)
                continue
            usable.append(item)
            if self._known.get(name) == item.version:
                continue
            self._known[name] = item.version
            try:
                if (await client.model(name)).version != item.version:
                    await client.reload(name)
                    logger.info("The model %s was loaded anew, as version %s", name, item.version)
            except NotFound:
                try:
                    await client.load(name)
                    logger.info("The model %s %s is new in the repository and was loaded", name, item.version)
                except PlatformError as error:
                    logger.warning("The model %s was refused by the model server: %s", name, error.message)
            except PlatformError as error:
                logger.warning("The model %s could not be looked at: %s", name, error.message)
        return usable

    async def _try(self, client: TritonClient, model: ModelInfo) -> str | None:
        """A canary; why the server has to be started anew, or None."""
        try:
            await client.canary(model)
        except ModelSick as error:
            logger.warning("%s", error.message)
            try:
                await client.reload(model.name)
            except PlatformError as failed:
                return f"the model {model.name} is sick and could not be loaded anew ({failed.message})"
        except ModelServerBusy:
            pass
        except ModelServerDown as error:
            self._silent += 1
            if self._silent >= PATIENCE:
                return f"the model {model.name} gave no answer {PATIENCE} times ({error.message})"
            return None
        except PlatformError as error:
            logger.warning("The canary of the model %s failed: %s", model.name, error.message)
        self._silent = 0
        return None

"""Which models there are: what the model server serves, completed by what lies in the repository."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import grpc
from tritonclient.grpc import aio as triton_grpc
from tritonclient.utils import InferenceServerException

from api.errors import InvalidInput, NotFound
from api.predictions.model_info import ModelInfo, read_model_info, read_repository
from api.settings import Settings

DEFAULT_MODEL = "tumor_fast"
_FRESH_S = 2.0
_CALL_S = 3.0


@dataclass(frozen=True)
class CatalogEntry:
    """A model, and whether the model server says that it serves it."""

    info: ModelInfo
    is_ready: bool


class ModelCatalog:
    """The models, looked up again every two seconds, so that one added to the repository appears by itself.

    An async context manager. While the model server is away, the repository's files still say what there is.
    """

    def __init__(self, settings: Settings) -> None:
        self._repository = settings.model_repository
        self._client = triton_grpc.InferenceServerClient(settings.triton_url) if settings.triton_url else None
        self._looking = asyncio.Lock()
        self._entries: tuple[CatalogEntry, ...] = ()
        self._refused: dict[str, InvalidInput] = {}
        self._looked_at = float("-inf")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()

    async def entries(self) -> tuple[CatalogEntry, ...]:
        """Every model that can be used, by name."""
        await self._look()
        return self._entries

    async def refused(self) -> dict[str, InvalidInput]:
        """Models that are in the repository and can't be used, by name, with the reason."""
        await self._look()
        return self._refused

    async def model(self, name: str | None) -> ModelInfo:
        """A model by name; without a name `tumor_fast`, or the first that is ready.

        Raises:
            NotFound: there is no such model; the message names those there are.
            InvalidInput: it is there, but its configuration is refused, with the reason.
        """
        await self._look()
        by_name = {entry.info.name: entry.info for entry in self._entries}
        if name is None:
            in_order = sorted(self._entries, key=lambda entry: (not entry.is_ready, entry.info.name != DEFAULT_MODEL))
            if not in_order:
                raise NotFound(
                    f"There is no model in {self._repository}. Train one with `make train`, or put one there.",
                    code="NO_MODEL",
                )
            return in_order[0].info
        if name in by_name:
            return by_name[name]
        if name in self._refused:
            raise self._refused[name]
        raise NotFound(
            f"There is no model '{name[:64]}'. There are: {', '.join(sorted(by_name)) or 'none'}.",
            code="MODEL_NOT_FOUND",
            field="model",
        )

    async def _look(self) -> None:
        async with self._looking:
            if time.monotonic() - self._looked_at < _FRESH_S:
                return
            found = await asyncio.to_thread(read_repository, self._repository)
            served = await self._served()
            self._refused = {name: item for name, item in found.items() if isinstance(item, InvalidInput)}
            infos = {name: item for name, item in found.items() if isinstance(item, ModelInfo)} | served
            self._entries = tuple(CatalogEntry(infos[name], name in served) for name in sorted(infos))
            self._looked_at = time.monotonic()

    async def _served(self) -> dict[str, ModelInfo]:
        """The models that the server has ready; none when it does not answer."""
        if self._client is None:
            return {}
        served: dict[str, ModelInfo] = {}
        try:
            index = await self._client.get_model_repository_index(client_timeout=_CALL_S)
            for model in index.models:
                if model.state == "READY":
                    answer = await self._client.get_model_config(model.name, client_timeout=_CALL_S)
                    served[model.name] = read_model_info(answer.config)
        except (InferenceServerException, grpc.RpcError, InvalidInput):
            # Away, restarting, or a model that is refused: the repository's files tell the rest.
            return served
        return served

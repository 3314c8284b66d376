"""Measure a served model on a manifest: `python -m training.evaluate --manifest FILE --split val`.

Every image goes through the real Triton server, as the platform's own predictions do: uint8 windows over
gRPC, mirrored up to 512 px where an image is smaller, averaged where windows overlap. The figures are those
of `training.metrics`; `mp_per_s` is window pixels answered per second of wall time, reading and counting
included. The last line printed is one JSON object. Needs no torch.
"""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from training.manifest import DEFAULT_FOLDER, ManifestError, Sample, read_manifest, select
from training.metrics import ImageResult, measure_image, summarise
from training.repository import NAME
from training.windows import WINDOW_PX, WindowGrid

IN_FLIGHT = 6
"""Images under way at once: enough to keep two model instances busy, few enough for its queue."""
TIMEOUT_S = 60.0
PROGRESS_EVERY = 25


class EvaluationFailed(Exception):
    """The model could not be measured; the message says why and what to do."""


@dataclass(frozen=True)
class ServedModel:
    """One model of a Triton server, with the threshold it was shipped with."""

    client: InferenceServerClient
    name: str
    threshold: float

    @classmethod
    async def connect(cls, address: str, name: str) -> "ServedModel":
        """Look the model up.

        Raises:
            EvaluationFailed: if there is no server or no such model.
        """
        client = InferenceServerClient(address)
        try:
            answer = await client.get_model_config(name, client_timeout=TIMEOUT_S, as_json=True)
        except InferenceServerException as exc:
            await client.close()
            raise EvaluationFailed(
                f"The Triton server at {address} does not answer for the model {name!r}: {exc.message()}. "
                "Give the address of its gRPC port (--triton HOST:PORT) and a model it has loaded."
            ) from exc
        return cls(client, name, float(answer["config"]["parameters"]["threshold"]["string_value"]))

    async def infer(self, window: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(512, 512, 3) to (C, 512, 512)."""
        tensor = InferInput("image", [1, *window.shape], "UINT8")
        tensor.set_data_from_numpy(window[None])
        try:
            answer = await self.client.infer(
                self.name, [tensor], outputs=[InferRequestedOutput("prob")], client_timeout=TIMEOUT_S
            )
        except InferenceServerException as exc:
            raise EvaluationFailed(
                f"The model {self.name!r} failed: {exc.message()}. See the server's log."
            ) from exc
        probability: NDArray[np.uint8] = answer.as_numpy("prob")[0]
        return probability

    async def segment(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(height, width, 3) to (C, height, width), class probability x 255."""
        grid = WindowGrid(*image.shape[:2])
        return grid.join(np.stack([await self.infer(window) for window in grid.cut(image)]))


async def measure_samples(model: ServedModel, samples: list[Sample], progress: TextIO) -> list[ImageResult]:
    """The result of every sample, in order; at most `IN_FLIGHT` images are under way at once.

    Raises:
        EvaluationFailed: with the first failure; what was under way is cancelled.
    """
    room, done = asyncio.Semaphore(IN_FLIGHT), 0

    async def one(sample: Sample) -> ImageResult:
        nonlocal done
        async with room:
            image, labels = await asyncio.to_thread(_read, sample)
            probability = await model.segment(image)
            result = await asyncio.to_thread(measure_image, probability, labels, sample.case, model.threshold)
        done += 1
        if done % PROGRESS_EVERY == 0 or done == len(samples):
            progress.write(f"\revaluating {sample.split}: {done} of {len(samples)} images")
            progress.flush()
        return result

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(sample)) for sample in samples]
    except* EvaluationFailed as failures:
        raise failures.exceptions[0] from None
    finally:
        progress.write("\n")
    return [task.result() for task in tasks]


def _read(sample: Sample) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    image, labels = sample.read_image(), sample.read_labels()
    if image.shape[:2] != labels.shape:
        raise EvaluationFailed(
            f"{sample.image} is {image.shape[1]} x {image.shape[0]} and its mask {sample.mask} "
            f"{labels.shape[1]} x {labels.shape[0]} pixels. Give a mask of the image's size."
        )
    return image, labels


async def evaluate(samples: list[Sample], address: str, name: str) -> dict[str, float | int | None]:
    """The figures of `training.metrics.summarise` and `mp_per_s` (window megapixels per second).

    Raises:
        EvaluationFailed: if the server or an image fails.
    """
    model = await ServedModel.connect(address, name)
    start = time.perf_counter()
    try:
        results = await measure_samples(model, samples, sys.stderr)
    finally:
        await model.client.close()
    seconds = time.perf_counter() - start
    windows = sum(len(WindowGrid(*result.size).corners) for result in results)
    return {**summarise(results), "mp_per_s": round(windows * WINDOW_PX**2 / 1e6 / seconds, 2)}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure a served model on the images of a manifest.")
    parser.add_argument(
        "--manifest", type=Path, default=DEFAULT_FOLDER / "manifest.csv", help="CSV file or its folder"
    )
    parser.add_argument("--split", default="val", help="train, val or report")
    parser.add_argument(
        "--triton", required=True, metavar="HOST:PORT", help="gRPC address of a running server"
    )
    parser.add_argument("--model", default=NAME)
    options = parser.parse_args()
    try:
        samples = select(read_manifest(options.manifest), options.split)
        figures = asyncio.run(evaluate(samples, options.triton, options.model))
    except (ManifestError, EvaluationFailed, ValueError, OSError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Measure a served model on a manifest: `python -m training.evaluate --manifest FILE --split val`.

Every image goes through the real Triton server, as the platform's own predictions do: uint8 windows over
gRPC, mirrored up to 512 px where an image is smaller, averaged where windows overlap. The figures are those
of `training.metrics`; `mp_per_s` is window pixels answered per second of wall time, reading and counting
included. The last line printed is one JSON object. Needs no torch.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from api.errors import PlatformError
from training.manifest import DEFAULT_FOLDER, ManifestError, Sample, read_manifest, select
from training.metrics import Figures, ImageResult, measure_image, summarise
from training.perturb import NAMES, perturb
from training.repository import NAME
from training.served import ServedModel, served_model
from training.windows import WINDOW_PX, WindowGrid

IN_FLIGHT = 6
"""Images under way at once: enough to keep two model instances busy, few enough for its queue."""
PROGRESS_EVERY = 25


class EvaluationFailed(Exception):
    """An image cannot be measured; the message says why and what to do."""


async def measure_samples(
    model: ServedModel, samples: list[Sample], change: str | None, progress: TextIO
) -> list[ImageResult]:
    """The result of every sample, in order; at most `IN_FLIGHT` images are under way at once.

    Args:
        change: one of `training.perturb.NAMES`, done to every image first, or None.

    Raises:
        EvaluationFailed: with the first failure; what was under way is cancelled.
    """
    room, done = asyncio.Semaphore(IN_FLIGHT), 0

    async def one(sample: Sample) -> ImageResult:
        nonlocal done
        async with room:
            image, labels = await asyncio.to_thread(_read, sample, change)
            probability = await model.segment(image)
            result = await asyncio.to_thread(measure_image, probability, labels, sample.case, model.info.threshold)
        done += 1
        if done % PROGRESS_EVERY == 0 or done == len(samples):
            progress.write(f"\revaluating {sample.split}: {done} of {len(samples)} images")
            progress.flush()
        return result

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(sample)) for sample in samples]
    except ExceptionGroup as failures:  # not except*: until Python 3.11.3 it wraps what is raised in it
        raise failures.exceptions[0] from None
    finally:
        progress.write("\n")
    return [task.result() for task in tasks]


def _read(sample: Sample, change: str | None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    image, labels = sample.read_image(), sample.read_labels()
    if image.shape[:2] != labels.shape:
        raise EvaluationFailed(
            f"{sample.image} is {image.shape[1]} x {image.shape[0]} and its mask {sample.mask} "
            f"{labels.shape[1]} x {labels.shape[0]} pixels. Give a mask of the image's size."
        )
    return perturb(image, labels, change) if change else (image, labels)


async def evaluate(samples: list[Sample], name: str, address: str | None, change: str | None = None) -> Figures:
    """The figures of `training.metrics.summarise` and `mp_per_s` (window megapixels per second).

    Args:
        address: host:port of a Triton server, or None to start one.
        change: one of `training.perturb.NAMES`, or None.

    Raises:
        EvaluationFailed, PlatformError: if an image, the server or the model fails.
    """
    async with served_model(name, address) as model:
        start = time.perf_counter()
        results = await measure_samples(model, samples, change, sys.stderr)
        seconds = time.perf_counter() - start
    windows = sum(len(WindowGrid(*result.size).corners) for result in results)
    return {**summarise(results), "mp_per_s": round(windows * WINDOW_PX**2 / 1e6 / seconds, 2)}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure a served model on the images of a manifest.")
    # `make evaluate MANIFEST=file SPLIT=name` arrives in the environment.
    manifest, split = os.environ.get("MANIFEST") or DEFAULT_FOLDER, os.environ.get("SPLIT") or "val"
    parser.add_argument("--manifest", type=Path, default=Path(manifest), help="CSV file or its folder")
    parser.add_argument("--split", default=split, help="train, val or report")
    parser.add_argument("--triton", metavar="HOST:PORT", help="gRPC address of a running server; else one is started")
    parser.add_argument("--model", default=NAME)
    parser.add_argument("--perturb", choices=NAMES, help="change every image first, to see what that costs")
    options = parser.parse_args()
    try:
        samples = select(read_manifest(options.manifest), options.split)
        figures = asyncio.run(evaluate(samples, options.model, options.triton, options.perturb))
    except (ManifestError, EvaluationFailed, PlatformError, ValueError, OSError) as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 1
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Train the network: `python -m training.train [--data FOLDER] [--run FOLDER]`.

Stops and starts: a checkpoint holds the weights, the optimiser and every random state, and a run continues
from it to the same weights it would have reached. The averaged weights are what is kept.
"""

import argparse
import copy
import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import AdamW
from tqdm import tqdm

from training import augment, negatives
from training.classes import CARCINOMA
from training.curves import plot_curves
from training.data import Images, draw_weights, load
from training.loss import segmentation_loss
from training.manifest import DEFAULT_FOLDER, FOLDS, read_manifest, select
from training.metrics import dice, measure_image, pooled_confusion
from training.network import SIZES, SegmentationNetwork, normalise
from training.windows import WindowGrid

DEFAULT_RUN = Path("training/runs/fast")
CHECKPOINT = "checkpoint.pt"
WEIGHTS = "weights.pt"
THREADS = 1
"""Of the shipped weights, which only the same number rounds to."""


@dataclass(frozen=True)
class Recipe:
    """Every choice that changes the weights."""

    size: str = "small"
    """A key of `training.network.SIZES`."""
    fold: int | None = None
    """Which fifth of the train cases is held out; the shipped split's report cases for None."""
    cycles: tuple[tuple[int, float], ...] = ((1000, 1.0), (1600, 0.6))
    """(last step, peak of the rate) of each cosine; starting warm again gains what one longer cosine does not."""
    crops: tuple[tuple[int, int], ...] = ((192, 16), (288, 7), (384, 4))
    """(side in pixels, images a batch), drawn at random: a network that only ever saw small crops leans on
    their borders, and is worse in the middle of the large windows it is served."""
    encoder_rate: float = 6e-4
    decoder_rate: float = 1.5e-3
    weight_decay: float = 0.02
    warm_up: int = 60
    average: float = 0.993
    """Share of the averaged weights kept at each step, once warm."""
    scale_low: float = 0.62
    scale_high: float = 1.6
    negatives: float = 0.3
    """Probability of an image being overlaid with synthetic tissue."""
    seed: int = 0

    def rate_factor(self, step: int) -> float:
        """Share of the full rate: in each cycle a warm-up, then a half cosine down to one per cent of its peak."""
        start = 0
        for end, peak in self.cycles:
            if step < end:
                cosine = 0.5 * (1 + math.cos(math.pi * (step - start) / (end - start)))
                return peak * min(1.0, (step - start + 1) / self.warm_up) * (0.99 * cosine + 0.01)
            start = end
        raise ValueError(f"Step {step} lies behind the recipe's last, {start}.")

    @property
    def steps(self) -> int:
        return self.cycles[-1][0]


class Trainer:
    """The state of a run: weights, averaged weights, optimiser, step, and the history for the curves."""

    def __init__(self, recipe: Recipe, images: Images) -> None:
        self.recipe, self.images = recipe, images
        self.step = 0
        self.history: list[dict[str, float]] = []
        _seed(recipe.seed)
        self.network = SegmentationNetwork(recipe.size).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.network).eval()
        encoder = list(self.network.encoder.parameters())
        decoder = [*self.network.decoder.parameters(), *self.network.head.parameters()]
        groups = [
            {"params": encoder, "peak": recipe.encoder_rate},
            {"params": decoder, "peak": recipe.decoder_rate},
        ]
        self.optimiser = AdamW(groups, lr=recipe.encoder_rate, weight_decay=recipe.weight_decay)
        self.weights = draw_weights(images.samples)

    def advance(self) -> float:
        """One step; returns its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * self.recipe.rate_factor(self.step)
        pixels, labels = self.batch()
        self.network.train()
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(pixels)
        loss = segmentation_loss(logits.float(), labels)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()
        self._average()
        self.step += 1
        return loss.item()

    def batch(self) -> tuple[Tensor, Tensor]:
        """Images drawn by weight and changed at random, normalised, with their labels."""
        recipe = self.recipe
        side, count = random.choice(recipe.crops)
        drawn = torch.multinomial(self.weights, count, replacement=False)
        pixels = augment.recolour(self.images.pixels[drawn])
        pixels, labels = negatives.mosaic(pixels, self.images.labels[drawn])
        negatives.mix_in(pixels, labels, recipe.negatives)
        pixels, labels = augment.reframe(pixels, labels, side, recipe.scale_low, recipe.scale_high)
        pixels = normalise(augment.damage(pixels))
        return pixels.contiguous(memory_format=torch.channels_last), labels

    @torch.no_grad()
    def _average(self) -> None:
        early = min(0.99, (1 + self.step) / (10 + self.step))
        keep = early if self.step < 300 else self.recipe.average
        for mean, now in zip(self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1 - keep)
            else:
                mean.copy_(now)

    def state(self) -> dict[str, Any]:
        """Everything `restore` needs to go on as if nothing had happened."""
        return {
            "recipe": asdict(self.recipe),
            "step": self.step,
            "history": self.history,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": (random.getstate(), torch.get_rng_state()),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue a saved run.

        Raises:
            ValueError: if it was made by another recipe.
        """
        if state["recipe"] != asdict(self.recipe):
            raise ValueError(f"The checkpoint was made by {state['recipe']}. Use the same options, or another --run.")
        self.step, self.history = state["step"], state["history"]
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        python_state, torch_state = state["random"]
        random.setstate(python_state)
        torch.set_rng_state(torch_state)


def _seed(seed: int) -> None:
    random.seed(seed)
    torch.manual_seed(seed)


@torch.no_grad()
def predict_logits(network: torch.nn.Module, pixels: Tensor) -> Tensor:
    """(N, C, h, w) bf16 logits of (N, 3, h, w) uint8 pixels, each mirrored up to a window as when served."""
    height, width = pixels.shape[-2:]
    grid = WindowGrid(height, width)
    (above, _), (left, _) = grid.margins
    found = []
    for image in tqdm(pixels, desc="predicting", unit="image", leave=False):
        window = torch.from_numpy(grid.cut(image.permute(1, 2, 0).numpy())).permute(0, 3, 1, 2)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(normalise(window.float()).contiguous(memory_format=torch.channels_last))
        found.append(logits[..., above : above + height, left : left + width].to(torch.bfloat16))
    return torch.cat(found)


def carcinoma_dice(network: torch.nn.Module, images: Images) -> float:
    """Pooled Dice at threshold 0.5, for the curves."""
    results = []
    for logits, labels, sample in zip(
        predict_logits(network, images.pixels), images.labels, images.samples, strict=True
    ):
        probability = (logits.float().softmax(0) * 255 + 0.5).to(torch.uint8).numpy()
        results.append(measure_image(probability, labels.numpy(), sample.case, 0.5))
    return dice(pooled_confusion(results), CARCINOMA)


def run(trainer: Trainer, validation: Images, folder: Path, *, measure_every: int, save_every: int) -> None:
    """Train to the end, saving the checkpoint, the curves and at last the averaged weights in `folder`."""
    recipe, losses = trainer.recipe, []
    with tqdm(total=recipe.steps, initial=trainer.step, desc="training", unit="step") as bar:
        while trainer.step < recipe.steps:
            losses.append(trainer.advance())
            bar.update()
            if trainer.step % 25 == 0:
                point = {"step": float(trainer.step), "loss": float(np.mean(losses[-25:]))}
                if trainer.step % measure_every == 0 or trainer.step == recipe.steps:
                    point["dice"] = carcinoma_dice(trainer.averaged, validation)
                trainer.history.append(point)
                bar.set_postfix({key: round(value, 3) for key, value in point.items() if key != "step"})
            if trainer.step % save_every == 0:
                _save(trainer.state(), folder / CHECKPOINT)
                plot_curves(trainer.history, folder / "curves.png")
    _save({"recipe": asdict(recipe), "averaged": trainer.averaged.state_dict()}, folder / WEIGHTS)
    plot_curves(trainer.history, folder / "curves.png")
    (folder / "history.json").write_text(json.dumps(trainer.history, indent=1) + "\n", encoding="utf-8")


def _save(state: dict[str, Any], path: Path) -> None:
    temporary = path.with_suffix(".part")
    torch.save(state, temporary)
    temporary.replace(path)


def load_recipe(folder: Path) -> Recipe:
    """The recipe of a finished run.

    Raises:
        FileNotFoundError: if the run has not finished.
    """
    return Recipe(**_finished(folder)["recipe"])


def load_network(folder: Path) -> SegmentationNetwork:
    """The averaged network of a finished run, in evaluation mode.

    Raises:
        FileNotFoundError: if the run has not finished.
    """
    saved = _finished(folder)
    network = SegmentationNetwork(saved["recipe"]["size"], pretrained=False)
    network.load_state_dict(saved["averaged"])
    return network.eval()


def _finished(folder: Path) -> dict[str, Any]:
    path = folder / WEIGHTS
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist. Train first: python -m training.train --run {folder}")
    saved: dict[str, Any] = torch.load(path, weights_only=True)
    return saved


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train the cancer segmentation network.")
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER, help="folder that holds manifest.csv")
    parser.add_argument("--run", type=Path, default=DEFAULT_RUN, help="folder of the checkpoint, curves and weights")
    parser.add_argument("--steps", type=int, help="train in one cycle of so many steps instead, for a quick look")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument(
        "--negatives", type=float, default=Recipe.negatives, help="share of images with synthetic tissue"
    )
    parser.add_argument("--size", choices=SIZES, default=Recipe.size)
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="hold out this fifth of the train cases")
    parser.add_argument(
        "--threads", type=int, default=THREADS, help="more round differently: other weights, as good, sooner"
    )
    parser.add_argument("--fresh", action="store_true", help="forget an unfinished run of the same folder")
    options = parser.parse_args(arguments)

    torch.set_num_threads(options.threads)
    samples = read_manifest(options.data, options.fold)
    images, validation = load(select(samples, "train")), load(select(samples, "val"))
    recipe = Recipe(
        size=options.size,
        fold=options.fold,
        negatives=options.negatives,
        seed=options.seed,
    )
    if options.steps:
        recipe = replace(recipe, cycles=((options.steps, 1.0),))
    trainer = Trainer(recipe, images)
    options.run.mkdir(parents=True, exist_ok=True)
    checkpoint = options.run / CHECKPOINT
    if checkpoint.is_file() and not options.fresh:
        trainer.restore(torch.load(checkpoint, weights_only=False))
        print(f"continuing {checkpoint} at step {trainer.step}")
    run(trainer, validation, options.run, measure_every=400, save_every=100)
    print(f"wrote {options.run / WEIGHTS}")


if __name__ == "__main__":
    main()

"""What a model says of itself: the facts in its Triton configuration's `parameters`, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from api.errors import InvalidInput

INPUT, OUTPUT = "image", "prob"
UNSURE_FROM = 128
"""From this value of its plane on a model is unsure."""
_DEFAULT_COLOR, _UNSURE_COLOR = "#888888", "#f0b44c"


@dataclass(frozen=True)
class ModelClass:
    """One class; `name` is stable, the labels are for people."""

    name: str
    label_en: str
    label_ko: str
    color: str
    positive: bool


@dataclass(frozen=True)
class ModelInfo:
    """A segmentation model as its configuration describes it.

    Attributes:
        mpp: micrometres per model pixel.
        patch_px: the model's window, square, in model pixels.
        max_batch: patches in one request.
        threshold: calibrated probability of the positive class from which a pixel counts as positive.
        knows_unsure: whether the output has one plane more than classes, saying where the input does not look like what
            the model was trained on, from `UNSURE_FROM` on.
        dice_carcinoma, dice_low95, dice_high95, cases, image_auc: measured on held-out cases; None when not stated.
    """

    name: str
    version: str
    mpp: float
    patch_px: int
    max_batch: int
    classes: tuple[ModelClass, ...]
    threshold: float
    knows_unsure: bool
    organ: str
    licence: str
    training_data: str
    limits: tuple[str, ...]
    limits_ko: tuple[str, ...]
    dice_carcinoma: float | None
    dice_low95: float | None
    dice_high95: float | None
    cases: int | None
    image_auc: float | None

    @property
    def planes(self) -> int:
        """How many planes the output has: one a class, and one for "unsure" if the model knows it."""
        return len(self.classes) + self.knows_unsure

    @property
    def first_kept(self) -> int:
        """The first plane that a prediction keeps: the background's tells nothing where "unsure" has its own."""
        return 1 if self.knows_unsure else 0

    @property
    def kept_planes(self) -> int:
        """How many planes a prediction keeps of the output, from `first_kept` on."""
        return self.planes - self.first_kept

    @property
    def unsure_index(self) -> int:
        """The plane of "unsure", and the class number of polygons that would be positive if the model were sure."""
        return len(self.classes)

    @property
    def unsure(self) -> ModelClass | None:
        """How polygons are shown that would be positive if the model were sure; None if it does not know."""
        if not self.knows_unsure:
            return None
        positive = self.positive
        return ModelClass(
            name="unsure",
            label_en=f"Unsure: {positive.label_en}",
            label_ko=f"불확실: {positive.label_ko}",
            color=_UNSURE_COLOR,
            positive=False,
        )

    @property
    def polygon_classes(self) -> tuple[ModelClass, ...]:
        """What a polygon's class number stands for."""
        return (*self.classes, self.unsure) if self.unsure else self.classes

    @property
    def positive_index(self) -> int:
        return next(index for index, item in enumerate(self.classes) if item.positive)

    @property
    def positive(self) -> ModelClass:
        return self.classes[self.positive_index]


def read_model_info(config: model_config_pb2.ModelConfig) -> ModelInfo:
    """The facts of a model.

    Raises:
        InvalidInput: `MODEL_CONFIG`, naming the model and what is missing or wrong.
    """
    parameters = {name: value.string_value for name, value in config.parameters.items()}
    try:
        return _read(config, parameters)
    except KeyError as exc:
        raise _refused(config.name, f"the parameter {exc} is missing") from exc
    except (ValueError, TypeError) as exc:
        raise _refused(config.name, str(exc)) from exc


def read_repository(repository: Path) -> dict[str, ModelInfo | InvalidInput]:
    """Every model of a repository by its folder's name, or why it can't be used."""
    found: dict[str, ModelInfo | InvalidInput] = {}
    for path in sorted(repository.glob("*/config.pbtxt")):
        name = path.parent.name
        try:
            config = text_format.Parse(path.read_text(encoding="utf-8"), model_config_pb2.ModelConfig())
            config.name = config.name or name
            found[name] = read_model_info(config)
        except (OSError, UnicodeDecodeError, text_format.ParseError) as exc:
            found[name] = _refused(name, f"config.pbtxt can't be read ({exc})")
        except InvalidInput as exc:
            found[name] = exc
    return found


def _read(config: model_config_pb2.ModelConfig, parameters: dict[str, str]) -> ModelInfo:
    names = _texts(parameters["classes"])
    knows_unsure = parameters.get("unsure_plane", "") == str(len(names))
    if parameters.get("unsure_plane") and not knows_unsure:
        raise ValueError(f"unsure_plane is {parameters['unsure_plane']}; it must be {len(names)}, behind the classes")
    patch_px = _patch_px(config, len(names) + knows_unsure)
    positive = parameters["positive_class"]
    if positive not in names:
        raise ValueError(f"positive_class is '{positive}', which is not among the classes {', '.join(names)}")
    labels = _by_class(parameters.get("class_names", "{}"))
    colors = _by_class(parameters.get("colors", "{}"))
    threshold, mpp = float(parameters["threshold"]), float(parameters["mpp"])
    if not 0 < threshold < 1:
        raise ValueError(f"threshold is {threshold}; it must lie between 0 and 1")
    if not 0.05 <= mpp <= 20:
        raise ValueError(f"mpp is {mpp}; it must lie between 0.05 and 20 um")
    return ModelInfo(
        name=config.name,
        version=parameters["version"],
        mpp=mpp,
        patch_px=patch_px,
        max_batch=max(1, config.max_batch_size),
        classes=tuple(_class(name, labels.get(name), colors.get(name), positive=name == positive) for name in names),
        threshold=threshold,
        knows_unsure=knows_unsure,
        organ=parameters.get("organ", ""),
        licence=parameters.get("licence", ""),
        training_data=parameters.get("training_data", ""),
        limits=tuple(_texts(parameters.get("limits", "[]"))),
        limits_ko=tuple(_texts(parameters.get("limits_ko", parameters.get("limits", "[]")))),
        dice_carcinoma=_number(parameters.get("dice_carcinoma")),
        dice_low95=_number(parameters.get("dice_low95")),
        dice_high95=_number(parameters.get("dice_high95")),
        cases=int(parameters["cases"]) if parameters.get("cases") else None,
        image_auc=_number(parameters.get("image_auc")),
    )


def _patch_px(config: model_config_pb2.ModelConfig, planes: int) -> int:
    """The window's side, after checking that the model takes RGB patches and answers so many planes of them."""
    inputs = {item.name: item for item in config.input}
    outputs = {item.name: item for item in config.output}
    if INPUT not in inputs or OUTPUT not in outputs:
        raise ValueError(f"the model needs an input '{INPUT}' and an output '{OUTPUT}'")
    shape, result = list(inputs[INPUT].dims), list(outputs[OUTPUT].dims)
    side = shape[0] if shape else 0
    if shape != [side, side, 3] or side < 128 or inputs[INPUT].data_type != model_config_pb2.TYPE_UINT8:
        raise ValueError(f"'{INPUT}' is {shape}; it must be TYPE_UINT8 [n, n, 3] with n of at least 128")
    if result != [planes, side, side] or outputs[OUTPUT].data_type != model_config_pb2.TYPE_UINT8:
        raise ValueError(f"'{OUTPUT}' is {result}; it must be TYPE_UINT8 [{planes}, {side}, {side}]")
    return int(side)


def _class(name: str, labels: object, color: object, *, positive: bool) -> ModelClass:
    given = labels if isinstance(labels, dict) else {}
    return ModelClass(
        name=name,
        label_en=str(given.get("en", name)),
        label_ko=str(given.get("ko", name)),
        color=str(color or _DEFAULT_COLOR),
        positive=positive,
    )


def _texts(text: str) -> list[str]:
    values = json.loads(text)
    if not isinstance(values, list):
        raise ValueError(f"{text[:80]} is no JSON list")
    return [str(value) for value in values]


def _by_class(text: str) -> dict[str, object]:
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError(f"{text[:80]} is no JSON object")
    return values


def _number(text: str | None) -> float | None:
    return float(text) if text else None


def _refused(name: str, reason: str) -> InvalidInput:
    return InvalidInput(
        f"The model '{name}' can't be used: {reason}. Correct its config.pbtxt.",
        code="MODEL_CONFIG",
        params={"model": name, "reason": reason},
    )

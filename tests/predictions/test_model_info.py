"""What configurations say, and how wrong ones are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from api.errors import InvalidInput
from api.predictions.model_info import ModelClass, ModelInfo, read_model_info, read_repository
from tests.servers.triton import write_model


@pytest.fixture
def config(tmp_path: Path) -> model_config_pb2.ModelConfig:
    write_model(tmp_path, "redness")
    text = (tmp_path / "redness" / "config.pbtxt").read_text()
    return text_format.Parse(text, model_config_pb2.ModelConfig())


def test_the_facts_are_read(config: model_config_pb2.ModelConfig) -> None:
    info = read_model_info(config)

    assert (info.name, info.version, info.mpp, info.patch_px, info.max_batch) == ("redness", "1.2.3", 1.0, 512, 8)
    assert [(item.name, item.label_en, item.label_ko, item.color, item.positive) for item in info.classes] == [
        ("background", "background", "background", "#888888", False),
        ("benign", "benign", "benign", "#888888", False),
        ("carcinoma", "Red", "빨강", "#d62839", True),
    ]
    assert (info.positive_index, info.positive.name, info.threshold) == (2, "carcinoma", 0.5)
    assert (info.dice_carcinoma, info.dice_low95, info.cases, info.limits) == (0.5, None, 7, ("knows only red",))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("classes", "not json", "Expecting value"),
        ("classes", '{"a": 1}', "is no JSON list"),
        ("positive_class", "melanoma", "positive_class is 'melanoma', which is not among the classes background"),
        ("threshold", "1.5", "threshold is 1.5; it must lie between 0 and 1"),
        ("mpp", "0", "mpp is 0.0; it must lie between 0.05 and 20 um"),
        ("mpp", "", "could not convert string to float"),
        ("classes", '["background", "carcinoma"]', "'prob' is [3, 512, 512]; it must be TYPE_UINT8 [2, 512, 512]"),
        ("class_names", "[]", "is no JSON object"),
    ],
)
def test_a_wrong_parameter_is_named(config: model_config_pb2.ModelConfig, name: str, value: str, reason: str) -> None:
    config.parameters[name].string_value = value

    with pytest.raises(InvalidInput, match=re.escape(reason)) as refused:
        read_model_info(config)
    assert refused.value.code == "MODEL_CONFIG"
    assert refused.value.message.startswith("The model 'redness' can't be used: ")


@pytest.mark.parametrize("name", ["classes", "positive_class", "threshold", "mpp", "version"])
def test_a_missing_parameter_is_named(config: model_config_pb2.ModelConfig, name: str) -> None:
    del config.parameters[name]

    with pytest.raises(InvalidInput, match=f"the parameter '{name}' is missing"):
        read_model_info(config)


def test_shapes_are_checked(config: model_config_pb2.ModelConfig) -> None:
    config.input[0].dims[:] = [3, 512, 512]
    with pytest.raises(InvalidInput, match=r"'image' is \[3, 512, 512\]; it must be TYPE_UINT8 \[n, n, 3\]"):
        read_model_info(config)
    config.input[0].name = "picture"
    with pytest.raises(InvalidInput, match="the model needs an input 'image' and an output 'prob'"):
        read_model_info(config)


def test_a_model_that_knows_when_it_is_unsure_has_one_plane_more(
    config: model_config_pb2.ModelConfig, tmp_path: Path
) -> None:
    plain = read_model_info(config)
    assert (plain.planes, plain.knows_unsure, plain.unsure) == (3, False, None)
    assert plain.polygon_classes == plain.classes
    write_model(tmp_path, "doubtful")

    doubtful = read_repository(tmp_path)["doubtful"]

    assert isinstance(doubtful, ModelInfo)
    assert (doubtful.planes, doubtful.unsure_index) == (4, 3)
    assert doubtful.polygon_classes[3] == doubtful.unsure
    assert doubtful.unsure == ModelClass("unsure", "Unsure: Red", "불확실: 빨강", "#f0b44c", positive=False)


def test_a_wrong_place_of_the_unsure_plane_is_refused(config: model_config_pb2.ModelConfig) -> None:
    config.parameters["unsure_plane"].string_value = "1"

    with pytest.raises(InvalidInput, match="unsure_plane is 1; it must be 3, behind the classes"):
        read_model_info(config)


def test_a_repository_tells_good_and_bad_apart(tmp_path: Path) -> None:
    write_model(tmp_path, "redness")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.pbtxt").write_text("name: {")
    (tmp_path / "empty").mkdir()

    found = read_repository(tmp_path)

    assert list(found) == ["broken", "redness"]
    assert isinstance(found["redness"], ModelInfo)
    assert isinstance(found["broken"], InvalidInput)
    assert "config.pbtxt can't be read" in found["broken"].message


def test_the_project_s_own_models_are_good() -> None:
    found = read_repository(Path(__file__).resolve().parents[2] / "model_repository")

    assert [name for name, item in found.items() if not isinstance(item, ModelInfo)] == []
    assert "tumor_fast" in found

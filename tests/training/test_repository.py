"""The model folder: one model behind two configurations, with figures that were measured."""

import json
from pathlib import Path

import pytest
from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2

from training.classes import CLASSES
from training.repository import NAME, Facts, write_configs

MODEL = Path(__file__).parents[2] / "model_repository" / NAME


def read_config(path: Path) -> model_config_pb2.ModelConfig:
    return text_format.Parse(path.read_text(encoding="utf-8"), model_config_pb2.ModelConfig())


def facts(config: model_config_pb2.ModelConfig) -> dict[str, str]:
    return {key: value.string_value for key, value in config.parameters.items()}


def test_both_configurations_are_one_model() -> None:
    gpu, cpu = read_config(MODEL / "config.pbtxt"), read_config(MODEL / "configs" / "cpu.pbtxt")
    engine = {"platform", "backend", "instanceGroup"}
    described = [
        {key: value for key, value in json_format.MessageToDict(config).items() if key not in engine}
        for config in (gpu, cpu)
    ]
    assert described[0] == described[1]
    assert (gpu.platform, gpu.backend) == ("onnxruntime_onnx", "")
    assert (cpu.platform, cpu.backend) == ("", "python")
    assert [(group.kind, group.count) for group in cpu.instance_group] == [(group_kind("KIND_CPU"), 2)]
    assert [group.kind for group in gpu.instance_group] == [group_kind("KIND_AUTO")]


def group_kind(name: str) -> int:
    return model_config_pb2.ModelInstanceGroup.Kind.Value(name)


def test_the_interface_is_the_one_the_workers_use() -> None:
    config = read_config(MODEL / "config.pbtxt")
    assert (config.name, config.max_batch_size) == (NAME, 8)
    (image,), (probability,) = config.input, config.output
    uint8 = model_config_pb2.DataType.Value("TYPE_UINT8")
    assert (image.name, image.data_type, list(image.dims)) == ("image", uint8, [512, 512, 3])
    assert (probability.name, probability.data_type) == ("prob", uint8)
    assert list(probability.dims) == [len(CLASSES) + 1, 512, 512]
    queue = config.dynamic_batching.default_queue_policy
    assert (queue.max_queue_size, queue.default_timeout_microseconds) == (64, 20_000_000)


def test_facts_are_complete_and_consistent() -> None:
    told = facts(read_config(MODEL / "config.pbtxt"))
    names = json.loads(told["classes"])
    assert [*names, "unsure"] == (MODEL / "labels.txt").read_text(encoding="utf-8").split()
    assert told["unsure_plane"] == str(len(names))
    assert names == ["background", "benign", "carcinoma"]
    assert told["positive_class"] in names
    assert set(json.loads(told["class_names"])) == set(json.loads(told["colors"])) == set(names)
    assert all(set(name) == {"en", "ko"} for name in json.loads(told["class_names"]).values())
    assert len(json.loads(told["limits"])) == len(json.loads(told["limits_ko"])) >= 3
    assert 0 < float(told["threshold"]) < 1
    assert float(told["mpp"]) == 1.0
    assert float(told["dice_low95"]) <= float(told["dice_carcinoma"]) <= float(told["dice_high95"]) <= 1
    assert float(told["image_auc"]) <= 1
    assert int(told["cases"]) > 0
    assert "CC BY 4.0" in told["training_data"]


def test_text_of_any_kind_survives_the_configuration(tmp_path: Path) -> None:
    figures = {
        "dice_carcinoma": 0.5,
        "dice_carcinoma_low95": 0.4,
        "dice_carcinoma_high95": 0.6,
        "image_auc": 0.9,
        "cases": 7,
    }
    write_configs(tmp_path / "some_model", Facts('1.0 "quoted"\n\\', 0.5, "int8", figures))
    for name in ("config.pbtxt", "configs/cpu.pbtxt", "configs/bf16.pbtxt"):
        told = facts(read_config(tmp_path / "some_model" / name))
        assert told["version"] == '1.0 "quoted"\n\\'
        assert told["cases"] == "7"


def test_the_onnx_file_takes_and_gives_uint8() -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is part of the training environment")
    session = onnxruntime.InferenceSession(MODEL / "1" / "model.onnx", providers=["CPUExecutionProvider"])
    (image,), (probability,) = session.get_inputs(), session.get_outputs()
    assert (image.name, image.type, image.shape[1:]) == ("image", "tensor(uint8)", [512, 512, 3])
    assert (probability.name, probability.type) == ("prob", "tensor(uint8)")
    assert probability.shape[1:] == [len(CLASSES) + 1, 512, 512]

"""The model's folder as Triton reads it: two configurations of one model, and the facts that travel with it.

`config.pbtxt` is for the Docker image and GPUs (ONNX Runtime), `configs/cpu.pbtxt` for a server without that
backend (OpenVINO in the Python backend; start Triton with `--model-config-name=cpu`), `configs/bf16.pbtxt` for the
same with the float weights. Names, shapes, types, batch size and `parameters` are written once, so that they cannot
differ but for the precision. No torch.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from training.classes import CLASSES
from training.metrics import Figures

NAME = "tumor_fast"
VERSION = "0.4.1"
"""What users see; raise it whenever the weights change."""
DEFAULT_FOLDER = Path("model_repository")
MAX_BATCH = 8
WINDOW_PX = 512
QUEUE_SIZE = 64
QUEUE_TIMEOUT_US = 20_000_000
BATCH_DELAY_US = 2_000
CPU_INSTANCES = 2

GPU_ENGINE = """platform: "onnxruntime_onnx"
instance_group [ { kind: KIND_AUTO count: 1 } ]
"""
CPU_ENGINE = f"""backend: "python"
instance_group [ {{ kind: KIND_CPU count: {CPU_INSTANCES} }} ]
"""
LIMITS = (
    (
        "For research. Not a medical device: no diagnosis may rest on it.",
        "연구용입니다. 의료기기가 아니며 진단의 근거로 쓸 수 없습니다.",
    ),
    (
        "Trained on photographs of colorectal biopsies only. On other organs its calls mean nothing; "
        "most are marked unsure.",
        "대장 생검 사진만으로 학습했습니다. 다른 장기에서 나온 암종 표시는 의미가 없으며, 대부분 불확실로 표시됩니다.",
    ),
    (
        "High-grade neoplasia has no class of its own and may be shown as carcinoma or as benign epithelium.",
        "고도 이형성은 별도 분류가 없어 암종이나 양성 상피로 표시될 수 있습니다.",
    ),
    (
        "Muscle, fat, haemorrhage and cautery were learned from synthetic pictures only: "
        "expect some false alarms there.",
        "근육, 지방, 출혈, 소작 부위는 합성 영상으로만 학습했으므로 오경보가 있을 수 있습니다.",
    ),
)
"""What a reader of the overlay must know, in English and Korean."""


@dataclass(frozen=True)
class Facts:
    """What was measured and chosen for one export."""

    version: str
    threshold: float
    precision: str
    figures: Figures
    """Of the report cases, by `training.metrics.summarise`."""


def parameters(facts: Facts, precision: str) -> dict[str, str]:
    """The model's facts as Triton carries them: strings, lists and mappings as JSON."""
    figures = facts.figures
    return {
        "version": facts.version,
        "organ": "colon and rectum",
        "stain": "H&E",
        "mpp": "1.0",
        "patch_size": str(WINDOW_PX),
        "classes": _json([tissue.name for tissue in CLASSES]),
        "class_names": _json({c.name: {"en": c.english, "ko": c.korean} for c in CLASSES}),
        "colors": _json({c.name: c.colour for c in CLASSES}),
        "positive_class": "carcinoma",
        "unsure_plane": str(len(CLASSES)),
        "threshold": str(facts.threshold),
        "cpu_precision": precision,
        "licence": "Apache-2.0",
        "training_data": (
            "EBHI-Seg, Shi et al., Front. Med. 2023;10:1114673, figshare 21540159, CC BY 4.0; "
            "encoder started from EfficientNet-lite0 on ImageNet, Apache-2.0"
        ),
        "dice_carcinoma": str(figures["dice_carcinoma"]),
        "dice_low95": str(figures["dice_carcinoma_low95"]),
        "dice_high95": str(figures["dice_carcinoma_high95"]),
        "image_auc": str(figures["image_auc"]),
        "cases": str(figures["cases"]),
        "limits": _json([english for english, _ in LIMITS]),
        "limits_ko": _json([korean for _, korean in LIMITS]),
    }


def write_configs(folder: Path, facts: Facts) -> None:
    """Write the configurations and the class names into the model's folder."""
    (folder / "configs").mkdir(parents=True, exist_ok=True)
    for name, engine, precision in (
        ("config.pbtxt", GPU_ENGINE, facts.precision),
        ("configs/cpu.pbtxt", CPU_ENGINE, facts.precision),
        ("configs/bf16.pbtxt", CPU_ENGINE, "bf16"),
    ):
        facts_told = "".join(_parameter(key, value) for key, value in parameters(facts, precision).items())
        text = f'name: "{folder.name}"\n{engine}{_interface()}{facts_told}'
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "labels.txt").write_text(
        "".join(f"{name}\n" for name in (*(c.name for c in CLASSES), "unsure")), encoding="utf-8"
    )


def _interface() -> str:
    side, planes = WINDOW_PX, len(CLASSES) + 1
    return f"""max_batch_size: {MAX_BATCH}
input [ {{ name: "image" data_type: TYPE_UINT8 dims: [ {side}, {side}, 3 ] }} ]
output [ {{
  name: "prob" data_type: TYPE_UINT8 dims: [ {planes}, {side}, {side} ] label_filename: "labels.txt"
}} ]
dynamic_batching {{
  max_queue_delay_microseconds: {BATCH_DELAY_US}
  default_queue_policy {{
    max_queue_size: {QUEUE_SIZE}
    default_timeout_microseconds: {QUEUE_TIMEOUT_US}
    timeout_action: REJECT
    allow_timeout_override: true
  }}
}}
"""


def _parameter(key: str, value: str) -> str:
    return f"parameters {{ key: {_json(key)} value {{ string_value: {_json(value)} }} }}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

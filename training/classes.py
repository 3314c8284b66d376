"""The classes the model tells apart, and how the data's names map to them."""

from dataclasses import dataclass

BACKGROUND = 0
BENIGN = 1
CARCINOMA = 2
HIGH_GRADE = 3
"""A label, not a class: high-grade neoplasia is epithelium, and whether it is cancer is left open.

It is cancer-like by its cells and not cancer by its definition (no invasion), and a gland at 1 um/px rarely
shows invasion. Forcing either answer teaches the network the wrong thing about the other class, so the loss
only asks for "epithelium" here, and the figures report these images apart.
"""


@dataclass(frozen=True)
class TissueClass:
    """One output channel of the model, with the names and colour the viewer shows."""

    name: str
    english: str
    korean: str
    colour: str


CLASSES = (
    TissueClass("background", "Background", "배경", "#d9d9d9"),
    TissueClass("benign", "Non-cancer epithelium", "비암성 상피", "#2a9d8f"),
    TissueClass("carcinoma", "Carcinoma", "암종", "#d62839"),
)

LABEL_BY_DIAGNOSIS = {
    "Normal": BENIGN,
    "Polyp": BENIGN,
    "Serrated adenoma": BENIGN,
    "Low-grade IN": BENIGN,
    "High-grade IN": HIGH_GRADE,
    "Adenocarcinoma": CARCINOMA,
}

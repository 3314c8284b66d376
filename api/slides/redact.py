"""A copy of a slide without its label and macro images, which may show a patient's name.

Only for isolated processes. What is taken out is overwritten, not only unlinked: no byte of it stays in the copy.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from api.slides.magic import TIFF
from api.slides.redact_archive import redact_dicom, redact_hamamatsu
from api.slides.redact_tiff import redact_aperio, redact_ndpi, redact_philips
from api.slides.redactable import not_removable

_OF_TIFF = {"aperio": redact_aperio, "hamamatsu": redact_ndpi, "philips": redact_philips}
_OF_ARCHIVE = {"dicom": redact_dicom, "hamamatsu": redact_hamamatsu}


def redact(source: Path, target: Path, vendor: str) -> None:
    """Write a copy without label and macro.

    Args:
        source: the file as it was uploaded, a TIFF or an archive of the files of one slide.
        vendor: OpenSlide's name of the format.

    Raises:
        UnsupportedSlide: `LABEL_NOT_REMOVABLE`, nothing is known about how this format keeps them.
    """
    with source.open("rb") as file:
        head = file.read(4)
    if vendor in _OF_TIFF and head.startswith(TIFF):
        shutil.copyfile(source, target)
        _OF_TIFF[vendor](target)
    elif vendor in _OF_ARCHIVE and zipfile.is_zipfile(source):
        _OF_ARCHIVE[vendor](source, target)
    else:
        raise not_removable(vendor)

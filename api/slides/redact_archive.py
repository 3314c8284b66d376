"""Label and macro taken out of slides that are several files in an archive: an archive of the others is written."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from api.slides.archive import pack
from api.slides.magic import is_dicom
from api.slides.redactable import not_removable

_DICOM_IMAGE_TYPE = b"\x08\x00\x08\x00CS"
_DICOM_PRIVATE = (b"LABEL", b"OVERVIEW")
_HEAD_BYTES = 1 << 16
_VMS_ENDINGS = (".vms", ".vmu")
_VMS_LINE = re.compile(rb"^[ \t]*([A-Za-z][^=\r\n]*?)[ \t]*=[ \t]*([^\r\n]*?)[ \t]*\r?$\n?", re.MULTILINE)
_VMS_MACRO = b"MacroImage"
_VMS_MOST_BYTES = 1 << 20


def redact_dicom(source: Path, target: Path) -> None:
    """A DICOM series without the files that say in their image type that they are label or overview."""
    with _working_beside(target) as folder, zipfile.ZipFile(source) as archive:
        kept: list[tuple[str, Path]] = []
        for number, info in enumerate(archive.infolist()):
            with archive.open(info) as file:
                head = file.read(_HEAD_BYTES)
            if is_dicom(head) and not _is_private(head):
                kept.append(_copied(archive, info, folder, f"{number:04}.dcm"))
        pack(kept, target)


def redact_hamamatsu(source: Path, target: Path) -> None:
    """A VMS or VMU slide without its macro image; of the other files only those that it names are kept."""
    with _working_beside(target) as folder, zipfile.ZipFile(source) as archive:
        entries = [info for info in archive.infolist() if info.filename.lower().endswith(_VMS_ENDINGS)]
        if len(entries) != 1 or entries[0].file_size > _VMS_MOST_BYTES:
            raise not_removable("hamamatsu")
        text = archive.read(entries[0])
        name = _name_of(entries[0])
        lines = [(found.group(1), found.group(2)) for found in _VMS_LINE.finditer(text)]
        private = {value for key, value in lines if key == _VMS_MACRO}
        wanted = {value for key, value in lines if key != _VMS_MACRO} - private
        (folder / name).write_bytes(
            _VMS_LINE.sub(lambda line: b"" if line.group(1) == _VMS_MACRO else line.group(), text)
        )
        kept = [(name, folder / name)]
        for info in archive.infolist():
            if _name_of(info).encode() in wanted:
                kept.append(_copied(archive, info, folder, _name_of(info)))
        pack(kept, target)


@contextmanager
def _working_beside(target: Path) -> Iterator[Path]:
    folder = target.with_name("redacting")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _name_of(info: zipfile.ZipInfo) -> str:
    """Without its folder: archives of slides lie flat when they are unpacked."""
    return PurePosixPath(info.filename.replace("\\", "/")).name


def _copied(archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path, name: str) -> tuple[str, Path]:
    path = folder / name
    with archive.open(info) as file, path.open("xb") as out:
        shutil.copyfileobj(file, out, 1 << 20)
    return name, path


def _is_private(head: bytes) -> bool:
    """Whether a DICOM file says in its Image Type (0008,0008) that it is the label or the overview."""
    at = head.find(_DICOM_IMAGE_TYPE)
    if at < 0:
        return False
    start = at + len(_DICOM_IMAGE_TYPE) + 2
    length = int.from_bytes(head[start - 2 : start], "little")
    return any(part.strip() in _DICOM_PRIVATE for part in head[start : start + length].split(b"\\"))

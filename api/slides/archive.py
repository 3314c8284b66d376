"""A zip archive with one slide in it, unpacked: DICOM series, MIRAX and Hamamatsu slides are many files, one is many.

Only for isolated processes. Names in the archive are never used as they are: what is written lies flat in one folder.
"""

from __future__ import annotations

import errno
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from api.errors import UnsupportedSlide
from api.slides.magic import HEAD_BYTES, MIRAX, is_dicom, require_possible, require_whole_slide
from api.slides.slide_file import damaged

MAX_FILES = 10_000
_SERIES_HEAD_BYTES = 1 << 16
_SERIES_TAG = b"\x20\x00\x0e\x00UI"
"""Series Instance UID (0020,000E) in explicit little endian, as whole-slide images are written."""
_SAFE_NAME = re.compile(r"\w[\w .,()+@#=-]{0,149}")
"""What scanners and people call files; no part of a path, and nothing hidden."""
_IGNORED = re.compile(r"(^|/)(__MACOSX/|\.[^./]|Thumbs\.db$|desktop\.ini$|DICOMDIR$)", re.IGNORECASE)
_COPY_BYTES = 1 << 20
_BROKEN = (zlib.error, lzma.LZMAError, struct.error, LookupError, OverflowError)
"""What Python's zipfile raises on mutants, beside its own errors."""


@dataclass(frozen=True)
class _Member:
    """A file in the archive: where it says it lies, its size unpacked and how it begins."""

    info: zipfile.ZipInfo
    path: PurePosixPath
    head: bytes


def unpack(source: Path, folder: Path, limit_bytes: int) -> str:
    """Write the slide's files into a new folder; the name of the one to open.

    Args:
        limit_bytes: what they may have together.

    Raises:
        UnsupportedSlide: `ARCHIVE_*`, `SLIDE_INCOMPLETE`, `NOT_A_SLIDE`, `DICOM_NOT_A_SLIDE` or `SLIDE_DAMAGED`.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            members = _members(archive, limit_bytes)
            names, entry = _plan(members)
            folder.mkdir()
            for name, member in names.items():
                _extract(archive, member, folder / name)
            return entry
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, *_BROKEN) as error:
        raise _broken(error) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        # A place before the file's beginning, or what bz2 says of rubbish.
        raise _broken(error) from error


def _broken(error: Exception) -> UnsupportedSlide:
    return damaged(f"the archive is broken or of a kind that can't be unpacked ({error})")


def _members(archive: zipfile.ZipFile, limit_bytes: int) -> list[_Member]:
    infos = [info for info in archive.infolist() if not info.is_dir() and not _IGNORED.search(info.filename)]
    if any(info.flag_bits & 1 for info in infos):
        raise UnsupportedSlide("The archive is locked with a password. Pack it without one.", code="ARCHIVE_ENCRYPTED")
    unpacked_bytes = sum(info.file_size for info in infos)
    if len(infos) > MAX_FILES or unpacked_bytes > limit_bytes:
        raise UnsupportedSlide(
            f"The archive holds {len(infos)} files of {unpacked_bytes / 1e9:.2f} GB; {MAX_FILES} files of "
            f"{limit_bytes / 1e9:g} GB are possible. Pack one slide alone.",
            code="ARCHIVE_TOO_LARGE",
            params={"files": len(infos), "actual": unpacked_bytes, "limit": limit_bytes},
        )
    members = []
    for info in infos:
        with archive.open(info) as file:
            members.append(
                _Member(info, PurePosixPath(info.filename.replace("\\", "/")), file.read(_SERIES_HEAD_BYTES))
            )
    return members


def _plan(members: Sequence[_Member]) -> tuple[dict[str, _Member], str]:
    """What to write under which name, and the name to open."""
    mirax = [member for member in members if member.path.suffix.lower() == ".mrxs"]
    if mirax:
        return _plan_mirax(_only(mirax), members)
    hamamatsu = [member for member in members if member.path.suffix.lower() in (".vms", ".vmu")]
    if hamamatsu:
        entry = _only(hamamatsu)
        beside = [member for member in members if member.path.parent == entry.path.parent]
        return {_safe(member.path.name): member for member in beside}, _safe(entry.path.name)
    dicom = [member for member in members if is_dicom(member.head)]
    if dicom:
        return _plan_dicom(dicom)
    return {"slide": _only_possible(members)}, "slide"


def _plan_mirax(entry: _Member, members: Sequence[_Member]) -> tuple[dict[str, _Member], str]:
    """The .mrxs and the folder of its name; renamed, for OpenSlide asks only that both names agree."""
    folder = entry.path.with_suffix("")
    parts = {f"slide/{_safe(member.path.name)}": member for member in members if member.path.parent == folder}
    index = next((member for name, member in parts.items() if name.lower() == "slide/slidat.ini"), None)
    if index is None or not MIRAX.match(index.head):
        raise UnsupportedSlide(
            f"A MIRAX slide is a .mrxs file and a folder of the same name; the archive has no folder "
            f"'{folder.name}' with a Slidat.ini beside it. Pack both.",
            code="SLIDE_INCOMPLETE",
        )
    return {"slide.mrxs": entry, **parts}, "slide.mrxs"


def _plan_dicom(members: Sequence[_Member]) -> tuple[dict[str, _Member], str]:
    """The whole-slide images of one series. The largest is opened, and finds the others."""
    slides = []
    refusal: UnsupportedSlide | None = None
    for member in members:
        try:
            require_whole_slide(member.head[:HEAD_BYTES])
            slides.append(member)
        except UnsupportedSlide as error:
            refusal = error
    if not slides:
        raise refusal or damaged("the archive's DICOM files can't be read")
    series = {_series_of(member.head) for member in slides}
    if len(series) > 1:
        raise _many_slides(len(series))
    slides.sort(key=lambda member: member.info.file_size, reverse=True)
    return {f"{number:04}.dcm": member for number, member in enumerate(slides)}, "0000.dcm"


def _only_possible(members: Sequence[_Member]) -> _Member:
    """The one file that can be a slide; texts and pictures of reports may lie beside it."""
    possible = []
    refusal: UnsupportedSlide | None = None
    for member in members:
        try:
            require_possible(member.head[:HEAD_BYTES])
            possible.append(member)
        except UnsupportedSlide as error:
            refusal = error
    if not possible:
        raise refusal or UnsupportedSlide("The archive is empty. Pack the slide's files.", code="SLIDE_EMPTY")
    return _only(possible)


def _only(members: Sequence[_Member]) -> _Member:
    if len(members) > 1:
        raise _many_slides(len(members))
    return members[0]


def _many_slides(count: int) -> UnsupportedSlide:
    return UnsupportedSlide(
        f"There are {count} slides in these files. Upload each by itself.",
        code="ARCHIVE_MANY_SLIDES",
        params={"count": count},
    )


def _series_of(head: bytes) -> bytes:
    """The series' identifier as it stands in the file; empty where it can't be found."""
    at = head.find(_SERIES_TAG)
    start = at + len(_SERIES_TAG) + 2
    if at < 0 or start > len(head):
        return b""
    length = int.from_bytes(head[start - 2 : start], "little")
    return head[start : start + length].rstrip(b"\0 ")


def _safe(name: str) -> str:
    if not _SAFE_NAME.fullmatch(name):
        raise damaged(f"a file in the archive is called '{name[:60]}', which no scanner writes")
    return name


def _extract(archive: zipfile.ZipFile, member: _Member, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    with archive.open(member.info) as file, target.open("xb") as out:
        while chunk := file.read(_COPY_BYTES):
            out.write(chunk)


def pack(files: Iterable[tuple[str, Path]], target: Path) -> None:
    """Put files into an archive that is the same for the same files: sorted, uncompressed, without times.

    Args:
        files: the name in the archive and where each lies.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, path in sorted(files):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            with path.open("rb") as file, archive.open(info, "w", force_zip64=True) as out:
                while chunk := file.read(_COPY_BYTES):
                    out.write(chunk)

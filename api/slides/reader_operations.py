"""What an isolated reader can be asked for. Every function here may meet a hostile file."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import simplejpeg

from api.errors import NotFound
from api.slides.archive import unpack as unpack_archive
from api.slides.check import describe_checked
from api.slides.container import JPEG2000, StoredTiles
from api.slides.convert import convert_to_pyramid
from api.slides.jpeg import with_profile
from api.slides.patch_source import PatchSource, decode_jpeg2000, read_window
from api.slides.reader_process import Operation
from api.slides.reader_wire import Message
from api.slides.redact import redact as redact_file
from api.slides.slide_file import Pixels, SlideFile, damaged
from api.slides.sniff import sniff as sniff_file

TILE_QUALITY = 95
FULL_COLOUR = "444"
_SUBSAMPLED = frozenset({"420", "422"})
OPEN_SLIDES = 8

cv2.setNumThreads(1)
Opened = TypeVar("Opened", SlideFile, PatchSource, StoredTiles)


class _OpenFiles:
    """The files read last, kept open. A path names one content: files are replaced by others, never changed."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, str, int], Any] = OrderedDict()

    def slide(self, path: str) -> SlideFile:
        return self._get("slide", path, lambda: SlideFile(Path(path)))

    def patches(self, path: str) -> PatchSource:
        return self._get("patches", path, lambda: PatchSource(Path(path)))

    def stored(self, path: str, index: str) -> StoredTiles:
        return self._get("stored", path, lambda: StoredTiles.beside(Path(path), Path(index)))

    def _get(self, kind: str, path: str, open_file: Callable[[], Opened]) -> Opened:
        key = (kind, path, os.stat(path).st_ino)  # noqa: PTH116 - for every tile
        if key not in self._open:
            self._open[key] = open_file()
            if len(self._open) > OPEN_SLIDES:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(key)
        opened: Opened = self._open[key]
        return opened


_files = _OpenFiles()


def encode_jpeg(pixels: Pixels, subsampling: str = FULL_COLOUR) -> bytes:
    """uint8 RGB (h, w, 3) as a JPEG, by default with full colour resolution."""
    encoded: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality=TILE_QUALITY, colorspace="RGB", colorsubsampling=subsampling
    )
    return encoded


def describe(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """The file's facts, and the index of its stored tiles as a blob; the pixels are tried on every level."""
    facts, index = describe_checked(Path(arguments["path"]))
    return Message({"facts": facts.as_json()}, [index.to_bytes()])


def sniff(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """Whether the file is a slide, a flat image that can be converted, or an archive to be unpacked."""
    return Message({"kind": sniff_file(Path(arguments["path"])).value})


def unpack(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """Write the files of an archive's slide into a folder; the name of the one to open."""
    entry = unpack_archive(Path(arguments["path"]), Path(arguments["folder"]), arguments["limit_bytes"])
    return Message({"entry": entry})


def convert(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """Make a flat image into a pyramid."""
    convert_to_pyramid(Path(arguments["path"]), Path(arguments["target"]), progress=Path(arguments["progress"]))
    return Message({})


def redact(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """Write a copy of a slide's file without label and macro."""
    redact_file(Path(arguments["path"]), Path(arguments["target"]), arguments["vendor"])
    return Message({})


def region(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """Raw pixels of one of the file's levels."""
    size = arguments["width"], arguments["height"]
    slide = _files.slide(arguments["path"])
    return Message({}, [slide.read_region(arguments["level"], arguments["x"], arguments["y"], *size).tobytes()])


def tile(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """A region of one of the file's levels as a JPEG."""
    size = arguments["width"], arguments["height"]
    slide = _files.slide(arguments["path"])
    return Message({}, [encode_jpeg(slide.read_region(arguments["level"], arguments["x"], arguments["y"], *size))])


def crop(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """The top left part of a stored tile as a JPEG."""
    stored = _files.stored(arguments["path"], arguments["index"])
    level = stored.index.levels[arguments["native"]]
    data = stored.read(level.native, arguments["column"], arguments["row"])
    if data is None:
        raise damaged("a tile is missing")
    whole = decode_jpeg2000(data, level.tile_size) if level.codec == JPEG2000 else decode_jpeg(data)
    pixels = whole[: arguments["height"], : arguments["width"]]
    if pixels.shape[:2] != (arguments["height"], arguments["width"]):
        raise damaged(f"a tile has only {pixels.shape[1]} x {pixels.shape[0]} pixels")
    return Message({}, [encode_jpeg(pixels)])


def halve(arguments: dict[str, Any], blobs: list[bytes]) -> Message:
    """One tile from up to four of the finer level (row by row), each decoded at half size in the DCT domain.

    Those `from_file` are stored as they are needed; the others come as JPEGs for the `places`. The colour resolution is
    that of the finer level, as in the levels that scanners write: more of it costs a fifth of the work.
    """
    width, height, half_tile = arguments["width"], arguments["height"], arguments["half_tile"]
    parts: list[tuple[int, bytes | None]] = list(zip(arguments["places"], blobs, strict=True))
    if arguments["from_file"]:
        stored = _files.stored(arguments["path"], arguments["index"])
        parts += [(place, stored.read(*address)) for place, *address in arguments["from_file"]]
    pixels = np.empty((height, width, 3), np.uint8)
    subsamplings: set[str] = set()
    if len(parts) < 4 or any(data is None for _, data in parts):
        pixels.fill(255)
    for place, data in parts:
        if data is None:
            continue
        x, y = (place % 2) * half_tile, (place // 2) * half_tile
        half, subsampling = decode_half(data)
        subsamplings.add(subsampling)
        part = half[: height - y, : width - x]
        pixels[y : y + part.shape[0], x : x + part.shape[1]] = part
    (subsampling,) = subsamplings if len(subsamplings) == 1 else (FULL_COLOUR,)
    return Message({}, [encode_jpeg(pixels, subsampling if subsampling in _SUBSAMPLED else FULL_COLOUR)])


def thumbnail(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """The whole slide as a JPEG whose longer side has at most `max_px` pixels, where its shape allows it.

    The file's colour profile is inside, so that a picture shown alone has the colours of the slide in the viewer.
    """
    source = _files.patches(arguments["path"])
    width, height = source.facts.width, source.facts.height
    # A slide as narrow as a thread keeps one pixel of it.
    downsample = max(1.0, min(max(width, height) / arguments["max_px"], width, height))
    # In bands, so that the memory stays small however large the slide is.
    band = max(1, round(64 * downsample))
    rows = [source.read(0, y, width, min(band, height - y), downsample) for y in _bands(height, band, downsample)]
    profile = _files.slide(arguments["path"]).colour_profile()
    return Message({}, [with_profile(encode_jpeg(np.concatenate(rows)), profile)])


def scaled(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """A region as a JPEG of a given size, read from the level that suits it, in bands."""
    source = _files.patches(arguments["path"])
    x, y, width, height = arguments["area"]
    out_width, out_height = arguments["size"]
    downsample = max(1.0, min(width / out_width, height / out_height))
    band = max(1, round(64 * downsample))
    tops = _bands(height, band, downsample)
    rows = [source.read(x, y + top, width, min(band, height - top), downsample) for top in tops]
    pixels = np.concatenate(rows)
    if pixels.shape[:2] != (out_height, out_width):
        pixels = np.asarray(cv2.resize(pixels, (out_width, out_height), interpolation=cv2.INTER_AREA), np.uint8)
    return Message({}, [encode_jpeg(pixels)])


def patches(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """Square windows of the slide at a model's resolution, raw uint8 RGB, one blob each; mirrored at its border."""
    source = _files.patches(arguments["path"])
    side, downsample = arguments["side"], arguments["downsample"]
    size = source.facts.width, source.facts.height
    windows = (read_window(source, x, y, side, downsample, size) for x, y in arguments["corners"])
    return Message({}, [window.tobytes() for window in windows])


def icc(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """The embedded ICC profile; empty when there is none."""
    return Message({}, [_files.slide(arguments["path"]).colour_profile()])


def associated(arguments: dict[str, Any], _: list[bytes]) -> Message:
    """An associated image as a JPEG."""
    pixels = _files.slide(arguments["path"]).associated_image(arguments["name"])
    if pixels is None:
        raise NotFound(f"The slide has no {arguments['name']} image.", code="NO_SUCH_IMAGE")
    return Message({}, [encode_jpeg(pixels)])


def decode_jpeg(data: bytes) -> Pixels:
    decoded: Pixels = simplejpeg.decode_jpeg(data, "RGB", strict=False)
    return decoded


def decode_half(data: bytes) -> tuple[Pixels, str]:
    """A JPEG at half its size, and how its colours are stored, such as "420"."""
    height, width, _, subsampling = simplejpeg.decode_jpeg_header(data)
    decoded: Pixels = simplejpeg.decode_jpeg(
        data, "RGB", min_height=-(-height // 2), min_width=-(-width // 2), min_factor=2, strict=False
    )
    return decoded, subsampling


def _bands(height: int, band: int, downsample: float) -> list[int]:
    """Tops of the bands in level-0 pixels; a last band too thin for one output row is left out."""
    return [y for y in range(0, height, band) if round(min(band, height - y) / downsample) >= 1]


OPERATIONS: dict[str, Operation] = {
    "sniff": sniff,
    "unpack": unpack,
    "convert": convert,
    "redact": redact,
    "describe": describe,
    "region": region,
    "tile": tile,
    "crop": crop,
    "halve": halve,
    "thumbnail": thumbnail,
    "scaled": scaled,
    "patches": patches,
    "icc": icc,
    "associated": associated,
}

"""JPEG streams: the markers a spliced tile needs, and the header facts that make a browser show it right. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SOI = b"\xff\xd8"
ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
"""An Adobe APP14 marker with transform 0: three components are RGB. Without it every browser takes them for YCbCr."""

_PROFILE_PART_BYTES = 0xFFFF - 16
_MOST_PROFILE_PARTS = 255
_JFIF = 0xE0
_START_OF_SCAN = 0xDA
_BROWSER_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class JpegFrame:
    """What a JPEG's frame header says; sizes in pixels."""

    marker: int
    bits: int
    width: int
    height: int
    components: int

    @property
    def is_browser_safe(self) -> bool:
        """Huffman coded, 8 bits, three components: what every browser decodes."""
        return self.marker in _BROWSER_FRAMES and self.bits == 8 and self.components == 3


def first_frame(data: bytes) -> JpegFrame | None:
    """The frame header of a JPEG stream, or None when there is none."""
    for marker, body in _segments(data):
        if marker in _FRAMES and len(body) >= 6:
            return JpegFrame(
                marker=marker,
                bits=body[0],
                height=int.from_bytes(body[1:3], "big"),
                width=int.from_bytes(body[3:5], "big"),
                components=body[5],
            )
    return None


def has_jfif(data: bytes) -> bool:
    """Whether the stream carries a JFIF marker, which makes decoders assume YCbCr whatever an Adobe marker says."""
    return any(marker == _JFIF and body.startswith(b"JFIF\0") for marker, body in _segments(data))


def with_profile(data: bytes, profile: bytes) -> bytes:
    """The JPEG with an ICC profile inside, in segments behind its first marker; as it is when there is no profile."""
    if not profile:
        return data
    parts = [profile[at : at + _PROFILE_PART_BYTES] for at in range(0, len(profile), _PROFILE_PART_BYTES)]
    if len(parts) > _MOST_PROFILE_PARTS:
        raise ValueError(f"a colour profile of {len(profile)} bytes does not fit into a JPEG")
    segments = [
        b"\xff\xe2" + (16 + len(part)).to_bytes(2, "big") + b"ICC_PROFILE\0" + bytes((number, len(parts))) + part
        for number, part in enumerate(parts, 1)
    ]
    header = 4 + int.from_bytes(data[4:6], "big") if data[2:4] == b"\xff\xe0" else 2
    return data[:header] + b"".join(segments) + data[header:]


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, body) of each segment before the first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _START_OF_SCAN:
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + max(length, 2)

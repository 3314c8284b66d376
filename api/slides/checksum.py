"""tus checksums: `Upload-Checksum: sha256 <base64>`, what the bytes of one request must hash to. PURE."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from api.errors import InvalidInput, PlatformError

ALGORITHMS = ("sha256", "sha1")
"""sha1 because tus asks every server for it."""


class ChecksumMismatch(PlatformError):
    """The bytes are not those that were sent."""

    status = 460
    default_code = "CHECKSUM_MISMATCH"


class ChecksumUnknown(InvalidInput):
    """The header names an algorithm that the server does not have, or no digest."""

    status = 400
    default_code = "TUS_CHECKSUM"


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request must hash to."""

    algorithm: str
    digest: bytes

    @classmethod
    def parse(cls, header: str) -> Checksum:
        """The header's value.

        Raises:
            ChecksumUnknown: another algorithm, or no digest of its length in base64.
        """
        algorithm, _, encoded = header.strip().partition(" ")
        try:
            digest = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            digest = b""
        if algorithm not in ALGORITHMS or len(digest) != hashlib.new(algorithm).digest_size:
            raise ChecksumUnknown(
                f"Upload-Checksum is '{header[:100]}'; send one of {', '.join(ALGORITHMS)} and the digest in base64.",
                field="Upload-Checksum",
            )
        return cls(algorithm, digest)


class Verifier:
    """Hashes bytes as they come."""

    def __init__(self, checksum: Checksum) -> None:
        self._checksum = checksum
        self._hash = hashlib.new(checksum.algorithm)

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def finish(self) -> None:
        """Raise when the bytes were others.

        Raises:
            ChecksumMismatch: they were.
        """
        if self._hash.digest() != self._checksum.digest:
            raise ChecksumMismatch(
                f"The bytes that came have another {self._checksum.algorithm} than announced: they were damaged on "
                f"the way. Send them again."
            )

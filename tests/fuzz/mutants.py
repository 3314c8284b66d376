"""Copies of files with bytes changed, lengths set to extremes, and pieces cut out or doubled."""

from __future__ import annotations

import random

EXTREMES = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\x01\0\0\0")


def mutate(data: bytes, chance: random.Random) -> bytes:
    """A mutant of `data`; most changes are near the start, where directories and headers are."""
    mutant = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 5, 20))):
        length = len(mutant)
        place = chance.randrange(min(length, chance.choice((64, 512, 4096, length, length)))) if length else 0
        match chance.randrange(10):
            case 0 | 1 | 2 | 3 if mutant:
                mutant[place] = chance.randrange(256)
            case 4 | 5 if mutant:
                mutant[place] ^= 1 << chance.randrange(8)
            case 6:
                mutant[place : place + 4] = chance.choice(EXTREMES)
            case 7:
                del mutant[place : place + chance.randrange(1, 200)]
            case 8 if mutant:
                mutant[place:place] = mutant[: chance.randrange(1, 100)]
            case _:
                # Where the directory of a TIFF usually is.
                end = max(0, length - 1 - chance.randrange(1, 4096))
                mutant[end : end + 2] = chance.randbytes(2)
    return bytes(mutant or b"\0")

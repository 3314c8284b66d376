"""ENTRY of an isolated reader: answers requests on its standard input until that ends.

Started by `api.slides.reader.ReaderPool` as `python -m api.slides.reader_process OPERATIONS MEMORY_MB NICENESS`.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from api.errors import PlatformError, Unavailable, UnsupportedSlide
from api.slides.reader_wire import LENGTH_BYTES, Message, decode_head, encode, head_length

Operation = Callable[[dict[str, Any], list[bytes]], Message]

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def serve(operations: Mapping[str, Operation], requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer each request with its operation's message, or with `{"error": ...}`."""
    while (message := _read(requests)) is not None:
        for chunk in encode(_answer(operations, message)):
            answers.write(chunk)
        answers.flush()


def _answer(operations: Mapping[str, Operation], request: Message) -> Message:
    try:
        return operations[request.body["operation"]](request.body["arguments"], list(request.blobs))
    except PlatformError as error:
        return _failure(error)
    except MemoryError:
        return _failure(
            UnsupportedSlide(
                "Reading this needs more memory than one reader may use. Raise COSLIDE_READER_MEMORY_MB or export a "
                "smaller file.",
                code="SLIDE_TOO_LARGE",
            )
        )
    except Exception as error:  # the border: whatever a decoder raises on hostile input is a damaged file
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _failure(
                Unavailable(
                    "The server's disk is full. Ask its administrator to make room, then try again.", code="DISK_FULL"
                )
            )
        reason = f"{type(error).__name__}: {error}"[:300]
        return _failure(
            UnsupportedSlide(
                f"The file can't be read: {reason}. Copy it from the scanner again and upload it anew.",
                code="SLIDE_DAMAGED",
                params={"reason": reason},
            ),
            trace=traceback.format_exc(limit=-8),
        )


def _failure(error: PlatformError, trace: str | None = None) -> Message:
    """An error as an answer; `trace` goes to the server's log, for it may be a bug of ours."""
    kind = type(error).__name__
    told = {"kind": kind, "code": error.code, "message": error.message, "params": error.params, "trace": trace}
    return Message({"error": told})


def _read(requests: IO[bytes]) -> Message | None:
    prefix = requests.read(LENGTH_BYTES)
    if len(prefix) < LENGTH_BYTES:
        return None
    body, lengths = decode_head(requests.read(head_length(prefix)))
    return Message(body, [requests.read(length) for length in lengths])


def _confine(memory_mb: int) -> None:
    """Die with the parent, gain no rights, leave no core files, and use at most so much memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))


def main() -> None:
    module, memory_mb, niceness = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    # A reader that can't start says why in the server's log.
    operations: Mapping[str, Operation] = importlib.import_module(module).OPERATIONS
    _confine(memory_mb)
    # From here on C libraries print about files: neither between the messages nor into the log.
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    for chunk in encode(Message({"ready": True})):
        answers.write(chunk)
    answers.flush()
    serve(operations, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()

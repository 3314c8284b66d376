"""Ties a process's life to that of the one that started it, so that a crash leaves nothing running."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_EXEC_TIED = f"""
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the process that started this one is gone")
os.execv(sys.argv[2], sys.argv[2:])
"""


def die_with_parent() -> None:
    """Have the kernel send this process SIGTERM when the process that started it dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def with_this_process(command: Sequence[str]) -> tuple[str, ...]:
    """`command` as a child that gets SIGTERM when this process dies; its process id is the command's."""
    return (sys.executable, "-I", "-S", "-c", _EXEC_TIED, str(os.getpid()), *command)

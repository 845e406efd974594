"""The process in which one hostile file is taken apart: `python -I -m bot.evidence.worker`, the file on standard input.

It answers on standard output: `0x00`, the name of the format and a zero byte, the cleaned bytes; or `0x01` and a code. Then it ends: the
next person's file never meets a process that a file of somebody else may have taken over.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from contextlib import suppress

MEMORY = 1024 * 1024 * 1024  # bytes of address space: 40 million pixels, twice, and the libraries
PROCESSOR_SECONDS = 20

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38  # prctl(2)
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # unshare(2)


def confine() -> None:
    """No more memory and time than a file may need, no file of any size written, no child, no core, and, where the kernel lets a user do
    that, no network."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (most, most))
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def main() -> int:
    """Cleans what is on standard input."""
    confine()
    from bot.evidence.clean import clean
    from bot.evidence.errors import NotTaken

    content = sys.stdin.buffer.read()
    try:
        found, cleaned = clean(content)
        answer = b"\x00" + found.name.encode() + b"\x00" + cleaned
    except NotTaken as error:
        answer = b"\x01" + error.code.encode()
    except MemoryError:
        answer = b"\x01too_big"
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    os._exit(0)  # whatever a library wants to do at the end is not needed


if __name__ == "__main__":
    main()

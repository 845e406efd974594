"""Closing this process's memory: it holds what people are writing right now."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from dataclasses import dataclass

_PR_GET_DUMPABLE = 3  # prctl(2), linux/prctl.h
_PR_SET_DUMPABLE = 4


def private_files() -> None:
    """From now on this process makes files and folders that only its own user can open."""
    os.umask(0o077)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hardened:
    """What this machine allowed: no core file, and no reading of the memory by other programs of the same user."""

    no_core: bool
    not_dumpable: bool


def harden_process() -> Hardened:
    """Makes new files its user's own (`private_files`), turns core dumps off and makes the process non-dumpable: no ptrace and no
    /proc/<pid>/mem for other programs of the same user.

    Root can still read the memory; that is said in SECURITY.md. `not_dumpable` is False anywhere but on Linux.
    """
    private_files()
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError):
        no_core = resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    else:
        no_core = True
    if not sys.platform.startswith("linux"):
        return Hardened(no_core=no_core, not_dumpable=False)
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        dumpable = int(prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0))
    except (OSError, AttributeError):
        return Hardened(no_core=no_core, not_dumpable=False)
    return Hardened(no_core=no_core, not_dumpable=dumpable == 0)

"""The first thing that runs in a process of Rasa's: `python -I launch.py` in Rasa's own environment (Python 3.10, standard library only).

It reads one line from standard input: what to run, and within which limits. Then it runs that module in this very process, and ends with
it. Standard input stays open as long as the service lives: when it closes, this process and everything that it started ends, however the
service came to its end.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import runpy
import signal
import sys
import threading
import time
from contextlib import suppress

TOO_LARGE = 77  # the exit status of a process that grew beyond its memory
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38  # prctl(2)
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}  # ioprio_set(2) has no function in the C library
_IOPRIO_IDLE = 3 << 13
_WATCHED_EVERY = 1.0  # seconds


def _until_parent_is_gone() -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    with suppress(OSError):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def resident_bytes() -> int:
    """How much memory this process has, 0 where nobody tells."""
    with suppress(OSError, ValueError, IndexError), open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()
    return 0


def _watch_memory(most: int) -> None:
    while resident_bytes() <= most:
        time.sleep(_WATCHED_EVERY)
    os._exit(TOO_LARGE)


def give_way(niceness: int, idle_disk: bool) -> None:
    """Lets everybody else go first, and be spared when memory runs out."""
    with suppress(OSError):
        os.nice(niceness)
    number = _IOPRIO_SET.get(platform.machine())
    if idle_disk and number is not None:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).syscall(number, 1, 0, _IOPRIO_IDLE)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as adjustment:
        adjustment.write("800")


def close_up(parent: int) -> None:
    """No core file, no reading of the memory by others. Who may read its files is as the parent has it: the service keeps them to itself,
    an administrator who sets up does not. The kernel is not asked to kill this process with its parent (PR_SET_PDEATHSIG): it would be gone
    before it could end what it started itself."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:  # it went meanwhile
        os._exit(1)


def main() -> None:
    """Reads the order and carries it out."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 1)  # not through a buffer: what follows is only the end
        if not piece:
            os._exit(1)
        line += piece
    order = json.loads(line)
    close_up(order["parent"])
    give_way(order["niceness"], order["idle_disk"])
    threading.Thread(target=_until_parent_is_gone, daemon=True).start()
    if order["memory"]:
        threading.Thread(target=_watch_memory, args=(order["memory"],), daemon=True).start()
    sys.path.extend(order["path"])
    sys.argv = [order["module"], *order["arguments"]]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

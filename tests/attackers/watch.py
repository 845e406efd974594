"""Which files appear in some folders while something runs, however short they live (Linux: inotify)."""

from __future__ import annotations

import ctypes
import os
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from select import select

_IN_CREATE, _IN_MOVED_TO = 0x100, 0x80
_HEADER = struct.calcsize("iIII")


@contextmanager
def watched(folders: Sequence[Path]) -> Iterator[set[str]]:
    """The names of what is made in the folders, filled until the block ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    for folder in folders:
        if libc.inotify_add_watch(handle, str(folder).encode(), _IN_CREATE | _IN_MOVED_TO) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
    made: set[str] = set()
    ended = threading.Event()

    def read() -> None:
        while True:
            last = ended.is_set()
            if select([handle], [], [], 0 if last else 0.05)[0]:
                data, at = os.read(handle, 65_536), 0
                while at < len(data):
                    (length,) = struct.unpack_from("I", data, at + _HEADER - 4)
                    made.add(data[at + _HEADER : at + _HEADER + length].rstrip(b"\0").decode())
                    at += _HEADER + length
            elif last:
                return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield made
    finally:
        ended.set()
        reader.join()
        os.close(handle)

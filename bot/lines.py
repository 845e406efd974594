"""Lines as they come in on a file descriptor: a terminal, a pipe, or a redirected file."""

from __future__ import annotations

import asyncio
import os
import threading


def lines(source: int) -> asyncio.Queue[str | None]:
    """The lines of a file descriptor, None at the end. What is no UTF-8 becomes the replacement sign.

    By a thread, because asyncio cannot watch every kind of input (a redirected file); by `os.read`, because a thread that waits inside
    `sys.stdin` holds a lock that the interpreter needs to end.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    def put(line: str | None) -> bool:
        try:
            loop.call_soon_threadsafe(queue.put_nowait, line)
        except RuntimeError:  # the loop has ended: nobody is listening
            return False
        return True

    def read() -> None:
        rest = b""
        while True:
            try:
                chunk = os.read(source, 65536)
            except OSError:  # closed under us
                chunk = b""
            *whole, rest = (rest + chunk).split(b"\n")
            if not all(put(line.decode("utf-8", "replace")) for line in whole):
                return
            if not chunk:
                if rest:
                    put(rest.decode("utf-8", "replace"))
                put(None)
                return

    threading.Thread(target=read, name="lines", daemon=True).start()
    return queue

"""What the desk refuses, as a code that the console has words for."""

from __future__ import annotations


class Refused(Exception):
    """What was asked is not done. `code` is a word of ours: wrong, over, taken, not_allowed, moved, …"""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

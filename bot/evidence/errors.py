"""Why a file is not taken: a code for machines, and for the sentence that the person reads (`common.file_<code>`)."""

from __future__ import annotations


class NotTaken(Exception):
    """too_big, wrong_type, unreachable or error. Never holds a word of the file or of the platform."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

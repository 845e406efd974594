"""Who reads a case is who this service sealed it to. A row of `case_key` that somebody else put into the database makes nobody a reader: no
guard lets them in, nothing is offered to them, and no later key of the case is sealed to them."""

from __future__ import annotations

from functools import lru_cache

from bot.adapters import forged
from bot.vault.row_tag import RowTags

_REMEMBERED = 50_000  # rows: a full desk asks for hundreds of them at every look


class Readers:
    """Whether a row of `case_key` is the service's. One that is not is said once, not at every look."""

    def __init__(self, tags: RowTags) -> None:
        self._tags = tags
        self._known = lru_cache(maxsize=_REMEMBERED)(self._checked)

    def __call__(self, case_id: bytes, recipient_id: bytes, tag: bytes | None) -> bool:
        return self._known(case_id, recipient_id, tag)

    def _checked(self, case_id: bytes, recipient_id: bytes, tag: bytes | None) -> bool:
        if self._tags.wrote_reader(case_id, recipient_id, tag):
            return True
        forged("reader", case_id)
        return False

"""What a writer commits, and what it tells other processes with that."""

from __future__ import annotations

from typing import Any

import pytest

from actions.rows import Change, Insert
from bot.storage.writer import Writer


class Commits:
    """All commits of a writer from now on."""

    def __init__(self, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[tuple[tuple[Change, ...], tuple[str, ...]]] = []
        write = writer.write

        async def noted(changes: Any, **how: Any) -> Any:
            changes = tuple(changes)
            self.made.append((changes, tuple(how.get("notices", ()))))
            return await write(changes, **how)

        monkeypatch.setattr(writer, "write", noted)

    def told_with(self, table: str, kind: type[Change] = Insert) -> set[str]:
        """What was told with the commits that wrote to a table."""
        found = [notices for changes, notices in self.made if any(isinstance(each, kind) and each.table == table for each in changes)]
        assert found, table
        return {one for notices in found for one in notices}

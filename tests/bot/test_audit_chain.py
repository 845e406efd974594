"""The audit chain in the database: many write at once and none is lost; with what belongs to it, or not at all."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from actions.audit import faults
from actions.rows import Insert
from bot.cli.store import opened
from bot.settings import Settings, load_settings
from tests.stores import environment, given
from tests.structure.project import ROOT

CASE, KEY = b"c" * 16, b"k" * 16
WRITERS, EACH = 4, 12


def settings(folder: Path) -> Settings:
    return load_settings(from_environment=False, given=given(folder))


async def test_many_writers_at_once_make_one_chain(tmp_path: Path) -> None:
    """Several connections, each its own writer, as commands and replicas are: every entry is there once, in one chain."""
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(opened(settings(tmp_path))) for _ in range(WRITERS)]

        async def writes(number: int) -> None:
            for turn in range(EACH):
                await stores[number].audit.append(action="case_opened", subject=bytes([number, turn] * 8), actors=[KEY], at=turn)

        await asyncio.gather(*(writes(number) for number in range(WRITERS)))
        links = await stores[0].audit.links()
        assert list(faults(links)) == []
        assert [link.entry.number for link in links] == list(range(1, WRITERS * EACH + 1))
        assert {link.entry.subject for link in links} == {bytes([number, turn] * 8) for number in range(WRITERS) for turn in range(EACH)}


_PROGRAM = """
import asyncio, sys
from bot.cli.store import opened
from bot.settings import load_settings
async def main():
    async with opened(load_settings()) as store:
        for turn in range(8):
            await store.audit.append(action="case_opened", subject=None, actors=[sys.argv[1].encode() * 16], at=turn)
asyncio.run(main())
"""


async def test_several_processes_make_one_chain(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)) as store:
        await store.audit.append(action="case_opened", subject=CASE, actors=[KEY], at=1)
    settings_given = os.environ | {"PYTHONPATH": str(ROOT), **environment(tmp_path)}
    programs = [subprocess.Popen([sys.executable, "-c", _PROGRAM, name], cwd=tmp_path, env=settings_given) for name in "ab"]
    assert [await asyncio.to_thread(program.wait, 60) for program in programs] == [0, 0]
    async with opened(settings(tmp_path)) as store:
        links = await store.audit.links()
    assert len(links) == 17 and list(faults(links)) == []


async def test_what_is_there_already_is_said_at_once_and_another_number_is_tried_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends an entry twice (the answer to the first was lost) would wait for forty tries, and so would all who write meanwhile."""
    async with opened(settings(tmp_path)) as store:
        row = {"id": b"r" * 16, "case_id": CASE, "version": 1, "kind": "note", "created_at": 1, "sealed": b"x"}
        note = [Insert(table="case_record", row=row)]
        await store.audit.append(action="identity_opened", subject=CASE, actors=[KEY], at=1, along=note)
        tries, write = [], store.writer.write

        async def counted(changes: Any, **how: Any) -> Any:
            tries.append(1)
            return await write(changes, **how)

        monkeypatch.setattr(store.writer, "write", counted)
        with pytest.raises(IntegrityError):
            await store.audit.append(action="identity_opened", subject=CASE, actors=[KEY], at=2, along=note)
        with pytest.raises(IntegrityError):  # no double, and no number would make it right
            lacking = Insert(table="case_record", row={**row, "id": b"s" * 16, "sealed": None})
            await store.audit.append(action="identity_opened", subject=CASE, actors=[KEY], at=2, along=[lacking])
        assert len(tries) == 2
        # Two things at once: the number is taken by somebody quicker, and so is the row. It ends all the same.
        head = store.audit.head

        async def quicker(changes: Any, **how: Any) -> Any:
            monkeypatch.setattr(store.writer, "write", counted)
            await store.audit.append(action="case_opened", subject=CASE, actors=[KEY], at=3)
            return await counted(changes, **how)

        monkeypatch.setattr(store.writer, "write", quicker)
        with pytest.raises(IntegrityError):
            await store.audit.append(action="identity_opened", subject=CASE, actors=[KEY], at=4, along=note)
        last = await head()
        assert len(tries) == 5 and last is not None and last.entry.action == "case_opened"


async def test_what_goes_along_is_written_with_the_entry_or_neither_is(tmp_path: Path) -> None:
    async with opened(settings(tmp_path)) as store:
        row = {"id": b"r" * 16, "case_id": CASE, "version": 1, "kind": "identity_opened", "created_at": 1, "sealed": b"x"}
        along = [Insert(table="case_record", row=row)]
        await store.audit.append(action="identity_opened", subject=CASE, actors=[KEY, KEY], at=1, along=along)
        with pytest.raises(IntegrityError):  # the record is there already
            await store.audit.append(action="identity_opened", subject=CASE, actors=[KEY, KEY], at=2, along=along)
        assert len(await store.reads.case_records(CASE)) == 1
        (link,) = await store.audit.links()
        assert link.entry.actors == (KEY, KEY)

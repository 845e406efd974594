"""The queue's machine once more, over the ledger and a real store: what was written is what the rules say, and of several who saw the same
version one has written. On PostgreSQL the writers are two processes' worth, each with connections of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from actions.queue import HandOff, Refusal, Urgency, after
from actions.rows import Insert
from bot.desk.events import Events
from bot.desk.ledger import Ledger
from bot.storage.database import migrate, open_engine, sqlite_url
from bot.storage.desk import DeskStore
from bot.storage.sharing import Alone
from bot.storage.writer import Writer
from tests.actions.test_queue_machine import EVENTS, Desk
from tests.stores import ON_POSTGRES, stores

T = TypeVar("T")


@dataclass(kw_only=True)
class Store:
    """One database, with those who write to it: of two processes on PostgreSQL, of the one on SQLite. `run` waits for what they do."""

    run: Callable[[Coroutine[Any, Any, Any]], Any]
    read: DeskStore
    writers: list[Writer] = field(default_factory=list)
    ledgers: list[Ledger] = field(default_factory=list)
    numbers: Any = field(default_factory=count)  # of examples: they share the database


class StoredDesk(Desk):
    """Keeps beside every row what the rules make of it."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.example = next(store.numbers).to_bytes(8, "big")

    def commit(self, before: HandOff, step: HandOff | Refusal, said: Any) -> bool:
        """The ledger writes exactly when the rules, asked with what is stored now, say that something happens."""
        expected = super().commit(before, step, said)
        result = self.store.run(self.store.ledgers[0].move(before, said))
        assert result.ok == expected, (result, before, said)
        self._same(before.id)
        return expected

    def _same(self, number: bytes) -> None:
        assert self.store.run(self.store.read.hand_off(number)) == self.stored[number]

    @rule(urgency=st.sampled_from(Urgency), language=st.sampled_from(("id", "en", "jv")), both=st.booleans(), talks=st.booleans())
    def arrives(self, urgency: Urgency, language: str, both: bool, talks: bool) -> None:
        known = set(self.stored)
        super().arrives(urgency, language, both, talks)
        (short,) = set(self.stored) - known
        number = self.example + short[8:]
        made = self.stored[number] = replace(self.stored.pop(short), id=number, case_id=number)
        self.readers[number] = self.readers.pop(short)
        row = {
            "id": number, "case_id": number, "reason": made.reason, "state": made.state.value, "created_at": made.created_at,
            "conversation_id": made.conversation_id, "urgency": urgency.value, "language": language, "version": 0,
            "waiting_since": made.waiting_since, "false_alarm": 0, "ended": made.ended,
        }  # fmt: skip
        self.store.run(self.store.writers[0].write([Insert(table="hand_off", row=row)]))
        self._same(number)

    @precondition(lambda self: self.stored)
    @rule(data=st.data(), makes=st.lists(EVENTS, min_size=1, max_size=4))
    def at_the_same_moment(self, data: st.DataObject, makes: list[Callable[[int, HandOff], Any]]) -> None:  # type: ignore[override]
        """Several consoles and the round, all at once, to the same few, and each doubled: for each hand-off one of them has written, if any
        of them may."""
        seen = [self.stored[data.draw(st.sampled_from(sorted(self.stored)))] for _ in makes] * 2
        said = [make(self.now, before) for make, before in zip(makes, seen, strict=False)] * 2
        of_each = [self.store.ledgers[0]] * len(makes) + [self.store.ledgers[-1]] * len(makes)

        async def together() -> list[Any]:
            return await asyncio.gather(*(ledger.move(*each) for ledger, *each in zip(of_each, seen, said, strict=True)))

        results = self.store.run(together())
        for number in sorted({before.id for before in seen}):
            mine = [place for place, before in enumerate(seen) if before.id == number]
            won = [place for place in mine if results[place].ok]
            assert len(won) == any(isinstance(after(seen[place], said[place]), HandOff) for place in mine)
            for place in won:
                assert super().commit(seen[place], after(seen[place], said[place]), said[place])
            self._same(number)

    def teardown(self) -> None:
        for number in self.stored:
            self._same(number)


async def _opened(stack: AsyncExitStack, folder: Path, run: Callable[[Coroutine[Any, Any, Any]], Any]) -> Store:
    url = stores(folder).get("database_url") or sqlite_url(folder / "ruang-aman.db")
    engines = [open_engine(url) for _ in range(2 if ON_POSTGRES else 1)]
    await migrate(engines[0], store="main")
    store = Store(run=run, read=DeskStore(engines[0]))
    for engine in engines:
        stack.push_async_callback(engine.dispose)
        writer = Writer(engine)
        writer.start()
        stack.push_async_callback(writer.close)
        store.writers.append(writer)
        ledger = Ledger(store=store.read, writer=writer, sharing=Alone(), events=Events(), tell=lambda _: None, clock=lambda: 0.0)
        store.ledgers.append(ledger)
    return store


def test_what_is_stored_is_what_the_rules_say_and_of_those_at_once_one_has_written(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        store = runner.run(_opened(stack, tmp_path, runner.run))
        try:
            run_state_machine_as_test(  # type: ignore[no-untyped-call]
                lambda: StoredDesk(store), settings=settings(max_examples=40, stateful_step_count=40, deadline=None, database=None)
            )
        finally:
            runner.run(stack.aclose())

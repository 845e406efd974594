"""Whoever has the reporter's code or only guesses: what the code opens, how often may be tried, what the clock tells."""

from __future__ import annotations

import asyncio
import json
import secrets
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import adapters
from bot.vault.receipt import new_receipt
from tests.attackers.canaries import found_in
from tests.attackers.haul import Evening, rows
from tests.attackers.town import OnTelegram, OnWeb, Town, town, web_token
from tests.bot.test_typed_code import ALARMING
from tests.stores import copied


@asynccontextmanager
async def _again(evening: Evening, folder: Path, *, copy: str = "answered", later: float = 0) -> AsyncIterator[Town]:
    """The service on a copy of the evening. At "answered" a counsellor's reply waits for the child."""
    copied(evening.folder / copy, folder / "data")
    async with town(folder / "data", now=evening.told["now"] + later) as here:
        yield here


async def test_the_code_opens_the_status_and_what_is_unread(evening: Evening, tmp_path: Path) -> None:
    """On another phone, from another channel: status and the waiting reply. Nothing of what was told, no address, no other case."""
    async with _again(evening, tmp_path) as here:
        thief = OnTelegram(here, 5550108001, name="Maling", username="maling_1")
        read = await thief.does("/start", "check", evening.told["codes"]["child"])
        assert evening.named(found_in(read.encode(), evening.canaries.values())) == {"reply"}
        # Whatever he says next, he gets no more out of it.
        await thief.does("ulangi", "kembali", "add", "aku lupa apa yang kutulis, tolong tunjukkan", "menu", "report", "yes")
        await thief.does("lewati", "lewati")
        await thief.does("bantuan", "privacy", "go_on", "menu", "check", evening.told["codes"]["child"])
        await thief.says("/start")
        known = {"reply", "bot token"}
        assert evening.named(found_in(thief.read.encode(), evening.canaries.values())) <= known
        assert thief.read.count(evening.canaries["reply"]) == 1
        for other in ("adult", "terminal", "hand-off", "danger"):
            assert not evening.named(found_in((await thief.does("menu", "check", evening.told["codes"][other])).encode(),
                evening.canaries.values()))  # fmt: skip


async def test_a_reply_that_was_read_is_gone(evening: Evening, tmp_path: Path) -> None:
    """From the database at once, and for whoever comes later with the same code."""
    async with _again(evening, tmp_path) as here:
        assert len(await _messages(here)) == 1
        child = OnWeb(here, web_token("a new tab"))
        assert evening.canaries["reply"] in await child.does("halo", "check", evening.told["codes"]["child"])
        assert await _messages(here) == []
        later = OnWeb(here, web_token("somebody else's tab"))
        assert evening.canaries["reply"] not in await later.does("halo", "check", evening.told["codes"]["child"])


async def _messages(here: Town) -> list[bytes]:
    from sqlalchemy import text

    async with here.service.engine.connect() as connection:
        return list((await connection.execute(text("SELECT id FROM mailbox_message"))).scalars())


async def test_the_seventh_try_of_an_hour_is_refused(evening: Evening, tmp_path: Path) -> None:
    """Even with the right code then; and nobody else is locked out by it. The next hour is a new one."""
    right = evening.told["codes"]["adult"]
    async with _again(evening, tmp_path) as here:
        guesser = OnWeb(here, web_token("guesser"))
        await guesser.does("halo", "check")
        # Codes that sound like a cry are among them, always: one in two hundred does, and this test was the one to notice, now and then.
        codes = [*ALARMING[:3], *(new_receipt() for _ in range(adapters.TRIES_PER_CONVERSATION - 3))]
        for code in codes:
            assert "belum cocok" in await guesser.does(code), code
        assert "terlalu sering" in await guesser.does(right)
        assert "terlalu sering" in await guesser.does("menu", "check", right)
        other = OnWeb(here, web_token("a child"))
        assert "Kodenya cocok" in await other.does("halo", "check", right)
        here.now += 3600
        assert "Kodenya cocok" in await guesser.does("menu", "check", right)


async def test_guessers_cannot_lock_out_everybody(evening: Evening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many conversations that guess use up the channel's budget; somebody who comes with the right code is heard all the same."""
    monkeypatch.setattr(adapters, "TRIES_PER_CHANNEL", 9)
    async with _again(evening, tmp_path) as here:
        guessers = [OnWeb(here, web_token(f"guesser {number}")) for number in range(4)]
        for guesser in guessers:
            await guesser.does("halo", "check", *(new_receipt() for _ in range(3)))
        assert "terlalu sering" in guessers[-1].last[0].text  # a third wrong one, where so many were wrong already
        child = OnWeb(here, web_token("a child"))
        assert "Kodenya cocok" in await child.does("halo", "check", evening.told["codes"]["adult"])


async def test_a_right_code_and_a_wrong_one_take_as_long(evening: Evening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow derivation runs for every well-formed code, found or not, and is nearly all of the time."""
    derived: list[str] = []
    real = adapters.derive
    monkeypatch.setattr(adapters, "derive", lambda words, *, pepper: (derived.append(words), real(words, pepper=pepper))[1])
    async with _again(evening, tmp_path) as here:
        desk = here.service.turns.turn._ports.receipts

        async def took(code: str) -> float:
            begun = time.perf_counter()
            await desk.open(code)
            return time.perf_counter() - begun

        right, wrong = [], []
        for _ in range(12):  # in turn, so that a busy machine is as unkind to both
            right.append(await took(evening.told["codes"]["danger"]))
            wrong.append(await took(new_receipt()))
        assert len(derived) == 24
        assert 0.5 < statistics.median(right) / statistics.median(wrong) < 2
        assert await desk.open("lima kata yang bukan kode") is None
        assert len(derived) == 24


async def test_a_code_is_stored_nowhere(evening: Evening, tmp_path: Path) -> None:
    """Without the pepper not even the right code is recognised by the locators in the database."""
    locators = {row["locator"] for row in rows(evening.folder / "data" / "ruang-aman.db", "receipt")}
    tried = [*evening.told["codes"].values(), new_receipt()]
    found = [code for code in tried for pepper in (bytes(32), secrets.token_bytes(32)) if (await _locator(code, pepper)) in locators]
    assert found == []
    pepper = bytes.fromhex((evening.folder / "data" / "keys" / "pepper").read_text("ascii"))
    assert (await _locator(evening.told["codes"]["child"], pepper)) in locators  # with it, a guess can be checked: so it is kept apart


async def _locator(code: str, pepper: bytes) -> bytes:
    return (await asyncio.to_thread(adapters.derive, code, pepper=pepper)).locator


async def test_what_the_page_gets_is_its_own(evening: Evening, tmp_path: Path) -> None:
    """A token that is not known, wrong or somebody's address gets nothing; a reply's words are not in any answer of the routes."""
    async with _again(evening, tmp_path) as here:
        child = OnWeb(here, web_token("child's tab"))
        await child.says("halo")
        await here.service.settle()
        waiting = await here.service.pending("web", child.address)
        assert waiting
        stranger = OnWeb(here, web_token("stranger"))
        assert await here.service.pending("web", stranger.address) == []
        # Nor can a stranger confirm, and so erase, what waits for somebody else.
        await stranger.says("halo")
        headers = {"Authorization": f"Bearer {stranger.token}"}
        ids = [row.id for row in waiting]
        assert (await here.client.post("/chat/confirm", json={"ids": ids}, headers=headers)).status_code == 202
        assert [row.id for row in await here.service.pending("web", child.address)] == ids
        for wrong in (child.address, child.token[:-1], "", "x" * 43 + "=", "\u00e9" * 43):
            answer = await here.client.get("/chat/events", headers={"Authorization": f"Bearer {wrong}".encode()})
            assert answer.status_code == 401
            assert json.loads(answer.text) == {"code": "bad_token"}

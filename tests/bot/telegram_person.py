"""Somebody with Telegram: writes, taps what is really under a message, and reads what comes."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import count
from typing import Any

from bot.shelf import Shelf, load_shelf
from tests.bot.telegram_front import Call, Front, until
from tests.contracts.telegram_peer import captured, tap_update, text_update

STORY = "omku sering memukul pakai gesper kalau ibuku bekerja"
MORE = "kemarin sampai lebam di punggung"

_CHATS = count(5_550_200_001)
_LONG = 5  # letters from which on a word of the chat is looked for in the log


@cache
def _shelf() -> Shelf:
    return load_shelf()


def wording(step: str, *, part: str = "text", reader: str | None = None) -> str:
    """The longest line of what a step (`flow.step`, or a common sentence `common.x`) says without anything filled in."""
    flow, _, name = step.partition(".")
    catalogue = _shelf().library.catalogue
    words = catalogue.common("id", name) if flow == "common" else catalogue.part("id", flow, name, part, reader)
    assert words, f"the catalogue has no {step}"
    return max((line for line in words.splitlines() if "{" not in line), key=len)


class Person:
    """One private chat. `sent` are the ids of the own messages, `said` the words."""

    def __init__(self, front: Front, *, reader: str = "child") -> None:
        self.front, self.reader = front, reader
        self.chat = next(_CHATS)
        self.said: list[str] = []
        self.sent: list[int] = []
        self._ids = count(900_001)  # one numbering for both sides at Telegram; the emulator's own begins at 1

    @property
    def screen(self) -> list[Call]:
        """What came, or was changed, so far."""
        return self.front.screen(self.chat)

    # Writing

    async def starts(self, *, asks: str) -> Call:
        """Opens the chat; the phone sends /start."""
        return await self.says("/start", asks=asks)

    async def says(self, text: str, *, asks: str = "", hears: str = "", part: str = "text") -> Call:
        """Writes, and reads the answer that asks (or says) this."""
        before = len(self.screen)
        await self.front.enqueue(self.writes(text))
        return await self.reads(asks or hears, since=before, part=part)

    def writes(self, text: str) -> dict[str, Any]:
        """The update of a text that is being sent."""
        self.said.append(text)
        update = self.front.number({})["update_id"]
        return self._own(text_update(update, text, chat=self.chat))

    async def sends(self, fixture: str, *, hears: str) -> Call:
        """Sends what a fixture holds (a photo, a sticker), and reads the answer."""
        before = len(self.screen)
        update = self._own(captured(fixture) | self.front.number({}))
        update["message"]["chat"]["id"] = update["message"]["from"]["id"] = self.chat
        await self.front.enqueue(update)
        return await self.reads(hears, since=before)

    def _own(self, update: dict[str, Any]) -> dict[str, Any]:
        update["message"]["message_id"] = next(self._ids)
        self.sent.append(update["message"]["message_id"])
        return update

    # Tapping

    def button(self, option: str) -> tuple[str, int]:
        """The newest button of that option that is really there: its data and its message."""
        current: dict[int, Call] = {call.ref: call for call in self.screen}
        for ref in sorted(current, reverse=True):
            for data in current[ref].buttons:
                if data.partition(".")[2] == option:
                    return data, ref
        raise AssertionError(f"no button {option} in {[call.buttons for call in current.values()]}")

    def presses(self, option: str, *, button: tuple[str, int] | None = None) -> dict[str, Any]:
        """The update of a tap on that option (or on a button that was noted earlier)."""
        data, ref = button or self.button(option)
        update = tap_update(self.front.number({})["update_id"], data, chat=self.chat)
        update["callback_query"]["message"]["message_id"] = ref
        return update

    async def taps(self, option: str, *, asks: str, button: tuple[str, int] | None = None, times: int = 1, part: str = "text") -> Call:
        """Taps (twice, if the network is slow), and reads the answer."""
        before = len(self.screen)
        await self.front.enqueue(*(self.presses(option, button=button) for _ in range(times)))
        return await self.reads(asks, since=before, part=part)

    # Reading

    def heard(self, step: str, *, part: str = "text") -> list[Call]:
        """All bubbles so far that say what a step says."""
        words = wording(step, part=part, reader=self.reader)
        return [call for call in self.screen if words in call.text]

    async def reads(self, step: str, *, since: int = 0, part: str = "text", seconds: float = 15.0) -> Call:
        """The first bubble from number `since` on that says what a step says; waits for it."""
        words = wording(step, part=part, reader=self.reader)
        found = await until(
            lambda: [call for call in self.screen[since:] if words in call.text], f"{step} ({words!r})", seconds=seconds,
            instead=lambda: [call.text for call in self.screen[since:]],
        )  # fmt: skip
        return found[0]

    def code(self) -> str:
        """The five words that came with the thanks. If they came twice they are the same."""
        thanks = "\n".join(call.text for call in self.heard("report.sent"))
        found = set(re.findall(r"^([a-z]+(?: [a-z]+){4})$", thanks, re.MULTILINE))
        assert len(found) == 1, found
        return str(found.pop())

    def leaks(self, log: str) -> list[str]:
        """What of this chat stands in a log: its id, a word that was written, a line that was answered."""
        words = {word for text in self.said for word in re.findall(rf"[^\W\d_]{{{_LONG},}}", text)}
        lines = {line for call in self.screen for line in call.text.splitlines() if len(line) >= 12}
        labels = {label for call in self.screen for label in call.buttons.values() if len(label) >= 12}
        return sorted(found for found in {str(self.chat), "Rara"} | words | lines | labels if found.lower() in log.lower())


async def to_story(person: Person) -> None:
    """A child, as far as the own words."""
    await person.starts(asks="start.menu")
    await person.taps("report", asks="report.safe")
    await person.taps("yes", asks="report.who")
    await person.taps("self_13_17", asks="report.story")


async def finish(person: Person) -> str:
    """From the first words' answer to the code."""
    await person.taps("yes", asks="report.area")
    await person.taps("64.71.05", asks="report.phone")
    await person.taps("own_code", asks="common.review_title")
    await person.taps("send", asks="report.sent")
    return person.code()


async def to_types(person: Person) -> None:
    """An adult, as far as the first question with several answers."""
    await person.starts(asks="start.menu")
    await person.taps("report", asks="report.safe")
    await person.taps("yes", asks="report.who")
    await person.taps("adult", asks="report.danger_now")
    await person.taps("no", asks="report.relation")
    await person.taps("neighbour", asks="report.types")


async def wiped(person: Person, last: str) -> set[int]:
    """Waits until both sides' messages are deleted, each once, but for the one that says so; gives their ids."""
    (kept,) = person.heard(last)
    gone = ({call.ref for call in person.screen} | set(person.sent)) - {kept.ref}

    def deleted() -> Counter[int]:
        return Counter(call.ref for call in person.front.of("deleteMessage", person.chat))

    await until(lambda: set(deleted()) >= gone, f"the deletion of {gone}", instead=deleted)
    assert deleted() == dict.fromkeys(gone, 1)
    return gone

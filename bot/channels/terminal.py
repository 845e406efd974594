"""The bot in a terminal: bubbles are printed with numbered options, lines are read. Also from a pipe, and with a screen reader.

Plain lines only: no colour, no cursor movement, nothing redrawn. What was printed is never changed, so a screen reader reads it once.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TextIO
from uuid import uuid4

from bot.channels.base import Limits, Mailroom, Received, Refused
from bot.channels.bubble import body, whole_unicode
from bot.lines import lines
from flows.message import Choice, Inbound, InboundKind, Outbound

NAME = "terminal"

_LOCATION = re.compile(r"/lo[ck]a(?:tion|si)\s+(-?\d{1,2}(?:\.\d+)?)[\s,]+(-?\d{1,3}(?:\.\d+)?)", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
# Control characters could take over the terminal (a review repeats what was typed, or what a pipe fed in); tab and newline may stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Terminal:
    """One person at one terminal.

    `output` is where bubbles are printed, `language` the hint given with each line. The channel remembers the options on the screen, since
    nobody else can know which one a typed number means.
    """

    name = NAME
    pull = False
    limits = Limits(text=100_000, options=None, label=200, id_bytes=64)

    def __init__(self, *, output: TextIO | None = None, language: str | None = None) -> None:
        self.address = uuid4().hex  # a conversation lasts as long as the program
        self._output = output or sys.stdout
        self._language = language
        self._shown: tuple[Choice, ...] = ()
        self._sent = 0

    def parse(self, update: Mapping[str, Any]) -> Received | None:
        """The message in `{"line": str, "id": str}`; `{"start": True}` instead of a line opens the chat. None for an empty line.

        The number of an option on the screen is a tap on it; `/lokasi -1.2654 116.8312` sends a location in degrees.
        """
        if update.get("start") is True:
            return self._received(update, Inbound(kind=InboundKind.START, language=self._language))
        line = update.get("line")
        if not isinstance(line, str) or not line.strip():
            return None
        line = whole_unicode(line.rstrip("\r\n"))
        shown, self._shown = self._shown, ()  # options of a question that was answered are no longer on offer
        number = int(line.strip()) if _NUMBER.fullmatch(line.strip()) else 0
        if 1 <= number <= len(shown):
            return self._received(update, Inbound(kind=InboundKind.TAP, tap=shown[number - 1].id, language=self._language))
        place = _LOCATION.fullmatch(line.strip())
        if place and abs(float(place[1])) <= 90 and abs(float(place[2])) <= 180:
            location = (float(place[1]), float(place[2]))
            return self._received(update, Inbound(kind=InboundKind.LOCATION, location=location, language=self._language))
        return self._received(update, Inbound(kind=InboundKind.TEXT, text=line, language=self._language))

    async def acknowledge(self, received: Received) -> None:
        """Nothing to do: there is no spinner."""

    async def send(self, address: str, message: Outbound) -> tuple[str, ...]:
        """Prints one bubble, with its options numbered, and an empty line. Raises Refused once nobody reads any more."""
        try:
            self._output.write(_CONTROL.sub("", body(message)) + "\n\n")
            self._output.flush()
        except UnicodeEncodeError:  # a terminal that is not UTF-8 shows what it can
            encoding = self._output.encoding or "ascii"
            self._output.write(_CONTROL.sub("", body(message)).encode(encoding, "replace").decode(encoding) + "\n\n")
            self._output.flush()
        except (BrokenPipeError, ValueError):  # the reading end of a pipe was closed
            raise Refused("terminal_closed") from None
        if message.choices:
            self._shown = message.choices
        self._sent += 1
        return (str(self._sent),)

    async def delete(self, address: str, ref: str) -> None:
        """Always raises Refused: what a terminal has printed cannot be taken back."""
        raise Refused("terminal_cannot_delete")

    async def close(self) -> None:
        """Nothing to end: the terminal is not ours to close."""

    async def run(self, mailroom: Mailroom, settled: Callable[[], Awaitable[None]], *, source: int = 0) -> None:
        """Opens the chat and hands in one line after the other until the input ends.

        `settled` returns once everything handed in so far is answered: lines from a pipe are then answered in turn like typed ones, and the
        end of the input cuts off no answer. `source` is the file descriptor to read.
        """
        typed = lines(source)
        interactive = os.isatty(source)
        count = 0
        update: dict[str, Any] = {"start": True}
        while True:
            received = self.parse({**update, "id": f"{self.address}:{count}"})
            if received is not None:
                await mailroom.receive(received)
                await settled()
            if interactive:
                self._output.write("> ")
                self._output.flush()
            line = await typed.get()
            if line is None:
                if interactive:
                    self._output.write("\n")
                return
            count += 1
            update = {"line": line}

    def _received(self, update: Mapping[str, Any], inbound: Inbound) -> Received:
        own = update.get("id")
        message_id = own if isinstance(own, str) and own else uuid4().hex
        return Received(channel=NAME, message_id=message_id, address=self.address, inbound=inbound)

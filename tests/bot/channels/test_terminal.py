"""The terminal: from a pipe, a file and a real terminal; nothing printed that a screen reader would stumble over."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.channels.base import Received, Refused
from bot.channels.terminal import Terminal
from flows.message import Choice, InboundKind, Outbound
from tests.contracts.mailbag import Mailbag

YES_NO = (Choice(id="yes", label="Ya"), Choice(id="no", label="Tidak"))


class Answering(Mailbag):
    """A service that answers every message a moment later."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self.terminal = terminal
        self.busy: set[asyncio.Task[None]] = set()

    async def receive(self, received: Received) -> bool:
        task = asyncio.create_task(self.answer(received))
        self.busy.add(task)
        task.add_done_callback(self.busy.discard)
        return await super().receive(received)

    async def answer(self, received: Received) -> None:
        await asyncio.sleep(0.02)
        heard = received.inbound.tap or received.inbound.text or received.inbound.kind.value
        await self.terminal.send(received.address, Outbound(text=f"Kudengar: {heard}", choices=YES_NO))

    async def settled(self) -> None:
        while self.busy:
            await asyncio.wait(self.busy)


async def chat(source: int) -> tuple[list[Any], str]:
    output = io.StringIO()
    terminal = Terminal(output=output, language="id")
    service = Answering(terminal)
    async with asyncio.timeout(10):
        await terminal.run(service, service.settled, source=source)
    return [received.inbound for received in service.received], output.getvalue()


def pipe(content: bytes) -> int:
    read, write = os.pipe()
    os.write(write, content)
    os.close(write)
    return read


async def test_lines_from_a_pipe_are_answered_in_turn_and_the_end_cuts_nothing_off() -> None:
    source = pipe("2\nhalo 😔\n\n  \n7\n/lokasi -1.2654, 116.8312\ntanpa baris baru".encode())
    heard, shown = await chat(source)
    os.close(source)
    assert [(each.kind, each.tap or each.text) for each in heard] == [
        (InboundKind.START, ""),
        (InboundKind.TAP, "no"),
        (InboundKind.TEXT, "halo 😔"),
        (InboundKind.TEXT, "7"),
        (InboundKind.LOCATION, ""),
        (InboundKind.TEXT, "tanpa baris baru"),
    ]
    assert heard[4].location == (-1.2654, 116.8312)
    assert all(each.language == "id" for each in heard)
    assert shown.count("Kudengar") == 6
    assert "Kudengar: tanpa baris baru\n\n1. Ya\n2. Tidak\n\n" in shown
    assert "> " not in shown  # nobody is there to be prompted
    assert "\x1b" not in shown


async def test_a_redirected_file(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"satu\r\ndua\r\n")
    with path.open("rb") as file:
        heard, _ = await chat(file.fileno())
    assert [each.text for each in heard] == ["", "satu", "dua"]


async def test_a_line_longer_than_a_read_and_bytes_that_are_no_text() -> None:
    read, write = os.pipe()
    content = "é".encode() * 100_000 + b"\n\xff\xfe\n"
    writing = asyncio.create_task(asyncio.to_thread(lambda: (os.writev(write, [content]), os.close(write))))
    heard, _ = await chat(read)
    await writing
    os.close(read)
    assert heard[1].text == "é" * 100_000
    assert heard[2].text == "\N{REPLACEMENT CHARACTER}" * 2


async def test_a_terminal_is_prompted() -> None:
    leader, follower = os.openpty()
    os.write(leader, b"1\n\x04")
    heard, shown = await chat(follower)
    os.close(leader)
    os.close(follower)
    assert heard[1].tap == "yes"
    assert shown.count("> ") == 2
    assert shown.endswith("\n")
    assert "\x1b" not in shown


async def test_an_input_that_is_empty_still_shows_the_greeting() -> None:
    source = pipe(b"")
    heard, shown = await chat(source)
    os.close(source)
    assert [each.kind for each in heard] == [InboundKind.START]
    assert "Kudengar: start" in shown


async def test_a_number_means_the_options_that_are_on_offer_now() -> None:
    terminal = Terminal(output=io.StringIO())

    def said(line: str) -> Any:
        received = terminal.parse({"line": line, "id": "1"})
        assert received is not None
        return received.inbound

    await terminal.send("a", Outbound(text="Aman?", choices=YES_NO))
    await terminal.send("a", Outbound(text="Sambungan."))
    assert terminal.parse({"line": "   "}) is None
    assert said(" 2 ").tap == "no"
    await terminal.send("a", Outbound(text="Berapa umurnya?"))
    assert (said("2").tap, said("2").text) == (None, "2")  # no option any more: an age
    await terminal.send("a", Outbound(text="Aman?", choices=YES_NO))
    assert said("3").text == "3"


async def test_what_is_printed_cannot_take_the_terminal_over() -> None:
    output = io.StringIO()
    await Terminal(output=output).send("a", Outbound(text="a\x1b]0;x\x07\x9b2Jb\r\tc\nd", choices=(Choice(id="x", label="\x1b[31mYa"),)))
    assert output.getvalue() == "a]0;x2Jb\tc\nd\n\n1. [31mYa\n\n"


async def test_a_terminal_that_is_not_utf8_shows_what_it_can() -> None:
    raw = io.BytesIO()
    output = io.TextIOWrapper(raw, encoding="ascii")
    await Terminal(output=output).send("a", Outbound(text="Kamu aman? 😔"))
    assert raw.getvalue() == b"Kamu aman? ?\n\n"


async def test_a_closed_output_is_a_refusal() -> None:
    output = io.StringIO()
    output.close()
    with pytest.raises(Refused):
        await Terminal(output=output).send("a", Outbound(text="x"))


async def test_two_terminals_are_two_people() -> None:
    one, other = Terminal(output=io.StringIO()), Terminal(output=io.StringIO())
    assert one.address != other.address


PROGRAM = """
import asyncio, sys
from bot.channels.terminal import Terminal
from flows.message import Outbound

terminal = Terminal()

class Echo:
    async def receive(self, received):
        await terminal.send(received.address, Outbound(text="Kudengar: " + received.inbound.text))
        return True

async def nothing(): ...

async def main():
    if sys.argv[1] == "leave":
        task = asyncio.create_task(terminal.run(Echo(), nothing))
        await asyncio.sleep(0.5)
        task.cancel()
    else:
        await terminal.run(Echo(), nothing)

asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["end", "leave"])
def test_the_process_ends_cleanly(mode: str) -> None:
    """At the end of the input; and while somebody could still type (the reading thread must not hold the interpreter)."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdin is not None
    process.stdin.write(b"halo\n")
    process.stdin.flush()
    if mode == "end":
        out, err = process.communicate(timeout=20)
    else:
        process.wait(timeout=20)  # the input stays open
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = process.stdout.read(), process.stderr.read()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
    assert (process.returncode, err) == (0, b"")
    assert b"Kudengar: halo" in out

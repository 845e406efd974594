"""The real program and the emulator of the Bot API, for the tests that need them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bot.telegram_front import SECRET, Front, emulator
from tests.bot.telegram_program import Bot, Program, add_unit


@pytest.fixture(scope="session")
def emulated() -> Iterator[str]:
    """One emulator for all tests: each has a token of its own."""
    with emulator() as url:
        yield url


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a unit, to be copied."""
    folder = tmp_path_factory.mktemp("installed")
    add_unit(folder)
    return folder


@pytest.fixture
def bot(emulated: str, installed: Path, tmp_path: Path) -> Bot:
    """A running program with Telegram's end. At the end every call was one that the Bot API takes, and the log says nothing of anybody."""

    @asynccontextmanager
    async def running(*, webhook: bool = False) -> AsyncIterator[tuple[Program, Front]]:
        async with Front(emulated).running() as front:
            program = Program(tmp_path, front, webhook=webhook, template=installed)
            try:
                await program.start()
                yield program, front
            finally:
                program.kill()
                print(program.log())  # shown by pytest if the test fails
            log = program.log()
            assert front.problems == []
            assert front.token not in log
            assert front.token.partition(":")[2] not in log
            assert SECRET not in log
            assert "Traceback" not in log
            assert program.wrong() == []

    return running

"""Files on their way from a person to a case: taken, refused, lost, erased."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.channels.base import Received, Refused, TryLater
from bot.evidence.cleaner import Cleaner
from bot.storage import tables
from bot.vault.errors import SealError
from bot.vault.file import open_file
from flows.message import Inbound, InboundKind
from tests.attackers.canaries import found_in
from tests.bot.evidence.test_clean import CANARY, MADE
from tests.bot.filed import FilingPhones, cases, sample, send, words
from tests.bot.house import House, house

CHILD = ("/start", "report", "yes", "self_13_17")
ADULT = ("/start", "report", "yes", "adult", "no", "neighbour")
SENT = ("yes", "unsure", "own_code", "send")
FIELDS = ("lewati",) * 13


async def adult(home: House, types: str) -> None:
    """An adult's report as far as the question about files."""
    await home.talk("1", *ADULT, types, "done", "dia sering dipukul", "yes")


async def test_a_voice_message_is_the_story_and_the_unit_hears_it(tmp_path: Path) -> None:
    async with house(tmp_path, phones=FilingPhones()) as home:
        await home.talk("1", *CHILD)
        answer = await send(home, "1", "voice", sample("voice.ogg"))
        assert "Sudah kami terima" in words(answer)
        assert "boleh petugas membaca" in words(answer)
        await home.talk("1", *SENT)
        (case,) = await cases(home)
        assert case.records[0]["answers"]["story"] == "(pesan suara)"
        (file,) = case.records[0]["files"]
        assert file["kind"] == "voice"
        assert file["size"] == len(sample("voice.ogg"))
        assert case.files[0].startswith(b"OggS")
        assert home.phones.dropped == []  # type: ignore[attr-defined]  what was sent stays in the person's own chat


async def test_what_lies_apart_at_a_platform_goes_once_it_is_sealed(tmp_path: Path) -> None:
    phones = FilingPhones(apart=True)
    async with house(tmp_path, phones=phones) as home:
        await home.talk("1", *CHILD)
        await send(home, "1", "voice", sample("voice.ogg"))
        assert phones.dropped == phones.fetched != []


@pytest.mark.parametrize("types", ["sexual", "online"])
async def test_a_picture_in_a_sexual_or_online_case_is_not_even_fetched(tmp_path: Path, types: str) -> None:
    phones = FilingPhones()
    async with house(tmp_path, phones=phones) as home:
        await adult(home, types)
        answer = await send(home, "1", "image", sample("photo.jpg"))
        assert "Jangan kirim fotonya. Simpan, jangan sebar." in words(answer)
        assert phones.fetched == [] and len(phones.dropped) == 1
        assert await home.rows("evidence") == await home.rows("evidence_chunk") == 0


@pytest.mark.parametrize("before", [(), ("/start",), ("/start", "learn"), ("/start", "services"), ("/start", "report")])
async def test_a_picture_where_none_is_asked_for_is_taken_away_and_a_voice_stays(tmp_path: Path, before: tuple[str, ...]) -> None:
    """What is said not to be kept does not stay at the platform either: also where it is the first thing that somebody ever sends."""
    phones = FilingPhones()
    async with house(tmp_path, phones=phones) as home:
        await home.talk("1", *before)
        assert "tidak kami simpan" in words(await send(home, "1", "image", sample("photo.jpg")))
        assert phones.fetched == [] and len(phones.dropped) == 1
        await home.talk("2", *before)
        await send(home, "2", "voice", sample("voice.ogg"))
        assert phones.fetched == [] and len(phones.dropped) == 1, "it stands in the person's own chat"


async def test_a_picture_waits_for_a_tap_and_is_not_fetched_before(tmp_path: Path) -> None:
    phones = FilingPhones()
    async with house(tmp_path, phones=phones) as home:
        await home.talk("1", *CHILD)
        assert "belum kami ambil" in words(await send(home, "1", "image", sample("photo.jpg")))
        assert "tidak kami simpan" in words(await home.say("1", "file_leave"))
        assert phones.fetched == [] and len(phones.dropped) == 1
        await send(home, "1", "image", sample("photo.jpg"), caption="ini lebamku")
        await send(home, "1", "image", sample("photo.jpg"), caption="yang ini lebih jelas")
        assert len(phones.dropped) == 2, "one picture waits at a time"
        await home.say("1", "ga jadi deh aku takut ketahuan kalau fotonya kelihatan orang")
        assert phones.fetched == [] and len(phones.dropped) == 3
        await home.talk("1", *SENT)
        (case,) = await cases(home)
        assert "ga jadi deh" in case.records[0]["answers"]["story"] and "files" not in case.records[0]


async def test_a_confirmed_picture_is_opened_without_a_word_about_the_sender(tmp_path: Path) -> None:
    before = {path for path in Path(tempfile.gettempdir()).iterdir()}
    async with house(tmp_path, phones=FilingPhones()) as home:
        await adult(home, "physical")
        await send(home, "1", "image", MADE["jpeg"]())
        await home.say("1", "file_send")
        for kind, name in (("image", "png"), ("voice", "ogg"), ("voice", "mp4"), ("document", "pdf")):
            await send(home, "1", kind, MADE[name]())
        assert "bisa memuat 5 file" in words(await send(home, "1", "voice", sample("voice.ogg")))
        held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        await home.talk("1", "done", *FIELDS, "send")
        (case,) = await cases(home)
        assert [file["extension"] for file in case.records[0]["files"]] == ["jpg", "png", "ogg", "m4a", "pdf"]
        assert all(content and not found_in(content, [CANARY]) for content in case.files)
        stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert not found_in(held + stored, [CANARY, "Surat keterangan"])
        assert await home.rows("evidence") == 5
    left = {path for path in Path(tempfile.gettempdir()).iterdir()} - before
    assert not any(found_in(path.read_bytes(), [CANARY]) for path in left if path.is_file())


FAILURES: dict[str, tuple[str, bytes | Exception, int | None, str]] = {
    "unreachable": ("voice", TryLater("somewhere_down"), None, "belum sampai"),
    "gone": ("voice", Refused("file_gone"), None, "belum sampai"),
    "too big by its own word": ("voice", sample("voice.ogg"), 17 * 2**20, "terlalu besar"),
    "too big": ("voice", b"OggS" + bytes(17 * 2**20), None, "terlalu besar"),
    "a picture that calls itself a voice": ("voice", sample("photo.jpg"), None, "file seperti itu"),
    "an office file": ("voice", b"PK\x03\x04" + bytes(500), None, "file seperti itu"),
    "truncated": ("voice", sample("voice.ogg")[:40], None, "file seperti itu"),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_what_cannot_be_taken_is_said_kindly(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.evidence.desk._PAUSE", 0.01)
    kind, content, size, said = FAILURES[name]
    phones = FilingPhones()
    async with house(tmp_path, phones=phones) as home:
        await home.talk("1", *CHILD)
        answer = words(await send(home, "1", kind, content, size=size))
        assert said in answer
        assert "Ceritakan dengan kata-katamu" in answer, "the question is asked again"
        assert (phones.fetched == []) is (size is not None)
        await home.talk("1", "aku cerita dengan kata-kata saja", *SENT)
        (case,) = await cases(home)
        assert "files" not in case.records[0]
        assert await home.rows("evidence_chunk") == 0


@pytest.mark.parametrize(
    "worker",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "import sys; sys.stdin.buffer.read(); sys.exit(3)",
        "print('not an answer')",
        "import time; time.sleep(60)",
        "import sys\nwhile True: sys.stdout.buffer.write(bytes(1 << 20))",
        "import sys; sys.stdout.buffer.write(b'\\x00exe\\x00MZ')",
    ],
)
async def test_the_service_survives_its_worker(tmp_path: Path, worker: str) -> None:
    async with house(tmp_path, phones=FilingPhones()) as home:
        home.service.files._cleaner = Cleaner((sys.executable, "-c", worker), seconds=2.0)
        await home.talk("1", *CHILD)
        sending = asyncio.create_task(send(home, "1", "voice", sample("voice.ogg")))
        await asyncio.sleep(0.3)
        other = home.phones.seen["2"]
        await home.service.receive(_start("2"))
        for _ in range(100):
            if other:
                break
            await asyncio.sleep(0.01)
        assert other, "somebody else had to wait for the file"
        assert "belum bisa kami simpan" in words(await sending)
        assert await home.rows("evidence") == 0


class HangingPhones(FilingPhones):
    """A platform that takes a request for a file and does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = 0  # requests that were given up

    async def fetch(self, handle: str) -> AsyncIterator[bytes]:
        self.fetched.append(handle)
        try:
            await asyncio.Event().wait()
        finally:
            self.gone += 1
        yield b""


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("words_", "answer"), [("mtk", "Latihan"), ("semangka", "Latihan"), ("tolong dia mau membunuhku sekarang", "Telepon 112")]
)
async def test_who_leaves_or_cries_for_help_does_not_wait_for_a_file(tmp_path: Path, words_: str, answer: str) -> None:
    phones = HangingPhones()
    async with house(tmp_path, phones=phones) as home:
        await home.talk("1", "/start", "bantuan", "exit_word", "semangka", *CHILD)
        before = len(phones.seen["1"])
        sending = asyncio.create_task(send(home, "1", "voice", sample("voice.ogg")))
        await _until(lambda: bool(phones.fetched))
        await home.service.receive(_said("1", "halo?"))
        await home.service.receive(_said("1", words_))
        await _until(lambda: answer in words(phones.seen["1"][before:]))
        await sending
        assert phones.gone == 1
        assert await home.rows("evidence") == 0


async def test_a_file_server_that_hangs_holds_nobody_up_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.evidence.desk.TAKE_SECONDS", 0.5)
    phones = HangingPhones()
    async with house(tmp_path, phones=phones) as home:
        people = [str(number * 10) for number in range(1, 8)]  # more than files are fetched at once
        for address in people:
            await home.talk(address, *CHILD)
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*(send(home, address, "voice", sample("voice.ogg")) for address in people))
        assert all("belum sampai" in words(answer) for answer in answers)
        assert "boleh petugas membaca" in words(await home.say("10", "aku cerita dengan kata-kata saja"))


def _said(address: str, text: str) -> Received:
    return Received(channel="telegram", message_id=f"{address}:{text}", address=address, inbound=Inbound(kind=InboundKind.TEXT, text=text))


def _start(address: str) -> Received:
    return Received(channel="telegram", message_id=f"start{address}", address=address, inbound=Inbound(kind=InboundKind.START))


async def test_what_was_erased_opens_with_no_key_of_today(tmp_path: Path) -> None:
    async with house(tmp_path / "data", phones=FilingPhones()) as home:
        await home.talk("1", *CHILD)
        await send(home, "1", "voice", sample("voice.ogg"))
        async with home.service.engine.connect() as connection:
            old = (await connection.execute(tables.evidence_chunk.select())).all()
            locked = (await connection.execute(tables.conversation.select())).one()
        assert old
        await home.talk("1", "hapus", "yes")
        assert await home.rows("evidence") == await home.rows("evidence_chunk") == 0
        assert await home.service.keys.key(locked.key_id) is None, "the file's key lay in a session under this one"
        with pytest.raises(SealError):
            open_file([row.sealed for row in old], key=bytes(32), evidence_id=old[0].evidence_id)


async def test_leaving_hands_over_what_may_be_read_and_nothing_else(tmp_path: Path) -> None:
    async with house(tmp_path, phones=FilingPhones()) as home:
        for address, may in (("1", "yes"), ("2", "no")):
            await home.talk(address, *CHILD)
            await send(home, address, "voice", sample("voice.ogg"))
            await home.talk(address, may, "mtk")
        (case,) = await cases(home)
        assert case.kind == "unfinished" and len(case.files) == 1
        assert await home.rows("evidence") == 1


async def test_an_alert_takes_along_what_may_be_read_and_the_report_keeps_it(tmp_path: Path) -> None:
    async with house(tmp_path, phones=FilingPhones()) as home:
        await home.talk("1", *CHILD)
        await send(home, "1", "voice", sample("voice.ogg"))
        await home.talk("1", "yes", "tolong dia mau membunuhku sekarang", "gang depan masjid", "safe_now")
        await home.talk("1", "unsure", "own_code", "send")
        found = {case.kind: case for case in await cases(home)}
        assert found.keys() == {"alert", "report"}
        assert found["alert"].files == found["report"].files != []


@pytest.mark.parametrize(("cry", "steps"), [("tolong dia mau membunuhku sekarang", 2), ("aku mau bunuh diri", 4)])
async def test_a_voice_in_a_talk_about_danger_is_in_the_alert(tmp_path: Path, cry: str, steps: int) -> None:
    async with house(tmp_path, phones=FilingPhones()) as home:
        await home.talk("1", *CHILD)
        await send(home, "1", "voice", sample("voice.amr"))  # of the report: nobody was asked yet whether it may be read
        await home.say("1", cry)
        for _ in range(steps):
            await send(home, "1", "voice", sample("voice.ogg"))
        (case,) = await cases(home)
        assert case.kind == "alert"
        assert len(case.files) == steps and all(content.startswith(b"OggS") for content in case.files)
        await home.talk("1", "mtk")
        assert await home.rows("evidence") == steps


async def test_a_counsellor_and_an_earlier_report_get_files_too(tmp_path: Path) -> None:
    async with house(tmp_path, phones=FilingPhones()) as home:
        await home.talk("1", "/start", "counsellor")
        await send(home, "1", "document", sample("letter.pdf"))
        await home.talk("1", "own_code")
        (case,) = await cases(home)
        assert case.kind == "hand_off" and case.files[0].startswith(b"%PDF")
        assert await home.rows("evidence") == 1


async def test_silence_takes_files_with_it(tmp_path: Path) -> None:
    async with house(tmp_path, phones=FilingPhones()) as home:
        await home.talk("1", *CHILD)
        await send(home, "1", "voice", sample("voice.ogg"))
        assert await home.rows("evidence_chunk") == 1
        home.wait(73 * 3600)
        await home.service.jobs.forget()
        assert await home.rows("evidence_chunk") == await home.rows("evidence") == 0


async def test_files_may_be_taken_back(tmp_path: Path) -> None:
    async with house(tmp_path, phones=FilingPhones()) as home:
        await adult(home, "physical")
        await send(home, "1", "document", sample("letter.pdf"))
        assert "sudah kami hapus" in words(await home.say("1", "remove"))
        assert await home.rows("evidence_chunk") == 0
        await home.talk("1", "done", *FIELDS, "send")
        assert "files" not in (await cases(home))[0].records[0]


async def test_a_handle_of_somebody_elses_file_in_the_database_is_nobodys_key(tmp_path: Path) -> None:
    """A web page cannot name a handle; and one that were forged opens nothing without the key in it."""
    async with house(tmp_path, phones=FilingPhones()) as home:
        await home.talk("1", *CHILD)
        await send(home, "1", "voice", sample("voice.ogg"))
        async with home.service.engine.connect() as connection:
            file_id = (await connection.execute(tables.evidence.select())).one().id
        got = await home.service.files.take(channel="web", handle=f"staged:{file_id.hex()}:{bytes(32).hex()}", kind="voice", size=None)
        assert got == "unreachable"


async def test_no_room_for_files_leaves_room_for_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.evidence.desk.OPEN_PIECES", 1)
    async with house(tmp_path, phones=FilingPhones()) as home:
        for address in ("1", "2"):
            await home.talk(address, *CHILD)
        assert "Sudah kami terima" in words(await send(home, "1", "voice", sample("voice.ogg")))
        assert "belum bisa kami simpan" in words(await send(home, "2", "voice", sample("voice.ogg")))
        await home.talk("2", "aku cerita saja", *SENT)
        assert len(await cases(home)) == 1


def test_the_worker_writes_no_file_and_starts_no_child() -> None:
    """The limits hold in the real worker: what a hostile file might make it do fails there."""
    import subprocess

    program = (
        "from bot.evidence.worker import confine; confine()\n"
        "import os, tempfile, sys\n"
        "done = []\n"
        "try:\n f = tempfile.TemporaryFile(); f.write(b'x' * 10); f.flush(); done.append('wrote')\nexcept OSError: pass\n"
        "try:\n os.fork() or os._exit(0); done.append('forked')\nexcept OSError: pass\n"
        "try:\n bytearray(3 << 30); done.append('memory')\nexcept MemoryError: pass\n"
        "sys.stdout.write(','.join(done) or 'nothing')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + program], capture_output=True, text=True
    )
    allowed = {"nothing", "forked"} if shutil.which("true") and __import__("os").geteuid() == 0 else {"nothing"}  # root may always fork
    assert done.stdout in allowed, done



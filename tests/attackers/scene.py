"""One evening of the service, in a process of its own: `python -m tests.attackers.scene FOLDER`.

Twelve people write to it, each with words of their own planted (`CANARIES`); two of them talk with a counsellor. Copies of all files are
taken in between, as a thief would have them; FOLDER/scene.json tells what the tests need to know. Everything that the process says goes to
standard error, at DEBUG, libraries too.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import secrets
import shutil
import struct
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from PIL import Image

from bot.cli.identity_key import add_role
from bot.cli.open import records_of
from bot.cli.unit import _recovery, add_unit
from bot.desk.views import Entry, Reply
from bot.logs import set_up_logging, watch_loop
from bot.process import harden_process
from bot.storage.case_file import CaseFile
from bot.storage.desk import DeskStore
from bot.vault import draft
from bot.vault.key_file import read_key_file
from bot.vault.word_code import NUMBERS
from tests.attackers.town import SECRET, TOKEN, OnTelegram, OnTerminal, OnWeb, Person, Platform, Town, configured, town, web_token
from tests.bot.desk.sitting import Person as Colleague
from tests.bot.desk.sitting import add_person
from tests.pinning import Author
from tests.stores import accepting, refusing

# Everything that somebody wrote, is called, or is reached by. Each stands for all of its kind.
CANARIES: dict[str, str] = {
    "child story": "gajah ungu menari di lemari kaca 7319",
    "child phone, as written": "0812-5555-0137",
    "child chat id": "5550100042",
    "child first name": "Rinjanawati",
    "child username": "rinjana_melati_88",
    "adult story": "tetangga itu menyembunyikan layangan merah 4402",
    "adult phone, as written": "+62 812 5555 0299",
    "adult landmark": "dekat warung Pak Kumbang Emas",
    "adult safe word": "bolukukuspandan",
    "identity name": "Prameswari Larasatiningsih",
    "identity phone, as written": "0813-5555-0644",
    "identity phone, another way": "+62 (813) 5555 0644",
    "identity phone, digits": "6281355550644",
    "terminal story": "perahu kertas tenggelam di kolam mujair 6620",
    "terminal phone, as written": "081355550466",
    "danger words": "tolong aku dikejar orang bawa parang naga biru",
    "danger place": "belakang pabrik tahu cap Rusa Perak",
    "danger chat id": "5550100777",
    "hand-off message": "kompas tembaga berputar terbalik semalaman 9051",
    "hand-off phone, as written": "0811 5555 0512",
    "hand-off chat id": "5550100888",
    "talk story": "ikan pari kelabu tidur di atas lemari 5163",
    "talk phone, as written": "0813 5555 0871",
    "talk chat id": "5550100660",
    "talk safe word": "kedondongbelimbing",
    "talk message": "bapak menyimpan kunci perak di bawah guci 7248",
    "talk said": "tangga kayu berderit tiga kali setiap magrib 6039",
    "talk reply": "kapal selam kuning berlabuh di dermaga lama 4815",
    "talk note": "catatan merpati batu di gerbang timur 9376",
    "talk reason": "hinaan beruntun dari kandang angsa 6157",
    "talk file": "badak mungil menari di pematang sawah 2541",
    "live talk story": "kerang hitam bernyanyi di dasar sumur 8127",
    "live talk chat id": "5550100661",
    "live talk safe word": "sawomanilaranum",
    "live talk message": "pintu belakang digembok rantai ungu 3905",
    "live talk said": "jam dinding berputar mundur sejak kemarin 1472",
    "live talk reply": "lentera besi dititipkan di pos kamling 6684",
    "live talk note": "catatan rusa kaca di lorong utara 7751",
    "live talk file": "landak jingga menggali lubang di taman 5098",
    "left story": "sepeda jingga jatuh dari langit mendung 2287",
    "left token": web_token("left"),
    "erased story": "lampion hijau terbakar di loteng bambu 3864",
    "erased chat id": "5550100999",
    "erased exit word": "pr geografi nusakambangan",
    "unfinished story": "kupu kupu perak terjebak botol selai 5538",
    "unfinished chat id": "5550101111",
    "added later": "ada burung hantu putih di pohon jambu 8174",
    "reply": "temui ibu Sekar Arumdalu di puskesmas besok pagi 1926",
    "follow-up token": web_token("follow-up"),
    "adult token": web_token("adult"),
    "open story": "awan cokelat turun ke halaman sekolah 4719",
    "open chat id": "5550102222",
    "open exit word": "pr biologi kantong semar",
    "child file": "kucing belang tidur di atas radio rusak 6105",
    "adult file": "jerapah pirus melompati pagar berkarat 2980",
    "adult file's EXIF": "kamera milik Bima Hastungkara 8841",
    "erased file": "kelinci perunggu mencuri payung sobek 7753",
    "open file": "bangau tembaga berdiri di atap sekolah 3327",
    "open file's EXIF": "kamera milik Ratna Purwitasari 5512",
    "bot token": TOKEN,
    "webhook secret": SECRET,
}
ROLES = {"uptd_head": "service", "legal_companion": "legal"}
OPEN = frozenset(name for name in CANARIES if name.startswith("open "))
LIVE = frozenset(name for name in CANARIES if name.startswith("live talk "))
OPERATORS = frozenset({"bot token", "webhook secret"})  # stand in the configuration


def voice(words: str) -> bytes:
    """A sound file whose samples are these words."""
    samples = words.encode() * 50
    body = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8) + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def photo(words: str) -> bytes:
    """A photo whose EXIF says these words."""
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x013B] = words
    Image.new("RGB", (64, 48), (90, 90, 90)).save(out, "JPEG", exif=exif)
    return out.getvalue()


class Locks:
    """Notes every value that the service locks, so that a thief's haul can be searched for the locked bytes themselves."""

    def __init__(self) -> None:
        self.made: list[dict[str, str]] = []

    def __call__(self, key: bytes, plaintext: bytes, *, context: bytes) -> bytes:
        blob = draft.lock(key, plaintext, context=context)
        self.made.append({"blob": blob.hex(), "key": key.hex(), "context": context.hex(), "plain": plaintext.decode()})
        return blob


def copied(data_dir: Path, target: Path) -> None:
    """All files as they lie there at this moment."""
    shutil.copytree(data_dir, target)


def code_in(text: str) -> str:
    """The five words of a receipt."""
    (line,) = [line for line in text.splitlines() if len(line.split()) == 5 and all(word in NUMBERS for word in line.split())]
    return line


async def _people(here: Town) -> dict[str, Person]:
    def on_telegram(name: str, called: str = "Anggrek", username: str = "anggrek_hutan_77") -> OnTelegram:
        return OnTelegram(here, int(CANARIES[f"{name} chat id"]), name=called, username=username)

    return {
        "child": on_telegram("child", CANARIES["child first name"], CANARIES["child username"]),
        "danger": on_telegram("danger"),
        "hand-off": on_telegram("hand-off"),
        "talk": on_telegram("talk"),
        "live talk": on_telegram("live talk"),
        "erased": on_telegram("erased"),
        "unfinished": on_telegram("unfinished"),
        "open": on_telegram("open"),
        "adult": OnWeb(here, CANARIES["adult token"]),
        "left": OnWeb(here, CANARIES["left token"]),
        "follow-up": OnWeb(here, CANARIES["follow-up token"]),
        "terminal": OnTerminal(here),
    }


async def _up_to_the_review(people: dict[str, Person]) -> None:
    """Everybody tells; nobody has sent, left or erased yet."""
    say = CANARIES
    await people["child"].does("/start", "report", "yes", "self_under_13")
    assert "terima" in await people["child"].sends("voice", voice(say["child file"]))
    await people["child"].does("kembali")
    await people["child"].does(f"{say['child story']}, nomorku {say['child phone, as written']}", "yes", "64.71.02", "own_here")
    await people["adult"].does("halo", "report", "yes", "adult", "no", "neighbour", "1, 2")
    await people["adult"].does(f"{say['adult story']} telepon saya {say['adult phone, as written']}", "yes")
    await people["adult"].sends("image", photo(say["adult file's EXIF"]))
    await people["adult"].does("file_send")
    assert "Ada lagi" in await people["adult"].sends("voice", voice(say["adult file"]))
    await people["adult"].does("done", "this_week", "ongoing", "home")
    await people["adult"].does("sepinggan", say["adult landmark"], "age_6_12", "unsure", "unsure", "unsure", "parent", "1", "done")
    await people["adult"].does("7", "done", "shared", say["adult safe word"])
    await people["adult"].does("yes", say["identity name"], " / ".join(say[name] for name in say if name.startswith("identity phone")))
    await people["terminal"].does("halo", "report", "yes", "self_13_17", f"{say['terminal story']} {say['terminal phone, as written']}")
    await people["terminal"].does("no", "lewati", "own_code")
    await people["hand-off"].does("/start", "counsellor", f"{say['hand-off message']} {say['hand-off phone, as written']}")
    await people["left"].does("halo", "report", "yes", "self_13_17", say["left story"])
    await people["erased"].does("/start", "bantuan", "exit_word", say["erased exit word"], "menu", "report", "yes", "self_13_17")
    assert "terima" in await people["erased"].sends("voice", voice(say["erased file"]))
    await people["erased"].does(say["erased story"])
    await people["unfinished"].does("/start", "report", "yes", "self_under_13", say["unfinished story"], "yes")
    await people["open"].does("/start", "bantuan", "exit_word", say["open exit word"], "menu", "report", "yes", "self_13_17")
    await people["open"].sends("image", photo(say["open file's EXIF"]))  # waits for an answer to the warning
    await people["open"].does("file_send")
    assert "terima" in await people["open"].sends("voice", voice(say["open file"]))
    await people["open"].does(say["open story"])


async def _at_the_desk(here: Town, people: dict[str, Person]) -> dict[str, str]:
    """Two ask for a person, and talk with her; afterwards she takes nobody else. Gives the codes."""
    service, codes = here.service, {}
    unit = next(row.id for row in await service.reads.units() if row.name == "UPTD PPA")
    sari = await add_person(service, "Sari", unit=unit)
    await service.desk.beat(sari, "ready")
    await service.desk.tick()
    here.counsellor = sari
    for name in ("talk", "live talk"):
        say = {each.removeprefix(f"{name} "): words for each, words in CANARIES.items() if each.startswith(f"{name} ")}
        person = people[name]
        await person.does("/start", "counsellor", "talk", f"{say['story']} {say.get('phone, as written', '')}".strip(), "shared")
        codes[name] = code_in(await person.does(say["safe word"]))
        assert "tersimpan" in await person.does(say["message"])
        hand_off_id = await _waiting(here)
        assert (await service.desk.pull(sari, hand_off_id)).ok
        await service.settle()
        await person.fetch()
        assert "Sari" in "\n".join(bubble.text for bubble in person.last)
        await _writes(here, sari, hand_off_id, say["reply"])
        await _writes(here, sari, hand_off_id, say["note"], to_reporter=False)
        await person.does(say["said"])
        await person.sends("voice", voice(say["file"]))
        assert say["reply"] in person.read and say["note"] not in person.read
    await service.desk.beat(sari, "away")
    return codes


async def _waiting(here: Town) -> bytes:
    """The hand-off that nobody has."""
    (found,) = [each.id for each in await DeskStore(here.service.engine).open_hand_offs() if each.owner_id is None and each.conversation_id]
    return found


async def _writes(here: Town, who: Colleague, hand_off_id: bytes, text: str, *, to_reporter: bool = True) -> None:
    """What a console posts when somebody writes to the reporter, or for colleagues."""
    store = DeskStore(here.service.engine)
    hand_off = await store.hand_off(hand_off_id)
    assert hand_off is not None
    entry = who.entry(hand_off, await store.case(hand_off.case_id), text)
    desk = here.service.desk
    done = await (desk.reply(who, hand_off_id, Reply(text=text, **entry)) if to_reporter else desk.note(who, hand_off_id, Entry(**entry)))
    assert done.ok, done.code
    await here.service.settle()


async def _hung_up(here: Town) -> None:
    """The first of the two talks is ended by the desk, which blocks that chat; told, untied, and closed."""
    service, store = here.service, DeskStore(here.service.engine)
    talks = sorted((each for each in await store.open_hand_offs() if each.owner_id is not None), key=lambda each: each.version)
    cases = {(await _case_of(here, code)): name for name, code in here.codes.items()}
    (talk,) = [each for each in talks if cases[each.case_id] == "talk"]
    sari = here.counsellor
    assert sari is not None and sari.id == talk.owner_id
    case = await store.case(talk.case_id)
    reason = Entry(**sari.entry(talk, case, CANARIES["talk reason"]))
    assert (await service.desk.blocking.block(sari, talk.id, reason, hours=72, told=case.told)).ok
    await service.settle()
    assert (await service.desk.close(sari, talk.id, outcome="helped", risk="none")).ok
    await service.desk.tick()
    await service.jobs.timers()
    await service.settle()
    assert talk.id not in {each.id for each in await store.open_hand_offs()}


async def _ended(here: Town, people: dict[str, Person]) -> dict[str, str]:
    """Everybody but two ends. Gives the codes."""
    codes = {}
    await _hung_up(here)
    for name in ("child", "adult", "terminal"):
        codes[name] = code_in(await people[name].does("send"))
    codes["hand-off"] = code_in(await people["hand-off"].does("own_here"))
    left = people["left"]
    assert isinstance(left, OnWeb)
    await left.leaves()
    await people["erased"].does("hapus", "yes")
    await people["unfinished"].does("mtk")
    await people["danger"].does(CANARIES["danger words"])
    codes["danger"] = code_in(await people["danger"].does(CANARIES["danger place"]))
    await people["danger"].does("safe_now")
    return codes


async def _answered(here: Town, case_id: bytes) -> None:
    """A counsellor's reply to a case, sealed to the mailbox and signed as the console does it."""
    (receipt,) = await CaseFile(here.service.reading).mailboxes(case_id)
    author = Author(next(row.id for row in await here.service.reads.units() if row.name == "UPTD PPA"))
    await author.joins(here.service)
    await author.answers(here.service, CANARIES["reply"], receipt, now=int(here.now))


async def _case_of(here: Town, code: str) -> bytes:
    opened = await here.service.turns.turn._ports.receipts.open(code)
    assert opened is not None
    return opened.case_id


async def _troubled(here: Town, people: dict[str, Person]) -> None:
    """The database refuses, Telegram answers nonsense, actions fail: all of it with somebody's words in the error."""
    words = CANARIES["open story"]
    engine = here.service.engine
    for table, event in (("inbox", "INSERT"), ("conversation", "UPDATE"), ("outbox", "UPDATE")):
        async with engine.begin() as connection:
            for statement in refusing(table, event, words):
                await connection.exec_driver_sql(statement)
        person = people["unfinished"]
        assert isinstance(person, OnTelegram)
        status = await here.hook(person.update(text=f"{words} {TOKEN}"))
        assert status == (503 if table == "inbox" else 200), status
        await asyncio.sleep(0.1)
        if table == "conversation":
            await here.service.turns.settle()
        async with engine.begin() as connection:
            await connection.exec_driver_sql(accepting(table))
    await here.service.settle()

    async def fails(*_: Any, **__: Any) -> Any:
        raise ValueError(f"cannot use {words} of {CANARIES['child username']}, see https://api.telegram.org/bot{TOKEN}/getMe")

    ports = here.service.turns.turn._ports
    with patch.object(type(ports.guesses), "count", fails):
        await people["follow-up"].does("menu", "check", "satu dua tiga")
    with patch("bot.turn.resume", side_effect=KeyError(words)):
        unfinished = people["unfinished"]
        assert isinstance(unfinished, OnTelegram)
        assert await here.hook(unfinished.update(text=words)) == 200
        await here.service.turns.settle()
    page = f"<html>{words} {TOKEN} {CANARIES['open chat id']}</html>"
    for status, body in (
        (200, page.encode()), (502, page.encode()), (200, b'{"ok": true}'), (400, json.dumps({"ok": False, "description": page}).encode()),
        (200, b"\xff\xfe\x00" + words.encode()),
        (429, json.dumps({"ok": False, "description": page, "parameters": {"retry_after": words}}).encode()),
    ):  # fmt: skip
        here.platform.garbage = (status, body)
        stranger = OnTelegram(here, secrets.randbelow(10**9) + 10**9, name="Kenanga", username="kenanga_8")
        assert await here.hook(stranger.update(text="halo")) == 200
        await here.service.turns.settle()
        await asyncio.sleep(0.05)
    here.platform.garbage = None

    # What nobody caught: in a task, in a callback, in a thread, and a library that logs somebody's words.
    loop = asyncio.get_running_loop()
    task = loop.create_task(fails())
    await asyncio.sleep(0)
    loop.call_soon(lambda: 1 / len(""))
    loop.call_exception_handler({"message": words, "exception": ValueError(words), "task": task})
    del task
    logging.getLogger("some.library").critical("%s", words, exc_info=ValueError(words))
    logging.getLogger("bot.turn").error("an event %s", words, extra={"words": words, "number": CANARIES["child phone, as written"]})
    await asyncio.sleep(0.05)


async def _evening(folder: Path, now: float) -> None:
    data = folder / "data"
    keys = folder / "staff"
    keys.mkdir()
    locks = Locks()
    modules = ("bot.intake", "bot.stored_session", "bot.outbox", "bot.rollover", "bot.deliver")
    patches = [patch(f"{module}.lock", locks) for module in modules]
    for one in patches:
        one.start()
    watch_loop(asyncio.get_running_loop())
    settings = configured(data, "http://localhost/bot")
    units = {
        name: (await add_unit(settings, name=name, kind=kind, lead=lead, key_file=keys / f"{name}.key", passphrase=None)).hex()
        for name, kind, lead in (("UPTD PPA", "service", True), ("Dinas Pendidikan", "school", False), ("Polresta", "police", False))
    }
    for role, kind in ROLES.items():
        await add_role(settings, role=role, roles=tuple(ROLES), kind=kind, key_file=keys / f"{role}.key", passphrase=None)
    shares = await _recovery(settings)
    async with town(data, now=now, log_level="DEBUG") as here:
        for name in list(logging.root.manager.loggerDict):
            logging.getLogger(name).setLevel(logging.DEBUG)
        logging.root.setLevel(logging.DEBUG)
        people = await _people(here)
        await _up_to_the_review(people)
        here.codes |= await _at_the_desk(here, people)
        copied(data, folder / "before")
        codes = await _ended(here, people) | here.codes
        copied(data, folder / "live")
        case = await _case_of(here, codes["child"])
        await _answered(here, case)
        copied(data, folder / "answered")
        first = await people["follow-up"].does("halo", "check", codes["child"])
        assert CANARIES["reply"] in first
        await people["follow-up"].does("add", CANARIES["added later"], "done")
        copied(data, folder / "late")
        again = await people["follow-up"].does("menu", "check", codes["child"], "done")
        assert CANARIES["reply"] not in again
        await _troubled(here, people)
        asked = [(await here.client.get(path)).text for path in ("/metrics", "/readyz", "/healthz", "/chat", "/nothing")]
        (folder / "http.txt").write_text("\n".join(asked), encoding="utf-8")
        cases = {name: (await _case_of(here, code)).hex() for name, code in codes.items()}
        lead = read_key_file(keys / "UPTD PPA.key")
        assert await records_of(settings, case=cases["adult"], recipient=lead.unit_id, private=lead.private)
    for one in patches:
        one.stop()
    told = {
        "now": now, "codes": codes, "cases": cases, "units": units, "shares": shares, "locks": locks.made,
        "read": {name: person.read for name, person in people.items()}, "sent": _sent(here.platform),
    }  # fmt: skip
    (folder / "scene.json").write_text(json.dumps(told), encoding="utf-8")


def _sent(platform: Platform) -> list[str]:
    return [re.sub(r"\s+", " ", call.get("text", "")) for method, call in platform.calls if method == "sendMessage"]


def main() -> None:
    """Plays the evening."""
    folder, now = Path(sys.argv[1]), float(sys.argv[2])
    set_up_logging("DEBUG")
    hardened = harden_process()
    print(f"hardened {hardened.no_core} {hardened.not_dumpable}", file=sys.stderr)
    asyncio.run(_evening(folder, now), debug=True)


if __name__ == "__main__":
    main()

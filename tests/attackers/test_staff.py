"""Thieves of staff keys: one unit's key file, the printed recovery shares."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from bot.cli.command import CommandError
from bot.cli.files import write_files
from bot.cli.open import records_of
from bot.cli.unit import add_unit
from bot.settings import Settings
from bot.vault.delivery import unwrap_for_case, unwrap_for_delivery
from bot.vault.errors import RecoveryError, SealError
from bot.vault.key_file import read_key_file
from bot.vault.keys import KEY_BYTES
from bot.vault.recovery import combine
from bot.vault.seal import open_key
from tests.attackers.canaries import found_in
from tests.attackers.haul import Evening, every_value, rows
from tests.attackers.town import OnTelegram, Town, configured, town
from tests.stores import copied

LEAD, SCHOOL, POLICE = "UPTD PPA", "Dinas Pendidikan", "Polresta"

# Case → what its readers may know of the planted words.
INSIDE = {
    "child": {"child story", "child phone, as written"},
    "adult": {"adult story", "adult phone, as written", "adult landmark", "adult safe word"},
    "terminal": {"terminal story", "terminal phone, as written"},
    "danger": {"danger words", "danger place"},
    "hand-off": {"hand-off message", "hand-off phone, as written"},
    "talk": {f"talk {each}" for each in ("story", "phone, as written", "safe word", "message", "said", "reply", "note", "reason")},
    "live talk": {f"live talk {each}" for each in ("story", "safe word", "message", "said", "reply", "note")},
}


@pytest.fixture
def stolen(evening: Evening, tmp_path: Path) -> Settings:
    """The data directory as it was left, to be opened with keys."""
    copied(evening.folder / "data", tmp_path / "data")
    return configured(tmp_path / "data", "http://localhost/bot")


async def _read(evening: Evening, settings: Settings, case: str, *, unit: str) -> list[dict[str, Any]]:
    key = read_key_file(evening.folder / "staff" / f"{unit}.key")
    return await records_of(settings, case=evening.told["cases"][case], recipient=key.unit_id, private=key.private)


def _named(evening: Evening, records: list[dict[str, Any]]) -> set[str]:
    return evening.named(found_in(json.dumps(records, ensure_ascii=False).encode(), evening.canaries.values()))


@pytest.mark.parametrize("case", INSIDE)
async def test_the_receiving_unit_reads_what_was_told(evening: Evening, stolen: Settings, case: str) -> None:
    """Reading works, and gives what was told in this case: no address, name, code or word of another case."""
    added = {"added later"} if case == "child" else set()
    assert _named(evening, await _read(evening, stolen, case, unit=LEAD)) == INSIDE[case] | added


async def test_a_unit_that_is_named_gets_nothing(evening: Evening, stolen: Settings) -> None:
    """The adult said that the alleged perpetrator works at a school: that unit never receives this report, whatever it holds."""
    with pytest.raises(CommandError, match="not sealed to this key"):
        await _read(evening, stolen, "adult", unit=SCHOOL)
    assert _named(evening, await _read(evening, stolen, "adult", unit=POLICE)) == INSIDE["adult"]


async def test_one_units_key_opens_no_wrapped_key_of_another(evening: Evening, stolen: Settings) -> None:
    """Not by calling it one's own either: every wrapped key of the database is tried in every name."""
    key = read_key_file(evening.folder / "staff" / f"{SCHOOL}.key")
    database = stolen.data_dir / "ruang-aman.db"
    opened = set()
    for row in rows(database, "case_key"):
        for case in rows(database, "cases"):
            for recipient in {row["recipient_id"], key.unit_id}:
                try:
                    open_key(row["sealed"], private_key=key.private, case_id=case["id"], recipient_id=recipient)
                except SealError:
                    continue
                opened.add((row["case_id"], row["recipient_id"]))
    mine = {(row["case_id"], row["recipient_id"]) for row in rows(database, "case_key") if row["recipient_id"] == key.unit_id}
    assert opened == mine
    assert bytes.fromhex(evening.told["cases"]["adult"]) not in {case for case, _ in mine}


async def test_a_unit_cannot_read_return_addresses(evening: Evening, stolen: Settings) -> None:
    """The case key opens the outer layer only: 305 bytes, the same for everybody. The server's key opens what is inside."""
    database = stolen.data_dir / "ruang-aman.db"
    (server,) = (row for row in rows(evening.keys("data"), "server_key") if row["name"] == "delivery")
    # So that who has the database alone cannot make an address up either.
    assert server["public"] not in [value for _, _, value, _ in every_value(database)]
    key = read_key_file(evening.folder / "staff" / f"{LEAD}.key")
    seen = {}
    for row in rows(database, "case_record"):
        if row["kind"] != "return_address":
            continue
        case_id = row["case_id"]
        (sealed,) = [r["sealed"] for r in rows(database, "case_key") if (r["case_id"], r["recipient_id"]) == (case_id, key.unit_id)]
        case_key = open_key(sealed, private_key=key.private, case_id=case_id, recipient_id=key.unit_id)
        inner = unwrap_for_case(row["sealed"], case_private=case_key, case_id=case_id, record_id=row["id"], version=row["version"])
        assert len(inner) == 305
        assert found_in(inner, evening.canaries.values()) == {}
        for private in (case_key, key.private):
            with pytest.raises(SealError):
                unwrap_for_delivery(inner, delivery_private=private, case_id=case_id)
        for other in {r["id"] for r in rows(database, "cases")} - {case_id}:
            with pytest.raises(SealError):  # the server is not talked into delivering for another case
                unwrap_for_delivery(inner, delivery_private=server["private"], case_id=other)
        left = json.loads(unwrap_for_delivery(inner, delivery_private=server["private"], case_id=case_id))
        assert left.pop("record") == row["id"].hex()
        seen[case_id.hex()] = left
    cases = evening.told["cases"]
    assert seen == {
        cases[name]: {"channel": "telegram", "address": evening.canaries[f"{name} chat id"]} for name in ("child", "hand-off")
    }  # fmt: skip


async def test_two_shares_open_every_case(evening: Evening, stolen: Settings) -> None:
    """Any two of the three, and no address with them."""
    shares = evening.told["shares"]
    keys = {combine(pair) for pair in (shares[:2], shares[1:], [shares[2], shares[0]])}
    assert len(keys) == 1
    for case, words in INSIDE.items():
        records = await records_of(stolen, case=evening.told["cases"][case], recipient=None, private=next(iter(keys)))
        assert words <= _named(evening, records)
        assert not {name for name in _named(evening, records) if "chat id" in name}


async def test_one_share_opens_nothing(evening: Evening, stolen: Settings) -> None:
    """Not alone, not twice, and its words hold no part of the key."""
    for share in evening.told["shares"]:
        for given in ([share], [share, share], [share, share.upper()]):
            with pytest.raises(RecoveryError):
                combine(given)
    whole = combine(evening.told["shares"])
    for share in evening.told["shares"]:
        numbers = b"".join(word.encode() for word in share.split())
        assert not any(whole[at : at + 4] in numbers for at in range(KEY_BYTES - 3))


async def _city(folder: Path) -> Settings:
    settings = configured(folder / "data", "http://localhost/bot")
    for name, kind, lead in ((LEAD, "service", True), (SCHOOL, "school", False), (POLICE, "police", False)):
        await add_unit(settings, name=name, kind=kind, lead=lead, key_file=folder / f"{kind}.key", passphrase=None)
    return settings


def _readers_of(database: Path) -> dict[str, set[str]]:
    names = {row["id"]: row["name"] for row in rows(database, "unit")}
    readers: dict[str, set[str]] = {}
    kinds = {row["id"]: row["kind"] for row in rows(database, "cases")}
    for row in rows(database, "case_key"):
        readers.setdefault(kinds[row["case_id"]], set()).add(names[row["recipient_id"]])
    return readers


async def _adult(here: Town, *, until: str) -> OnTelegram:
    """An adult who says that the alleged perpetrator works for the police."""
    person = OnTelegram(here, 5550107001, name="Melur", username="melur_7")
    await person.does("/start", "report", "yes", "adult", "no", "neighbour", "1, 2", "ada yang saya khawatirkan di sebelah", "yes", "done")
    await person.does("this_week", "ongoing", "home", "sepinggan", "lewati", "age_6_12", "unsure", "unsure", "unsure", "other")
    await person.does("police", "done")
    if until == "sent":
        await person.does("7", "done", "own_code", "send")
    return person


@pytest.mark.parametrize("until", ["told", "sent"])
async def test_the_insider_rule_holds_for_alerts_and_messages_too(tmp_path: Path, until: str) -> None:
    """Who was named in a report receives neither the alert nor the message to a counsellor that follow it in the same talk."""
    settings = await _city(tmp_path)
    async with town(tmp_path / "data", now=time.time()) as here:
        person = await _adult(here, until=until)
        await person.does("tolong anaknya lagi dipukuli sekarang", "di rumah sebelah", "safe_now")
        await person.does("konselor", "saya mau bicara soal anak itu", "own_code")
    found = _readers_of(settings.data_dir / "ruang-aman.db")
    assert set(found) == {"alert", "hand_off"} | ({"report"} if until == "sent" else set())
    assert {kind: units for kind, units in found.items() if POLICE in units} == {}
    assert all({LEAD, SCHOOL} == units for units in found.values())


async def test_the_unit_opens_the_files_and_finds_what_is_in_them_alone(evening: Evening, stolen: Settings, tmp_path: Path) -> None:
    """What can be seen and heard is there; who took the photo is not, nor the key on a screen."""
    paths = await write_files(stolen, await _read(evening, stolen, "adult", unit=POLICE), tmp_path / "files")
    held = b"".join(path.read_bytes() for path in paths)
    assert len(paths) == 2
    assert evening.named(found_in(held, evening.canaries.values())) == {"adult file"}

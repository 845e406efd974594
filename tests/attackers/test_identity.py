"""Thieves of an identity that was given: one of the two roles with everything else that there is to steal, and the two together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from bot.cli.command import CommandError
from bot.cli.open import identity_of, records_of
from bot.settings import Settings
from bot.vault.errors import SealError
from bot.vault.identity import open_identity
from bot.vault.key_file import KeyFile, read_key_file
from bot.vault.recovery import combine
from bot.vault.seal import open_key, open_sealed
from tests.attackers.canaries import found_in
from tests.attackers.haul import Evening, conversation_keys, readable, rows
from tests.attackers.scene import ROLES
from tests.attackers.town import configured
from tests.stores import copied, run

IDENTITY = {"identity name", "identity phone, as written", "identity phone, another way", "identity phone, digits"}


@pytest.fixture
def stolen(evening: Evening, tmp_path: Path) -> Settings:
    """The data directory as it was left."""
    copied(evening.folder / "data", tmp_path / "data")
    return configured(tmp_path / "data", "http://localhost/bot")


def _role(evening: Evening, name: str) -> KeyFile:
    return read_key_file(evening.folder / "staff" / f"{name}.key")


def _record(evening: Evening) -> dict[str, object]:
    (record,) = [row for row in rows(evening.folder / "data" / "ruang-aman.db", "case_record") if row["kind"] == "identity"]
    return record


def _every_other_key(evening: Evening) -> Iterator[bytes]:
    """Whatever else could be held: units' keys, every case's, recovery's, the server's, conversations', days', the pepper."""
    database, store = evening.folder / "data" / "ruang-aman.db", evening.keys("data")
    recovery = combine(evening.told["shares"])
    yield recovery
    for path in sorted((evening.folder / "staff").glob("*.key")):
        key = read_key_file(path)
        if key.kind != "unit":
            continue
        yield key.private
        for row in rows(database, "case_key"):
            if row["recipient_id"] == key.unit_id:
                yield open_key(row["sealed"], private_key=key.private, case_id=row["case_id"], recipient_id=key.unit_id)
    yield from conversation_keys(store)
    yield from (row["key"] for row in rows(store, "day_key"))
    yield from (row["private"] for row in rows(store, "server_key"))
    yield bytes.fromhex((evening.folder / "data" / "keys" / "pepper").read_text("ascii"))


def _opens(record: dict[str, object], keys: dict[str, bytes]) -> bytes | None:
    place = {"case_id": record["case_id"], "record_id": record["id"], "version": record["version"]}
    try:
        return open_identity(record["sealed"], private_keys=keys, **place)  # type: ignore[arg-type]
    except SealError:
        return None


@pytest.mark.parametrize("role", ROLES)
def test_one_role_with_every_other_key_reads_nothing(evening: Evening, role: str) -> None:
    """The role's key, the database, the key store, the pepper, all units' keys and three recovery shares: every pair, in both names."""
    record, own = _record(evening), _role(evening, role).private
    others = set(_every_other_key(evening))
    assert len(others) > 12
    first, second = ROLES
    pairs = [*product([own], [own, *others]), *product(others, [own]), *product(others, others)]
    assert [pair for pair in pairs if _opens(record, dict(zip((first, second), pair, strict=True))) is not None] == []


def test_no_key_of_a_case_opens_it(evening: Evening) -> None:
    """It lies among the case's records, and is none that a unit or recovery could read."""
    record = _record(evening)
    for key in set(_every_other_key(evening)):
        with pytest.raises(SealError):
            open_sealed(
                record["sealed"], private_key=key, case_id=record["case_id"], record_id=record["id"], version=record["version"]  # type: ignore[arg-type]
            )  # fmt: skip


async def test_units_and_recovery_see_only_that_there_is_one(evening: Evening, stolen: Settings) -> None:
    case = evening.told["cases"]["adult"]
    lead = read_key_file(evening.folder / "staff" / "UPTD PPA.key")
    for recipient, private in ((lead.unit_id, lead.private), (None, combine(evening.told["shares"][:2]))):
        read = await records_of(stolen, case=case, recipient=recipient, private=private)
        assert [record["kind"] for record in read].count("identity") == 1
        assert not IDENTITY & evening.named(found_in(json.dumps(read, ensure_ascii=False).encode(), evening.canaries.values()))


@pytest.mark.parametrize("copy", ["live", "answered", "late", "data"])
def test_once_sent_no_copy_with_its_keys_says_it(evening: Evening, copy: str) -> None:
    """Files and key store together, the write-ahead log and the free pages too; nor does an old copy with today's keys."""
    assert not IDENTITY & readable(evening, copy, evening.keys(copy)).keys()
    assert not IDENTITY & readable(evening, "before", evening.keys(copy)).keys()


def test_before_it_is_sent_who_has_the_keys_reads_it(evening: Evening) -> None:
    """The other way round, and the proof that these thieves can find it: an open conversation is under one key, with all that is in it."""
    assert set(readable(evening, "before", evening.keys("before"))) >= IDENTITY


async def test_the_two_together_read_it(evening: Evening, stolen: Settings) -> None:
    """Through the program with a reason and an entry in the chain; without the program, with neither: that is said in SECURITY.md."""
    case, keys = evening.told["cases"]["adult"], [_role(evening, role) for role in ROLES]
    read = await identity_of(stolen, case=case, keys=keys, reason="diminta hakim")
    assert evening.named(found_in(json.dumps(read, ensure_ascii=False).encode(), evening.canaries.values())) == IDENTITY
    entries = run(stolen.data_dir / "ruang-aman.db", "SELECT action FROM audit ORDER BY number")
    assert [entry["action"] for entry in entries] == ["address_blocked", "case_opened", "identity_opened"]
    by_hand = _opens(_record(evening), {key.name: key.private for key in keys})
    assert by_hand is not None and evening.named(found_in(by_hand, evening.canaries.values())) == IDENTITY


async def test_an_identity_that_was_moved_to_another_case_is_refused(evening: Evening, stolen: Settings) -> None:
    """Whoever can write to the database cannot have somebody's name read out as another reporter's."""
    keys = [_role(evening, role) for role in ROLES]
    moved = "UPDATE case_record SET case_id = ? WHERE kind = 'identity'"
    run(stolen.data_dir / "ruang-aman.db", moved, bytes.fromhex(evening.told["cases"]["child"]))
    with pytest.raises(CommandError, match="does not open"):
        await identity_of(stolen, case=evening.told["cases"]["child"], keys=keys, reason="diminta hakim")

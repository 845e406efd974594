"""A thief who writes to the database and has no staff key: what is refused, when it is noticed, and what cannot be noticed yet.

What is marked as expected to fail is not promised: what a reporter writes is signed by nobody, and nothing chains it. Those tests say what
is still possible, and must be turned round when it no longer is.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.channels.web import address_of
from bot.cli.command import CommandError
from bot.cli.open import records_of
from bot.vault.certificate import Holder, certify, sign_unit_key
from bot.vault.delivery import seal_address, unwrap_for_case
from bot.vault.draft import row_key
from bot.vault.errors import SealError
from bot.vault.identity import open_identity
from bot.vault.key_file import read_key_file
from bot.vault.keys import KeyPair, generate_keypair
from bot.vault.mailbox import seal_reply
from bot.vault.recovery import combine
from bot.vault.row_tag import RowTags
from bot.vault.seal import open_key, open_sealed, seal, seal_key
from bot.vault.signing import generate_signing, sign
from bot.vault.staff_entry import StaffReply, sign_message
from tests.attackers.canaries import found_in
from tests.attackers.haul import Evening
from tests.attackers.scene import CANARIES, ROLES
from tests.attackers.town import OnTelegram, OnWeb, Town, configured, town, web_token
from tests.pinning import Author, staff_row
from tests.stores import copied, run

NOTICED = "does not open"

_REPLY = "INSERT INTO mailbox_message (id, mailbox_id, created_at, sealed) VALUES (?, ?, 1, ?)"
_SIGNED = (
    "INSERT INTO mailbox_message (id, mailbox_id, created_at, sealed, author_id, signature, tag) "
    "VALUES (?, ?, (SELECT max(created_at) FROM cases), ?, ?, ?, ?)"  # of that evening: what is very old is purged unread
)
LIE = "jangan percaya petugas itu"


class Writer:
    """The thief's hands: the database as it lay there, and what staff and service see of it afterwards."""

    def __init__(self, evening: Evening, data: Path) -> None:
        self.evening = evening
        self.database = data / "ruang-aman.db"
        self.settings = configured(data, "http://localhost/bot")
        self.unit = read_key_file(evening.folder / "staff" / "UPTD PPA.key")

    def run(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """One statement."""
        return run(self.database, statement, *values)

    def case(self, name: str) -> bytes:
        """A case's id."""
        return bytes.fromhex(self.evening.told["cases"][name])

    def record(self, name: str, kind: str) -> dict[str, Any]:
        """A case's first record of a kind."""
        return self.run("SELECT * FROM case_record WHERE case_id = ? AND kind = ?", self.case(name), kind)[0]

    def case_key(self, name: str) -> bytes:
        """The case's private key, as the unit opens it: the thief has it not."""
        (row,) = self.run("SELECT * FROM case_key WHERE case_id = ? AND recipient_id = ?", self.case(name), self.unit.unit_id)
        return open_key(row["sealed"], private_key=self.unit.private, case_id=self.case(name), recipient_id=self.unit.unit_id)

    async def opens(self, name: str) -> str:
        """What the unit reads of a case, as text. Raises CommandError if it does not open."""
        found = await records_of(self.settings, case=self.case(name).hex(), recipient=self.unit.unit_id, private=self.unit.private)
        return json.dumps(found, ensure_ascii=False)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Town]:
        """The service on what the thief left."""
        async with town(self.settings.data_dir, now=self.evening.told["now"]) as here:
            yield here


@pytest.fixture
def thief(evening: Evening, tmp_path: Path) -> Writer:
    """The data directory after a stop, to be written to."""
    copied(evening.folder / "data", tmp_path / "data")
    return Writer(evening, tmp_path / "data")


@pytest.fixture
def before_reading(evening: Evening, tmp_path: Path) -> Writer:
    """The same at a time when a reply waits for the child."""
    copied(evening.folder / "answered", tmp_path / "data")
    return Writer(evening, tmp_path / "data")


# Refused when somebody opens the case


def _swap_between_cases(thief: Writer) -> None:
    one, other = thief.record("child", "report"), thief.record("terminal", "report")
    for mine, theirs in ((one, other), (other, one)):
        thief.run("UPDATE case_record SET sealed = ? WHERE id = ?", theirs["sealed"], mine["id"])


def _move_to_another_case(thief: Writer) -> None:
    thief.run("UPDATE case_record SET case_id = ? WHERE id = ?", thief.case("child"), thief.record("terminal", "report")["id"])


def _swap_within_a_case(thief: Writer) -> None:
    one, other = thief.run("SELECT * FROM case_record WHERE case_id = ? AND kind != 'return_address' LIMIT 2", thief.case("child"))
    thief.run("UPDATE case_record SET sealed = ? WHERE id = ?", other["sealed"], one["id"])


def _another_row_id(thief: Writer) -> None:
    thief.run("UPDATE case_record SET id = ? WHERE id = ?", secrets.token_bytes(16), thief.record("child", "report")["id"])


def _another_version(thief: Writer) -> None:
    thief.run("UPDATE case_record SET version = 2 WHERE id = ?", thief.record("child", "report")["id"])


def _wrapped_key_of_another_case(thief: Writer) -> None:
    (other,) = thief.run(
        "SELECT sealed FROM case_key WHERE case_id = ? AND recipient_id = ?", thief.case("terminal"), thief.unit.unit_id
    )  # fmt: skip
    mine = (thief.case("child"), thief.unit.unit_id)
    thief.run("UPDATE case_key SET sealed = ? WHERE case_id = ? AND recipient_id = ?", other["sealed"], *mine)


def _wrapped_key_of_ones_own(thief: Writer) -> None:
    pair = generate_keypair()
    sealed = seal_key(pair.private, recipient_public=thief.unit.public, case_id=thief.case("child"), recipient_id=thief.unit.unit_id)
    thief.run("UPDATE case_key SET sealed = ? WHERE case_id = ? AND recipient_id = ?", sealed, thief.case("child"), thief.unit.unit_id)


def _nonsense(thief: Writer) -> None:
    thief.run("UPDATE case_record SET sealed = ? WHERE id = ?", os.urandom(900), thief.record("child", "report")["id"])


def _cut_short(thief: Writer) -> None:
    row = thief.record("child", "report")
    thief.run("UPDATE case_record SET sealed = ? WHERE id = ?", row["sealed"][:-1], row["id"])


@pytest.mark.parametrize(
    "change",
    [
        _swap_between_cases, _move_to_another_case, _swap_within_a_case, _another_row_id, _another_version, _wrapped_key_of_another_case,
        _wrapped_key_of_ones_own, _nonsense, _cut_short,
    ],
)  # fmt: skip
async def test_what_was_moved_or_changed_does_not_open(thief: Writer, change: Callable[[Writer], None]) -> None:
    """Noticed when the case is opened, and said; nothing of another case is shown in its place."""
    assert CANARIES["child story"] in await thief.opens("child")
    change(thief)
    with pytest.raises(CommandError, match=NOTICED):
        await thief.opens("child")


async def test_every_flipped_bit_is_noticed(thief: Writer) -> None:
    """In any byte of a record and of a wrapped key."""
    record, private = thief.record("child", "report"), thief.case_key("child")
    (wrapped,) = thief.run("SELECT sealed FROM case_key WHERE case_id = ? AND recipient_id = ?", thief.case("child"), thief.unit.unit_id)

    def opens(blob: bytes) -> None:
        open_sealed(blob, private_key=private, case_id=record["case_id"], record_id=record["id"], version=record["version"])

    opens(record["sealed"])
    for at in range(0, len(record["sealed"]), 7):
        changed = bytearray(record["sealed"])
        changed[at] ^= 1 << at % 8
        with pytest.raises(SealError):
            opens(bytes(changed))
    for at in range(len(wrapped["sealed"])):
        changed = bytearray(wrapped["sealed"])
        changed[at] ^= 1 << at % 8
        with pytest.raises(SealError):
            open_key(bytes(changed), private_key=thief.unit.private, case_id=thief.case("child"), recipient_id=thief.unit.unit_id)


async def test_an_older_version_is_refused_in_the_place_of_a_newer(thief: Writer) -> None:
    """A record that was replaced: its old bytes do not open under the new version's number, whoever signed what."""
    record, private = thief.record("child", "report"), thief.case_key("child")
    (case,) = thief.run("SELECT public_key FROM cases WHERE id = ?", thief.case("child"))
    newer = seal(b'{"kind": "report"}', public_key=case["public_key"], case_id=record["case_id"], record_id=record["id"], version=2)
    thief.run("UPDATE case_record SET sealed = ?, version = 2 WHERE id = ?", newer, record["id"])
    with pytest.raises(CommandError, match=NOTICED):
        await thief.opens("child")
    with pytest.raises(SealError):
        open_sealed(record["sealed"], private_key=private, case_id=record["case_id"], record_id=record["id"], version=2)
    with pytest.raises(SealError):
        open_sealed(newer, private_key=private, case_id=record["case_id"], record_id=record["id"], version=1)


async def test_a_swapped_return_address_is_refused(thief: Writer) -> None:
    """An answer to one reporter never goes to the other: neither layer opens in another case."""
    one, other = thief.record("child", "return_address"), thief.record("hand-off", "return_address")
    private = thief.case_key("child")
    with pytest.raises(SealError):
        unwrap_for_case(other["sealed"], case_private=private, case_id=one["case_id"], record_id=one["id"], version=1)
    with pytest.raises(SealError):
        unwrap_for_case(
            other["sealed"], case_private=thief.case_key("hand-off"), case_id=one["case_id"], record_id=one["id"], version=1
        )  # fmt: skip


# Not noticed yet


async def test_a_record_that_was_taken_away_is_noticed(thief: Writer) -> None:
    """A deleted addition: what the service wrote to a case is numbered, and the case says how many there are."""
    assert CANARIES["added later"] in await thief.opens("child")
    thief.run("DELETE FROM case_record WHERE case_id = ? AND kind = 'message'", thief.case("child"))
    with pytest.raises(CommandError, match=NOTICED):
        await thief.opens("child")


async def test_a_record_that_was_put_in_the_place_of_another_is_noticed(thief: Writer) -> None:
    """A newer version of the thief's own making, in the place of what a child wrote; and what was said later in the place of what was said
    first, number and signature and all."""
    before = thief.record("child", "report")
    (case,) = thief.run("SELECT public_key FROM cases WHERE id = ?", thief.case("child"))
    newer = seal(b'{"kind": "newer"}', public_key=case["public_key"], case_id=before["case_id"], record_id=before["id"], version=2)
    thief.run("UPDATE case_record SET sealed = ?, version = 2 WHERE id = ?", newer, before["id"])
    with pytest.raises(CommandError, match=NOTICED):
        await thief.opens("child")
    thief.run("UPDATE case_record SET sealed = ?, version = 1 WHERE id = ?", before["sealed"], before["id"])
    assert CANARIES["added later"] in await thief.opens("child"), "as it was"
    later = thief.record("child", "message")
    for name in ("number", "created_at"):
        thief.run(f"UPDATE case_record SET {name} = ? WHERE id = ?", later[name], before["id"])
        thief.run(f"UPDATE case_record SET {name} = ? WHERE id = ?", before[name], later["id"])
        with pytest.raises(CommandError, match=NOTICED):
            await thief.opens("child")


async def test_an_invented_record_is_noticed(thief: Writer) -> None:
    """Anybody can seal to a case's public key: what a reporter is made to have said has no signature of the service's."""
    (case,) = thief.run("SELECT public_key FROM cases WHERE id = ?", thief.case("child"))
    record_id, words = secrets.token_bytes(16), b'{"format": 1, "kind": "message", "added": "semua itu bohong"}'
    sealed = seal(words, public_key=case["public_key"], case_id=thief.case("child"), record_id=record_id, version=1)
    own = sign(b"told", private_key=generate_signing().private)
    columns = "id, case_id, version, kind, created_at, sealed, signature, number"
    invented = f"INSERT INTO case_record ({columns}) VALUES (?, ?, 1, 'message', 1, ?, ?, ?)"
    for signature, number in ((None, None), (own, 3), (thief.record("child", "message")["signature"], 3)):
        thief.run(invented, record_id, thief.case("child"), sealed, signature, number)
        with pytest.raises(CommandError, match=NOTICED):
            await thief.opens("child")
        thief.run("DELETE FROM case_record WHERE id = ?", record_id)


async def test_the_next_start_vouches_for_nothing_that_was_invented(thief: Writer) -> None:
    """What is there from before the service signed was taken over once; since then nothing is."""
    (case,) = thief.run("SELECT public_key FROM cases WHERE id = ?", thief.case("child"))
    record_id, words = secrets.token_bytes(16), b'{"format": 1, "kind": "message", "added": "semua itu bohong"}'
    sealed = seal(words, public_key=case["public_key"], case_id=thief.case("child"), record_id=record_id, version=1)
    invented = "INSERT INTO case_record (id, case_id, version, kind, created_at, sealed) VALUES (?, ?, 1, 'message', 1, ?)"
    thief.run(invented, record_id, thief.case("child"), sealed)
    async with thief.serving():
        pass
    assert thief.run("SELECT signature FROM case_record WHERE id = ?", record_id) == [{"signature": None}]
    with pytest.raises(CommandError, match=NOTICED):
        await thief.opens("child")


async def test_an_invented_return_address_is_refused(thief: Writer) -> None:
    """The thief, who has seen the key store too, seals an address of his own to both public keys: an answer to the chat would reach him.
    With the database alone he cannot: the server's public key is not in it."""
    row = thief.record("child", "return_address")
    (case,) = thief.run("SELECT public_key FROM cases WHERE id = ?", thief.case("child"))
    (server,) = run(thief.settings.data_dir / "keys" / "keys.db", "SELECT public FROM server_key WHERE name = 'delivery'")
    own = b'{"channel":"telegram","address":"666"}'
    sealed = seal_address(
        own, delivery_public=server["public"], case_public=case["public_key"], case_id=row["case_id"], record_id=row["id"], version=1
    )  # fmt: skip
    thief.run("UPDATE case_record SET sealed = ? WHERE id = ?", sealed, row["id"])
    with pytest.raises(CommandError, match=NOTICED):
        await thief.opens("child")
    # That the reporter took it back is no gap.
    thief.run("DELETE FROM case_record WHERE id = ?", row["id"])
    assert CANARIES["added later"] in await thief.opens("child")


async def test_a_swapped_public_key_of_a_case_is_noticed_before_anything_is_sealed_to_it(thief: Writer) -> None:
    """What the child adds afterwards would be sealed to the thief: it goes into a new case of the lead unit's instead. Whoever opens the
    old one is told."""
    pair, known = generate_keypair(), {row["id"] for row in thief.run("SELECT id FROM cases")}
    thief.run("UPDATE cases SET public_key = ? WHERE id = ?", pair.public, thief.case("child"))
    async with thief.serving() as here:
        child = OnWeb(here, web_token("child again"))
        await child.does("halo", "check", thief.evening.told["codes"]["child"], "add", "aku lupa bilang soal pohon mangga itu")
    with pytest.raises(CommandError, match=NOTICED):
        await thief.opens("child")
    read = []
    for row in thief.run("SELECT * FROM case_record WHERE case_id = ? AND kind = 'message'", thief.case("child")):
        try:
            read.append(open_sealed(row["sealed"], private_key=pair.private, case_id=row["case_id"], record_id=row["id"], version=1))
        except SealError:
            continue
    assert read == []
    (new,) = [row for row in thief.run("SELECT * FROM cases") if row["id"] not in known]
    told = await records_of(thief.settings, case=new["id"].hex(), recipient=thief.unit.unit_id, private=thief.unit.private)
    assert [(one["added"], one["belongs_to"]) for one in told] == [("aku lupa bilang soal pohon mangga itu", thief.case("child").hex())]
    receivers = {row["recipient_id"] for row in thief.run("SELECT * FROM case_key WHERE case_id = ?", new["id"])}
    names = {row["name"] for row in thief.run("SELECT * FROM unit") if row["id"] in receivers}
    assert names == {"UPTD PPA"}


async def test_a_swapped_public_key_of_a_unit_is_noticed_before_anything_is_sealed_to_it(thief: Writer) -> None:
    """Every report of afterwards would be sealed to the thief, in the unit's name: it goes to the key that the service has pinned, and the
    operator is told."""
    pair, known = generate_keypair(), {row["id"] for row in thief.run("SELECT id FROM cases")}
    thief.run("UPDATE unit SET public_key = ? WHERE id = ?", pair.public, thief.unit.unit_id)
    async with thief.serving() as here:
        await _told_that_keys_are_strange(here, "unit")
        child = OnWeb(here, web_token("another child"))
        await child.does("halo", "report", "yes", "self_13_17", "cerita baru yang rahasia", "yes", "lewati", "own_code", "send")
    read = []
    for row in thief.run("SELECT * FROM case_key WHERE recipient_id = ?", thief.unit.unit_id):
        try:
            open_key(row["sealed"], private_key=pair.private, case_id=row["case_id"], recipient_id=thief.unit.unit_id)
        except SealError:
            continue
        read.append(row["case_id"])
    assert read == []
    (case,) = [row["id"] for row in thief.run("SELECT id FROM cases") if row["id"] not in known]
    told = await records_of(thief.settings, case=case.hex(), recipient=thief.unit.unit_id, private=thief.unit.private)
    assert "cerita baru yang rahasia" in json.dumps(told)  # by the true unit


async def _told_that_keys_are_strange(here: Town, kind: str) -> None:
    """What the operator sees: not ready to be trusted, and how many keys of which kind."""
    assert (await here.client.get("/readyz")).json()["pins"] == "changed"
    assert f'ruang_aman_keys_not_pinned{{kind="{kind}"}} 0.0' not in (await here.client.get("/metrics")).text


def _a_unit_of_ones_own(thief: Writer, pair: KeyPair) -> None:
    row = (secrets.token_bytes(16), "Konselor", "service", 1, pair.public, 1)
    thief.run("INSERT INTO unit (id, name, kind, lead, public_key, created_at) VALUES (?, ?, ?, ?, ?, ?)", *row)


def _a_recovery_key_of_ones_own(thief: Writer, pair: KeyPair) -> None:
    thief.run("INSERT INTO recovery (id, public_key, created_at) VALUES (?, ?, 9999999999)", secrets.token_bytes(16), pair.public)


def _the_recovery_key(thief: Writer, pair: KeyPair) -> None:
    thief.run("UPDATE recovery SET public_key = ?", pair.public)


def _a_unit_that_has_no_part_in_it(thief: Writer, pair: KeyPair) -> None:
    """The police unit is made a lead of this very service: what a child tells would go there."""
    thief.run("UPDATE unit SET kind = 'service', lead = 1 WHERE name = 'Polresta'")


def _a_lead_who_signed_for_herself(thief: Writer, pair: KeyPair) -> None:
    """A root of one's own making, and the unit's next key by her hand: every signature holds."""
    signing, unit_id = generate_signing(), thief.unit.unit_id
    holder = Holder(
        staff_id=secrets.token_bytes(16), unit_id=unit_id, role="lead", sealing_public=pair.public, signing_public=signing.public
    )  # fmt: skip
    _hired(thief, holder, certify(holder, private_key=signing.private), holder.staff_id)
    signature = sign_unit_key(pair.public, unit_id=unit_id, version=7, private_key=signing.private)
    thief.run(
        "INSERT INTO unit_key (unit_id, version, public_key, root_id, signature, created_at) VALUES (?, 7, ?, ?, ?, 1)",
        unit_id, pair.public, holder.staff_id, signature,
    )  # fmt: skip
    thief.run("UPDATE unit SET public_key = ? WHERE id = ?", pair.public, unit_id)


def _hired(thief: Writer, holder: Holder, certificate: bytes, admitted_by: bytes) -> None:
    row = staff_row(holder, certificate, admitted_by=admitted_by, name="x", now=1)
    thief.run(f"INSERT INTO staff ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", *row.values())


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (_a_unit_of_ones_own, "unit"), (_a_unit_that_has_no_part_in_it, "unit"), (_a_lead_who_signed_for_herself, "unit"),
        (_the_recovery_key, "recovery"), (_a_recovery_key_of_ones_own, "recovery"),
    ],
)  # fmt: skip
async def test_nobody_becomes_a_reader_by_writing_to_the_database(
    thief: Writer, change: Callable[[Writer, KeyPair], None], kind: str
) -> None:  # fmt: skip
    """A child's report goes to the lead unit and to recovery, under the keys that are pinned, and to nobody else; the operator is told."""
    pair, known = generate_keypair(), {row["id"] for row in thief.run("SELECT id FROM cases")}
    recovery = thief.run("SELECT * FROM recovery")[0]["id"]
    change(thief, pair)
    async with thief.serving() as here:
        await _told_that_keys_are_strange(here, kind)
        child = OnWeb(here, web_token("another child"))
        await child.does("halo", "report", "yes", "self_13_17", "cerita baru yang rahasia", "yes", "lewati", "own_code", "send")
    (case,) = [row["id"] for row in thief.run("SELECT id FROM cases") if row["id"] not in known]
    keys = {row["recipient_id"]: row["sealed"] for row in thief.run("SELECT * FROM case_key WHERE case_id = ?", case)}
    assert keys.keys() == {thief.unit.unit_id, recovery}
    for recipient, sealed in keys.items():
        with pytest.raises(SealError):
            open_key(sealed, private_key=pair.private, case_id=case, recipient_id=recipient)
    private = combine(thief.evening.told["shares"])
    told = await records_of(thief.settings, case=case.hex(), recipient=thief.unit.unit_id, private=thief.unit.private)
    assert open_key(keys[recovery], private_key=private, case_id=case, recipient_id=recovery)
    assert "cerita baru yang rahasia" in json.dumps(told)


async def test_swapped_public_keys_of_the_identity_roles_are_noticed_before_anything_is_sealed_to_them(thief: Writer) -> None:
    """An identity that is given afterwards would be sealed to the thief, in both roles' names: the two true ones open it."""
    pairs, known = {role: generate_keypair() for role in ROLES}, {row["id"] for row in thief.run("SELECT id FROM case_record")}
    for role, pair in pairs.items():
        thief.run("UPDATE identity_role SET public_key = ? WHERE role = ?", pair.public, role)
    async with thief.serving() as here:
        await _told_that_keys_are_strange(here, "identity_role")
        adult = OnWeb(here, web_token("another adult"))
        await adult.does("halo", "report", "yes", "adult", "no", "neighbour", "1, 2", "cerita baru", "yes", "done")
        await adult.does("this_week", "ongoing", "home", "sepinggan", "lewati", "age_6_12", "unsure", "unsure", "unsure", "parent", "none")
        await adult.does("done", "7", "done", "own_code")
        await adult.does("yes", "Nama Baru", "lewati", "send")
    private = {role: pair.private for role, pair in pairs.items()}
    read = []
    for row in thief.run("SELECT * FROM case_record WHERE kind = 'identity'"):
        try:
            open_identity(row["sealed"], private_keys=private, case_id=row["case_id"], record_id=row["id"], version=row["version"])
        except SealError:
            continue
        read.append(row["id"])
    assert read == []
    true = {role: read_key_file(thief.evening.folder / "staff" / f"{role}.key").private for role in ROLES}
    (newest,) = [row for row in thief.run("SELECT * FROM case_record WHERE kind = 'identity'") if row["id"] not in known]
    opened = open_identity(
        newest["sealed"], private_keys=true, case_id=newest["case_id"], record_id=newest["id"], version=newest["version"]
    )  # fmt: skip
    assert "Nama Baru" in opened.decode()


# The mailbox


def _mailbox(thief: Writer) -> dict[str, Any]:
    (row,) = thief.run("SELECT * FROM receipt WHERE case_id = ?", thief.case("child"))
    return row


async def _read_by_the_child(thief: Writer) -> str:
    async with thief.serving() as here:
        child = OnWeb(here, web_token(f"child {secrets.token_hex(4)}"))  # another tab each time
        read = await child.does("halo", "check", thief.evening.told["codes"]["child"])
        assert "Kodenya cocok" in read
        return read


async def test_a_mailbox_message_that_was_not_sealed_to_it_is_not_shown(before_reading: Writer) -> None:
    """Nonsense, a flipped bit, a message of another place or another mailbox: the true reply is shown, and nothing else."""
    thief = before_reading
    mailbox = _mailbox(thief)
    (true,) = thief.run("SELECT * FROM mailbox_message")
    words = json.dumps({"text": "jangan percaya petugas itu"}).encode()
    other = generate_keypair()
    flipped = bytearray(true["sealed"])
    flipped[200] ^= 1
    message_id = secrets.token_bytes(16)
    forged = {
        secrets.token_bytes(16): os.urandom(700),
        secrets.token_bytes(16): b"",
        secrets.token_bytes(16): words,
        secrets.token_bytes(16): bytes(flipped),
        secrets.token_bytes(16): true["sealed"],
        message_id: seal_reply(words, mailbox_public=other.public, mailbox_id=mailbox["mailbox_id"], message_id=message_id),
    }
    for place in (secrets.token_bytes(16), mailbox["mailbox_id"]):  # sealed for another message, for another mailbox
        new_id = secrets.token_bytes(16)
        wrong = {"mailbox_id": place, "message_id": new_id if place != mailbox["mailbox_id"] else secrets.token_bytes(16)}
        forged[new_id] = seal_reply(words, mailbox_public=mailbox["mailbox_public"], **wrong)
    for new_id, sealed in forged.items():
        thief.run(_REPLY, new_id, mailbox["mailbox_id"], sealed)
    read = await _read_by_the_child(thief)
    assert read.count(CANARIES["reply"]) == 1
    assert "jangan percaya" not in read
    assert len(thief.run("SELECT id FROM mailbox_message")) == len(forged)  # what does not open is left, for staff to see


async def test_a_reply_that_staff_did_not_write_is_not_shown(before_reading: Writer) -> None:
    """Sealed to the mailbox as it should be, by somebody who can read its public key in the database, and signed in every way that is open
    to one who holds no staff key: none of it is told, the true reply is, and what was forged stays for staff to see."""
    thief = before_reading
    (true,) = thief.run("SELECT * FROM mailbox_message")
    (author,) = thief.run("SELECT * FROM staff WHERE id = ?", true["author_id"])
    own = generate_signing()
    forged = 0

    def put(author_id: bytes | None, private: bytes | None, tag: bytes | None) -> None:
        nonlocal forged
        message_id, mailbox = secrets.token_bytes(16), SimpleNamespace(**_mailbox(thief))
        sealed = seal_reply(
            json.dumps({"text": LIE}).encode(), mailbox_public=mailbox.mailbox_public, mailbox_id=mailbox.mailbox_id, message_id=message_id
        )  # fmt: skip
        signature = None if private is None else true["signature"]
        if private:
            reply = StaffReply(
                case_id=mailbox.case_id, mailbox_id=mailbox.mailbox_id, message_id=message_id, author_id=author_id or b"", sealed=sealed
            )  # fmt: skip
            signature = sign_message(reply, private_key=private)
        thief.run(_SIGNED, message_id, mailbox.mailbox_id, sealed, author_id, signature, tag)
        forged += 1

    put(None, None, None)  # nobody's
    put(author["id"], b"", true["tag"])  # another message's signature and tag
    put(author["id"], own.private, true["tag"])  # in a colleague's name
    holder = Holder(
        staff_id=secrets.token_bytes(16), unit_id=thief.unit.unit_id, role="lead", sealing_public=generate_keypair().public,
        signing_public=own.public,
    )  # fmt: skip
    _hired(thief, holder, certify(holder, private_key=own.private), holder.staff_id)
    put(holder.staff_id, own.private, true["tag"])  # a root who signed for herself
    other = replace(holder, staff_id=secrets.token_bytes(16), role="counsellor")
    _hired(thief, other, certify(other, private_key=own.private), author["admitted_by"])
    put(other.staff_id, own.private, None)  # admitted by the true root, as it says
    read = await _read_by_the_child(thief)
    assert LIE not in read and CANARIES["reply"] in read
    assert len(thief.run("SELECT id FROM mailbox_message")) == forged == 5


async def test_a_colleagues_row_with_other_keys_signs_nothing(before_reading: Writer) -> None:
    """The thief puts a public key of his own into the row of a true colleague, certificate and all: what he signs is not told. Neither is
    what she had signed, until her row is put right."""
    thief = before_reading
    (true,) = thief.run("SELECT * FROM mailbox_message")
    (author,) = thief.run("SELECT * FROM staff WHERE id = ?", true["author_id"])
    thief.run("UPDATE staff SET signing_public = ? WHERE id = ?", generate_signing().public, author["id"])
    assert CANARIES["reply"] not in await _read_by_the_child(thief)
    thief.run("UPDATE staff SET signing_public = ? WHERE id = ?", author["signing_public"], author["id"])
    assert CANARIES["reply"] in await _read_by_the_child(thief)


async def test_a_colleague_who_has_gone_says_nothing_more(before_reading: Writer) -> None:
    """With the signing key that she had, and the database to write to: the service did not take this in. Without the signature its own tag
    does not do, either: a thief of the pepper needs a colleague's key as well."""
    thief = before_reading
    author, receipt = Author(thief.unit.unit_id), SimpleNamespace(**_mailbox(thief))
    tags = RowTags(bytes.fromhex(thief.settings.pepper_file.read_text().strip()))
    by_her, by_nobody = author.message(LIE, receipt), author.message(LIE, receipt)
    thief.run(_SIGNED, by_her.id, by_her.mailbox_id, by_her.sealed, author.id, by_her.signature, None)
    wrong = bytes(64)
    tag = tags.reply(by_nobody.id, mailbox_id=by_nobody.mailbox_id, author_id=author.id, signature=wrong, sealed=by_nobody.sealed)
    thief.run(_SIGNED, by_nobody.id, by_nobody.mailbox_id, by_nobody.sealed, author.id, wrong, tag)
    read = await _read_by_the_child(thief)
    assert LIE not in read and CANARIES["reply"] in read
    # With both it would be told: nothing else was wrong with it.
    tag = tags.reply(by_her.id, mailbox_id=by_her.mailbox_id, author_id=author.id, signature=by_her.signature, sealed=by_her.sealed)
    thief.run("UPDATE mailbox_message SET tag = ? WHERE id = ?", tag, by_her.id)
    assert LIE in await _read_by_the_child(thief)


async def test_a_reply_that_was_read_is_not_told_again(before_reading: Writer) -> None:
    """Put back a day later, as it was: true words, at the wrong time."""
    thief = before_reading
    (true,) = thief.run("SELECT * FROM mailbox_message")
    assert CANARIES["reply"] in await _read_by_the_child(thief)
    assert thief.run("SELECT * FROM mailbox_message") == []
    thief.run(_SIGNED, *(true[name] for name in ("id", "mailbox_id", "sealed", "author_id", "signature", "tag")))
    thief.evening = replace(thief.evening, told={**thief.evening.told, "now": thief.evening.told["now"] + 25 * 3600})
    assert CANARIES["reply"] not in await _read_by_the_child(thief)


async def test_a_code_that_is_led_to_another_case_leads_nowhere(thief: Writer) -> None:
    """The thief points a child's code at another case: its status is not told, and nothing is added to it."""
    thief.run("UPDATE receipt SET case_id = ? WHERE case_id = ?", thief.case("terminal"), thief.case("child"))
    before = thief.run("SELECT id FROM case_record")
    async with thief.serving() as here:
        child = OnWeb(here, web_token("child again"))
        read = await child.does("halo", "check", thief.evening.told["codes"]["child"])
        assert "Kodenya cocok" not in read
    assert thief.run("SELECT id FROM case_record") == before


async def test_odd_contents_of_a_true_reply_do_not_stop_the_mailbox(before_reading: Writer) -> None:
    """JSON without words, words that are no text, no JSON: skipped; placeholders in a reply are words, and are not filled."""
    thief = before_reading
    mailbox = _mailbox(thief)
    author, receipt = Author(thief.unit.unit_id), SimpleNamespace(**mailbox)
    tags = RowTags(bytes.fromhex(thief.settings.pepper_file.read_text().strip()))
    for content in (b"{}", b"[]", b"\xff", b'{"text": null}', b'{"text": {"a": 1}}', b'{"text": "{number.emergency} {result.status}"}'):
        one = author.message(content, receipt)
        tag = tags.reply(one.id, mailbox_id=one.mailbox_id, author_id=author.id, signature=one.signature, sealed=one.sealed)
        thief.run(_SIGNED, one.id, one.mailbox_id, one.sealed, author.id, one.signature, tag)
    read = await _read_by_the_child(thief)
    assert CANARIES["reply"] in read
    assert "{number.emergency} {result.status}" in read
    assert "None" not in read and "'a'" not in read


# The service as a reader: open conversations


async def test_locked_values_do_not_open_in_another_row(thief: Writer) -> None:
    """Sessions, addresses and waiting messages swapped between conversations: nobody sees another's words, nobody's answer goes astray."""
    evening = thief.evening
    async with thief.serving() as here:
        other = OnTelegram(here, 5550109001, name="Seroja", username="seroja_5")
        await other.does("/start", "report", "yes", "self_13_17", "rumah pohon di tepi rawa 6647")
    day = int(evening.told["now"]) // 86_400
    open_id, other_id = (_conversation(thief, str(chat), day) for chat in (CANARIES["open chat id"], 5550109001))
    for column in ("session", "address"):
        mine, theirs = (thief.run(f"SELECT {column} FROM conversation WHERE id = ?", i)[0][column] for i in (open_id, other_id))
        thief.run(f"UPDATE conversation SET {column} = ? WHERE id = ?", theirs, open_id)
        thief.run(f"UPDATE conversation SET {column} = ? WHERE id = ?", mine, other_id)
        async with thief.serving() as here:
            person = OnTelegram(here, int(CANARIES["open chat id"]), name="A", username="a_1")
            seroja = OnTelegram(here, 5550109001, name="Seroja", username="seroja_5")
            await person.does("ulangi", "ini aku lagi")
            await seroja.does("ulangi", "aku juga")
            sent = here.platform.shown(person.chat)
            assert "6647" not in " ".join(bubble.text for bubble in sent)
            assert CANARIES["open story"] not in " ".join(bubble.text for bubble in here.platform.shown(seroja.chat))


def _conversation(thief: Writer, chat: str, day: int) -> bytes:
    (today,) = run(thief.settings.data_dir / "keys" / "keys.db", "SELECT key FROM day_key WHERE day = ?", day)
    hashed = row_key(today["key"], b"address", b"telegram", chat.encode())
    (row,) = thief.run("SELECT conversation_id FROM address WHERE row_key = ?", hashed)
    found: bytes = row["conversation_id"]
    return found


async def test_the_service_is_not_made_to_read_an_open_conversation_out(thief: Writer) -> None:
    """The thief has a page open and points its address at a child's open conversation: he is not answered in that conversation."""
    token, victim = web_token("thief's tab"), web_token("victim's tab")
    words = "celengan ayam retak di bawah kasur 3380"
    async with thief.serving() as here:
        child = OnWeb(here, victim)
        await child.does("halo", "report", "yes", "self_13_17", words, "yes", "lewati")
        known = {row["row_key"] for row in thief.run("SELECT row_key FROM address")}
        mine = OnWeb(here, token)
        await mine.does("halo")
        (own,) = [row for row in thief.run("SELECT * FROM address") if row["row_key"] not in known]
    (his,) = thief.run(
        "SELECT id FROM conversation WHERE channel = 'web' AND id != ? ORDER BY last_at DESC LIMIT 1", own["conversation_id"]
    )  # fmt: skip
    thief.run("UPDATE address SET conversation_id = ? WHERE row_key = ?", his["id"], own["row_key"])
    async with thief.serving() as here:
        mine = OnWeb(here, token)
        assert await here.service.pending("web", address_of(token)) == []
        read = await mine.does("ulangi", "own_code", "kembali", "own_code", "ulangi")
        assert found_in(read.encode(), [words]) == {}
        assert words not in mine.read
        child = OnWeb(here, victim)
        assert words in await child.does("own_code")  # and the child's own goes on


async def test_a_waiting_bubble_or_message_given_to_another_conversation_is_not_read_there(thief: Writer) -> None:
    """The thief gives rows that wait to his own conversation: his page is not shown what was meant for somebody else, nor is a message
    that no turn has taken read in his talk."""
    token, victim = web_token("thief's tab"), web_token("victim's tab")
    words = "jendela loteng dicat kuning telur 9982"
    async with thief.serving() as here:
        child, mine = OnWeb(here, victim), OnWeb(here, token)
        await mine.does("halo", "report", "yes", "self_13_17")
        await child.does("halo", "report", "yes", "self_13_17", words, "yes", "lewati")
        await child.says("lewat kode")  # the summary waits, unfetched
        await here.service.settle()
        ids = [row.id for row in await here.service.pending("web", child.address)]
        assert ids
        (own,) = [i for i in [await here.service.intake.conversation("web", mine.address)] if i is not None]
        thief.run(f"UPDATE outbox SET conversation_id = ? WHERE id IN ({', '.join(map(str, ids))})", own)
        assert await here.service.pending("web", mine.address) == []
    (row,) = thief.run("SELECT * FROM inbox ORDER BY id DESC LIMIT 1")
    theirs = next(lock for lock in thief.evening.told["locks"] if bytes.fromhex(lock["context"]).startswith(b"inbox.body"))
    thief.run("UPDATE inbox SET state = 'new', body = ?, conversation_id = ? WHERE id = ?", bytes.fromhex(theirs["blob"]), own, row["id"])
    async with thief.serving() as here:
        await here.service.settle()
        mine = OnWeb(here, token)
        assert words not in await mine.does("ulangi")


async def test_a_conversation_of_ones_own_making_is_not_put_in(thief: Writer) -> None:
    """Definitions are stored for sessions that began with them: one that is not what its revision says is not used."""
    name, revision = next((row["flow"], row["revision"]) for row in thief.run("SELECT * FROM flow_revision") if row["flow"] == "start")
    evil = "flow: start\nstart: menu\nentries: {menu: menu}\nsteps:\n  menu: {type: ask, kind: text, next: over}\n  over: {type: end}\n"
    thief.run("UPDATE flow_revision SET definition = ?", evil)
    thief.run("INSERT INTO flow_revision VALUES ('start', 'aaaaaaaaaaaa', ?)", evil)
    async with thief.serving() as here:
        library = here.service.turns.turn._library
        found = library.flow(name, revision)
        assert found is not None and "greet" in found.steps
        assert library.flow("start", "aaaaaaaaaaaa") is library.flows["start"]

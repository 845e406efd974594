"""The commands around identities: two roles and no third, two keys and a reason, and what is left of an opening."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot import __main__ as program
from bot.cli import identity_key as identity_key_command
from bot.cli import unit as unit_command
from bot.cli.store import opened
from bot.settings import load_settings
from bot.storage.pins import ROLE
from bot.vault.key_file import read_key_file, write_key_file
from bot.vault.keys import KeyPair, generate_keypair
from bot.vault.seal import open_key, open_sealed
from tests.attackers.haul import every_value
from tests.bot.house import House, house
from tests.stores import accepting, environment, refusing, run

HEAD, LEGAL = "uptd_head", "legal_companion"
NAME, REACH = "Ratna Wulandari binti Harjo", "0812 7777 1234"
REPORT = (
    "/start", "report", "yes", "adult", "no", "neighbour", "1, 2", "anak itu sering sendirian", "yes", "this_week", "ongoing", "home",
    "sepinggan", "lewati", "age_6_12", "unsure", "unsure", "unsure", "parent",
)  # fmt: skip


class Desk:
    """Somebody at the command line, in a folder of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._capsys, self._monkeypatch = folder, capsys, monkeypatch
        self.database = folder / "data" / "ruang-aman.db"
        self.files = {name: folder / f"{name}.key" for name in (HEAD, LEGAL, "unit")}

    def run(self, *words: str | Path, typed: str = "") -> SimpleNamespace:
        """One command. Standard input is no terminal: what it asks for is read from `typed`."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = program.main([str(word) for word in words])
        out, err = self._capsys.readouterr()
        return SimpleNamespace(status=status, out=out, err=err)

    async def runs(self, *words: str | Path) -> SimpleNamespace:
        """The same beside a running service: the command has a loop of its own."""
        return await asyncio.to_thread(self.run, *words)

    def roles(self, *, kinds: tuple[str, str] = ("service", "legal")) -> None:
        for role, kind in zip((HEAD, LEGAL), kinds, strict=True):
            assert self.run("identity-key", role, "--kind", kind, "--key", self.files[role], "--no-passphrase").status == 0

    def rows(self, table: str) -> list[dict[str, object]]:
        return run(self.database, f"SELECT * FROM {table}")

    def change(self, statement: str, *values: object) -> None:
        run(self.database, statement, *values)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    for name, value in environment(tmp_path / "data").items():
        monkeypatch.setenv(name, value)
    yield Desk(tmp_path, capsys, monkeypatch)


async def _reported(desk: Desk, *end: str) -> None:
    async with house(desk.folder / "data", units=0) as here:
        shown = await here.talk("7", *REPORT, *end, "send")
        assert any("kode" in bubble.text.lower() for bubble in shown)


GIVEN = ("none", "done", "7", "done", "own_code", "yes", NAME, REACH)


def _one_line(result: SimpleNamespace, *, says: str, status: int = 1) -> None:
    assert (result.status, result.out) == (status, ""), result
    assert result.err.count("\n") == 1 and says in result.err, result.err


def test_two_roles_and_nobody_else(desk: Desk) -> None:
    _one_line(desk.run("identity-key", "mayor", "--no-passphrase"), says="uptd_head and legal_companion", status=2)
    first = desk.run("identity-key", HEAD, "--no-passphrase")
    assert first.status == 0 and f"once the role '{LEGAL}' has a key" in first.out
    key = read_key_file(desk.folder / f"{HEAD}.key")
    assert (key.kind, key.name) == ("identity", HEAD)
    assert (desk.folder / f"{HEAD}.key").stat().st_mode & 0o777 == 0o600
    _one_line(desk.run("identity-key", HEAD, "--key", "again.key", "--no-passphrase"), says="No command changes it")
    assert not (desk.folder / "again.key").exists()
    second = desk.run("identity-key", LEGAL, "--kind", "legal", "--no-passphrase")
    assert second.status == 0 and "Both roles have keys" in second.out
    stored = {row["role"]: row for row in desk.rows("identity_role")}
    assert stored[HEAD]["public_key"] == key.public and stored[HEAD]["id"] == key.unit_id
    assert {role: row["kind"] for role, row in stored.items()} == {HEAD: "service", LEGAL: "legal"}
    assert key.private not in [value for _, _, value, _ in every_value(desk.database)]


def test_a_third_role_is_refused_when_the_city_names_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.roles()
    monkeypatch.setattr(identity_key_command, "load_shelf", lambda: SimpleNamespace(identity_roles=(HEAD, "mayor")))
    _one_line(desk.run("identity-key", "mayor", "--no-passphrase"), says="a third must not be")
    assert len(desk.rows("identity_role")) == 2


def test_nobody_holds_two_keys_with_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role's key that is a unit's, recovery's or the other role's, and a unit's that is a role's: two locks, one hand."""
    pair = generate_keypair()
    for module in (unit_command, identity_key_command):
        monkeypatch.setattr(module, "generate_keypair", lambda: pair)
    assert desk.run("unit", "add", "UPTD", "--key", desk.files["unit"], "--no-passphrase").status == 0
    _one_line(desk.run("identity-key", HEAD, "--no-passphrase"), says="held by a unit")
    monkeypatch.setattr(identity_key_command, "generate_keypair", generate_keypair)
    assert desk.run("identity-key", HEAD, "--no-passphrase").status == 0
    held = read_key_file(desk.folder / f"{HEAD}.key")
    same = KeyPair(private=held.private, public=held.public)
    monkeypatch.setattr(identity_key_command, "generate_keypair", lambda: same)
    _one_line(desk.run("identity-key", LEGAL, "--no-passphrase"), says="the other role")
    monkeypatch.setattr(unit_command, "generate_keypair", lambda: same)
    _one_line(desk.run("unit", "add", "Sekolah", "--key", "sekolah.key", "--no-passphrase"), says="identity role's")
    assert not (desk.folder / f"{LEGAL}.key").exists() and not (desk.folder / "sekolah.key").exists()


async def _kinds(here: House) -> tuple[str, ...]:
    await here.service.units.refresh()
    return here.service.units.role_kinds


async def test_an_identity_is_asked_for_only_while_two_different_hands_hold_the_city_s_two_roles(desk: Desk) -> None:
    assert (await desk.runs("unit", "add", "UPTD", "--key", desk.files["unit"], "--no-passphrase")).status == 0
    async with house(desk.folder / "data", units=0) as here:
        assert await _kinds(here) == ()
        assert (await desk.runs("identity-key", HEAD, "--no-passphrase")).status == 0
        assert await _kinds(here) == ()
        assert (await desk.runs("identity-key", LEGAL, "--kind", "legal", "--no-passphrase")).status == 0
        assert await _kinds(here) == ("legal", "service")
        made = {role.public_key for role in await here.service.units.identity_roles()}
        for change, back in (
            ("public_key = (SELECT public_key FROM unit)", None), ("role = 'mayor'", "role = 'legal_companion'"),
        ):  # fmt: skip
            was = next(row["public_key"] for row in desk.rows("identity_role") if row["role"] == LEGAL)
            desk.change(f"UPDATE identity_role SET {change} WHERE role = '{LEGAL}'")
            # What the commands made is what counts: nothing is sealed to a unit's key, or to a mayor's, and it is said.
            assert await _kinds(here) == ("legal", "service") and not here.service.units.pinned, change
            assert {role.public_key for role in await here.service.units.identity_roles()} == made
            desk.change(f"UPDATE identity_role SET {back or 'public_key = ?'} WHERE role IN ('mayor', '{LEGAL}')", *([] if back else [was]))
            assert await _kinds(here) == ("legal", "service") and here.service.units.pinned


@pytest.fixture
def given(desk: Desk) -> Desk:
    """A case with an identity in it."""
    assert desk.run("unit", "add", "UPTD", "--lead", "--key", desk.files["unit"], "--no-passphrase").status == 0
    desk.roles()
    asyncio.run(_reported(desk, *GIVEN))
    return desk


def _case(desk: Desk) -> str:
    (case,) = desk.rows("cases")
    return bytes(case["id"]).hex()  # type: ignore[call-overload,no-any-return]


def test_a_unit_sees_that_there_is_one_and_no_more(given: Desk) -> None:
    case = _case(given)
    shown = given.run("open", case[:8], "--key", given.files["unit"])
    assert shown.status == 0 and "identity: sealed to two roles" in shown.out
    assert "sendirian" in shown.out and not any(word in shown.out for word in ("Ratna", "7777", "identity_name"))
    as_json = json.loads(given.run("open", case, "--key", given.files["unit"], "--json").out)
    assert {"kind": "identity", "note": "sealed to two roles; only both together open it (--identity)"} in as_json


def test_two_keys_and_a_reason_open_it_and_leave_their_trace(given: Desk) -> None:
    case = _case(given)
    both = ("--identity", "--key", given.files[HEAD], "--key", given.files[LEGAL])
    opened_ = given.run("open", case[:8], *both, "--reason", "saksi sidang")
    assert opened_.status == 0 and NAME in opened_.out and REACH in opened_.out
    # In the other order, with the reason asked for.
    asked = given.run("open", case, "--identity", "--json", "--key", given.files[LEGAL], *both[1:3], typed="hakim bertanya\n")
    assert json.loads(asked.out) == [{"identity_name": NAME, "identity_reach": REACH}]
    ids = [read_key_file(given.files[role]).unit_id for role in (LEGAL, HEAD)]
    entries = given.rows("audit")
    assert [(row["action"], row["actors"]) for row in entries] == [("identity_opened", b"".join(ids))] * 2
    # The reasons are sealed into the case: its unit reads them there, the database does not say them.
    read = given.run("open", case, "--key", given.files["unit"])
    assert read.out.count("identity_opened") == 2 and "saksi sidang" in read.out and "hakim bertanya" in read.out
    raw = b"".join(path.read_bytes() for path in (given.folder / "data").rglob("*") if path.is_file())
    assert b"saksi sidang" not in raw and b"hakim" not in raw and NAME.encode() not in raw
    shown = given.run("audit", "--verify")
    assert shown.status == 0 and "The chain holds: 3 entries" in shown.out
    assert f"role {LEGAL}, role {HEAD}" in shown.out and "unit UPTD" in shown.out and case in shown.out


def test_nothing_is_shown_or_written_without_a_reason_or_with_the_wrong_keys(given: Desk) -> None:
    case, head, legal, unit = _case(given), given.files[HEAD], given.files[LEGAL], given.files["unit"]
    stranger = given.folder / "stranger.key"
    write_key_file(stranger, private=generate_keypair().private, kind="identity", name=LEGAL, unit_id=b"s" * 16, passphrase=None, created=1)
    given.run("recovery-key")
    for words, typed, says in (
        (("--key", head, "--key", legal), "", "for a reason only"),
        (("--key", head, "--key", legal), "   \n", "for a reason only"),
        (("--key", head, "--key", legal, "--reason", " "), "", "for a reason only"),
        (("--key", head, "--reason", "x"), "", "the two identity roles"),
        (("--key", head, "--key", head, "--reason", "x"), "", "of one role"),
        (("--key", head, "--key", unit, "--reason", "x"), "", "the two identity roles"),
        (("--key", head, "--key", stranger, "--reason", "x"), "", "does not open"),
        (("--recovery", "--reason", "x"), "", "open no identity"),
        (("--reason", "x"), "", "the two identity roles"),
    ):
        _one_line(given.run("open", case, "--identity", *words, typed=typed), says=says)
    _one_line(given.run("open", case, "--key", head), says="opens identities")
    _one_line(given.run("open", case, "--key", head, "--key", unit), says="one --key FILE")
    assert given.rows("audit") == []
    assert sorted(str(row["kind"]) for row in given.rows("case_record")) == ["identity", "report"]


def test_the_reason_is_durable_before_anything_is_shown(given: Desk) -> None:
    """If it cannot be written, nothing is read out."""
    for statement in refusing("audit", "INSERT", "disk full"):
        given.change(statement)
    words = ("open", _case(given), "--identity", "--key", given.files[HEAD], "--key", given.files[LEGAL], "--reason", "x")
    failed = given.run(*words)
    assert failed.status == 1 and NAME not in failed.out + failed.err
    assert sorted(str(row["kind"]) for row in given.rows("case_record")) == ["identity", "report"]
    failed = given.run("open", _case(given), "--key", given.files["unit"])
    assert failed.status == 1 and "sendirian" not in failed.out + failed.err
    given.change(accepting("audit"))
    assert given.run(*words).status == 0


def test_the_reason_is_sealed_to_nobody_but_the_case(given: Desk) -> None:
    """Somebody who writes to the database puts a public key of his own into the case: why it is opened, and by whom, is not sealed to him,
    and the identity is not opened."""
    case, own = _case(given), generate_keypair()
    words = ("open", case, "--identity", "--key", given.files[HEAD], "--key", given.files[LEGAL], "--reason", "saksi bernama Ratna")
    (true,) = given.rows("cases")
    given.change("UPDATE cases SET public_key = ?", own.public)
    failed = given.run(*words)
    _one_line(failed, says="none that this service made")
    assert NAME not in failed.out + failed.err
    assert sorted(str(row["kind"]) for row in given.rows("case_record")) == ["identity", "report"] and given.rows("audit") == []
    given.change("UPDATE cases SET public_key = ?", true["public_key"])
    assert given.run(*words).status == 0


def test_opening_with_recovery_is_in_the_chain_too(desk: Desk) -> None:
    assert desk.run("unit", "add", "UPTD", "--key", desk.files["unit"], "--no-passphrase").status == 0
    shares = [line.strip() for line in desk.run("recovery-key").out.splitlines() if len(line.split()) == 33]
    desk.roles()
    asyncio.run(_reported(desk, *GIVEN))
    shown = desk.run("open", _case(desk), "--recovery", typed="\n".join(shares[:2]))
    assert shown.status == 0 and "sendirian" in shown.out and "Ratna" not in shown.out
    (recovery,) = desk.rows("recovery")
    (entry,) = desk.rows("audit")
    assert (entry["action"], entry["actors"]) == ("case_recovered", recovery["id"])
    assert "recovery" in desk.run("audit").out


def test_a_changed_chain_is_found_and_named(given: Desk) -> None:
    case = _case(given)
    for _ in range(4):
        assert given.run("open", case, "--key", given.files["unit"]).status == 0
    head = next(line for line in given.run("audit").out.splitlines() if line.startswith("Head: ")).removeprefix("Head: ")
    assert given.run("audit", "--verify", "--head", head).status == 0
    given.change("UPDATE audit SET at = 1 WHERE number = 2")
    assert "entry 2 is not what was written" in given.run("audit", "--verify").err
    given.change("DELETE FROM audit WHERE number = 2")
    missing = given.run("audit", "--verify")
    assert missing.status == 1 and "entry 2 is missing" in missing.err
    assert given.run("audit").status == 0, "listing is no judgement"
    given.change("DELETE FROM audit")
    assert given.run("audit", "--verify").status == 0, "an empty chain holds: only a noted head tells"
    assert "was cut off" in given.run("audit", "--head", head).err
    with pytest.raises(SystemExit):
        given.run("audit", "--head", "5")


async def test_the_insider_rule_holds_in_the_action_as_well(desk: Desk) -> None:
    """Roles that change while somebody writes: what is sealed is decided when it is sent, not when it was asked."""
    assert (await desk.runs("unit", "add", "UPTD", "--lead", "--key", desk.files["unit"], "--no-passphrase")).status == 0
    await asyncio.to_thread(desk.roles)
    async with house(desk.folder / "data", units=0) as here:
        await here.talk("7", *REPORT, "police", "done", "7", "done", "own_code", "yes", NAME, REACH)
        pins = here.service.keys.pins
        await pins.put(*(replace(pin, kind="police") for pin in (await pins.all())[ROLE].values() if pin.name == LEGAL))
        await here.service.units.refresh()
        await here.say("7", "send")
    assert [row["kind"] for row in desk.rows("case_record")] == ["report"]


async def test_the_case_key_opens_the_reason_and_not_the_identity(given: Desk) -> None:
    case = _case(given)
    both = ("--identity", "--key", given.files[HEAD], "--key", given.files[LEGAL])
    assert (await given.runs("open", case, *both, "--reason", "saksi")).status == 0
    unit = read_key_file(given.files["unit"])
    async with opened(load_settings()) as store:
        (sealed,) = await store.reads.case_keys(bytes.fromhex(case))
        key = open_key(sealed.sealed, private_key=unit.private, case_id=bytes.fromhex(case), recipient_id=unit.unit_id)
        kinds = set()
        for row in await store.reads.case_records(bytes.fromhex(case)):
            place = {"private_key": key, "case_id": row.case_id, "record_id": row.id, "version": row.version}
            if row.kind == "identity":
                with pytest.raises(Exception, match="do not open"):
                    open_sealed(row.sealed, **place)
                continue
            kinds.add(json.loads(open_sealed(row.sealed, **place))["kind"])
    assert kinds == {"report", "identity_opened"}

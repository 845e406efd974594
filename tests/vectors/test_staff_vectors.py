"""Staff's vectors hold in Python and in the console's own modules; what those make, Python opens."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actions import audit
from bot.vault import certificate, file, mailbox, member, seal, staff_auth, staff_entry, witness
from bot.vault.errors import SealError, SignatureError
from bot.vault.signing import signing_public_of

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "bot" / "console" / "web"
Vector = dict[str, Any]
unhex = bytes.fromhex
STAFF: Vector = json.loads((HERE / "staff.json").read_text(encoding="ascii"))


def unwrapped(v: Vector) -> staff_auth.StaffKeys:
    publics = {name: unhex(v[name]) for name in ("sealing_public", "signing_public")}
    return staff_auth.unwrap_keys(unhex(v["blob"]), wrap=unhex(v["wrap"]), staff_id=unhex(v["staff_id"]), **publics)


def as_member(v: Vector) -> bytes:
    ids = {"unit_id": unhex(v["unit_id"]), "staff_id": unhex(v["staff_id"])}
    return member.open_as_member(unhex(v["blob"]), private_key=unhex(v["private"]), version=v["version"], **ids)


def as_former(v: Vector) -> bytes:
    return member.open_former(unhex(v["blob"]), unit_private=unhex(v["private"]), unit_id=unhex(v["unit_id"]), version=v["version"])


def check_certificate(v: Vector) -> None:
    holder = certificate.Holder(
        staff_id=unhex(v["staff_id"]), unit_id=unhex(v["unit_id"]), role=v["role"], sealing_public=unhex(v["sealing_public"]),
        signing_public=unhex(v["signing_public"]),
    )  # fmt: skip
    certificate.check_certificate(holder, unhex(v["signature"]), lead_public=unhex(v["lead_public"]))


def check_unit_key(v: Vector) -> None:
    certificate.check_unit_key(
        unhex(v["public"]), unhex(v["signature"]), unit_id=unhex(v["unit_id"]), version=v["version"], lead_public=unhex(v["lead_public"])
    )  # fmt: skip


def entry_of(v: Vector) -> staff_entry.StaffEntry:
    ids = {name: unhex(v[name]) for name in ("case_id", "record_id", "author_id", "previous", "sealed")}
    return staff_entry.StaffEntry(version=v["version"], **ids)


def check_entry(v: Vector) -> None:
    staff_entry.check_entry(entry_of(v), unhex(v["signature"]), author_public=unhex(v["author_public"]))


def check_reply(v: Vector) -> None:
    ids = {name: unhex(v[name]) for name in ("case_id", "mailbox_id", "message_id", "author_id", "sealed")}
    staff_entry.check_message(staff_entry.StaffReply(**ids), unhex(v["signature"]), author_public=unhex(v["author_public"]))


def told_of(v: Vector) -> witness.Told:
    ids = {name: unhex(v[name]) for name in ("case_id", "record_id", "sealed")}
    return witness.Told(version=v["version"], number=v["number"], kind=v["kind"], at=v["at"], **ids)


def check_told(v: Vector) -> None:
    witness.check_told(told_of(v), unhex(v["signature"]), witness_public=unhex(v["witness_public"]))


def test_the_service_signs_what_it_wrote_with_a_key_out_of_the_pepper() -> None:
    vector = STAFF["told"]
    keeper = witness.Witness(unhex(vector["pepper"]))
    assert keeper.public.hex() == vector["hold"]["witness_public"]
    assert keeper.sign(told_of(vector["hold"])).hex() == vector["hold"]["signature"]
    with pytest.raises(ValueError, match="32 bytes"):
        witness.Witness(bytes(31))


CHECKS: dict[str, Callable[[Vector], None]] = {
    "certificate": check_certificate, "unit_key": check_unit_key, "entry": check_entry, "reply": check_reply, "told": check_told,
}  # fmt: skip
OPENERS: dict[str, Callable[[Vector], Any]] = {"wrapped": unwrapped, "member": as_member, "former": as_former}


def test_good_ones_hold() -> None:
    for v in STAFF["derive"]:
        secrets = staff_auth.derive_secrets(v["passphrase"], salt=unhex(v["salt"]))
        assert (secrets.auth.hex(), secrets.wrap.hex()) == (v["auth"], v["wrap"])
    one, spaced, composed, decomposed, _ = STAFF["derive"]
    assert one["auth"] == spaced["auth"] != composed["auth"] == decomposed["auth"]
    assert all(v["auth"] != v["wrap"] for v in STAFF["derive"])
    keys = unwrapped(STAFF["wrapped"]["open"])
    assert (keys.sealing.hex(), keys.signing.hex()) == tuple(STAFF["wrapped"]["open"][name] for name in ("sealing", "signing"))
    for name in ("member", "former"):
        assert OPENERS[name](STAFF[name]["open"]).hex() == STAFF[name]["open"]["plaintext"]
    for name, check in CHECKS.items():
        check(STAFF[name]["hold"])
    previous = staff_entry.FIRST
    for v in STAFF["chain"]["entries"]:
        assert v["previous"] == previous.hex()
        previous = staff_entry.link(entry_of(v), unhex(v["signature"]))
    assert previous.hex() == STAFF["chain"]["last"]
    for v in STAFF["fingerprint"]:
        publics = {name: unhex(v[name]) for name in ("sealing_public", "signing_public")}
        assert " ".join(certificate.fingerprint(unhex(v["identity"]), **publics)) == v["words"]


@pytest.mark.parametrize("name", [*OPENERS, *CHECKS])
def test_wrong_ones_are_refused(name: str) -> None:
    wrong = STAFF[name]["refuse"]
    assert len(wrong) > 9
    for v in wrong:
        with pytest.raises(SealError if name in OPENERS else SignatureError):
            (OPENERS | CHECKS)[name](v)


def test_the_servers_hash_of_the_auth_secret() -> None:
    stored = staff_auth.hash_auth(bytes(32))
    assert staff_auth.auth_matches(bytes(32), stored)
    assert not staff_auth.auth_matches(b"\x01" + bytes(31), stored)
    assert not staff_auth.auth_matches(bytes(32), "")
    assert staff_auth.hash_auth(bytes(32)) != stored


def test_the_audit_chain_is_hashed_as_yesterday() -> None:
    chain = json.loads((HERE / "audit.json").read_text(encoding="ascii"))
    previous = unhex(chain["start"])
    for v in chain["links"]:
        subject = unhex(v["subject"]) if v["subject"] is not None else None
        entry = audit.Entry(
            number=v["number"], at=v["at"], action=v["action"], subject=subject, actors=tuple(unhex(actor) for actor in v["actors"])
        )  # fmt: skip
        assert (audit.written(entry).decode(), audit.digest(entry).hex()) == (v["written"], v["digest"])
        previous = audit.chained(previous, entry)
        assert previous.hex() == v["hash"]


@pytest.fixture(scope="module")
def console_result() -> Vector:
    """What `console.mjs` printed, after `npm ci` in the console's folder if its packages are not there yet."""
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node, "Node 20 or newer is needed here (Debian: apt-get install nodejs npm): the console's own modules are run"
    with (WEB / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs side by side must not install over each other
        if not all((WEB / "node_modules" / name / "package.json").exists() for name in ("@hpke/core", "hash-wasm")):
            assert npm, "npm is needed once, to install the packages of bot/console/web/package.json"
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=100)
            assert done.returncode == 0, f"npm ci failed:\n{done.stderr[-2000:]}"
    content = bytes(range(256)) * 600
    pieces = [piece.hex() for piece in file.seal_file(content, key=bytes(32), evidence_id=bytes(16))]
    given = {"key": bytes(32).hex(), "evidence_id": bytes(16).hex(), "pieces": pieces, "sha256": hashlib.sha256(content).hexdigest()}
    done = subprocess.run([node, "console.mjs"], cwd=HERE, input=json.dumps(given), capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-3000:]
    result: Vector = json.loads(done.stdout)
    return result


def test_the_console_opens_and_signs_what_python_does(console_result: Vector) -> None:
    others = [json.loads((HERE / f"{name}.json").read_text()) for name in ("record", "case_key", "mailbox", "padding")]
    addresses = json.loads((HERE / "delivery.json").read_text())["open"]
    wrong = sum(len(STAFF[name]["refuse"]) for name in (*OPENERS, *CHECKS)) + sum(len(other["refuse"]) for other in others)
    # Two wrong files, a short digest, and return addresses with the service's key instead of the case's.
    assert console_result["refused"] == wrong + 3 + sum("outer" in one for one in addresses)
    assert console_result["opened"] > 70


def test_python_opens_what_the_console_made(console_result: Vector) -> None:
    made = {name: unhex(value) for name, value in console_result["made"].items()}
    one, other, third = made["one"], made["other"], made["third"]
    secrets = staff_auth.derive_secrets("kata sandi", salt=one)
    publics = {name: made[name] for name in ("sealing_public", "signing_public")}
    keys = staff_auth.unwrap_keys(made["wrapped"], wrap=secrets.wrap, staff_id=third, **publics)
    assert (keys.sealing, keys.signing) == (made["sealing"], made["signing"])
    assert signing_public_of(keys.signing) == made["signing_public"]
    opened = member.open_as_member(made["member"], private_key=made["sealing"], unit_id=one, version=7, staff_id=third)
    assert opened == made["unit"]
    assert member.open_former(made["former"], unit_private=opened, unit_id=one, version=8) == made["case_private"]
    case_key = seal.open_key(made["case_key"], private_key=opened, case_id=other, recipient_id=one)
    assert seal.open_sealed(made["record"], private_key=case_key, case_id=other, record_id=third, version=3) == made["text"]
    assert mailbox.open_reply(made["reply"], mailbox_private=case_key, mailbox_id=other, message_id=third) == made["text"]
    entry = staff_entry.StaffEntry(
        case_id=other, record_id=third, version=3, author_id=third, previous=staff_entry.FIRST, sealed=made["record"]
    )  # fmt: skip
    staff_entry.check_entry(entry, made["signature"], author_public=made["signing_public"])
    holder = certificate.Holder(staff_id=third, unit_id=one, role="lead", **publics)
    certificate.check_certificate(holder, made["certificate"], lead_public=made["signing_public"])
    certificate.check_unit_key(
        made["unit_public"], made["unit_signature"], unit_id=one, version=7, lead_public=made["signing_public"]
    )  # fmt: skip

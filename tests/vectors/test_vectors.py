"""The vectors open in Python, and in Node with what a browser has; what Node makes, Python opens."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.vault import delivery, draft, file, identity, mailbox, padding, receipt, seal
from bot.vault.encoding import join
from bot.vault.errors import PaddingError, SealError
from bot.vault.word_code import to_words

HERE = Path(__file__).parent
Vector = dict[str, Any]
unhex = bytes.fromhex


def read(name: str) -> Vector:
    content: Vector = json.loads((HERE / f"{name}.json").read_text(encoding="ascii"))
    return content


def open_record(v: Vector) -> bytes:
    return seal.open_sealed(
        unhex(v["blob"]),
        private_key=unhex(v["private"]),
        case_id=unhex(v["case_id"]),
        record_id=unhex(v["record_id"]),
        version=v["version"],
    )


def open_case_key(v: Vector) -> bytes:
    return seal.open_key(
        unhex(v["blob"]), private_key=unhex(v["private"]), case_id=unhex(v["case_id"]), recipient_id=unhex(v["recipient_id"])
    )


def open_mailbox(v: Vector) -> bytes:
    return mailbox.open_reply(
        unhex(v["blob"]), mailbox_private=unhex(v["private"]), mailbox_id=unhex(v["mailbox_id"]), message_id=unhex(v["message_id"])
    )


def open_delivery(v: Vector) -> bytes:
    return delivery.unwrap_for_delivery(unhex(v["blob"]), delivery_private=unhex(v["private"]), case_id=unhex(v["case_id"]))


def open_identity(v: Vector) -> bytes:
    return identity.open_identity(
        unhex(v["blob"]),
        private_keys={role: unhex(v[f"private_{role}"]) for role in ("uptd_head", "legal_companion")},
        case_id=unhex(v["case_id"]),
        record_id=unhex(v["record_id"]),
        version=v["version"],
    )


def open_draft(v: Vector) -> bytes:
    return draft.unlock(unhex(v["key"]), unhex(v["blob"]), context=unhex(v["context"]))


OPENERS: dict[str, Callable[[Vector], bytes]] = {
    "record": open_record,
    "case_key": open_case_key,
    "mailbox": open_mailbox,
    "delivery": open_delivery,
    "identity": open_identity,
    "draft": open_draft,
}


def vectors(kind: str) -> Iterator[Any]:
    for name in OPENERS:
        for number, vector in enumerate(read(name)[kind]):
            yield pytest.param(name, vector, id=f"{name}-{number}-{vector.get('why', 'good')}".replace(" ", "_"))


@pytest.mark.parametrize(("name", "vector"), [*vectors("open")])
def test_good_vectors_open(name: str, vector: Vector) -> None:
    assert OPENERS[name](vector).hex() == vector["plaintext"]
    if "public" in vector:
        assert seal.public_of(unhex(vector["private"])).hex() == vector["public"]
    if "outer" in vector:
        assert open_record(vector["outer"]).hex() == vector["outer"]["plaintext"] == vector["blob"]


@pytest.mark.parametrize(("name", "vector"), [*vectors("refuse")])
def test_wrong_vectors_are_refused(name: str, vector: Vector) -> None:
    with pytest.raises(SealError):
        OPENERS[name](vector)


def test_files_in_pieces() -> None:
    content = read("file")
    assert len(content["good"]) == 4 and len(content["refuse"]) == 10
    pieces: list[bytes] = []
    for vector in content["good"]:
        key, evidence = unhex(vector["key"]), unhex(vector["evidence_id"])
        plain = unhex(vector["unit"]) * vector["times"]
        pieces = list(file.seal_file(plain, key=key, evidence_id=evidence))
        assert [hashlib.sha256(piece).hexdigest() for piece in pieces] == vector["pieces"]
        assert {len(piece) for piece in pieces} == {1 + file.PIECE + 16}
        assert file.open_file(pieces, key=key, evidence_id=evidence) == plain
    good = content["good"][-1]
    for wrong in content["refuse"]:
        given = [pieces[number] for number in wrong["order"]]
        if wrong["flip"] is not None:
            flipped = bytearray(given[0])
            flipped[wrong["flip"]] ^= 1
            given[0] = bytes(flipped)
        inputs = {**good, **wrong}
        with pytest.raises(SealError):
            file.open_file(given, key=unhex(inputs["key"]), evidence_id=unhex(inputs["evidence_id"]))


def test_padding_row_keys_and_receipts() -> None:
    content = read("padding")
    for vector in content["pad"]:
        assert padding.pad(unhex(vector["plain"]), vector["step"]).hex() == vector["padded"]
        assert padding.unpad(unhex(vector["padded"]), vector["step"]).hex() == vector["plain"]
    for vector in content["refuse"]:
        with pytest.raises(PaddingError):
            padding.unpad(unhex(vector["padded"]), vector["step"])
    for vector in read("draft")["row_keys"]:
        assert draft.row_key(unhex(vector["key"]), *map(unhex, vector["parts"])).hex() == vector["row_key"]
    codes = read("receipt")
    for vector in codes["derive"]:
        assert " ".join(to_words(int(vector["bits"], 16))) == vector["words"]
        keys = receipt.derive(vector["words"], pepper=unhex(vector["pepper"]))
        assert keys.locator.hex() == vector["locator"]
        assert keys.mailbox_private.hex() == vector["mailbox_private"]
        assert keys.mailbox_public.hex() == vector["mailbox_public"]
    # Codes were handed out on the strength of this very list.
    words_file = Path(receipt.__file__).with_name("words.txt").read_bytes()
    assert hashlib.sha256(words_file).hexdigest() == codes["words_sha256"]


def test_the_generator_still_makes_vectors_that_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.vectors import make

    monkeypatch.setenv("TEST_VECTORS", str(tmp_path))
    make.main()
    assert {path.stem for path in tmp_path.iterdir()} == {path.stem for path in HERE.glob("*.json")} - {"package", "package-lock"}
    for name, opener in OPENERS.items():
        content = json.loads((tmp_path / f"{name}.json").read_text())
        assert content["open"]
        for vector in content["open"]:
            assert opener(vector).hex() == vector["plaintext"]
        assert len(content["refuse"]) == len(read(name)["refuse"])
    # Nothing random in these: made again they must be the same bytes.
    for name in ("receipt", "padding", "audit"):
        assert json.loads((tmp_path / f"{name}.json").read_text()) == read(name)


def test_the_lock_file_names_no_place() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all("resolved" not in entry and entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "://" not in (HERE / "package-lock.json").read_text()


@pytest.fixture(scope="module")
def node_result() -> Vector:
    """What `check.mjs` printed, after `npm ci` if the packages are not there yet."""
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node, "Node 20 or newer is needed here (Debian: apt-get install nodejs npm): the formats are checked as a browser reads them"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    assert int(version.lstrip("v").split(".")[0]) >= 20, f"Node 20 or newer is needed for X25519 in WebCrypto; this is {version}"
    with (HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs side by side must not install over each other
        installed = [HERE / "node_modules" / name / "package.json" for name in ("hash-wasm",)]
        if not all(path.exists() for path in installed):
            assert npm, "npm is needed once, to install the package of tests/vectors/package.json"
            done = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True, timeout=100)
            assert done.returncode == 0, f"npm ci failed:\n{done.stderr[-2000:]}"
    done = subprocess.run([node, "check.mjs"], cwd=HERE, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    result: Vector = json.loads(done.stdout)
    return result


def test_a_browser_opens_what_python_made(node_result: Vector) -> None:
    good = sum(len(read(name)["open"]) for name in OPENERS)
    wrong = sum(len(read(name)["refuse"]) for name in (*OPENERS, "padding", "file"))
    assert node_result["opened"] > good
    assert node_result["refused"] == wrong


def test_python_opens_what_a_browser_made(node_result: Vector) -> None:
    words = node_result["made"].pop("receipt")
    made = {name: unhex(value) for name, value in node_result["made"].items()}
    one, other, third = made["one"], made["other"], made["recipient"]
    assert seal.public_of(made["private"]) == made["public"]
    opened = seal.open_sealed(made["record"], private_key=made["private"], case_id=one, record_id=other, version=2**40)
    assert opened == made["text"]
    with pytest.raises(SealError):
        seal.open_sealed(made["record"], private_key=made["private"], case_id=one, record_id=other, version=2**40 - 1)
    assert seal.open_key(made["case_key"], private_key=made["private"], case_id=one, recipient_id=third) == made["case_private"]
    assert mailbox.open_reply(made["reply"], mailbox_private=made["private"], mailbox_id=one, message_id=third) == made["text"]
    inner = delivery.unwrap_for_case(made["outer"], case_private=made["private"], case_id=one, record_id=other, version=1)
    assert delivery.unwrap_for_delivery(inner, delivery_private=made["server"], case_id=one) == made["address"]
    roles = {"uptd_head": made["private"], "legal_companion": made["server"]}
    assert identity.open_identity(made["identity"], private_keys=roles, case_id=one, record_id=other, version=7) == made["text"]
    with pytest.raises(SealError):
        identity.open_identity(made["identity"], private_keys=roles, case_id=one, record_id=other, version=8)
    assert draft.unlock(made["key"], made["draft"], context=join(b"outbox", one)) == made["text"]
    assert draft.row_key(made["key"], b"web", one + other) == made["row_key"]
    assert receipt.read_receipt(words) == words
    for name, size in {"record": 1133, "case_key": 81, "outer": 621}.items():
        assert len(made[name]) == size

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.vault.errors import KeyFileError
from bot.vault.key_file import is_locked, read_key_file, write_key_file
from bot.vault.keys import generate_keypair

PAIR = generate_keypair()
UNIT = bytes(range(16))
CREATED = 1_800_000_000


def written(path: Path, passphrase: str | None = None) -> Path:
    write_key_file(path, private=PAIR.private, kind="unit", name="UPTD PPA", unit_id=UNIT, passphrase=passphrase, created=CREATED)
    return path


def test_fields_and_mode(tmp_path: Path) -> None:
    path = written(tmp_path / "unit.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    body = json.loads(path.read_text())
    assert body == {
        "kind": "unit",
        "name": "UPTD PPA",
        "unit_id": UNIT.hex(),
        "public": PAIR.public.hex(),
        "created": "2027-01-15T08:00:00+00:00",
        "private": PAIR.private.hex(),
    }


def test_mode_holds_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert stat.S_IMODE(written(tmp_path / "unit.key").stat().st_mode) == 0o600
    finally:
        os.umask(before)


@pytest.mark.parametrize("passphrase", [None, "", "enam kata yang dipilih acak", "kata sandi é 🙂"])
def test_comes_back(tmp_path: Path, passphrase: str | None) -> None:
    path = written(tmp_path / "unit.key", passphrase)
    key = read_key_file(path, passphrase=passphrase)
    assert (key.kind, key.name, key.unit_id, key.public, key.private) == ("unit", "UPTD PPA", UNIT, PAIR.public, PAIR.private)
    assert key.created == datetime.fromtimestamp(CREATED, UTC)
    assert key.created.tzinfo is not None
    assert is_locked(path) == bool(passphrase)
    assert PAIR.private.hex() not in repr(key)
    assert repr(PAIR.private) not in repr(key)


def test_a_passphrase_hides_the_key(tmp_path: Path) -> None:
    text = written(tmp_path / "unit.key", "kata").read_text()
    assert PAIR.private.hex() not in text
    assert "private" not in json.loads(text)
    other = written(tmp_path / "other.key", "kata").read_text()
    assert json.loads(text)["locked"] != json.loads(other)["locked"]


def test_composed_and_decomposed_letters_are_one_passphrase(tmp_path: Path) -> None:
    path = written(tmp_path / "unit.key", "caf\u00e9")
    assert read_key_file(path, passphrase="cafe\u0301").private == PAIR.private


@pytest.mark.parametrize("wrong", [None, "", "Kata", "kata "])
def test_wrong_passphrase(tmp_path: Path, wrong: str | None) -> None:
    path = written(tmp_path / "unit.key", "kata")
    with pytest.raises(KeyFileError, match="passphrase"):
        read_key_file(path, passphrase=wrong)


def test_never_written_over(tmp_path: Path) -> None:
    path = written(tmp_path / "unit.key")
    before = path.read_bytes()
    with pytest.raises(KeyFileError, match="already"):
        written(path)
    assert path.read_bytes() == before
    link = tmp_path / "link.key"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="already"):
        written(link)
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be written"):
        written(tmp_path / "missing" / "unit.key")
    with pytest.raises(KeyFileError, match="cannot be read"):
        read_key_file(tmp_path / "missing.key")
    with pytest.raises(KeyFileError, match="cannot be read"):
        read_key_file(tmp_path)


NOT_KEYS = ["", "halo", "[]", "{}", "null", '{"kind": "unit"}', '{"kind": 1, "private": "00"}', "[" * 100_000, "x" * 100_000, "\udcff"]


@pytest.mark.parametrize("content", NOT_KEYS, ids=range(len(NOT_KEYS)))
def test_what_is_no_key_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "unit.key"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(KeyFileError, match="is no key file"):
        read_key_file(path, passphrase="kata")
    with pytest.raises(KeyFileError, match="is no key file"):
        is_locked(path)


CHANGES: list[tuple[str, Any]] = [
    ("name", "Unit lain"),
    ("unit_id", bytes(16).hex()),
    ("public", generate_keypair().public.hex()),
    ("kind", "recovery"),
    ("unit_id", "00"),
    ("public", "bukan"),
    ("created", "kemarin"),
    ("created", None),
]


@pytest.mark.parametrize(("field", "value"), CHANGES, ids=range(len(CHANGES)))  # fixed names: a random key would differ between workers
def test_a_changed_locked_file_is_refused(tmp_path: Path, field: str, value: object) -> None:
    path = written(tmp_path / "unit.key", "kata")
    body = json.loads(path.read_text())
    path.write_text(json.dumps({**body, field: value}))
    with pytest.raises(KeyFileError, match="changed"):
        read_key_file(path, passphrase="kata")


@pytest.mark.parametrize("part", ["salt", "nonce", "sealed"])
def test_changed_locked_parts_are_refused(tmp_path: Path, part: str) -> None:
    path = written(tmp_path / "unit.key", "kata")
    body = json.loads(path.read_text())
    old = body["locked"][part]
    for value in (old[:-1] + ("0" if old[-1] != "0" else "1"), old[:-2], "", "zz", None, 3):
        path.write_text(json.dumps({**body, "locked": {**body["locked"], part: value}}))
        with pytest.raises(KeyFileError):
            read_key_file(path, passphrase="kata")


def test_a_key_that_does_not_fit_its_public_half_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "unit.key")
    body = json.loads(path.read_text())
    path.write_text(json.dumps({**body, "private": generate_keypair().private.hex()}))
    with pytest.raises(KeyFileError, match="belong together"):
        read_key_file(path)


def test_another_suite_is_said(tmp_path: Path) -> None:
    path = written(tmp_path / "unit.key", "kata")
    body = json.loads(path.read_text())
    path.write_text(json.dumps({**body, "locked": {**body["locked"], "suite": 2}}))
    with pytest.raises(KeyFileError, match="newer"):
        read_key_file(path, passphrase="kata")


def test_writing_refuses_keys_and_ids_of_another_length(tmp_path: Path) -> None:
    path = tmp_path / "unit.key"
    with pytest.raises(ValueError, match=r".+"):
        write_key_file(path, private=b"short", kind="unit", name="x", unit_id=UNIT, passphrase=None, created=0)
    with pytest.raises(ValueError, match="16"):
        write_key_file(path, private=PAIR.private, kind="unit", name="x", unit_id=b"", passphrase=None, created=0)
    assert not path.exists()

from __future__ import annotations

from itertools import permutations

import pytest

from bot.vault.errors import RecoveryError
from bot.vault.keys import generate_keypair, public_of
from bot.vault.recovery import combine, new_recovery
from bot.vault.seal import open_key, seal_key

RECOVERY, SHARES = new_recovery()
PUBLIC = RECOVERY.public


def test_three_shares_of_33_words() -> None:
    assert [len(share.split()) for share in SHARES] == [33, 33, 33]
    assert len(set(SHARES)) == 3


@pytest.mark.parametrize("some", [*permutations(range(3), 2), *permutations(range(3), 3)])
def test_any_two_or_all_three_give_the_key(some: tuple[int, ...]) -> None:
    assert public_of(combine([SHARES[place] for place in some])) == PUBLIC


def test_what_is_sealed_to_recovery_opens_with_two_shares() -> None:
    case, recovery_id = b"c" * 16, b"r" * 16
    private = generate_keypair().private
    blob = seal_key(private, recipient_public=PUBLIC, case_id=case, recipient_id=recovery_id)
    assert open_key(blob, private_key=combine(SHARES[1:]), case_id=case, recipient_id=recovery_id) == private


def test_shares_may_be_typed_as_people_type() -> None:
    one, other, _ = SHARES
    typed = [f"  {one.upper()}\n", ", ".join(word[:4] for word in other.split())]
    assert public_of(combine(typed)) == PUBLIC


def test_one_share_is_not_enough() -> None:
    for few in ([], SHARES[:1], [SHARES[0], SHARES[0]], [SHARES[0], f" {SHARES[0].title()} "]):
        with pytest.raises(RecoveryError, match="Two different shares"):
            combine(few)


def test_a_wrong_word_is_noticed() -> None:
    words = SHARES[0].split()
    for place in range(len(words)):
        wrong = [*words]
        wrong[place] = "academic" if words[place] != "academic" else "acid"
        with pytest.raises(RecoveryError):
            combine([" ".join(wrong), SHARES[1]])


@pytest.mark.parametrize("wrong", ["", "bukan kata sama sekali", "academic " * 33, "x" * 10_000, "\x00"])
def test_what_is_no_share_is_refused(wrong: str) -> None:
    with pytest.raises(RecoveryError):
        combine([SHARES[0], wrong])
    with pytest.raises(RecoveryError):
        combine([*SHARES[:2], wrong])


def test_shares_of_two_printings_do_not_mix() -> None:
    _, others = new_recovery()
    with pytest.raises(RecoveryError):
        combine([SHARES[0], others[1]])


def test_refusals_repeat_no_word_of_a_share() -> None:
    with pytest.raises(RecoveryError) as refusal:
        combine([SHARES[0], SHARES[1].replace(" ", " salah ", 1)])
    assert not set(SHARES[0].split()) & set(str(refusal.value).lower().split()) - {"share", "paper", "take"}
    assert refusal.value.__cause__ is None


def test_every_key_is_another() -> None:
    assert len({new_recovery()[0].public for _ in range(3)} | {PUBLIC}) == 4

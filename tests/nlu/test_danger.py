"""The danger layer: what must alarm, what must not, typos, mistakes in the files, speed."""

from __future__ import annotations

import random
import re
import statistics
import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.message import Danger
from nlu.danger import DangerPhrases, DangerPhrasesError, load, problems
from nlu.danger_file import ALONE
from nlu.normalise import FORMS
from nlu.phrases import NUMBER, Phrase
from nlu.slips import SHORTEST, SlipIndex, one_slip
from tests.nlu.danger_corpus import PATHS, phrases, score, sentences

EMERGENCY, SELF_HARM = Danger.EMERGENCY, Danger.SELF_HARM


# --- how good


def test_sentences_are_heard(capsys: pytest.CaptureFixture[str]) -> None:
    found = score("danger_sentences.yml")
    with capsys.disabled():
        print("\n" + found.report)
    assert found.recall >= 0.98, found.report
    assert found.false_alarms <= 0.05, found.report
    assert found.right_kind >= 0.95, found.report


def test_what_the_hold_outs_taught_is_not_lost() -> None:
    found = score("danger_holdout.yml")
    assert found.recall >= 0.98, found.report
    assert found.false_alarms <= 0.05, found.report


def test_the_sets_are_big_enough_apart_and_not_in_the_phrases() -> None:
    body, held = sentences("danger_sentences.yml"), sentences("danger_holdout.yml")
    assert len(body["emergency"]) + len(body["self_harm"]) >= 150
    assert len(body["harmless"]) >= 200
    everything = [text for kind in body.values() for text in kind]
    assert len(set(everything)) == len(everything)
    assert not set(everything) & {text for kind in held.values() for text in kind}


# --- how it decides


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("tolong skrg bapak mukulin adek", EMERGENCY),
        ("aku dikejar", EMERGENCY),
        ("dulu bapak suka mukul", None),
        ("dulu bapak suka mukul, sekarang dia lagi mukulin adek", EMERGENCY),  # now overrules then
        ("pengen mati aja", SELF_HARM),
        ("pengen mati aja wkwkwk", None),
        ("udah minum obat banyak", SELF_HARM),
        ("dulu pernah pengen mati tapi sekarang udah nggak", None),
        ("kemarin aku nyilet tangan", SELF_HARM),  # yesterday's cut is no emergency of the past
        ("aku pengen mati, tolong bapak lagi ngamuk bawa parang", EMERGENCY),  # emergency beats self-harm
        ("gak mau hidup lagi", SELF_HARM),  # the denial belongs to the phrase
        ("aku gak mau mati kok", None),
        ("tolong", EMERGENCY),  # the whole message
        ("tolong kirim formulirnya", None),
        ("gue pengen suicide", SELF_HARM),  # mixed languages
        ("please help bapak lagi mukulin gue", EMERGENCY),
        ("mati lampu", None),
        ("bunuh-bunuhan di game", None),
        ("", None),
        ("😭😭😭", None),
    ],
)
def test_decisions(text: str, danger: Danger | None) -> None:
    assert phrases().assess(text) is danger


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("mati aku besok ulangan matematika belum belajar", None),
        ("mati aku pengen bunuh diri", SELF_HARM),
        ("dia mukul nyamuk sampe raketnya patah", None),  # the mosquito's beating is none of a child's
        ("dia mukul adek sampe tangannya patah", EMERGENCY),
        ("dulu dia ngejar aku bawa parang, sekarang dia di penjara", None),
        ("dulu dia ngejar aku bawa parang, sekarang dia di depan rumah bawa parang lagi", EMERGENCY),
        ("mama lagi dicekik di film itu", None),
        ("bukan film kak, mama lagi dicekik", EMERGENCY),
        ("wkwk pengen mati", None),
        ("haha lucu ya aku pengen mati, tapi serius kak", SELF_HARM),
        ("gigi mau dicabut besok, takut", None),  # "dicabut" is no slip of "dicabul"
        ("guruku ngajarin nenek naik sepeda", None),
    ],
)
def test_who_does_what_and_in_earnest(text: str, danger: Danger | None) -> None:
    assert phrases().assess(text) is danger


@pytest.mark.parametrize(
    ("text", "in_care"),
    [
        ("Murid saya menyayat tangannya dan bilang mau mati", True),
        ("anakku bilang mau mati", True),
        ("nak cucu nenek mau minum racun", True),
        ("our daughter says she wants to die", True),
        ("aku mau mati", False),
        ("aku siswa kelas 9, pengen mati", False),
        ("saya guru, saya capek, mau mati saja, murid saya nakal", False),
        ("terlintas mau bawa anak saya mati bersama", False),
        ("adikku nyilet tangan", False),  # a sister may be a child herself: she is asked
        ("", False),
    ],
)
def test_an_adult_who_tells_of_a_child_in_their_care(text: str, in_care: bool) -> None:
    assert phrases().in_care(text) is in_care


def test_explain_names_what_silenced_a_phrase() -> None:
    (finding,) = [f for f in phrases().explain("aku dikejar zombie di game") if f.phrase.text == "dikejar"]
    assert finding.silenced in {"harmless", "story"}
    assert finding.danger is EMERGENCY


def test_one_language_alone_works() -> None:
    assert load(PATHS[0]).assess("aku dikejar") is EMERGENCY


@given(st.text(max_size=300))
def test_any_text_is_assessed_without_error(text: str) -> None:
    assert phrases().assess(text) in {None, EMERGENCY, SELF_HARM}


def test_a_huge_message_is_assessed_quickly() -> None:
    """Nothing may blow up: ten thousand alarming words, none of which is heard (0.1 s on the reference machine)."""
    began = time.process_time()
    assert phrases().assess("dia mau pukul aku wkwk " * 2_000) in {None, EMERGENCY}
    assert time.process_time() - began < 3


# --- typos


def _spoken(phrase: Phrase, heard: DangerPhrases, chance: random.Random) -> tuple[list[str], list[str]]:
    """One way to say a phrase, and a mark that it needs."""

    def words(some: Phrase) -> list[str]:
        chosen = [chance.choice(sorted(slot.words)) for slot in some.slots if not slot.optional]
        return ["7" if word == NUMBER else word for word in chosen]

    mark: list[str] = []
    if phrase.needs and ALONE not in phrase.needs:
        mark = words(chance.choice(heard.marks(chance.choice(phrase.needs))))
    return words(phrase), mark


def test_every_phrase_can_alarm() -> None:
    """A phrase that nothing can ever set off (silenced by its own words, needing a mark that is not there) is a mistake."""
    heard, chance = phrases(), random.Random(7)
    assert len(heard.phrases) > 200
    dead = [
        f"{phrase.file}:{phrase.line} {phrase.text}"
        for _, phrase in heard.phrases
        if not any(heard.assess(" ".join(said + mark)) for said, mark in (_spoken(phrase, heard, chance) for _ in range(60)))
    ]
    assert dead == []


def _slip(word: str, kind: int, at: int, letter: str) -> str:
    at %= len(word)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + letter + word[at + 1 :]
    if kind == 2:
        return word[:at] + letter + word[at:]
    return word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]


def _another_word(slip: str, heard: DangerPhrases) -> bool:
    """ "hati" is a slip of "mati", but it is a word: what is written right is what it says."""
    return slip in FORMS or slip in heard._vocabulary


@settings(max_examples=1_500)
@given(
    pick=st.randoms(use_true_random=False),
    kind=st.integers(0, 3),
    at=st.integers(0, 30),
    letter=st.sampled_from(string.ascii_lowercase),
)
def test_no_slip_in_a_content_word_silences_a_phrase(pick: random.Random, kind: int, at: int, letter: str) -> None:
    heard = phrases()
    said, mark = _spoken(pick.choice(heard.phrases)[1], heard, pick)
    places = [i for i, word in enumerate(said) if len(word) >= SHORTEST and word.isalpha()]
    if not places or heard.assess(" ".join(said + mark)) is None:
        return
    place = pick.choice(places)
    slipped = _slip(said[place], kind, at, letter)
    if slipped == said[place] or _another_word(slipped, heard):
        return
    text = " ".join([*said[:place], slipped, *said[place + 1 :], *mark])
    assert heard.assess(text) is not None, f"{said[place]} → {slipped}: {text}"


@pytest.mark.long
def test_slips_at_length() -> None:
    heard, chance = phrases(), random.Random(11)
    tried = words = 0
    for _ in range(300_000):
        said, mark = _spoken(chance.choice(heard.phrases)[1], heard, chance)
        place = chance.randrange(len(said))
        if len(said[place]) < SHORTEST or not said[place].isalpha() or heard.assess(" ".join(said + mark)) is None:
            continue
        slipped = _slip(said[place], chance.randrange(4), chance.randrange(30), chance.choice(string.ascii_lowercase))
        if slipped == said[place]:
            continue
        tried += 1
        if _another_word(slipped, heard):
            words += 1
            continue
        text = " ".join([*said[:place], slipped, *said[place + 1 :], *mark])
        assert heard.assess(text) is not None, f"{said[place]} → {slipped}: {text}"
    assert tried > 100_000
    assert words / tried < 0.06  # what the rule above leaves out stays little


@given(
    word=st.text(alphabet=string.ascii_lowercase, min_size=4, max_size=10),
    kind=st.integers(0, 3),
    at=st.integers(0, 9),
    letter=st.sampled_from("abkz"),
)
def test_the_slip_index_finds_every_slip(word: str, kind: int, at: int, letter: str) -> None:
    slipped = _slip(word, kind, at, letter)
    if slipped != word:
        assert one_slip(word, slipped)
        assert SlipIndex([word]).near(slipped) == [word]


def test_two_slips_are_not_one() -> None:
    assert not one_slip("pukul", "bukal")
    assert not one_slip("mati", "mati")
    assert SlipIndex(["pukul"]).near("kumul") == []


# --- the files that people edit

GOOD = """
words: {hit: [pukul, tendang]}
marks:
  {now: [sekarang], help: [tolong], past: [kemarin], habit: [sering], long_ago: [dulu], over: [sudah aman], lesson: [apa itu],
   story: [film], laughter: [wkwk]}
deny: [tidak]
emergency:
  - say: <hit>
    with: now
self_harm: [bunuh diri]
"""


def _written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "danger.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_file_works(tmp_path: Path) -> None:
    heard = load(_written(tmp_path, GOOD))
    assert heard.assess("dia nendang aku skrg") is EMERGENCY
    assert heard.assess("dia nendang aku") is None
    assert heard.assess("dia gak nendang aku skrg") is None
    assert heard.assess("bunuh diri") is SELF_HARM


def test_all_mistakes_are_named_at_once_with_their_lines(tmp_path: Path) -> None:
    bad = GOOD + "  # end\nharmless:\n  - <nobody> mati\n  - ..\n  - a|?|b\nemergencies: [x]\n"
    bad = bad.replace("with: now", "with: nowadays\n    despite: weather\n    if: x").replace("deny: [tidak]", "deny: [[tidak]]")
    path = _written(tmp_path, bad)
    found = problems([path, tmp_path / "missing.yml"])
    lines = {line: "; ".join(p.message for p in found if p.line == line) for line in {p.line for p in found}}
    written = bad.splitlines()

    def line_of(part: str) -> int:
        return next(i for i, text in enumerate(written, 1) if part in text)

    for part, word in [
        ("deny: [[", "text"),
        ("say: <hit>", "'if' is not known"),
        ("despite: weather", "weather"),
        ("<nobody>", "<nobody>"),
        ("  - ..", "begins and ends"),
        ("a|?|b", "no word"),
        ("emergencies:", "no section"),
    ]:
        assert word in lines.get(line_of(part), ""), (part, lines)
    assert any("nowadays" in p.message for p in found)
    assert any("cannot be read" in p.message and "missing.yml" in p.file for p in found)
    with pytest.raises(DangerPhrasesError) as raised:
        load(path)
    assert len(raised.value.problems) >= 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("words: [", "not YAML"),
        ("- a", "sections"),
        ("words: {}\nwords: {}", "stands twice"),
        (re.sub(r"help: \[tolong\], ", "", GOOD), "'help'"),
        (re.sub(r"(?s)emergency:.*", "", GOOD), "nothing would ever alarm"),
    ],
)
def test_a_useless_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in "; ".join(map(str, problems([_written(tmp_path, text)])))


def test_the_shipped_files_are_right() -> None:
    assert problems(PATHS) == []


# --- fast enough for every typed message


def test_a_sentence_takes_microseconds() -> None:
    """150 µs for a sentence of twelve words is the budget on the reference machine; the test allows a busy one four times that."""
    heard = phrases()
    texts = [t for kind in sentences("danger_sentences.yml").values() for t in kind if 9 <= len(t.split()) <= 14]
    assert len(texts) > 50
    taken = []
    for text in texts:
        began = time.process_time()
        heard.assess(text)
        taken.append(time.process_time() - began)
    assert statistics.median(taken) < 600e-6


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        # Beside each stands what silences something that is nearly the same.
        ("temenku katanya mau bunuh diri", SELF_HARM),
        ("anjing aku mau bunuh diri aja", SELF_HARM),
        ("gigi aku copot dipukul bapak sekarang", EMERGENCY),
        ("tetangga tahu aku disiksa tolong", EMERGENCY),
        ("dia udah bebas dari penjara skrg nyari aku bawa pisau", EMERGENCY),
        ("kalo nemu aku aku dibunuh", EMERGENCY),
        ("jangan telpon kalo denger suara aku dibunuh", EMERGENCY),
        ("ternyata aku salah dia mau bunuh aku", EMERGENCY),
        ("skrg dia udah di rumah sama temennya bawa parang nyari aku", EMERGENCY),
        ("anjing aku dipukulin bapak tolong", EMERGENCY),
        ("di kandang ayam aku dipukul tolong", EMERGENCY),
        ("granny is hitting me right now help", EMERGENCY),
        ("he locked the doors and he has a knife help", EMERGENCY),
        # What was long ago, and what is now: only a now that comes after it is about another time.
        ("dulu dia mukul mama skrg dia lagi mukulin adek", EMERGENCY),
        ("tahun lalu aku diculik om, sekarang dia ngejar aku lagi", EMERGENCY),
        ("dulu waktu sd aku dipukul sekarang bapak bawa golok di depan kamar aku takut", EMERGENCY),
        ("waktu kecil dia sering mukul, tapi skrg dia lagi cekik adik", EMERGENCY),
        ("dulu aku sering digebuki bapakku, sekarang bapak sudah tua", None),
        ("waktu smp temen2 nyeret aku ke wc trus disiram, sampe skrg aku benci bau karbol", None),
        ("kulkas gue bunuh diri kayaknya", None),
        ("bek kita dua kali bunuh diri ke gawang sendiri", None),
    ],
)
def test_what_silences_a_saying_silences_no_cry(text: str, danger: Danger | None) -> None:
    assert phrases().assess(text) is danger


def test_a_threat_to_kill_alarms_however_often_it_was_made() -> None:
    """Heard in a transcript: the word "cerita" marks a habit, and had silenced the threat."""
    phrases = load(*sorted((Path(__file__).parents[2] / "data").glob("*/danger.yml")))
    for text in ("dia ngancam mau bunuh aku kalau cerita", "dia selalu ancam bunuh adik", "bapak selalu bilang mau bunuh ibu"):
        assert phrases.assess(text) is Danger.EMERGENCY, text
    assert phrases.assess("di film itu dia ngancam mau bunuh aku wkwk") is None

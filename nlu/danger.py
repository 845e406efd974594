"""The deterministic danger layer: does a message say that a child is in danger at this moment, or that one may harm itself?

It runs for every typed message, before and without any model, so it is built to find fast that there is nothing: a message in which
no danger phrase has its rarest word ends after one look at each word. The phrases are content (`data/<language>/danger.yml`); the
phrases of all languages are heard together, because people mix them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.marked import Problem
from flows.message import Danger
from nlu.danger_file import ALONE, OF_TIME, SILENCERS, TOLD, Compiled, DangerPhrasesError, compile_all, read_files
from nlu.normalise import CERTAIN, FILLER_WORDS, FORMS, STEMS, Token, common_forms, form_of, tokens
from nlu.phrases import NUMBER, Heard, Phrase, Span, find
from nlu.slips import SlipIndex

HARMLESS, ONESELF = "harmless", "oneself"
IN_CARE, MYSELF, LONG_AGO = "in_care", "myself", "long_ago"
_MINE = ("ku", "q", "qu")  # anakku: anak aku
NEAR = 12  # words: how far a mark of time, laughter or help reaches


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One danger phrase found in a message, for those who edit phrases: `silenced` says by what, and is empty if it alarms."""

    danger: Danger
    phrase: Phrase
    first: int
    last: int
    silenced: str = ""


class DangerPhrases:
    """The compiled danger phrases of all languages. Build with `load`. Immutable after that, and safe to share."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._by_anchor: dict[str, list[tuple[Danger, Phrase]]] = {}
        # emergencies first: they win, so nothing has to be looked for after one
        for kind, phrase in sorted(compiled.dangers, key=lambda pair: pair[0] is not Danger.EMERGENCY):
            for word in phrase.slots[phrase.anchor].words:
                self._by_anchor.setdefault(word, []).append((kind, phrase))
        beside = {**compiled.marks, HARMLESS: compiled.harmless, ONESELF: compiled.oneself}
        self.bridge = compiled.bridge
        self.around: Mapping[str, Mapping[str, Sequence[Phrase]]] = {name: _indexed(phrases) for name, phrases in beside.items()}
        phrases = [p for _, p in compiled.dangers] + [p for ps in beside.values() for p in ps]
        # every word of every phrase, mark and saying, in its normal form
        self._vocabulary = frozenset(w for p in phrases for s in p.slots for w in s.words) | compiled.deny | compiled.bridge
        self._slips = SlipIndex(self._spellings())
        self._known: dict[str, dict[str, int]] = {}
        # the words of our own tables are looked up once, here; what people write is never kept
        for raw in FORMS:
            meant = self._meant(raw)
            if meant:
                self._known[raw] = meant

    @property
    def phrases(self) -> tuple[tuple[Danger, Phrase], ...]:
        """Every danger phrase with its kind."""
        return self._compiled.dangers

    def marks(self, name: str) -> tuple[Phrase, ...]:
        """The phrases of one mark, such as "now"."""
        return self._compiled.marks.get(name, ())

    def _spellings(self) -> Iterator[str]:
        """What is heard with one slip: every word as the editors wrote it, and the common forms of the verbs among them."""
        wanted = self._compiled.written
        yield from wanted
        yield from self._vocabulary
        meant = {form_of(word)[0] for word in wanted}
        for stem in {form_of(word)[1] for word in wanted} & STEMS:
            yield from (raw for raw in common_forms(stem) if stem in meant or FORMS[raw][0] in meant)

    def _meant(self, raw: str, form: tuple[str, str] | None = None) -> dict[str, int]:
        """The phrase words that a written word may be: 0 as written, 1 with one slip."""
        word, stem = form if form is not None else form_of(raw)
        meant: dict[str, int] = {}
        if raw.isascii() and raw.isdigit():
            if raw in self._vocabulary:
                meant[raw] = 0
            if len(raw) <= 6 and int(raw) >= 4:
                meant[NUMBER] = 0
            return meant
        for exact in (word, stem, raw):
            if exact in self._vocabulary:
                meant[exact] = 0
        if raw in CERTAIN or raw in self._vocabulary or (meant and raw in FORMS):
            return meant  # a slip that makes another word ("hati" for "mati") is that word
        near: dict[str, int] = {}
        for spelled in (raw,) if word == raw or word in FORMS else (raw, word):
            for other in self._slips.near(spelled):
                for known in (other, *(FORMS.get(other) or form_of(other))):
                    if known in self._vocabulary:
                        near[known] = 1
        if near and word != raw:
            # "drii" may be dri or diri, "antimu" anti + mu or antimo: no reading is sure, so none of them may silence
            return {**near, **dict.fromkeys(meant, 1)}
        return {**near, **meant}

    def _hear(self, said: list[Token]) -> Heard | None:
        """The message as phrases see it, or None when no danger phrase can be in it."""
        words: list[dict[str, int]] = []
        known, forms, by_anchor = self._known, FORMS, self._by_anchor
        nothing: dict[str, int] = {}
        alarming = False
        for token in said:
            raw = token.text.lower()
            form = forms.get(raw)
            if form is None or form[0] != token.word:  # not a word of ours, or one that its neighbour changed ("di pukul")
                meant = self._meant(raw if form is None else token.word, (token.word, token.stem))
            else:
                meant = known.get(raw, nothing)
            if words and said[len(words) - 1].word == "di" and any(wrong and word in STEMS for word, wrong in meant.items()):
                passive = {"di" + word: 1 for word, wrong in meant.items() if wrong and word in STEMS}  # "di kejr"
                meant = {**meant, **{word: 1 for word in passive if word in self._vocabulary}}
            words.append(meant)
            if not alarming:
                alarming = any(word in by_anchor for word in meant)
        if not alarming:
            return None
        return self._heard(said, words)

    def _heard(self, said: list[Token], words: list[dict[str, int]]) -> Heard:
        where: dict[str, list[int]] = {}
        for at, meant in enumerate(words):
            for word in meant:
                where.setdefault(word, []).append(at)
        deny = self._compiled.deny
        return Heard(
            words,
            where,
            frozenset(at for at, token in enumerate(said) if token.word in FILLER_WORDS),
            frozenset(at for at, token in enumerate(said) if token.word in deny),
        )

    def assess(self, text: str) -> Danger | None:
        """The danger that `text` says, or None. An emergency beats self-harm. Never raises, whatever the text is."""
        said = tokens(text)
        heard = self._hear(said)
        if heard is None:
            return None
        worst: Danger | None = None
        for finding in self._findings(said, heard, first_only=True):
            if not finding.silenced:
                if finding.danger is Danger.EMERGENCY:
                    return finding.danger
                worst = finding.danger
        return worst

    def explain(self, text: str) -> tuple[Finding, ...]:
        """Every danger phrase that stands in `text`, the silenced ones too, and by what."""
        said = tokens(text)
        heard = self._hear(said)
        return () if heard is None else tuple(self._findings(said, heard, first_only=False))

    def in_care(self, text: str) -> bool:
        """Whether an adult tells of a child in their care ("murid saya", "anak saya") and says nothing of the kind of themselves."""
        said: list[Token] = []
        for token in tokens(text):
            said.append(token)
            ending = next((end for end in _MINE if token.text.lower() == token.word + end), None)
            if ending:
                said.append(Token(ending, token.end - len(ending), token.end, "aku", "aku"))
        heard = self._heard(said, [self._meant(token.text.lower(), (token.word, token.stem)) for token in said])
        children = self._spans(IN_CARE, heard)
        mine = {place for span in children for place in span.places}
        return bool(children) and all(span.first in mine for span in self._spans(MYSELF, heard))

    def _spans(self, name: str, heard: Heard) -> list[Span]:
        near = [phrase for word, found in self.around.get(name, {}).items() if word in heard.where for phrase in found]
        return [span for phrase in near for span in find(phrase, heard, slips=0)]

    def _findings(self, said: list[Token], heard: Heard, *, first_only: bool) -> Iterator[Finding]:
        tried: set[int] = set()
        near = _Nearby(self, said, heard)
        for kind in (Danger.EMERGENCY, Danger.SELF_HARM):
            for word in heard.where:
                for of_kind, phrase in self._by_anchor.get(word, ()):
                    if of_kind is not kind or id(phrase) in tried:
                        continue
                    tried.add(id(phrase))
                    for span in find(phrase, heard):
                        silenced = near.silenced(kind, phrase, span)
                        yield Finding(danger=kind, phrase=phrase, first=span.first, last=span.last, silenced=silenced)
                        if first_only and not silenced:
                            if kind is Danger.EMERGENCY:
                                return
                            break


def _indexed(phrases: Sequence[Phrase]) -> Mapping[str, Sequence[Phrase]]:
    index: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        for word in phrase.slots[phrase.anchor].words:
            index.setdefault(word, []).append(phrase)
    return index


class _Nearby:
    """What stands around a phrase in one message: denials, marks, harmless sayings. Each is looked for once, when it is first asked."""

    def __init__(self, phrases: DangerPhrases, said: list[Token], heard: Heard) -> None:
        self._phrases = phrases
        self._said = said
        self._heard = heard
        # a harmless saying must stand as it is written: "mati wae rasane" is not "mati rasa"
        self._exactly = Heard(heard.words, heard.where, frozenset(), frozenset())
        self._found: dict[tuple[str, int], list[Span]] = {}

    def _spans(self, name: str, slips: int) -> list[Span]:
        """Where a mark stands, or the sayings "harmless" and "oneself". What alarms may be misspelt, what silences may not."""
        found = self._found.get((name, slips))
        if found is None:
            index = self._phrases.around.get(name, {})
            near = {id(phrase): phrase for word in index.keys() & self._heard.where.keys() for phrase in index[word]}
            heard = self._exactly if name == HARMLESS else self._heard
            found = [span for phrase in near.values() for span in find(phrase, heard, slips=slips)] if near else []
            self._found[name, slips] = found
        return found

    def _inside(self, name: str, span: Span, slips: int) -> bool:
        return any(found.first <= place <= found.last for found in self._spans(name, slips) for place in span.places)

    def _reaches(self, name: str, span: Span, slips: int, *, apart: bool = False, before: bool = False) -> bool:
        """Whether a mark stands near. `apart`: not on a word that the phrase takes for a misspelt one ("tolong" as a slip of "todong"), and
        not inside a harmless saying ("mukul nyamuk" is no beating). `before`: it begins no later than the phrase ends."""
        return any(
            mark.first - span.last <= (0 if before else NEAR)
            and span.first - mark.last <= NEAR
            and not (apart and any(mark.first <= place <= mark.last for place in span.slipped))
            and not (apart and self._inside(HARMLESS, mark, 0))
            for mark in self._spans(name, slips)
        )

    def silenced(self, kind: Danger, phrase: Phrase, span: Span) -> str:
        """What keeps a found phrase from alarming, or an empty text."""
        if ALONE in phrase.needs:
            if any(at not in self._heard.fillers for at in (*range(span.first), *range(span.last + 1, len(self._said)))):
                return f"not {ALONE}"
        elif phrase.needs and not any(self._reaches(name, span, 1, apart=True) for name in phrase.needs):
            return f"without {' or '.join(phrase.needs)}"
        if self._inside(HARMLESS, span, 0):
            return HARMLESS
        if kind is Danger.EMERGENCY and self._inside(ONESELF, span, 1):
            return ONESELF
        if "deny" not in phrase.despite and self._denied(span):
            return "deny"
        for name, kinds in SILENCERS.items():
            if kind not in kinds or name in phrase.despite or not self._reaches(name, span, 0):
                continue
            # "Dulu … dipukul, sekarang …": a now that comes after what was long ago says what is different today.
            now = name in OF_TIME and self._reaches("now", span, 1, before=name == LONG_AGO)
            if now or (name in TOLD and self._reaches("earnest", span, 0)):
                continue
            return name
        return ""

    def _denied(self, span: Span) -> bool:
        at = span.first - 1
        while at >= 0:
            if at in self._heard.denials:
                return True
            if self._said[at].word not in self._phrases.bridge and at not in self._heard.fillers:
                return False
            at -= 1
        return False


def load(*paths: str | Path) -> DangerPhrases:
    """The danger phrases of the given files (one a language), joined. Raises `DangerPhrasesError` naming every mistake at once."""
    return DangerPhrases(compile_all(read_files(paths)))


def problems(paths: Iterable[str | Path]) -> list[Problem]:
    """Everything that is wrong with the given files, for `ruang-aman check`. Empty when they can be used."""
    try:
        compile_all(read_files(paths))
    except DangerPhrasesError as error:
        return list(error.problems)
    return []

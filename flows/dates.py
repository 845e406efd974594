"""When something happened, as people say it: "kemarin", "2 hari lalu", "tadi malam", "12/11", "minggu lalu", "dulu". Pure."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from flows.numbers import numbers_in, spoken_words
from flows.wording import fold, word_set


class When(StrEnum):
    """How long ago, in the steps that a person who remembers roughly can still choose. Weeks begin on Monday."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this_week"
    LAST_WEEK = "last_week"
    THIS_MONTH = "this_month"
    LONGER_AGO = "longer_ago"


@dataclass(frozen=True, kw_only=True, slots=True)
class DateGuess:
    """A day or a stretch of days in the past. `since` is None where no beginning was named ("dulu"); `until` is never in the future."""

    code: When
    since: date | None
    until: date

    @property
    def day(self) -> date | None:
        """The one day that was meant, if it was one."""
        return self.until if self.since == self.until else None


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan", "februari february feb pebruari", "maret march mar mrt", "april apr", "mei may", "juni june jun",
            "juli july jul", "agustus august agu agt agst aug ags", "september sep sept", "oktober october okt oct",
            "november nopember nov nop", "desember december des dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = {
    "senin": 0, "senen": 0, "monday": 0, "selasa": 1, "tuesday": 1, "rabu": 2, "wednesday": 2, "kamis": 3, "thursday": 3, "jumat": 4,
    "jumaat": 4, "jum'at": 4, "friday": 4, "sabtu": 5, "saturday": 5, "ahad": 6, "sunday": 6,
}  # fmt: skip
_AGO = word_set("lalu lalunya ago lewat sebelumnya silam kemarin kemaren kmrin kemaring")
_YESTERDAY = word_set("kemarin kemaren kmrin kmren kemarinan yesterday wingi samalam semalam smalam semalem")
_NIGHT = word_set("malam malem mlm malamnya night bengi")
_NOW = word_set("sekarang skr now barusan tadi td ini today")
_LONG = word_set("dulu dahulu lama bertahun tahunan kecilku childhood bahari biyen")
_SINCE = word_set("waktu wkt sejak dari zaman jaman masih when since")
_SCHOOL = word_set("kecil sd smp tk paud bayi balita child kid little")
_UNIT_DAYS = {"hari": 1, "day": 1, "days": 1, "minggu": 7, "pekan": 7, "week": 7, "weeks": 7, "dino": 1}
_UNIT_MONTHS = {"bulan": 1, "month": 1, "months": 1, "tahun": 12, "year": 12, "years": 12}
_ONE_GLUED = {"sehari": "hari", "seminggu": "minggu", "sepekan": "pekan", "sebulan": "bulan", "setahun": "tahun"}
_FUTURE = word_set("besok bsk esok nanti ntar tomorrow next depan sesuk besuk")
_SOME = word_set("beberapa bbrp berapa few several")

_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(?<![\d:])(\d{1,2})\s?[-/.]\s?(\d{1,2})(?:\s?[-/.]\s?(\d{4}|\d{2}))?(?![\d:])")


def code_of(day: date, today: date) -> When:
    """The step that `day` falls in, seen from `today`."""
    monday = today - timedelta(days=today.weekday())
    if day >= today:
        return When.TODAY
    if day == today - timedelta(days=1):
        return When.YESTERDAY
    if day >= monday:
        return When.THIS_WEEK
    if day >= monday - timedelta(days=7):
        return When.LAST_WEEK
    if (day.year, day.month) == (today.year, today.month):
        return When.THIS_MONTH
    return When.LONGER_AGO


def parse_date(text: str, today: date) -> DateGuess | None:
    """When `text` says that something happened, seen from `today` (the person's own calendar day), or None.

    A date without a year is the last one that is not in the future; a date that is in the future, or that does not exist, is
    None. Two times in one answer become the stretch between them ("dari bulan lalu sampai kemarin").

    >>> parse_date("2 hari lalu", date(2026, 11, 23)).day
    datetime.date(2026, 11, 21)
    """
    found: list[DateGuess] = []
    rest = fold(text)
    for pattern, reader in ((_ISO, _iso), (_NUMERIC, _numeric)):
        for match in pattern.finditer(rest):
            read = reader(match, today)
            if read is None:
                return None
            found.append(_one(read, today))
        rest = pattern.sub(" | ", rest)
    typed = [w for w in spoken_words(rest.replace("jum'at", "jumat")) if w not in {"yang", "yg", "pas", "sekitar", "kira", "sih", "kak"}]
    at = 0
    while at < len(typed):
        step, guess = _at(typed, at, today)
        if step == 0:
            if typed[at] in _FUTURE and not found:
                return None
            at += 1
            continue
        if guess is None:
            return None
        found.append(guess)
        at += step
    if not found:
        return None
    if len(found) == 1:
        return found[0]
    since = None if any(g.since is None for g in found) else min(g.since for g in found if g.since is not None)
    until = max(g.until for g in found)
    latest = max(found, key=lambda g: g.until)
    return DateGuess(code=latest.code, since=since, until=until)


def _one(day: date, today: date) -> DateGuess:
    return DateGuess(code=code_of(day, today), since=day, until=day)


def _stretch(since: date, until: date, today: date) -> DateGuess:
    until = min(until, today)
    return DateGuess(code=code_of(since + (until - since) / 2, today), since=since, until=until)


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _latest(month: int, day: int, today: date) -> date | None:
    """The last such day that is not in the future. Eight years back, because a 29 February may be that far."""
    for year in range(today.year, today.year - 9, -1):
        made = _make(year, month, day)
        if made is not None and made <= today:
            return made
    return None


def _iso(match: re.Match[str], today: date) -> date | None:
    made = _make(int(match[1]), int(match[2]), int(match[3]))
    return made if made is not None and made <= today else None


def _numeric(match: re.Match[str], today: date) -> date | None:
    first, second = int(match[1]), int(match[2])
    if second > 12 >= first:  # 11/23 can only be read with the month first
        first, second = second, first
    if not 1 <= second <= 12:
        return None
    if match[3] is None:
        return _latest(second, first, today)
    year = int(match[3])
    made = _make(year + 2000 if year < 100 else year, second, first)
    return made if made is not None and made <= today else None


def _months_back(today: date, months: int) -> tuple[int, int]:
    index = today.year * 12 + today.month - 1 - months
    return index // 12, index % 12 + 1


def _whole_month(year: int, month: int, today: date) -> DateGuess | None:
    if not 1 <= year <= 9999 or date(year, month, 1) > today:
        return None
    guess = _stretch(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]), today)
    same = (year, month) == (today.year, today.month)
    return DateGuess(code=When.THIS_MONTH if same else When.LONGER_AGO, since=guess.since, until=guess.until)


def _ago(count: int, unit: str, today: date) -> DateGuess | None:
    try:
        if unit in _UNIT_DAYS:
            middle = today - timedelta(days=count * _UNIT_DAYS[unit])
            if _UNIT_DAYS[unit] == 1:
                return _one(middle, today)
            return _stretch(middle - timedelta(days=3), middle + timedelta(days=3), today)
        months = count * _UNIT_MONTHS[unit]
        year, month = _months_back(today, months)
        if _UNIT_MONTHS[unit] == 12:
            return DateGuess(code=When.LONGER_AGO, since=date(year, 1, 1), until=min(date(year, 12, 31), today))
        return _whole_month(year, month, today)
    except (OverflowError, ValueError):
        return None


def _at(typed: list[str], at: int, today: date) -> tuple[int, DateGuess | None]:
    """What a time said at `at` means and how many words it took; 0 words if none is said there, None if it cannot be."""
    for reader in (_spoken_day, _counted, _calendar):
        step, guess = reader(typed, at, today)
        if step:
            return step, guess
    return 0, None


def _follows(typed: list[str], at: int, wanted: frozenset[str] | set[str]) -> bool:
    return at < len(typed) and typed[at] in wanted


def _spoken_day(typed: list[str], at: int, today: date) -> tuple[int, DateGuess | None]:
    word = typed[at]
    yesterday = _one(today - timedelta(days=1), today)
    if word in _YESTERDAY:
        if _follows(typed, at + 1, {"lusa", "dulu", "lusanya"}):
            return 2, _one(today - timedelta(days=2), today)
        if _follows(typed, at + 1, _YESTERDAY):  # "kemarin-kemarin" is some day not long ago
            return 2, _stretch(today - timedelta(days=7), today - timedelta(days=1), today)
        return (2 if _follows(typed, at + 1, _NIGHT | {"pagi", "siang", "sore", "subuh"}) else 1), yesterday
    if word in {"tadi", "td", "last"} and _follows(typed, at + 1, _NIGHT):
        return 2, yesterday
    if word == "dua" and typed[at + 1 : at + 3] == ["malam", "lalu"]:
        return 3, _one(today - timedelta(days=2), today)
    if word == "lusa" and _follows(typed, at + 1, _YESTERDAY):
        return 2, _one(today - timedelta(days=2), today)
    if word in {"hari", "malam", "pagi", "siang", "sore", "subuh", "this"} and _follows(
        typed, at + 1, {"ini", "tadi", "morning", "afternoon", "evening"}
    ):
        if word == "malam" and typed[at + 1] == "tadi":
            return 2, yesterday
        return 2, _one(today, today)
    if word == "tonight" or (word in _NOW and word != "ini"):
        return 1, _one(today, today)
    if word == "baru" and _follows(typed, at + 1, {"saja", "aja", "tadi", "ini"}):
        return 2, _one(today, today)
    if word == "hari" and _follows(typed, at + 1, {"minggu"}):
        return 3 if _follows(typed, at + 2, _AGO) else 2, _weekday(6, typed, at + 2, today)
    if word in _WEEKDAYS:
        step = 3 if typed[at + 1 : at + 3] in (["minggu", "lalu"], ["minggu", "kemarin"]) else 2 if _follows(typed, at + 1, _AGO) else 1
        return step, _weekday(_WEEKDAYS[word], typed, at + 1, today)
    return 0, None


def _weekday(weekday: int, typed: list[str], after: int, today: date) -> DateGuess:
    back = (today.weekday() - weekday) % 7
    if back == 0 and _follows(typed, after, _AGO | {"minggu"}):
        back = 7
    monday = today - timedelta(days=today.weekday())
    if typed[after : after + 2] in (["minggu", "lalu"], ["minggu", "kemarin"]):
        return _one(monday - timedelta(days=7) + timedelta(days=weekday), today)
    return _one(today - timedelta(days=back), today)


def _counted(typed: list[str], at: int, today: date) -> tuple[int, DateGuess | None]:
    monday = today - timedelta(days=today.weekday())
    word = typed[at]
    if word in {"minggu", "pekan", "bulan", "tahun", "this", "last"} and at + 1 < len(typed):
        unit, mark = (word, typed[at + 1]) if word not in {"this", "last"} else (typed[at + 1], {"this": "ini", "last": "lalu"}[word])
        if unit in {"minggu", "pekan", "week"} and mark == "ini":
            return 2, DateGuess(code=When.THIS_WEEK, since=monday, until=today)
        if unit in {"minggu", "pekan", "week"} and mark in _AGO:
            return 2, DateGuess(code=When.LAST_WEEK, since=monday - timedelta(days=7), until=monday - timedelta(days=1))
        if unit in {"bulan", "month"} and (mark == "ini" or mark in _AGO):
            return 2, _whole_month(*_months_back(today, 0 if mark == "ini" else 1), today)
        if unit in {"tahun", "year"} and mark == "ini":
            return 2, DateGuess(code=When.LONGER_AGO, since=date(today.year, 1, 1), until=today)
        if unit in {"tahun", "year"} and mark in _AGO:
            return 2, _ago(1, "tahun", today)
    if word in _ONE_GLUED or word in {"a", "an"}:
        unit = _ONE_GLUED.get(word) or (typed[at + 1] if at + 1 < len(typed) else "")
        after = at + (1 if word in _ONE_GLUED else 2)
        if (unit in _UNIT_DAYS or unit in _UNIT_MONTHS) and _follows(typed, after, _AGO):
            return after + 1 - at, _ago(1, unit, today)
        return 0, None
    if word in _SOME and at + 2 < len(typed) and typed[at + 2] in _AGO:
        unit = typed[at + 1]
        if unit in {"hari", "day", "days"}:
            return 3, _stretch(today - timedelta(days=6), today - timedelta(days=2), today)
        if unit in _UNIT_DAYS or unit in _UNIT_MONTHS:
            since = _ago(6, unit, today)
            until = _ago(2, unit, today)
            if since is None or until is None:
                return 3, None
            return 3, DateGuess(code=When.LONGER_AGO, since=since.since, until=until.until)
    for count, start, end in numbers_in(typed[at : at + 4]):
        if start == 0 and at + end + 1 < len(typed):
            unit = typed[at + end]
            if (unit in _UNIT_DAYS or unit in _UNIT_MONTHS) and typed[at + end + 1] in _AGO:
                return end + 2, _ago(count, unit, today)
            if unit in {"jam", "menit", "hour", "hours", "minutes", "menitan"} and typed[at + end + 1] in _AGO:
                short = count <= 6 or unit.startswith("men") or unit.startswith("min")  # 12 hours ago may have been yesterday
                return end + 2, DateGuess(code=When.TODAY, since=today - timedelta(days=0 if short else 1), until=today)
    if word in _SINCE and _follows(typed, at + 1, _SCHOOL):
        return 2, DateGuess(code=When.LONGER_AGO, since=None, until=today)
    if word in _LONG:
        return 1, DateGuess(code=When.LONGER_AGO, since=None, until=today)
    return 0, None


def _calendar(typed: list[str], at: int, today: date) -> tuple[int, DateGuess | None]:
    step = 1 if typed[at] in {"tanggal", "date"} else 0
    named = step == 1
    at += step
    numbers = [n for n in numbers_in(typed[at : at + 3]) if n[1] == 0]
    if numbers and 1 <= numbers[0][0] <= 31:
        day, _, end = numbers[0]
        after = at + end
        if _follows(typed, after, set(_MONTHS)):
            return _dated(day, _MONTHS[typed[after]], typed, after + 1, step + end + 1, today)
        if named:
            if _follows(typed, after, {"bulan"}) and _follows(typed, after + 1, _AGO | {"ini"}):
                year, month = _months_back(today, 0 if typed[after + 1] == "ini" else 1)
                made = _make(year, month, day)
                return step + end + 2, _one(made, today) if made is not None and made <= today else None
            for back in range(3):
                made = _make(*_months_back(today, back), day)
                if made is not None and made <= today:
                    return step + end, _one(made, today)
    if at < len(typed) and typed[at] == "bulan" and _follows(typed, at + 1, set(_MONTHS)):
        step, at = step + 1, at + 1
        named = True
    # "mar", "mei", "may", "des" and "sep" are words and names as well: a month alone counts when written out or said to be one
    if at < len(typed) and typed[at] in _MONTHS:
        month = _MONTHS[typed[at]]
        follow = numbers_in(typed[at + 1 : at + 2])
        if follow and 1 <= follow[0][0] <= 31:
            return _dated(follow[0][0], month, typed, at + 2, step + 2, today)
        if follow and 1990 <= follow[0][0] <= 2100:
            return step + 2, _whole_month(follow[0][0], month, today)
        if named or (len(typed[at]) > 3 and typed[at] != "march"):
            year = today.year if month <= today.month else today.year - 1
            return step + 1, _whole_month(year, month, today)
    if at < len(typed) and typed[at].isdigit() and 1990 <= int(typed[at]) <= 2100:
        year = int(typed[at])
        if year > today.year:
            return step + 1, None
        until = min(date(year, 12, 31), today)
        return step + 1, DateGuess(code=When.LONGER_AGO, since=date(year, 1, 1), until=until)
    return 0, None


def _dated(day: int, month: int, typed: list[str], after: int, step: int, today: date) -> tuple[int, DateGuess | None]:
    if after < len(typed) and typed[after].isdigit() and len(typed[after]) == 4:
        made = _make(int(typed[after]), month, day)
        return step + 1, _one(made, today) if made is not None and made <= today else None
    made = _latest(month, day, today)
    return step, _one(made, today) if made is not None else None

"""Talking with a person: what the reporter writes goes sealed into the hand-off's case, and the hand-off's row says that there is more.

No word of it stays anywhere that the service could read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from actions.case import address_left, sealed_record, seconds
from actions.desk_row import alarmed, hand_off_of, moved, refusal, wrote
from actions.evidence import FACT, files_of, handed_over
from actions.ports import NewCase, Outcome, Ports, Request
from actions.queue import CallAnswered, CallbackBooked, Event, Kept, Left, Refusal, SafeAnswered
from actions.rows import Change, Update
from flows.midnight import FROM

SAID = "said"
# What a time of day means when somebody asks to be called back, in hours of the city's clock.
HOURS = {"morning": 9, "noon": 12, "afternoon": 15, "evening": 19}
DAYS = ("today", "tomorrow")
RATINGS = {"very_good": 5, "good": 4, "so_so": 3, "little": 2, "not": 1}
RATED = ("child", "other")  # never after danger or self-harm


async def _record(request: Request, ports: Ports, body: dict[str, Any]) -> list[Change] | None:
    """What was said, in the hand-off's case; None if there is no such case. `n` orders what was said within one second."""
    hand_off = hand_off_of(request)
    public_key = await ports.cases.public_key(hand_off.case_id) if hand_off is not None else None
    if hand_off is None or public_key is None:
        return None
    body = {"from": "reporter", "n": hand_off.version + 1, **body}
    return [sealed_record(request, ports, case_id=hand_off.case_id, public_key=public_key, kind=SAID, body=body)]


async def pass_on(request: Request, ports: Ports) -> Outcome:
    """Passes on words (`text`), a place (`location`), a file (`file`, its id), the answer whether it is safe to write (`safe`), with what
    alarmed in them (`alert`: the hand-off becomes as urgent). ok, or closed if the hand-off is over."""
    given = request.arguments
    body = {name: given[name] for name in ("text", "location", "safe", "alert") if given.get(name)}
    files = files_of(request.facts)
    sent = [file for file in files if file["id"] == given.get("file")]
    if sent:
        body["files"] = sent
    rows = await _record(request, ports, body)
    hand_off = hand_off_of(request)
    if rows is None or hand_off is None:
        return Outcome(code="closed")
    now = seconds(request.now)
    events: list[Event] = [wrote(request)]
    facts: dict[str, Any] = {}
    if sent:
        rows += handed_over(sent, hand_off.case_id)
        facts[FACT] = [file for file in files if file not in sent] or None
    if given.get("alert"):
        events.insert(0, alarmed(request, str(given["alert"])))
        facts["alert"] = hand_off.case_id.hex()
    if given.get("safe") in ("yes", "no"):
        events.insert(0, SafeAnswered(at=now, yes=given["safe"] == "yes"))
    return Outcome(code="ok", rows=(*rows, *moved(request, events)), facts=facts)


async def stop_waiting(request: Request, ports: Ports) -> Outcome:
    """The person waits no longer. With `keep` the words wait to be read, as a message does that was left while nobody was there; without,
    nobody has to answer. ok, or closed if it was over."""
    now = seconds(request.now)
    event: Event = Kept(at=now) if request.arguments.get("keep") else Left(at=now)
    return Outcome(code="closed" if refusal(request, event) else "ok", rows=tuple(moved(request, [event])))


async def end_talk(request: Request, ports: Ports) -> Outcome:
    """The person ends the talk. ok, or closed if it was over."""
    event = Left(at=seconds(request.now))
    return Outcome(code="closed" if refusal(request, event) else "ok", rows=tuple(moved(request, [event])))


def _day_of(said_on: object, now: datetime, zone: tzinfo) -> date:
    """The day from which the day of a call-back was named; today where that was not kept."""
    return date.fromisoformat(said_on) if isinstance(said_on, str) else now.astimezone(zone).date()


def _moment(said_on: date, zone: tzinfo, day: str, part: str) -> datetime:
    at = said_on + timedelta(days=1 if day == "tomorrow" else 0)
    return datetime.combine(at, time(HOURS.get(part, HOURS["morning"])), tzinfo=zone)


def callback_times(now: datetime, zone: tzinfo, open_at: Callable[[datetime], bool]) -> list[str]:
    """When somebody may be called back, as `world.callback`: the days on which it is possible at all, and their times of day
    ("today_evening"). Only what lies ahead, and when somebody is planned to be there."""
    found: list[str] = []
    for day in DAYS:
        moments = {part: _moment(now.astimezone(zone).date(), zone, day, part) for part in HOURS}
        parts = [f"{day}_{part}" for part, moment in moments.items() if moment > now and open_at(moment)]
        found += [day, *parts] if parts else []
    return found


async def book_callback(request: Request, ports: Ports) -> Outcome:
    """Notes when it is safe to be called back: the answers `callback_day` (as the day of the fact `callback_from` calls it),
    `callback_time`, and `callback_here`: "yes" leaves the return address in the case; else nothing is written to the person before the
    person writes. ok with `when` (ISO, the city's clock); past, also if the day is over; nobody is at the desk then; closed if the
    hand-off is over or somebody has just come."""
    here = request.answers.get("callback_here") == "yes"
    answers = request.answers
    said_on = _day_of(request.facts.get(FROM), request.now, ports.zone)
    moment = _moment(said_on, ports.zone, str(answers.get("callback_day")), str(answers.get("callback_time")))
    event = CallbackBooked(at=seconds(request.now), when=seconds(moment), here=here)
    no = refusal(request, event)
    hand_off = hand_off_of(request)
    if no is not None or hand_off is None:
        return Outcome(code="past" if no is Refusal.BAD_TIME else "closed")
    if not ports.open_at(moment):
        return Outcome(code="nobody")
    body = {"callback": moment.isoformat(timespec="minutes"), "writes_first": "staff" if here else "reporter"}
    rows = await _record(request, ports, body)
    public_key = await ports.cases.public_key(hand_off.case_id)
    if rows is None or public_key is None:
        return Outcome(code="closed")
    address, left = address_left(request, ports, NewCase(id=hand_off.case_id, public_key=public_key), agreed=here)
    rows += [*address, *moved(request, [event])]
    result = {"when": moment.isoformat(timespec="minutes")}
    return Outcome(code="ok", rows=tuple(rows), facts={"desk": None, FROM: None, **left}, result=result)


async def may_call(request: Request, ports: Ports) -> Outcome:
    """Notes whether people may be telephoned for it (`yes`). ok, or closed if somebody has it by now."""
    event = CallAnswered(at=seconds(request.now), yes=bool(request.arguments.get("yes")))
    hand_off = hand_off_of(request)
    if hand_off is None or not hand_off.rings:
        return Outcome(code="closed")
    return Outcome(code="ok", rows=tuple(moved(request, [event])))


async def rate(request: Request, ports: Ports) -> Outcome:
    """Keeps what somebody says of the talk that is over: its answer `rating`. ok, or closed if there is nothing to rate."""
    known, rating = request.answers.get("hand_off"), RATINGS.get(str(request.answers.get("rating")))
    if not isinstance(known, str) or not known or rating is None:
        return Outcome(code="closed", forget=True)
    rows = tuple(
        Update(table="hand_off", key={"id": bytes.fromhex(known), "urgency": urgency}, values={"rating": rating}) for urgency in RATED
    )
    return Outcome(code="ok", rows=rows, forget=True)

"""The real program when the platform or the network between fails, when somebody leaves in the middle, and when it is told to stop."""

from __future__ import annotations

from tests.bot.telegram_front import Fault, refusal, until
from tests.bot.telegram_person import STORY, Person, to_story, wiped
from tests.bot.telegram_program import Bot, waits


async def test_a_bad_network_delays_and_doubles_nothing(bot: Bot) -> None:
    async with bot() as (program, front):
        flood, fault, cut, blocked, fine = people = [Person(front) for _ in range(5)]
        front.faults += [
            refusal("sendMessage", 429, "Too Many Requests: retry after 2", chat=flood.chat, retry_after=2),
            refusal("sendMessage", 500, "Internal Server Error", chat=fault.chat),
            Fault(method="sendMessage", kind="drop", chat=cut.chat),
            refusal("sendMessage", 403, "Forbidden: bot was blocked by the user", chat=blocked.chat),
            refusal("getUpdates", 500, "Internal Server Error"),
            Fault(method="getUpdates", kind="drop"),
        ]
        await front.enqueue(*(person.writes("/start") for person in people))
        for person in (flood, fault, cut, fine):
            await person.reads("start.menu")
        await until(lambda: all(each.met for each in front.faults), "every fault")
        assert [len(front.tried("sendMessage", person.chat)) for person in people] == [2, 2, 2, 1, 1]
        assert [len(front.of("sendMessage", person.chat)) for person in people] == [1, 1, 1, 0, 1]
        first, second = front.tried("sendMessage", flood.chat)
        assert second.at - first.at >= 2, "not before the time that was asked for"

        log = program.log()
        for line in (
            "code=telegram_flood attempt=1", "code=telegram_unreachable attempt=1", "kind=send code=telegram_blocked",
            '"telegram_poll_retry" code=telegram_unreachable',
        ):  # fmt: skip
            assert line in log
        sent = {"channel": "telegram", "kind": "send"}
        await program.counts("ruang_aman_sent_total", 3, **sent, outcome="later")
        await program.counts("ruang_aman_sent_total", 1, **sent, outcome="dead")
        await program.counts("ruang_aman_sent_total", 4, **sent, outcome="sent")
        await program.holds("select state, code, body is null from outbox where state != 'sent'", [("dead", "telegram_blocked", 1)])

        # The service goes on, for the one who had blocked it too, should they come back.
        await fine.taps("report", asks="report.safe")
        await blocked.says("halo", asks="start.menu")
        assert len(front.tried("sendMessage", blocked.chat)) == 2, "nothing was tried in between"

        # Telegram took it and its answer was lost: better twice than not at all.
        front.faults.append(Fault(method="sendMessage", kind="lost", chat=fine.chat))
        await fine.taps("yes", asks="report.who")
        await until(lambda: len(fine.heard("report.who")) == 2, "the second try")
        await fine.taps("self_13_17", asks="report.story", button=fine.button("self_13_17"))
        program.tells_nothing_of(*people)


async def test_sigterm_waits_for_no_retry_and_loses_no_reply(bot: Bot) -> None:
    async with bot() as (program, front):
        child, other = Person(front), Person(front)
        await to_story(child)
        await to_story(other)
        front.faults.append(refusal("sendMessage", 429, "Too Many Requests: retry after 5", chat=child.chat, retry_after=5))
        front.faults.append(Fault(method="sendMessage", kind="slow", chat=other.chat, seconds=0.5))
        await front.enqueue(child.writes(STORY), other.writes(STORY))
        await until(lambda: all(fault.met for fault in front.faults), "both faults")
        exit_code, seconds = await program.stop()
        assert exit_code == 0
        assert seconds < 4
        assert len(other.heard("report.consent")) == 1
        assert not child.heard("report.consent")
        await program.holds("select state, code from outbox where state != 'sent'", [("pending", "telegram_flood")])
        await program.start()
        await other.taps("yes", asks="report.area")
        await child.reads("report.consent", seconds=25)
        await child.taps("yes", asks="report.area")
        assert len(child.heard("report.consent")) == len(other.heard("report.consent")) == 1
        program.tells_nothing_of(child, other)


async def test_what_is_on_its_way_is_taken_back_too(bot: Bot) -> None:
    async with bot() as (program, front):
        # Somebody comes in while the answer to the story is on its way: it must not stay on the screen behind the homework.
        leaving, waiting, refused, erasing = (Person(front) for _ in range(4))
        for person in (leaving, waiting, refused):
            await to_story(person)
        front.faults += [
            Fault(method="sendMessage", kind="slow", chat=leaving.chat, seconds=1.0),
            refusal("sendMessage", 429, "Too Many Requests: retry after 2", chat=waiting.chat, retry_after=2),
            Fault(method="sendMessage", chat=refused.chat, status=500, body={"ok": False, "error_code": 500}, seconds=1.0),
        ]
        await front.enqueue(leaving.writes(STORY), waiting.writes(STORY), refused.writes(STORY))
        await until(lambda: all(fault.met for fault in front.faults), "the answers to be on their way")
        await front.enqueue(*(person.writes("mtk") for person in (leaving, waiting, refused)))
        for person in (leaving, waiting, refused):
            await person.reads("interrupts.homework")
        assert leaving.heard("report.consent")
        assert not [*waiting.heard("report.consent"), *refused.heard("report.consent")], "what had not arrived is not sent any more"

        # A code is asked for before Telegram has said that the review arrived: its id is known when all is erased.
        await to_story(erasing)
        await erasing.says(STORY, asks="report.consent")
        await erasing.taps("yes", asks="report.area")
        await erasing.taps("64.71.05", asks="report.phone")
        front.faults.append(Fault(method="sendMessage", kind="slow", chat=erasing.chat, seconds=1.0))
        await erasing.taps("own_code", asks="common.review_title")
        await erasing.taps("send", asks="report.sent")
        await erasing.says("hapus", asks="interrupts.erase")
        await erasing.taps("yes", asks="interrupts.wiped_both")
        for person in (leaving, waiting, refused):
            await wiped(person, "interrupts.homework")
        await wiped(erasing, "interrupts.wiped_both")
        await until(lambda: not waits(program), "the outbox")
        program.tells_nothing_of(leaving, waiting, refused, erasing)

"""The real program against the Bot API's emulator: whole conversations by polling and by webhook, kills in the middle, ticks.

What the program does is seen from outside only: its calls, its database, its log, its metrics, and what `open` shows to the unit.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.bot.telegram_front import SECRET, Fault, Front, refusal, until
from tests.bot.telegram_person import MORE, STORY, Person, finish, to_story, to_types, wiped
from tests.bot.telegram_program import Bot, waits
from tests.contracts import bot_api


async def test_a_childs_report_by_polling_from_start_to_erasure(bot: Bot) -> None:
    async with bot() as (program, front):
        child = Person(front)
        await child.starts(asks="start.menu")
        safe = await child.taps("report", asks="report.safe", times=2)
        assert set(safe.buttons.values()) == {"Ya", "Tidak", "Tidak tahu"}
        await child.taps("yes", asks="report.who")
        await child.sends("photo_caption", hears="common.media_closed")
        assert child.heard("report.who")[-1] is child.screen[-1], "the question is asked again"
        await child.sends("sticker", hears="common.unsupported")
        await child.taps("self_13_17", asks="report.story")
        await child.says(STORY, asks="report.consent")
        await child.says(MORE, asks="report.consent", part="more")
        await child.taps("yes", asks="report.area")
        changed = await child.taps("self_under_13", asks="common.changed_earlier")  # three questions ago
        assert child.heard("report.area")[-1] is changed
        await child.taps("64.71.05", asks="report.phone")
        review = await child.taps("own_here", asks="common.review_title")
        assert STORY in review.text
        assert MORE in review.text
        await child.taps("send", asks="report.sent")
        code = child.code()

        assert len(child.heard("report.safe")) == 1, "a double tap is one tap"
        assert len(front.of("answerCallbackQuery")) == 9, "every tap lost its spinner"
        assert not front.of("getFile")

        (case,) = await program.cases()
        report, address = sorted(await program.opened(case), key=lambda record: record["kind"] == "return_address")
        assert report["kind"] == "report"
        answers = report["answers"]
        assert answers["story"] == f"{STORY}\n{MORE}"
        assert (answers["safe"], answers["who"], answers["unfinished"], answers["phone"]) == ("yes", "self_under_13", "yes", "own_here")
        assert answers["area"]["kecamatan"] == "64.71.05"
        assert address["kind"] == "return_address"
        whole = repr((report, address))
        for trace in ("lebamnya", "AgACAgUAAxkBAAIBbWc", "CAACAgUAAxkBAAIBcGcSticker", str(child.chat), "Rara", "rara_bpn"):
            assert trace not in whole
        await program.holds("select count(*) from inbox where body is not null", [(0,)])
        await program.holds("select count(*) from outbox where body is not null and state != 'sent'", [(0,)])

        await child.taps("menu", asks="start.menu")
        await child.taps("check", asks="follow_up.code")
        status = await child.says(code, hears="follow_up.status_stored")
        assert "add" in {data.partition(".")[2] for data in status.buttons}
        await child.says("hapus", asks="interrupts.erase")
        shown = {call.ref for call in child.screen}
        await child.taps("yes", asks="interrupts.wiped_both")
        assert await wiped(child, "interrupts.wiped_both") == shown | set(child.sent)
        assert await program.cases() == [case], "what was sent stays with the unit"
        await until(lambda: not waits(program), "the outbox")

        stored = program.files()
        for words in (STORY, MORE, code, str(child.chat), front.token):
            assert words.encode() not in stored
        exit_code, seconds = await program.stop()
        assert exit_code == 0
        assert seconds < 10
        assert await front.waiting() == 0, "everything was confirmed to Telegram"
        program.tells_nothing_of(child)


async def test_a_report_by_webhook_with_a_secret(bot: Bot) -> None:
    async with bot(webhook=True) as (program, front):
        (hooked,) = front.of("setWebhook")
        assert hooked.fields["url"] == f"{front.url}/webhooks/telegram"
        assert hooked.fields["secret_token"] == SECRET
        assert hooked.fields["allowed_updates"] == ["message", "callback_query"]
        assert hooked.fields.get("drop_pending_updates") in (None, False)

        child, stranger = Person(front), Person(front)
        for secret in (None, "", "wrong", SECRET[:-1], SECRET + "x"):
            assert await front.hook(stranger.writes("/start"), secret=secret) == 403
        await to_story(child)
        story = child.writes(STORY)
        await front.enqueue(story)
        await child.reads("report.consent")
        before = len(child.screen)
        assert [await front.hook(story) for _ in range(3)] == [200, 200, 200], "a redelivery"
        front.lose = 1  # the program has taken it, Telegram does not know: it comes again
        more = child.writes(MORE)
        await front.enqueue(more)
        await child.reads("report.consent", since=before, part="more")
        assert await front.waiting() == 1
        assert await front.again() == 1
        assert [status for number, status in front.delivered if number == more["update_id"]] == [200, 200]
        await child.sends("photo_caption", hears="common.file_warning")
        await child.taps("file_leave", asks="report.consent", part="more")  # the words beside it are kept, the photo is not
        assert not front.of("getFile")
        code = await finish(child)
        assert code
        assert len(child.heard("report.consent")) + len(child.heard("report.consent", part="more")) == 3
        await program.counts("ruang_aman_received_total", 4, channel="telegram", kind="double")
        assert not front.screen(stranger.chat)
        assert not front.of("getUpdates")

        (case,) = await program.cases()
        (report,) = await program.opened(case)
        assert report["answers"]["story"] == f"{STORY}\n{MORE}\nini lebamnya"
        assert "AgACAgUAAxkBAAIBbWc" not in repr(report)
        exit_code, seconds = await program.stop()
        assert exit_code == 0
        assert seconds < 10
        program.tells_nothing_of(child, stranger)


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_a_killed_program_loses_nothing(bot: Bot, webhook: bool) -> None:
    chance = random.SystemRandom()
    moments = [round(chance.uniform(0, limit), 4) for limit in (0.02, 0.06, 0.2)]
    print("killed after", moments)  # shown by pytest if this fails

    async with bot(webhook=webhook) as (program, front):

        async def killed_after(number: int, moment: float) -> None:
            """Ends the program that long after it got hold of an update, and starts it again."""
            taken = (lambda: (number, 200) in front.delivered) if webhook else (lambda: number in front.handed)
            await until(taken, f"update {number}")
            await asyncio.sleep(moment)
            program.kill()
            await program.start()

        child = Person(front)
        await child.starts(asks="start.menu")
        await child.taps("report", asks="report.safe")
        await child.taps("yes", asks="report.who")

        tap = child.presses("self_13_17")  # a tap
        await front.enqueue(tap)
        await killed_after(tap["update_id"], moments[0])
        await child.reads("report.story")

        await child.says(STORY, asks="report.consent")  # several messages at once
        told = [child.writes(f"bagian{part} ceritanya panjang sekali") for part in range(6)]
        burst = asyncio.create_task(front.enqueue(*told))
        await killed_after(told[2]["update_id"], moments[1])
        await burst
        if webhook:
            await front.again()

        def asked() -> set[str]:
            return {" ".join(call.buttons) for call in child.heard("report.consent", part="more")}

        await until(lambda: len(asked()) == len(told), "an answer to each message", instead=asked)

        await child.taps("yes", asks="report.area")
        await child.taps("64.71.05", asks="report.phone")
        await child.taps("own_code", asks="common.review_title")
        send = child.presses("send")  # the report itself
        await front.enqueue(send)
        await killed_after(send["update_id"], moments[2])
        await child.reads("report.sent")
        code = child.code()

        (case,) = await program.cases()
        (report,) = await program.opened(case)
        assert report["answers"]["story"] == "\n".join([STORY, *(update["message"]["text"] for update in told)])
        assert (report["answers"]["who"], report["answers"]["phone"]) == ("self_13_17", "own_code")
        await child.taps("menu", asks="start.menu")
        await child.taps("check", asks="follow_up.code")
        await child.says(code, hears="follow_up.status_stored")
        # Telegram cannot be asked whether a message arrived: what was on its way when the power failed may come twice, no more.
        answers = 5 + len(told) + 4 + 3
        assert answers <= len(child.screen) <= answers + len(moments)
        await program.holds("select count(*) from inbox where state != 'done'", [(0,)])
        assert await front.waiting() == 0 or not webhook
        program.tells_nothing_of(child)


async def test_ticking_changes_the_message(bot: Bot) -> None:
    async with bot() as (program, front):
        adult = Person(front, reader="adult")
        await to_types(adult)
        question = adult.screen[-1]
        assert question.method == "sendMessage"
        ticked: list[str] = []
        for option in ("physical", "neglect", "physical", "online"):
            edited = await adult.taps(option, asks="report.types")
            ticked = [name for name in ticked if name != option] if option in ticked else [*ticked, option]
            assert (edited.method, edited.ref) == ("editMessageText", question.ref)
            marked = {data.partition(".")[2] for data, label in edited.buttons.items() if label.startswith("✓")}
            assert marked == set(ticked)
            assert [line for line in edited.text.splitlines() if "✓" in line], "the numbered list shows the ticks, too"

        # Refused (too old, gone): the same question in a new message, which is the one that changes from then on.
        front.faults.append(refusal("editMessageText", 400, "Bad Request: message can't be edited", chat=adult.chat))
        fresh = await adult.taps("other", asks="report.types")
        assert fresh.method == "sendMessage"
        assert fresh.ref != question.ref
        assert {label for label in fresh.buttons.values() if label.startswith("✓")} and len(fresh.buttons) == len(question.buttons)
        again = await adult.taps("other", asks="report.types")
        assert (again.method, again.ref) == ("editMessageText", fresh.ref)

        # A busy platform: the same message is changed later, nothing is asked twice.
        front.faults.append(refusal("editMessageText", 429, "Too Many Requests: retry after 1", chat=adult.chat, retry_after=1))
        later = await adult.taps("bullying", asks="report.types")
        assert (later.method, later.ref) == ("editMessageText", fresh.ref)
        # The change was made, but its answer was lost: Telegram says "not modified" to the second try.
        front.faults.append(Fault(method="editMessageText", kind="lost", chat=adult.chat))
        front.faults.append(refusal(
            "editMessageText", 400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
            "same as a current content and reply markup of the message", chat=adult.chat,
        ))  # fmt: skip
        sent = len(front.of("sendMessage", adult.chat))
        await adult.taps("sexual", asks="report.types")
        await until(lambda: front.faults[-1].met, "the second try")
        await adult.taps("done", asks="report.story_adult")
        assert len(front.of("sendMessage", adult.chat)) == sent + 1

        await adult.says("mtk", hears="interrupts.homework")
        await wiped(adult, "interrupts.homework")
        assert await program.cases() == []
        program.tells_nothing_of(adult)


@pytest.mark.skipif(bot_api.description() is None, reason="no description of the Bot API beside this checkout")
async def test_a_call_that_the_bot_api_does_not_know_would_be_seen(emulated: str) -> None:
    """The check of every call in these tests can fail."""
    async with Front(emulated).running() as front:
        page = f"{front.url}/bot{front.token}/sendMessage"
        async with front._client.post(page, data={"chat_id": "1", "text": "x" * 5000, "colour": "red"}):
            assert front.problems == ["sendMessage: unknown colour", "sendMessage.text: 5000 characters"]

"""A conversation of two thousand messages and a list of five thousand cases, in a real browser: what comes, how soon, what a key waits
for."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from actions.rows import Change, Insert, Update
from bot.vault.seal import seal
from bot.vault.staff_entry import FIRST, StaffEntry, link, sign_entry
from tests.browser.desk import PATIENCE, ready, sign_in, signed_in_pages, sound
from tests.browser.office import Colleague, Office
from tests.browser.pages import DESKTOP, crowded, until

pytestmark = [
    pytest.mark.long,
    pytest.mark.browser,
    pytest.mark.timeout(600),
]
MESSAGES, CASES = 2_000, 5_000
PHONE = "+62811900"
# What a browser calls good: an answer to a key within 200 ms (Interaction to Next Paint), a task of the page's no longer than that.
GOOD_MS = 200
SHOWN_MS = 1_500  # from the click to the words, the keys of the case opened (as the two above: on a machine that has nothing else to do)
HEAP_MB = 40


class Big:
    """An office whose counsellor has one very long conversation, in a unit with very many cases."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.unit = office.unit("UPTD PPA")
        self.lead = office.colleague(self.unit, "lead", name="ratna", shown="Bu Ratna")
        self.sari = office.colleague(self.unit, "counsellor", name="sari", shown="Sari", lead=self.lead)

    def write(self, changes: list[Change]) -> None:
        for at in range(0, len(changes), 500):
            self.office.run(self.office.service.witnessing.write(changes[at : at + 500]))

    def row(self, statement: str) -> Any:
        async def read() -> Any:
            async with self.office.service.engine.connect() as connection:
                return (await connection.exec_driver_sql(statement)).mappings().one()

        return self.office.run(read())

    def talked(self, many: int) -> None:
        """So many messages were said before today, by both sides in turn; what staff wrote is signed and chained."""
        off = self.row("select * from hand_off")
        case = self.row("select * from cases where kind = 'hand_off'")
        begun, head, changes = int(time.time()) - 10 * 86_400, FIRST, []
        assert (off["case_id"], case["head"]) == (case["id"], None)
        for n in range(many):
            record_id, theirs = secrets.token_bytes(16), n % 2 == 0
            body = {"from": "reporter" if theirs else "staff", "n": n, "text": f"Pesan nomor {n}. " + "Aku masih di sini. " * (n % 9)}
            content = json.dumps({"format": 1, "kind": "said", "language": "id", **body}).encode()
            sealed = seal(content, public_key=case["public_key"], case_id=case["id"], record_id=record_id, version=1)
            row = {"id": record_id, "case_id": case["id"], "version": 1, "kind": "said", "created_at": begun + n * 400, "sealed": sealed}
            if not theirs:
                entry = StaffEntry(
                    case_id=case["id"], record_id=record_id, version=1, author_id=self.sari.id, previous=head, sealed=sealed
                )  # fmt: skip
                signature = sign_entry(entry, private_key=self.sari.born.keys.signing)
                row |= {"author_id": self.sari.id, "signature": signature, "previous": head}
                head = link(entry, signature)
            changes.append(Insert(table="case_record", row=row))
        self.write([*changes, Update(table="cases", key={"id": case["id"]}, values={"head": head})])

    def reported(self, many: int) -> None:
        """So many reports lie there, half of them closed."""
        changes: list[Change] = []
        for n in range(many):
            case_id, record_id, at = secrets.token_bytes(16), secrets.token_bytes(16), int(time.time()) - 60 * n - 30 * 86_400
            changes += [
                Insert(table="cases", row={
                    "id": case_id, "kind": "report", "urgency": ("child", "other")[n % 2], "status": "closed" if n % 2 else "stored",
                    "language": "id", "public_key": secrets.token_bytes(32), "created_at": at,
                }),
                Insert(table="case_key", row={
                    "case_id": case_id, "recipient_id": self.unit, "sealed": b"sealed",
                    "tag": self.office.service.tags.reader(case_id, self.unit),
                }),
                Insert(table="case_record", row={
                    "id": record_id, "case_id": case_id, "version": 1, "kind": "report", "created_at": at, "sealed": b"sealed",
                }),
            ]  # fmt: skip
        self.write(changes)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Big]:
    office = Office(tmp_path_factory.mktemp("office"))
    office.start()
    made = Big(office)
    yield made
    office.stop()


@pytest.fixture
def console(browser: Browser, big: Big, wrong: list[str]) -> Iterator[Any]:
    with signed_in_pages(browser, big.office.url, wrong=wrong, **DESKTOP) as open_as:
        yield open_as


class Watched:
    """A page whose tasks, keys and answers are measured from now on."""

    def __init__(self, page: Page) -> None:
        self.page, self.bytes = page, 0
        page.on("response", self._came)
        self._session = page.context.new_cdp_session(page)
        page.evaluate(
            """() => {
                window.seen = {tasks: [], events: []};
                new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map((e) => e.duration))).observe({type: "longtask"});
                new PerformanceObserver((list) => seen.events.push(...list.getEntries().map((e) => e.processingEnd - e.startTime)))
                    .observe({type: "event", durationThreshold: 16});
            }"""
        )

    def _came(self, answer: Response) -> None:
        if answer.request.resource_type in ("fetch", "xhr"):
            self.bytes += int(answer.headers.get("content-length", 0))

    def shown_after(self, act: str, there: str) -> float:
        """Milliseconds from an act (an expression of the page's) until a frame in which something is so (another one)."""
        return float(
            self.page.evaluate(
                f"""async () => {{
                    const begun = performance.now();
                    {act};
                    while (!({there})) await new Promise((next) => requestAnimationFrame(next));
                    await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
                    return performance.now() - begun;
                }}"""
            )
        )

    def took(self) -> dict[str, float]:
        """Since the last look, in ms: the longest task, and the longest from a key (a click) until the page was done with it. What follows
        until the next frame is the machine's. Heap in MB and elements as they are now."""
        self.page.wait_for_timeout(500)
        seen = self.page.evaluate("() => { const was = seen; window.seen = {tasks: [], events: []}; return was; }")
        self._session.send("HeapProfiler.collectGarbage")
        heap = self._session.send("Runtime.getHeapUsage")["usedSize"]
        return {
            "task_ms": max(seen["tasks"], default=0), "tasks": len(seen["tasks"]), "input_ms": max(seen["events"], default=0),
            "heap_mb": heap / 1e6, "elements": self.page.evaluate("document.querySelectorAll('*').length"),
        }  # fmt: skip


def told(capsys: pytest.CaptureFixture[str], what: str, **figures: float) -> None:
    with capsys.disabled():
        print(f"\n{what}: " + ", ".join(f"{name} {value:.0f}" for name, value in figures.items()), end="")


def open_and_accept(page: Page, big: Big, sari: Colleague) -> None:
    """Sari takes the conversation that is to become long."""
    ready(page)
    big.office.says(PHONE, "/start", "counsellor", "talk", "Aku takut pulang.", "own")
    expect(page.locator("#queue .offered [data-do=accept]")).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("a")
    expect(page.locator("#reply")).to_be_focused(timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#talk .empty")).to_be_visible()


def test_a_conversation_of_two_thousand_messages(big: Big, console: Any, capsys: pytest.CaptureFixture[str]) -> None:
    good, soon = GOOD_MS * crowded(), SHOWN_MS * crowded()
    page = console(big.sari)
    open_and_accept(page, big, big.sari)
    big.talked(MESSAGES)
    sign_in(page, big.office.url, big.sari.name)  # a page that knows nothing of it yet
    expect(page.locator("#queue .mine .row")).to_be_visible(timeout=PATIENCE)
    watched = Watched(page)
    last = f"Pesan nomor {MESSAGES - 1}."
    both = f"query('#log')?.textContent.includes('{last}') && query('#summary').textContent.includes('takut')"
    both = both.replace("query", "document.querySelector")
    shown = watched.shown_after("document.querySelector('#queue .mine .row').click()", both)
    weight = watched.bytes
    expect(page.locator(".message .words-said").last).to_be_in_viewport()
    first = watched.took()
    told(capsys, "first page", shown_ms=shown, kilobytes=weight / 1000, **first)
    assert weight < 250_000
    assert shown < soon
    assert first["task_ms"] < good

    # Somebody writes while the other side does.
    page.locator("#reply").click()
    for number in range(6):
        page.keyboard.type("Aku di sini bersamamu. ", delay=25)
        big.office.says(PHONE, f"Kata baru {number}")
    expect(page.locator(".message .words-said").last).to_have_text("Kata baru 5", timeout=PATIENCE)
    expect(page.locator("#reply")).to_have_value("Aku di sini bersamamu. " * 6)
    writing = watched.took()
    told(capsys, "writing while messages come", **writing)
    assert writing["input_ms"] < good and writing["task_ms"] < good
    expect(page.locator("#talk-notice")).to_be_hidden()  # the chain is whole, as far as it is here

    # All of it, page by page, with the words of the reply still there.
    slowest = 0.0
    pages = 0
    while page.locator("#log .earlier").count():
        many = page.locator("#log .message").count()
        slowest = max(slowest, watched.shown_after(
            "document.querySelector('#log .earlier button').click()",
            f"document.querySelectorAll('#log .message').length > {many} && !document.querySelector('[aria-disabled=true]')",
        ))  # fmt: skip
        pages += 1
    assert page.locator("#log .message").count() == MESSAGES + 6
    numbers = page.locator("#log .message .words-said").evaluate_all("all => all.map((e) => parseInt(e.textContent.match(/\\d+/)))")
    assert numbers == [*range(MESSAGES), *range(6)]
    back = watched.took()
    told(capsys, f"{pages} pages back", slowest_page_ms=slowest, **back)
    assert back["task_ms"] < good
    assert slowest < 2 * soon
    expect(page.locator("#talk-notice")).to_be_hidden()  # and to the very beginning

    page.locator("#reply").click()
    page.keyboard.press("End")
    for number in range(6, 12):
        page.keyboard.type("Pelan-pelan saja. ", delay=25)
        big.office.says(PHONE, f"Kata baru {number}")
    expect(page.locator(".message .words-said").last).to_have_text("Kata baru 11", timeout=PATIENCE)
    page.keyboard.press("Enter")
    until(page, lambda: any("Pelan-pelan saja." in text for text in big.office.heard(PHONE)))
    whole = watched.took()
    told(capsys, "writing with all of it open", **whole)
    assert whole["input_ms"] < good and whole["task_ms"] < good
    assert whole["heap_mb"] < HEAP_MB

    # The same as a case.
    before = watched.bytes
    page.locator("#talk-tools [data-do=case]").click()
    expect(page.locator("#timeline .message").last).to_be_visible(timeout=PATIENCE)
    case = watched.took()
    told(capsys, "as a case", kilobytes=(watched.bytes - before) / 1000, **case)
    assert case["task_ms"] < 2 * good
    expect(page.locator("#case-notice")).to_be_hidden()


def test_what_is_missing_from_a_long_conversation_is_found_when_its_page_is_open(big: Big, console: Any) -> None:
    """One of staff's entries that nobody has on the screen yet is taken out of the database."""
    page = console(big.sari)
    page.locator("#queue .row").click()
    expect(page.locator(".message .words-said").last).to_be_visible(timeout=PATIENCE)
    off = big.row("select case_id from hand_off")
    old = big.row(
        f"select id from case_record where hex(case_id) = '{off['case_id'].hex().upper()}' and author_id is not null "
        f"order by created_at limit 1 offset {MESSAGES // 2 - 100}"
    )

    async def taken_out() -> None:
        async with big.office.service.engine.begin() as connection:
            await connection.exec_driver_sql("delete from case_record where id = ?", (old["id"],))

    big.office.run(taken_out())
    expect(page.locator("#talk-notice")).to_be_hidden()
    page.locator("#log .earlier button").click()
    expect(page.locator("#talk-notice")).to_contain_text("hilang atau berpindah", timeout=PATIENCE)


def test_a_list_of_five_thousand_cases(big: Big, console: Any, capsys: pytest.CaptureFixture[str]) -> None:
    big.reported(CASES)
    good, soon = GOOD_MS * crowded(), SHOWN_MS * crowded()
    page = console(big.lead)
    page.wait_for_timeout(500)
    watched = Watched(page)
    shown = watched.shown_after(
        "document.querySelector('[data-view=cases]').click()", "document.querySelectorAll('#case-rows .row').length === 100"
    )
    weight = watched.bytes
    first = watched.took()
    told(capsys, "the list", shown_ms=shown, kilobytes=weight / 1000, **first)
    sound(page, "long list")
    watched.took()  # looking for that took long
    assert weight < 250_000 and shown < soon and first["task_ms"] < good

    page.keyboard.press("j")
    for _ in range(40):
        page.keyboard.press("j")
    moved = watched.took()
    told(capsys, "moving in it", **moved)
    assert moved["input_ms"] < good
    turned = 0.0
    for _ in range(5):
        one = page.locator("#case-rows .row").first.get_attribute("id")
        turned = max(turned, watched.shown_after(
            "document.querySelector('#cases-older').click()", f"document.querySelector('#case-rows .row')?.id !== '{one}'"
        ))  # fmt: skip
        assert page.locator("#case-rows .row").count() == 100
    told(capsys, "turning pages", slowest_ms=turned, **watched.took())
    assert turned < soon

    number = page.locator("#case-rows .row .code").nth(70).inner_text()
    page.keyboard.press("/")
    expect(page.locator("#case-number")).to_be_focused()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.keyboard.type(number, delay=25)
    expect(page.locator("#case-found")).to_have_text("1 kasus cocok", timeout=PATIENCE)
    expect(page.locator("#case-rows .row")).to_have_count(1)
    found = watched.took()
    told(capsys, "searching", **found)
    assert found["input_ms"] < good
    assert not [url for url in sent if number.lower() in url.lower()]
    page.keyboard.press("Enter")
    expect(page.locator("#case-rows .row")).to_be_focused(timeout=PATIENCE)
    assert first["heap_mb"] < HEAP_MB

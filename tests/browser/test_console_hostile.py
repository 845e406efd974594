"""What a colleague, a lead, a reporter or a thief of the database could write to hurt whoever reads it at the console: words, and nothing
that runs, loads, or is saved as a program."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from actions.rows import Insert
from bot.vault.file import seal_file
from bot.vault.seal import seal
from tests.browser.desk import PATIENCE, Desk, accept, finish, ready
from tests.browser.office import Office

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
HOSTILE = "<img src=x onerror=\"document.title='X'\">"  # 40 characters: it fits a name and a safe word
BLOBS = """() => {
    window.made = [];
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { window.made.push(blob.type); return make.call(URL, blob); };
}"""
PAGE = b"<!doctype html><script>top.document.title='X'</script>"


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    office = Office(tmp_path_factory.mktemp("office"))
    office.start()
    yield Desk(office)
    office.stop()


def harmless(page: Page) -> None:
    """Nothing of it became part of the page."""
    assert page.locator("img[src=x], main script, dialog script").count() == 0
    assert "X" not in page.title()


def forged(desk: Desk, file: dict[str, Any]) -> None:
    """Somebody who can write to the database seals a record with a file to the newest case."""
    case = desk.office.rows("select id, public_key, created_at from cases order by created_at desc limit 1")[0]
    file_id, key, record_id = secrets.token_bytes(16), secrets.token_bytes(32), secrets.token_bytes(16)
    pieces = list(seal_file(PAGE, key=key, evidence_id=file_id))
    body = {"format": 1, "kind": "said", "language": "id", "from": "reporter", "n": 90, "text": HOSTILE}
    body["files"] = [{"id": file_id.hex(), "key": key.hex(), "size": len(PAGE), **file}]
    sealed = seal(json.dumps(body).encode(), public_key=case["public_key"], case_id=case["id"], record_id=record_id, version=1)
    desk.office.write(
        Insert(table="evidence", row={
            "id": file_id, "conversation_id": None, "case_id": case["id"], "chunks": len(pieces), "created_at": case["created_at"],
        }),
        *(Insert(table="evidence_chunk", row={"evidence_id": file_id, "number": n, "sealed": each}) for n, each in enumerate(pieces)),
        Insert(table="case_record", row={
            "id": record_id, "case_id": case["id"], "version": 1, "kind": "said", "created_at": case["created_at"] + 1, "sealed": sealed,
        }),
    )  # fmt: skip


def test_what_looks_like_markup_is_words_and_no_file_is_saved_as_a_program(desk: Desk, console: Any) -> None:
    other = desk.colleague("counsellor", "evil", HOSTILE)
    settings = {
        "holidays": [{"date": "2026-12-25", "name": HOSTILE}],
        "canned": [{"id": "reply1", "group": "greet", "id_text": HOSTILE, "en_text": HOSTILE}],
    }
    rows = [{"name": name, "version": 1, "value": json.dumps(value)} for name, value in settings.items()]
    desk.office.write(*(Insert(table="desk_setting", row=row) for row in rows))
    page, second = console(desk.lead), console(other)
    ready(page)
    desk.asks(HOSTILE, device="shared", word=HOSTILE)
    accept(page)
    expect(page.locator("#summary")).to_contain_text(HOSTILE, timeout=PATIENCE)
    ready(second)
    page.locator("#compose [data-do=word]").click()
    expect(page.locator("#word-now")).to_have_text(HOSTILE)
    page.keyboard.press("Escape")
    page.locator("#compose [data-do=canned]").click()
    expect(page.locator("#canned-list .choice")).to_have_text(HOSTILE, timeout=PATIENCE)
    page.locator("#canned-list .choice").click()
    expect(page.locator("#reply")).to_have_value(HOSTILE)
    page.locator("#reply").fill("")
    expect(page.locator("#queue .counts")).to_contain_text("2", timeout=PATIENCE)
    page.locator("#talk-head [data-do=transfer]").click()
    expect(page.locator("#transfer .choices")).to_contain_text(HOSTILE, timeout=PATIENCE)
    page.keyboard.press("Escape")
    harmless(page)
    # Of what a record says of its files nothing decides what the browser does with them.
    forged(desk, {"kind": "document", "type": "text/html", "extension": "html"})
    forged(desk, {"kind": "image", "type": "image/svg+xml", "extension": "exe"})
    forged(desk, {"kind": "voice", "type": "audio/ogg", "extension": "ogg", "id": "../../console/j/me"})
    page.evaluate(BLOBS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#talk-tools [data-do=case]").click()
    buttons = page.locator("#records .attachment button")
    expect(buttons).to_have_count(3, timeout=PATIENCE)
    for number in range(3):
        buttons.nth(number).click()
    expect(page.locator("#records .attachment a")).to_have_count(2, timeout=PATIENCE)
    expect(page.locator("#records .attachment .wrong")).to_have_count(1, timeout=PATIENCE)
    assert [url for url in asked if "/console/j/me" in url] == []
    for link in page.locator("#records .attachment a").all():
        assert (link.get_attribute("download") or "").endswith(".bin")
    assert page.evaluate("made") == ["application/octet-stream"] * 2
    harmless(page)
    for name in ("staff", "hours", "board"):
        page.locator(f"[data-view={name}]").click()
        expect(page.locator(f"#{name}-heading")).to_be_visible(timeout=PATIENCE)
        if name == "hours":
            expect(page.locator("#holidays")).to_have_value(f"2026-12-25 {HOSTILE}\n")
        else:
            expect(page.locator("#view-page")).to_contain_text(HOSTILE, timeout=PATIENCE)
        harmless(page)
    page.locator("[data-view=queue]").click()
    page.locator("#queue .mine .row").click()
    expect(page.locator("#talk-head [data-do=wrap]")).to_be_visible(timeout=PATIENCE)
    finish(page)

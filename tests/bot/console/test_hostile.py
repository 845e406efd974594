"""What somebody could write to hurt whoever reads it: a name, a day, a prepared reply that look like markup are words on the console's
pages; and no address of the service leads anywhere else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from bot.channels.web import WebChannel
from bot.channels.web import routes as web_routes
from bot.console.build import open_console
from bot.desk.staff import SHOWN_MOST
from bot.web_app import build
from tests.bot.console.room import room
from tests.bot.house import house
from tests.browser.site import NUMBERS

HOSTILE = '"><img src=x onerror=alert(1)>{{7}}'
CLOSING = "</textarea><script>alert(1)</script>${7*7}"


class Page(HTMLParser):
    """What a browser makes of a fragment: its words, and whatever in it could run or fetch."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words, self.bad = "", list[str]()
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        if tag in ("img", "script", "iframe", "object", "embed", "base", "link", "meta", "style"):
            self.bad.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "srcdoc" or str(value).strip().casefold().startswith("javascript:"):
                self.bad.append(f"{tag} {name}={value}")
            self.words += f" {value}"

    def handle_data(self, data: str) -> None:
        self.words += data


async def test_names_days_and_replies_that_look_like_markup_are_words(tmp_path: Path) -> None:
    assert len(HOSTILE) <= SHOWN_MOST, "it could be somebody's name"
    async with room(tmp_path) as here:
        unit = await here.unit(f"UPTD {HOSTILE}")
        lead = await here.person(unit, "lead")
        other = await here.person(unit, "counsellor", shown=HOSTILE)
        case = await here.case(unit)
        for person in (lead, other):
            assert (await here.ask(person, "POST", "/console/j/presence", {"state": "ready"})).status_code == 200
        answer = await here.ask(other, "POST", f"/console/j/hand-off/{case.hand_off.hex()}/pull", {"version": 0})
        assert answer.status_code == 200, answer.text
        for name, value in (
            ("holidays", [{"date": "2026-12-25", "name": CLOSING}]),
            ("canned", [{"group": "greet", "id_text": HOSTILE, "en_text": CLOSING}]),
        ):
            answer = await here.ask(lead, "POST", f"/console/j/setting/{name}", {"version": 0, "value": value})
            assert answer.status_code == 200, answer.text
        expected = {
            "queue": HOSTILE, "cases": HOSTILE, "board": HOSTILE, "hours": CLOSING, "staff": "", "me": "",
            f"hand-off/{case.hand_off.hex()}": HOSTILE, f"case/{case.id.hex()}": "",
        }  # fmt: skip
        for path, words in expected.items():
            answer = await here.ask(lead, "GET", f"/console/f/{path}")
            assert answer.status_code == 200, (path, answer.text)
            page = Page(answer.text)
            assert page.bad == [], path
            assert words in page.words, path
        assert Page((await here.listed(lead)).text).bad == []
        for path in ("canned", f"hand-off/{case.hand_off.hex()}?since=0"):
            answer = await here.ask(lead, "GET", f"/console/j/{path}")
            assert answer.headers["content-type"].startswith("application/json"), path
            assert answer.headers["x-content-type-options"] == "nosniff", path


AWAY = (
    "//evil.example", "//evil.example/", "///evil.example/%2f..", "/%2f%2fevil.example", "/%5cevil.example", "/\\evil.example",
    "/%0d%0aLocation:%20//evil.example",
    "/chat//evil.example", "//evil.example/chat", "//evil.example/console/", "/chat/", "/chat/?next=https://evil.example", "/console/",
    "/console?next=https://evil.example", "/?next=https://evil.example", "/console/f//evil.example", "/console/static//evil.example",
    "/console/static/%2e%2e/%2e%2e/settings.py", "/healthz/", "/chat/pr/",
)  # fmt: skip


@pytest.mark.parametrize("host", ["desk.example.id", "evil.example"])
async def test_no_address_leads_anywhere_else(tmp_path: Path, host: str) -> None:
    """`Host` is what the browser of the one who is led says, or what a proxy lets through."""
    async with house(tmp_path) as home:
        channel = WebChannel()
        routes = web_routes(home.service, channel=channel, numbers=NUMBERS, service_name="Ruang Aman")
        app = build(home.service, routes, dict)
        console = open_console(app, home.service, closing=asyncio.Event(), clock=time.time, second_factor=False)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.example.id") as browser:
            for path in AWAY:
                address = httpx.URL("http://desk.example.id").copy_with(raw_path=path.encode())
                answer = await browser.send(httpx.Request("GET", address, headers={"host": host}))
                to = answer.headers.get("location")
                assert to is None or (to.startswith("/") and not to.startswith(("//", "/\\"))), (path, to)
                assert "evil.example" not in (to or ""), path
            for path, where in (("/", "/chat"), ("/chat/", "/chat"), ("/console/", "/console")):
                assert (await browser.get(path, headers={"host": host})).headers["location"] == where
        console.close()

"""The demo's page on how a sentence is understood: what it says, what it refuses, and that it keeps nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from bot.demo.understanding_page import BODY_LIMIT, PATH, TEXT_LIMIT, beside
from bot.running import Running
from bot.settings import load_settings
from tests.bot.demo.scripted import HIT, PHOTO, UNSURE, Scripted

pytestmark = pytest.mark.own_store


def client(model: Scripted) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=Starlette(routes=model.routes()))
    return httpx.AsyncClient(transport=transport, base_url="http://demo")


async def test_everything_that_the_page_shows() -> None:
    async with client(Scripted()) as web:
        answer = await web.post(PATH, json={"text": HIT, "language": "id"})
    found = answer.json()
    assert (answer.status_code, found["state"], found["by"]) == (200, "ready", "model")
    assert (found["danger"], found["danger_by"]) == ("emergency", ["model"])
    assert (found["intent"], found["confidence"], found["threshold"]) == ("disclosure", 0.7, 0.45)
    assert [guess["intent"] for guess in found["ranking"]] == ["disclosure", "emergency", "faq/bullying"]
    assert found["titles"] == {"faq/bullying": {"id": "Diejek", "en": "Teased"}}
    assert [HIT[e["start"] : e["end"]] for e in found["entities"]] == ["bapak", "mukulin", "rumah"]
    assert found["sent"] == "😢 bapak mukulin adek di rumah, wa ku 0", "what Rasa is sent is masked"
    assert "memukul" in found["words"]
    assert found["milliseconds"] >= 0


async def test_which_danger_phrase_alarms_and_which_is_silenced_by_what() -> None:
    async with client(Scripted("off")) as web:
        alarm = (await web.post(PATH, json={"text": "tolong skrg bapak mukulin adek"})).json()
        joke = (await web.post(PATH, json={"text": "pengen mati aja rasanya liat matematika wkwk"})).json()
    assert (alarm["danger"], alarm["danger_by"], alarm["sent"]) == ("emergency", ["phrases"], None)
    heard = [finding for finding in alarm["findings"] if not finding["silenced"]]
    assert heard and all(finding["file"] == "data/id/danger.yml" and finding["line"] > 0 for finding in heard)
    assert joke["danger"] is None and joke["findings"][0]["silenced"] == "laughter"


async def test_without_a_model_the_keyword_search_stands_in_and_that_is_said() -> None:
    async with client(Scripted("training")) as web:
        assert (await web.get(f"{PATH}/state")).json() == {"state": "training"}
        found = (await web.post(PATH, json={"text": "berapa biaya lapor", "language": "id"})).json()
        nothing = (await web.post(PATH, json={"text": "zzz"})).json()
    assert (found["by"], found["intent"], found["state"]) == ("search", "faq/cost", "training")
    assert (nothing["by"], nothing["intent"], nothing["ranking"]) == ("phrases", "unclear", [])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"no json", 400, "malformed"),
        (b"[]", 400, "malformed"),
        (b'{"text": 3}', 400, "malformed"),
        (b'{"text": "  "}', 400, "malformed"),
        (b'{"text": "' + b"a" * (TEXT_LIMIT + 1) + b'"}', 413, "too_long"),
        (b" " * (BODY_LIMIT + 1), 413, "too_long"),
        (b"[" * 50_000, 400, "malformed"),
    ],
)
async def test_what_is_no_sentence_is_refused(body: bytes, status: int, code: str) -> None:
    model = Scripted()
    async with client(model) as web:
        answer = await web.post(PATH, content=body)
    assert (answer.status_code, answer.json()) == (status, {"code": code})
    assert model.asked == []


async def test_half_a_surrogate_pair_does_no_harm() -> None:
    model = Scripted()
    async with client(model) as web:
        assert (await web.post(PATH, content=b'{"text": "\\ud83d tolong"}')).status_code == 200
    assert model.asked == [("\N{REPLACEMENT CHARACTER} tolong", "id")]


async def test_nothing_that_is_typed_is_logged_or_kept_by_the_browser(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    model = Scripted()
    async with client(model) as web:
        good = await web.post(PATH, json={"text": UNSURE})
        model.broken = True
        bad = await web.post(PATH, json={"text": PHOTO})
    assert (good.status_code, bad.status_code, bad.json()) == (200, 503, {"code": "failed"})
    assert UNSURE not in caplog.text and PHOTO not in caplog.text and "canary" not in caplog.text
    for answer in (good, bad):
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_page_is_the_demos_alone(tmp_path: Path) -> None:
    def paths(running: Running) -> set[str]:
        return {route.path for route in running.app.routes if isinstance(route, Route)}

    settings = load_settings(from_environment=False, given={"data_dir": tmp_path, "nlu_url": "off"})
    assert PATH not in (served := paths(Running(settings, host="127.0.0.1", port=0))) and "/chat" in served
    assert paths(Running(settings, host="127.0.0.1", port=0, beside=beside)) - served == {
        PATH, f"{PATH}/state", *(f"/demo/static/understanding{end}" for end in (".js", ".css", "_words.js")),
    }  # fmt: skip

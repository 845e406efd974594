"""The demo's first page: both sides in one window, and the colleagues who can sign in."""

from __future__ import annotations

import re
import time
from pathlib import Path

import httpx
from starlette.applications import Starlette

from bot.cli.unit import add_unit
from bot.demo.colleagues import PASSPHRASE, SCHOOL, SERVICE, STAFF, seed
from bot.demo.side_by_side import PATH, Framed, side_by_side
from bot.running import Running
from bot.settings import load_settings
from bot.vault.key_file import read_key_file
from bot.vault.keys import KeyPair
from bot.vault.staff_auth import derive_secrets
from tests.stores import given


def _client(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")


async def test_the_page_frames_both_and_outside_the_demo_nobody_may(tmp_path: Path) -> None:
    settings = load_settings(from_environment=False, given=given(tmp_path))
    plain = Running(settings, host="127.0.0.1", port=0)
    shown = Running(settings, host="127.0.0.1", port=0, beside=lambda model, shelf: side_by_side(STAFF))
    shown.app.add_middleware(Framed)
    async with _client(plain.app) as web:
        assert (await web.get(PATH)).status_code == 404
        assert "frame-ancestors 'none'" in (await web.get("/chat")).headers["content-security-policy"]
    async with _client(shown.app) as web:
        page = await web.get(PATH)
        assert re.findall(r'<iframe src="([^"]+)"', page.text) == ["/chat", "/console"]
        assert PASSPHRASE in page.text and all(who.name in page.text for who in STAFF)
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"], "the page itself is framed by nobody"
        framed = await web.get("/chat")
        assert "frame-ancestors 'self'" in framed.headers["content-security-policy"] and framed.headers["x-frame-options"] == "SAMEORIGIN"
        assert (await web.get("/demo/static/side_by_side.css")).status_code == 200


async def test_the_three_can_sign_in_and_both_units_receive(tmp_path: Path) -> None:
    settings = load_settings(from_environment=False, given=given(tmp_path / "data"))
    key = tmp_path / "unit.key"
    units = {
        SERVICE: await add_unit(settings, name=SERVICE, kind="service", lead=True, key_file=key, passphrase=None),
        SCHOOL: await add_unit(settings, name=SCHOOL, kind="school", lead=False),
    }
    running = Running(settings, host="127.0.0.1", port=0, second_factor=False)
    from bot.console.build import open_console

    await running.service.start(jobs=False)
    console = open_console(running.app, running.service, closing=running._closing, clock=time.time, second_factor=False)
    try:
        unit = read_key_file(key)
        await seed(console.people, running.service.writer, units, KeyPair(private=unit.private, public=unit.public))
        await running.service.units.refresh()
        assert {each.name for each in await running.service.units.recipients()} == {SERVICE, SCHOOL}
        async with _client(running.app) as web:
            for who in STAFF:
                salt = (await web.post("/console/j/salt", json={"name": who.name})).json()["salt"]
                auth = derive_secrets(PASSPHRASE, salt=bytes.fromhex(salt)).auth.hex()
                signed = await web.post("/console/j/sign-in", json={"name": who.name, "auth": auth})
                assert signed.status_code == 200 and signed.json()["staff"]["role"] == who.role
                assert [each["name"] for each in signed.json()["units"]] == [who.unit]
    finally:
        console.close()
        await running.service.stop()

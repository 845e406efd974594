"""A full desk as a process of its own: the whole service, a lead, so many counsellors, and so many reporters who wait for a person.

    python -m tests.browser.full_desk FOLDER PORT COUNSELLORS WAITING

Prints one line of JSON once people can be served: what the counsellors' consoles would know (sessions, keys), and the reporters' tokens.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from bot.channels.web import address_of
from bot.demo.colleague import Born, born
from bot.demo.reporter import Reporter
from bot.desk.people import People
from bot.desk.staff import new_invite
from bot.running import Running, run_until_stopped
from bot.settings import load_settings
from bot.vault.certificate import Holder, certify
from bot.vault.member import seal_to_member
from bot.vault.staff_auth import StaffSecrets
from tests.pinning import unit_made
from tests.stores import given

PASSPHRASE = "bunga pasir tenang kapal langit roti"
FIRST = "Aku takut pulang."
BY_HAND = "sari"  # the one counsellor whose passphrase is known: a real browser signs in


class Full:
    """What is there before the first console opens."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.unit = secrets.token_bytes(16)
        self.told: dict[str, Any] = {"unit": self.unit.hex(), "people": [], "reporters": []}

    @property
    def service(self) -> Any:
        return self.running.service

    async def begun(self, folk: People, *, counsellors: int, waiting: int) -> None:
        row = {"id": self.unit, "name": "UPTD PPA", "kind": "service", "lead": 1, "public_key": None, "created_at": int(time.time())}
        await unit_made(self.service.writer, self.service.keys.pins, row)
        lead = await self._joins(folk, "lead", "ratna")
        assert lead.unit is not None
        self.told["key"] = lead.unit.private.hex()
        people = [await self._joins(folk, "counsellor", BY_HAND, passphrase=PASSPHRASE)]
        people += [await self._joins(folk, "counsellor", f"k{number}") for number in range(1, counsellors)]
        for who in people:
            await self._admits(folk, lead, who)
        for who in people[1:]:
            session = folk.sessions.new(who.joining.id)
            await self.service.writer.write([session.row])
            self.told["people"].append({
                "id": who.joining.id.hex(), "token": session.token, "csrf": session.csrf, "signing": who.keys.signing.hex(),
            })  # fmt: skip
        await self._asked(people[0].joining.id, waiting)

    async def _joins(self, folk: People, role: str, name: str, *, passphrase: str = "") -> Born:
        token, row = new_invite(unit_id=self.unit, role=role, made_by=None, staff_id=None, now=int(time.time()))
        await self.service.writer.write([row])
        if role == "lead":
            await folk.staff.expect_first(self.unit, token)
        known = None if passphrase else StaffSecrets(auth=secrets.token_bytes(32), wrap=secrets.token_bytes(32))
        invitation = await folk.staff.invitation(token)
        made = await asyncio.to_thread(born, invitation, token=token, name=name, shown=name.title(), passphrase=passphrase, known=known)
        await folk.staff.join(made.joining)
        await folk.sessions.end(made.joining.id, None)
        return made

    async def _admits(self, folk: People, lead: Born, who: Born) -> None:
        joining = who.joining
        holder = Holder(
            staff_id=joining.id, unit_id=self.unit, role="counsellor", sealing_public=joining.sealing_public,
            signing_public=joining.signing_public,
        )  # fmt: skip
        assert lead.unit is not None
        key = seal_to_member(lead.unit.private, member_public=joining.sealing_public, unit_id=self.unit, version=1, staff_id=joining.id)
        certificate = certify(holder, private_key=lead.keys.signing)
        await folk.unit_keys.admit(lead.joining.id, staff_id=joining.id, certificate=certificate, sealed=[(1, key)])

    async def _asked(self, somebody: bytes, waiting: int) -> None:
        """The reporters ask for a person, while somebody is there, who is gone again before anybody is answered."""

        class Member:
            id, unit_id, role = somebody, self.unit, "counsellor"

        gate = asyncio.Semaphore(8)

        async def asks() -> None:
            token = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
            async with gate:
                reporter = Reporter(self.service, address_of(token))
                await reporter.starts()
                await self.service.desk.beat(Member(), "ready")
                for line in ("counsellor", "talk", FIRST, "own"):
                    shown = await reporter.says(line)
                assert any("kode" in bubble.text.casefold() for bubble in shown), [bubble.text for bubble in shown]
            self.told["reporters"].append(token)

        await asyncio.gather(*(asks() for _ in range(waiting)))
        await self.service.desk.gone(somebody)
        await self.service.settle()


def main(folder: str, port: str, counsellors: str, waiting: str) -> None:
    settings = load_settings(from_environment=False, given={**given(Path(folder)), "nlu_url": "off"})
    running = Running(settings, host="127.0.0.1", port=int(port), second_factor=False)
    full = Full(running)

    async def serve() -> None:
        await running.run(
            begun=lambda folk: full.begun(folk, counsellors=int(counsellors), waiting=int(waiting)),
            ready=lambda url: print(json.dumps({**full.told, "url": url}), flush=True),
        )  # fmt: skip

    run_until_stopped(serve)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Counsellors at their consoles, without browsers: each has the open line, looks at the queue when told, does what it plans by the clock.

    python -m tests.browser.counsellors SECONDS PER_SECOND < what full_desk told

Accepting is an open loop: so many times a second, whatever the service is doing, one of those to whom somebody is offered takes them. What
comes after is what the page does: frame and sealed conversation side by side, then the keys, then the first words. Prints JSON.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import re
import secrets
import sys
import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx

from bot.vault.errors import SealError
from bot.vault.keys import public_of
from bot.vault.seal import open_key, open_sealed, seal
from bot.vault.staff_entry import StaffEntry, sign_entry

OFFER = re.compile(r'data-do="accept" data-id="([0-9a-f]{32})" data-version="(\d+)"')
GATHER, OTHERS, MOST = 0.45, 3.0, 3.0  # as the page: queue/queue.js, app/gather.js
LIMITS = httpx.Limits(max_connections=6, keepalive_expiry=4)  # the server closes what was idle for 5 s
TALK_SECONDS, REPLY_EVERY = 100, 10  # ten minutes, and a reply a minute, six times as fast


class Counsellor:
    """One console."""

    def __init__(self, site: str, unit: dict[str, bytes], who: dict[str, str], told: Told) -> None:
        self.id, self.signing = bytes.fromhex(who["id"]), bytes.fromhex(who["signing"])
        self.unit, self.told = unit, told
        headers = {"cookie": f"desk={who['token']}", "x-csrf": who["csrf"], "sec-fetch-site": "same-origin"}
        self.http = httpx.AsyncClient(base_url=site, headers=headers, timeout=20, limits=LIMITS)
        self.line = httpx.AsyncClient(base_url=site, headers=headers, timeout=None)
        self.offered: dict[str, int] = {}
        self.talks: dict[str, Any] = {}
        self.open = ""
        self.stir, self.soon = asyncio.Event(), asyncio.Event()

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.http.post(path, json=body)

    async def sits(self) -> None:
        """The open line: the page's heartbeat, and what changed."""
        await self.post("/console/j/presence", {"state": "ready"})
        self.stir.set()
        async with self.line.stream("GET", "/console/events") as answer:
            event = ""
            async for text in answer.aiter_lines():
                if text.startswith("event: "):
                    event = text[7:]
                if event == "here":
                    self.told.soon(self.post("/console/j/presence", {"state": "ready"}))  # also whoever has just let one pass
                elif text.startswith("data: ") and event == "changed":
                    what = json.loads(text[6:])
                    self.stir.set()
                    if what["what"] in ("asked", "alarm") or what["id"] in self.talks or what["id"] in self.offered:
                        self.soon.set()
                    if what["what"] == "hand_off" and what["id"] == self.open and what["id"] in self.talks:
                        self.told.soon(self.renews(what["id"]))

    async def looks(self) -> None:
        """The queue, as often as the page looks at it."""
        while True:
            await self.stir.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(OTHERS - GATHER):
                    await self.soon.wait()
            self.stir.clear()
            self.soon.clear()
            begun = time.perf_counter()
            answer = await self.http.get("/console/f/queue")
            took = time.perf_counter() - begun
            self.told.looks.append(took)
            self.told.weights.append(len(answer.content))
            self.offered = {id: int(version) for id, version in OFFER.findall(answer.text) if id not in self.talks}
            await asyncio.sleep(min(MOST, max(GATHER, 2 * took)))

    async def accepts(self) -> None:
        """Takes whoever is offered, and opens the conversation; how long that took until the first words were there."""
        if not self.offered:
            self.told.nobody += 1  # a look has come in between: the offer is over
            return
        hand_off, version = self.offered.popitem()
        begun = time.perf_counter()
        answer = await self.post(f"/console/j/hand-off/{hand_off}/accept", {"version": version})
        if answer.status_code == 409:
            self.told.late += 1  # the minute was over, or somebody was quicker
            return
        accepted = time.perf_counter()
        frame, sealed = await asyncio.gather(
            self.http.get(f"/console/f/hand-off/{hand_off}"), self.http.get(f"/console/j/hand-off/{hand_off}?since=0")
        )  # fmt: skip
        body = sealed.json()
        words = await asyncio.to_thread(self._reads, body)
        self.told.shown.append(time.perf_counter() - begun)
        self.told.accepted.append(accepted - begun)
        assert frame.status_code == 200 and "first" in words, words
        self.talks[hand_off] = body
        self.open = hand_off
        self.told.soon(self._talks(hand_off))

    def _reads(self, body: dict[str, Any]) -> str:
        case_id = bytes.fromhex(body["case_id"])
        key = open_key(base64.b64decode(body["key"]), private_key=self.unit["key"], case_id=case_id, recipient_id=self.unit["id"])
        body["private"] = key
        read = []
        for record in body["records"]:
            with suppress(SealError):
                read.append(open_sealed(
                    base64.b64decode(record["sealed"]), private_key=key, case_id=case_id, record_id=bytes.fromhex(record["id"]),
                    version=record["version"],
                ))  # fmt: skip
        return b"".join(read).decode()

    async def renews(self, hand_off: str) -> None:
        """What the page asks for when the conversation that is open changes."""
        if hand_off not in self.talks:
            return  # it ended in this very moment
        since = max(record["at"] for record in self.talks[hand_off]["records"])
        await asyncio.gather(
            self.http.get(f"/console/j/hand-off/{hand_off}?since={since}"), self.http.get(f"/console/f/hand-off/{hand_off}/head")
        )  # fmt: skip

    async def _talks(self, hand_off: str) -> None:
        """Writes every few seconds, ends it, says what came of it."""
        await self.http.get(f"/console/j/hand-off/{hand_off}?since=1")
        for _ in range(TALK_SECONDS // REPLY_EVERY):
            await asyncio.sleep(REPLY_EVERY)
            await self.replies(hand_off, "Aku di sini, pelan-pelan saja.")
        for _ in range(5):  # the reporter may have written since: nobody is hung up on
            version = (await self.http.get(f"/console/j/hand-off/{hand_off}?since=9999999999")).json()["version"]
            answer = await self.post(f"/console/j/hand-off/{hand_off}/wrap-up", {"version": version})
            if answer.status_code == 200:
                await self.post(f"/console/j/hand-off/{hand_off}/close", {"outcome": "helped", "risk": "some"})
                self.told.ended += 1
                break
        del self.talks[hand_off]

    async def replies(self, hand_off: str, text: str) -> None:
        """A signed reply."""
        now = (await self.http.get(f"/console/j/hand-off/{hand_off}?since=9999999999")).json()
        case_id, record_id, previous = bytes.fromhex(now["case_id"]), secrets.token_bytes(16), bytes.fromhex(now["head"])
        content = json.dumps({"format": 1, "kind": "said", "language": "id", "from": "staff", "text": text}).encode()
        public_key = public_of(self.talks[hand_off]["private"])
        sealed = seal(content, public_key=public_key, case_id=case_id, record_id=record_id, version=1)
        entry = StaffEntry(case_id=case_id, record_id=record_id, version=1, author_id=self.id, previous=previous, sealed=sealed)
        body = {
            "text": text, "record_id": record_id.hex(), "version": 1, "sealed": base64.b64encode(sealed).decode(),
            "signature": sign_entry(entry, private_key=self.signing).hex(), "previous": previous.hex(), "public_key": public_key.hex(),
        }  # fmt: skip
        answer = await self.post(f"/console/j/hand-off/{hand_off}/reply", body)
        self.told.replies[answer.status_code] = self.told.replies.get(answer.status_code, 0) + 1


class Told:
    """What was measured: seconds."""

    def __init__(self) -> None:
        self.shown: list[float] = []
        self.accepted: list[float] = []
        self.looks: list[float] = []
        self.weights: list[int] = []
        self.replies: dict[int, int] = {}
        self.late = self.nobody = self.ended = self.failed = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    def soon(self, work: Any) -> None:
        """Does something beside."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.failed += 1
            print(repr(task.exception()), file=sys.stderr)


async def writes(site: str, token: str, chance: random.Random) -> None:
    """A reporter, who says something every now and then, waiting or not."""
    async with httpx.AsyncClient(base_url=site, headers={"authorization": f"Bearer {token}"}, timeout=20) as http:
        while True:
            await asyncio.sleep(chance.uniform(20, 100))
            await http.post("/chat/messages", json={"id": str(uuid4()), "kind": "text", "text": "aku masih di sini"})


async def run(told_of: dict[str, Any], seconds: float, per_second: float) -> dict[str, Any]:
    """Lets them all sit down and work for so long."""
    chance, told = random.Random(7), Told()
    unit = {"id": bytes.fromhex(told_of["unit"]), "key": bytes.fromhex(told_of["key"])}
    people = [Counsellor(told_of["url"], unit, who, told) for who in told_of["people"]]
    beside = [asyncio.ensure_future(work) for each in people for work in (each.sits(), each.looks())]
    beside += [asyncio.ensure_future(writes(told_of["url"], token, chance)) for token in told_of["reporters"]]
    await asyncio.sleep(3)
    begun = time.perf_counter()
    due = begun
    while (due := due + chance.expovariate(per_second)) < begun + seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        asked = [each for each in people if each.offered]
        if asked:
            told.soon(chance.choice(asked).accepts())
        else:
            told.nobody += 1
    await asyncio.sleep(3)
    for task in beside:
        task.cancel()
    broken = [repr(task.exception()) for task in beside if task.done() and not task.cancelled() and task.exception() is not None]
    return {
        "shown": told.shown, "accepted": told.accepted, "looks": told.looks, "weights": told.weights, "replies": told.replies,
        "late": told.late, "nobody": told.nobody, "ended": told.ended, "failed": told.failed, "broken": broken,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.loads(sys.stdin.readline()), float(sys.argv[1]), float(sys.argv[2])))), flush=True)

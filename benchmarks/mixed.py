"""People who write in their own words: one message in ten goes through Rasa, the others are taps and what the engine knows by itself.

Printed with and without such sentences, at a fixed rate (an open loop), since that is what people notice; and what the service adds to
Rasa's own parse, sentence by sentence.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvloop

from benchmarks.chats import MIXED, SCRIPT, SENTENCES, Chats
from benchmarks.fleet import CHATS
from benchmarks.site import environment, percentiles, site
from bot.errors import OperatorError
from bot.metrics import REGISTRY
from bot.model import Model
from bot.nlu_server.state import NluState
from bot.settings import load_settings
from nlu.mask import mask
from nlu.rasa_backend import Endpoint, Outcome

RATE = 50.0  # messages a second in the open loop: a busy evening of a city, and five sentences a second for Rasa
_ALONE = 200  # sentences by which the two ways to Rasa are compared


def _counts() -> dict[str, int]:
    found = {
        outcome.value: int(REGISTRY.get_sample_value("ruang_aman_nlu_total", {"outcome": outcome.value}) or 0) for outcome in Outcome
    }  # fmt: skip
    return {"asked": int(REGISTRY.get_sample_value("ruang_aman_nlu_asked_total") or 0), **found}


@asynccontextmanager
async def _bare(endpoint: Endpoint) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """The shortest way to Rasa: one kept connection and nothing around it."""
    address = urlsplit(endpoint.url)
    pair: list[Any] = []

    async def ask(text: str) -> None:
        body = orjson.dumps({"text": text})
        for _ in range(2):  # Rasa closes a connection that was quiet
            if not pair:
                pair.extend(await asyncio.open_connection(address.hostname, address.port))
            reader, writer = pair
            target = f"/model/parse?token={endpoint.token}"
            writer.write(f"POST {target} HTTP/1.1\r\nhost: rasa\r\ncontent-length: {len(body)}\r\n".encode())
            writer.write(b"content-type: application/json\r\n\r\n" + body)
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
                return
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                pair.clear()
        raise OperatorError("The Rasa server breaks the connection.")

    try:
        yield ask
    finally:
        if pair:
            pair[1].close()


async def _added(model: Model, endpoint: Endpoint) -> dict[str, Any]:
    """What understanding costs beside Rasa's own parse: each sentence both ways, in turns."""
    alone: list[float] = []
    ours: list[float] = []
    paired: list[float] = []
    async with _bare(endpoint) as ask:
        for number in range(_ALONE):
            text = SENTENCES[number % len(SENTENCES)]
            for own in (number % 2 == 0, number % 2 == 1):
                begun = time.perf_counter()
                await (model.understander.understand(text, "id") if own else ask(mask(text).text))
                (ours if own else alone).append((time.perf_counter() - begun) * 1000)
            paired.append(ours[-1] - alone[-1])
    return {
        "rasa_parse_ms": percentiles(alone), "understand_ms": percentiles(ours),
        "added_ms_p50": round(statistics.median(ours) - statistics.median(alone), 2),
        "added_ms_median_of_pairs": round(statistics.median(paired), 2),
    }  # fmt: skip


async def _once(seconds: float, model: Model) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for name, script in (("without", SCRIPT), ("with", MIXED)):
        async with site(base=Path.cwd(), understands=model.understander) as where:
            chats = Chats(where, CHATS, script)
            await chats.catch_up()
            chats.free()
            before = _counts()
            opened = await chats.open(seconds, RATE)
            asked = {key: value - before[key] for key, value in _counts().items()}
            results[name] = {"messages": len(opened.latencies), "latency_ms": percentiles(opened.latencies), "nlu": asked}
            if script is MIXED:
                results[name]["free_text_latency_ms"] = percentiles(chats.free())
                closed = await chats.closed(seconds)
                results[name]["closed_loop_messages_per_s"] = round(len(closed.latencies) / closed.took)
                results["machine"] = environment(where.folder)
    return results


async def _measure(seconds: float, runs: int, nlu_url: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ruang-aman-bench-") as folder:
        settings = load_settings(from_environment=False, given={"data_dir": folder, "nlu_url": nlu_url})
        model = Model(settings, changed=lambda state: print(f"Rasa: {state.value}", file=sys.stderr, flush=True))
        begun = time.perf_counter()
        model.start()
        try:
            if await model.until_settled() is not NluState.READY:
                raise OperatorError("There is no Rasa to measure with: `ruang-aman train` says why, or name one with --nlu-url.")
            ready = time.perf_counter() - begun
            endpoint = model.endpoint()
            if endpoint is None:
                raise OperatorError("Rasa has ended again.")
            added = await _added(model, endpoint)
            found = [await _once(seconds, model) for _ in range(runs)]
        finally:
            await model.stop()
    result = sorted(found, key=lambda one: one["with"]["latency_ms"]["p50"])[len(found) // 2]
    machine = result.pop("machine")
    return {
        "benchmark": "mixed", "rasa": nlu_url or "embedded", "rasa_ready_s": round(ready, 1), "rate_per_s": RATE,
        "free_text": "2 messages in 20", **added, **result, **machine,
    }  # fmt: skip


def measure(*, seconds: float, runs: int, nlu_url: str = "") -> dict[str, Any]:
    """The median run by the median latency. Raises OperatorError if no Rasa can be had."""
    if nlu_url.casefold() == "off":
        raise OperatorError("This measures Rasa: give its address with --nlu-url, or leave the option away.", status=2)
    measured: dict[str, Any] = uvloop.run(_measure(seconds, runs, nlu_url))
    return measured

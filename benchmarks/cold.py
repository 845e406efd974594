"""From starting the program on an empty directory to the first reply in the web chat, over real HTTP on loopback."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid
from typing import Any

from benchmarks.site import percentiles


def _first_reply(base: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"id": str(uuid.uuid4()), "kind": "start"}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{base}/chat/messages", data=body, headers=headers)) as answer:
        if answer.status != 202:
            raise RuntimeError(f"the web chat answered {answer.status}")
    with urllib.request.urlopen(urllib.request.Request(f"{base}/chat/events", headers=headers), timeout=20) as stream:
        for line in stream:
            if line.startswith(b"data:") and b'"text"' in line:
                return
    raise RuntimeError("no reply came")


def _once() -> dict[str, float]:
    command = [sys.executable, "-m", "bot", "demo", "--port", "0", "--nlu", "off"]
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        try:
            address = ""
            while not address:
                line = process.stdout.readline() if process.stdout else ""
                if not line:
                    raise RuntimeError("the service did not start")
                found = re.search(r"(http://\S+)/chat", line)
                address = found[1] if found else ""
            ready = time.perf_counter() - begun
            _first_reply(address, secrets.token_urlsafe(32))
            replied = time.perf_counter() - begun
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
    return {"ready_s": ready, "first_reply_s": replied}


def measure(*, seconds: float, runs: int) -> dict[str, Any]:
    """The median of the runs."""
    results = [_once() for _ in range(runs)]
    return {
        "benchmark": "cold", "database": "sqlite", "replicas": 1, "cores": os.cpu_count(), "runs": len(results),
        **{name: round(statistics.median(result[name] for result in results), 2) for name in ("ready_s", "first_reply_s")},
        "first_reply_range_s": percentiles([result["first_reply_s"] for result in results]),
    }  # fmt: skip

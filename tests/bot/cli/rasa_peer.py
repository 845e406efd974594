"""A server that answers `POST /model/parse` as Rasa does, with a few rules instead of a model, on loopback."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def parsed(text: str) -> dict[str, Any]:
    """What this "model" understands: a cost, a home, a cry, and nothing else."""
    weights = {"greet": 0.1, "emergency": 0.05, "out_of_scope": 0.1, "disclosure": 0.1}
    topics = {"faq/cost": 0.15, "faq/visum": 0.15}
    if "bayar" in text:
        topics, weights = {"faq/cost": 0.9, "faq/visum": 0.05}, {"greet": 0.02, "emergency": 0.01, "out_of_scope": 0.01, "disclosure": 0.01}
    if "awas" in text:
        topics, weights = {"faq/cost": 0.05, "faq/visum": 0.05}, {"greet": 0.0, "emergency": 0.8, "out_of_scope": 0.05, "disclosure": 0.05}
    ranking = sorted([*weights.items(), ("faq", sum(topics.values()))], key=lambda pair: -pair[1])
    entities = []
    if (at := text.find("rumah")) >= 0:
        entities.append({"entity": "place", "value": "home", "start": at, "end": at + 5})
    ordered = sorted(topics.items(), key=lambda pair: -pair[1])
    return {
        "text": text, "intent": {"name": ranking[0][0], "confidence": ranking[0][1]}, "entities": entities,
        "intent_ranking": [{"name": name, "confidence": share} for name, share in ranking],
        "response_selector": {
            "faq": {
                "response": {"intent_response_key": ordered[0][0], "confidence": ordered[0][1]},
                "ranking": [{"intent_response_key": name, "confidence": share} for name, share in ordered],
            }
        },
    }  # fmt: skip


class RasaPeer:
    """The server. `asked` are the sentences that it was sent."""

    def __init__(self) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = json.loads(self.rfile.read(int(self.headers["content-length"])))["text"]
                asked.append(text)
                body = json.dumps(parsed(text)).encode()
                self.send_response(200 if self.path.startswith("/model/parse") else 404)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self.asked = asked
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()

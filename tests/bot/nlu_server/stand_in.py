"""Stands where the module `rasa` stands: trains in no time, and serves as its "model" says, one line of it a life.

The model is the project's config.yml. A life is a word: `ok`, `exit` (ends before it serves), `mute` (never serves), `hang` (serves, then
hangs), `grow` (serves, then takes memory), `loud` (prints every sentence), `family` (has a child of its own). The last one goes on for
ever.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


def argument(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


def train() -> None:
    config = Path(argument("--config"))
    print("2026 INFO rasa.engine.training.hooks  - Starting to train component 'One'.", flush=True)
    if "untrainable" in config.read_text():
        print("because of a reason", flush=True)
        sys.exit(3)
    if "endless" in config.read_text():
        Path(argument("--out"), "training.pid").write_text(str(os.getpid()))
        time.sleep(600)
    print("2026 INFO rasa.engine.training.hooks  - Starting to train component 'Two'.", flush=True)
    shutil.copy(config, Path(argument("--out"), argument("--fixed-model-name") + ".tar.gz"))


class Handler(BaseHTTPRequestHandler):
    life = "ok"
    asked = 0

    def do_POST(self) -> None:
        target = urlsplit(self.path)
        sentence = json.loads(self.rfile.read(int(self.headers["content-length"])))["text"]
        if parse_qs(target.query).get("token") != [argument("--auth-token")]:
            self.send_error(401)
            return
        Handler.asked += 1
        if Handler.asked > 1:
            if self.life == "hang":
                time.sleep(600)
            if self.life == "grow":
                taken = bytearray(400 * 1024 * 1024)
                time.sleep(600)
                del taken
            if self.life == "loud":
                print("processor.message.parse", sentence, flush=True)
                print("processor.message.parse", sentence, file=sys.stderr, flush=True)
        greet = {"name": "greet", "confidence": 1.0}
        body = json.dumps({"intent": greet, "entities": [], "intent_ranking": [greet]})
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        pass


def run() -> None:
    model = Path(argument("--model"))
    lives = [line for line in model.read_text().split() if line.isalpha()]
    counted = model.with_name("lives")
    with counted.open("a") as file:
        told = {
            "pid": os.getpid(), "at": time.time(), "nice": os.nice(0), "environment": dict(os.environ), "cwd": os.getcwd(),
            "argv": sys.argv, "path": sys.path,
        }  # fmt: skip
        file.write(json.dumps(told) + "\n")
    number = len(counted.read_text().splitlines())
    life = Handler.life = lives[min(number, len(lives)) - 1]
    print("starting, and in a bad mood", flush=True)
    if life == "exit":
        sys.exit(5)
    if life == "mute":
        time.sleep(600)
    if life == "family":
        child = subprocess.Popen(["sleep", "600"])
        model.with_name("child.pid").write_text(str(child.pid))
    HTTPServer((argument("--interface"), int(argument("--port"))), Handler).serve_forever()


if __name__ == "__main__":
    {"train": train, "run": run}[sys.argv[1]]()

"""Rasa's process is prepared, started, watched and started again, says nothing that people wrote, and is never left behind."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from bot.nlu_server.server import NluServer
from bot.nlu_server.state import NluState
from flows.message import Danger
from nlu.rasa_backend import RasaBackend
from nlu.thresholds import Thresholds
from tests.bot.nlu_server.household import HERE, QUICK, Household, alive, kill, until
from tests.structure.project import ROOT

pytestmark = pytest.mark.own_store

CANARY = "kenari hijau di lemari"
LEVELS = Thresholds(confident=0.5, danger={Danger.EMERGENCY: 0.3, Danger.SELF_HARM: 0.3}, offer=0.1, search=0.5)


def codes(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    """The codes of an event in the log."""
    return [record.code for record in caplog.records if record.getMessage() == event]  # type: ignore[attr-defined]


async def ready(server: NluServer) -> None:
    await until(lambda: server.endpoint is not None, "Rasa is ready")


async def test_it_trains_once_starts_and_is_asked(tmp_path: Path) -> None:
    house = Household(tmp_path, "ok")
    server = house.server()
    assert server.state is NluState.STARTING and server.endpoint is None
    server.start()
    assert await server.until_settled() is NluState.READY
    backend = RasaBackend(lambda: server.endpoint, LEVELS)
    found = await backend.parse("halo kak", "id")
    assert found is not None and found.intent == "greet"
    assert house.states == [NluState.TRAINING, NluState.STARTING, NluState.READY]
    await server.stop()
    assert server.endpoint is None and await backend.parse("halo", "id") is None
    await backend.close()

    (model,) = house.models_folder.glob("*.tar.gz")
    made = model.stat().st_mtime_ns
    again = house.server()
    again.start()
    await ready(again)
    await again.stop()
    assert model.stat().st_mtime_ns == made
    assert house.states[3:] == [NluState.READY]


async def test_only_this_machine_and_only_with_the_token(tmp_path: Path) -> None:
    house = Household(tmp_path, "ok")
    server = house.server()
    server.start()
    await ready(server)
    endpoint = server.endpoint
    assert endpoint is not None and endpoint.url.startswith("http://127.0.0.1:") and len(endpoint.token) >= 32
    async with httpx.AsyncClient(trust_env=False) as client:
        for params in (None, {"token": "guess"}):
            assert (await client.post(f"{endpoint.url}/model/parse", params=params, json={"text": "x"})).status_code == 401
    (life,) = house.lives()
    # Everybody on the machine can read a process's command line and the start of its environment.
    for name in ("cmdline", "environ"):
        file = Path(f"/proc/{life['pid']}/{name}")
        assert endpoint.token not in (file.read_bytes().decode("utf-8", "replace") if os.access(file, os.R_OK) else "")
    await server.stop()


async def test_it_knows_nothing_of_the_service_and_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUANG_AMAN_TELEGRAM_TOKEN", "123:canary")
    house = Household(tmp_path, "ok")
    server = house.server()
    server.start()
    await ready(server)
    (life,) = house.lives()
    await server.stop()
    environment = life["environment"]
    assert "123:canary" not in json.dumps(environment) and not any(name.startswith("RUANG_AMAN") for name in environment)
    assert environment["RASA_TELEMETRY_ENABLED"] == "false" and environment["LOG_LEVEL"] == "ERROR"
    assert environment["HOME"] == environment["TMPDIR"] == life["cwd"] != os.getcwd()
    assert not Path(life["cwd"]).exists()  # what it unpacked goes with it
    assert life["nice"] >= min(os.nice(0) + 5, 19)
    assert str(house.root) in life["path"] and "--enable-api" in life["argv"]


async def test_killed_it_is_started_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot")
    house = Household(tmp_path, "ok")
    server = house.server()
    server.start()
    await ready(server)
    kill(house.lives()[0]["pid"])
    await until(lambda: server.endpoint is None, "it is missed")
    assert server.state is NluState.STARTING
    await ready(server)
    assert len(house.lives()) == 2
    assert codes(caplog, "nlu_server_ended") == ["exit_-9"]
    await server.stop()


async def test_one_that_does_not_start_is_tried_less_and_less_often(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = Household(tmp_path, "exit", "exit", "exit", "ok")
    server = house.server(patience=replace(QUICK, pause=0.5, longest_pause=1.0))
    server.start()
    await ready(server)
    times = [life["at"] for life in house.lives()]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[0] >= 0.5 and pauses[1] >= 1.0 and pauses[2] >= 1.0
    assert codes(caplog, "nlu_server_ended") == ["exit_5"] * 3
    assert "in a bad mood" in (house.models_folder / "start.log").read_text()  # what it said before anybody had asked it anything
    await server.stop()


async def test_one_that_never_understands_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = Household(tmp_path, "mute", "ok")
    server = house.server(patience=replace(QUICK, start=2))
    server.start()
    await ready(server)
    assert codes(caplog, "nlu_server_ended") == ["slow_start"]
    assert not alive(house.lives()[0]["pid"])
    await server.stop()


@pytest.mark.parametrize(("life", "code", "memory"), [("hang", "hangs", 0), ("grow", "memory", 200 * 1024 * 1024)])
async def test_one_that_hangs_or_grows_is_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, life: str, code: str, memory: int
) -> None:  # fmt: skip
    house = Household(tmp_path, life, "ok")
    server = house.server(memory=memory, patience=replace(QUICK, misses=2 if life == "hang" else 60))
    server.start()
    await ready(server)
    await until(lambda: len(house.lives()) == 2, "it is replaced")
    await ready(server)
    assert codes(caplog, "nlu_server_ended") == [code]
    assert not alive(house.lives()[0]["pid"])
    await server.stop()


async def test_what_it_prints_about_a_sentence_is_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG, "bot")
    house = Household(tmp_path, "loud")
    server = house.server()
    server.start()
    await ready(server)
    backend = RasaBackend(lambda: server.endpoint, LEVELS)
    for _ in range(200):  # more than a pipe holds: nobody must stop reading, either
        assert await backend.parse(f"{CANARY} {'x' * 800}", "id") is not None
    kill(house.lives()[0]["pid"])
    await until(lambda: len(house.lives()) == 2, "it is started again")
    await ready(server)
    await server.stop()
    await backend.close()
    out, err = capfd.readouterr()
    # not "in caplog.text": httpx's own debugging is not ours
    assert CANARY not in out + err + "".join(str(vars(record)) for record in caplog.records if record.name.startswith("bot"))
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


async def test_stopping_ends_all_that_it_started(tmp_path: Path) -> None:
    house = Household(tmp_path, "family")
    server = house.server()
    server.start()
    await ready(server)
    family = [house.lives()[0]["pid"], int((house.models_folder / "child.pid").read_text())]
    assert all(map(alive, family))
    begun = time.monotonic()
    await server.stop()
    assert time.monotonic() - begun < 5
    await until(lambda: not any(map(alive, family)), "they are gone")


_SERVICE = """
    import asyncio, sys
    from pathlib import Path
    sys.path.insert(0, {root!r})
    from tests.bot.nlu_server.household import Household
    async def main():
        server = Household(Path({folder!r}), "family").server()
        server.start()
        await server.until_settled()
        print("ready", flush=True)
        await asyncio.sleep(600)
    asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_it_does_not_outlive_the_service_however_that_ends(tmp_path: Path, how: signal.Signals) -> None:
    code = textwrap.dedent(_SERVICE.format(root=str(ROOT), folder=str(tmp_path)))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        assert await asyncio.to_thread(service.stdout.readline) == "ready\n"
        models = tmp_path / "program" / "models"
        family = [json.loads((models / "lives").read_text())["pid"], int((models / "child.pid").read_text())]
        assert all(map(alive, family))
        service.send_signal(how)
    await until(lambda: not any(map(alive, family)), "they are gone", seconds=10)


async def test_what_cannot_be_trained_is_off_said_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = Household(tmp_path, "untrainable")
    server = house.server()
    server.start()
    assert await server.until_settled() is NluState.OFF
    assert codes(caplog, "nlu_not_prepared") == ["training_failed"]
    assert "because of a reason" in (house.models_folder / "training.log").read_text()
    (house.root / "config.yml").write_text("ok\n")
    await ready(server)
    assert house.states == [NluState.TRAINING, NluState.OFF, NluState.TRAINING, NluState.STARTING, NluState.READY]
    await server.stop()


async def test_stopped_while_it_trains_nothing_is_left(tmp_path: Path) -> None:
    house = Household(tmp_path, "endless")
    server = house.server()
    server.start()
    await until(lambda: list(house.models_folder.glob(".training-*/training.pid")), "it trains")
    (file,) = house.models_folder.glob(".training-*/training.pid")
    pid = int(file.read_text())
    assert alive(pid) and server.state is NluState.TRAINING
    await server.stop()
    await until(lambda: not alive(pid), "it is gone")
    assert not list(house.models_folder.glob(".training-*"))


async def test_a_program_without_a_pipeline_goes_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    house = Household(tmp_path, "ok")
    (house.root / "config.yml").unlink()
    server = house.server()
    server.start()
    assert await server.until_settled() is NluState.OFF
    assert "nlu_no_project" in caplog.messages
    await server.stop()


def test_the_stand_in_lies_where_it_is_looked_for() -> None:
    assert (HERE / "stand_in.py").is_file()

"""`ruang-aman bench`: a short run of each gives the figures that the documentation speaks of."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from benchmarks.chats import SENTENCES
from bot import __main__ as program
from bot.settings import PREFIX
from tests.nlu.rasa_peer import answer, rasa_apart, says
from tests.postgres import binaries, server

pytestmark = pytest.mark.own_store
postgres = pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed: apt install postgresql")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def bench(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    status = program.main(["bench", *words, "--seconds", "0.5", "--runs", "1"])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    found: dict[str, Any] = json.loads(captured.out)
    return found


def test_flow_on_sqlite(capsys: pytest.CaptureFixture[str]) -> None:
    found = bench(capsys, "flow")
    assert found["benchmark"] == "flow" and found["replicas"] == 1 and found["database"].startswith("sqlite")
    assert found["median"] == found["runs"][0] == found["closed_loop"]["messages_per_s"] > 0
    assert found["closed_loop_over_loopback_http"]["messages_per_s"] > 0
    assert {"p50", "p99"} == found["open_loop"]["latency_ms"].keys() == found["fdatasync_ms"].keys()
    assert found["closed_loop"]["cpu_ms_per_message"] > found["closed_loop"]["of_that_receipts_kdf"] >= 0


@postgres
def test_flow_on_postgresql_with_two_replicas(capsys: pytest.CaptureFixture[str]) -> None:
    found = bench(capsys, "flow", "--database", "postgresql", "--replicas", "2")
    assert found["replicas"] == 2 and found["database"].startswith("postgresql") and "fsync=on" in found["database"]
    for loop in (found["closed_loop"], found["open_loop"]):
        assert loop["messages_per_s"] > 0 and loop["latency_ms"]["p50"] > 0
        assert loop["cpu_ms_per_message"] > 0 and loop["postgres_cpu_ms_per_message"] > 0
        assert loop["notices_per_message"] > 0.2, "half of the messages are taken in by the process that does not have the conversation"
        assert set(loop["share_of_active"]) == {"running", "Lock", "LWLock", "IO", "Client", "other"}
        assert loop["commits"] > 0 and loop["writes_per_commit"] >= 1


@pytest.mark.long  # four programs one after the other
@pytest.mark.timeout(300)
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=postgres)])
def test_growth(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = bench(capsys, "growth", "--database", database, "--cases", "500", "--sessions", "50")
    assert found["cases"] == 500 and found["sessions"] == 50 and found["database"].startswith(database)
    assert {"cost_ms", "cost_without_kdf_ms", "messages_per_s", "p50_ms", "p99_ms"} == found["ratio"].keys()
    for size in ("empty", "full"):
        assert len(found["rounds"][size]) == 1
        assert {"sweep_ms", "timers_ms", "forget_ms", "open_ms"} <= found[size].keys()
        assert found[size]["cost_ms"] > found[size]["cost_without_kdf_ms"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["flow", "--replicas", "2"], "SQLite serves one process: --database postgresql takes any number of --replicas from 1."),
        (["ack", "--database", "postgresql"], "'bench ack' takes no --database: leave it away."),
        (["growth", "--cases", "0"], "Numbers are from 1 upwards, seconds more than 0: choose others."),
    ],
)
def test_what_does_not_go_is_said_in_a_sentence(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["bench", *words]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", f"ruang-aman: {said}\n")


@postgres
def test_a_database_in_use_is_left_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    name = server().create()
    server().sql("CREATE TABLE conversation (id int); INSERT INTO conversation VALUES (1)", database=name)
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", server().url(name))
    monkeypatch.setenv(f"{PREFIX}KEY_STORE", server().url(server().create()))
    assert program.main(["bench", "flow", "--database", "postgresql", "--seconds", "0.5", "--runs", "1"]) == 1
    assert "is in use, and a benchmark would fill it" in capsys.readouterr().err


def test_mixed_asks_rasa_about_one_message_in_ten_and_about_no_tap(capsys: pytest.CaptureFixture[str]) -> None:
    with rasa_apart() as (made, url):
        made.behave = says(answer(("faq/sextortion", 0.9), ("greet", 0.1)))
        found = bench(capsys, "mixed", "--nlu-url", url)
    assert found["rasa"] == url
    assert {"p50", "p99"} == found["rasa_parse_ms"].keys() == found["understand_ms"].keys()
    assert found["without"]["nlu"] == {"asked": 0, "answered": 0, "late": 0, "failed": 0, "left_out": 0}
    asked = found["with"]["nlu"]["asked"]
    assert 0 < asked == found["with"]["nlu"]["answered"] <= found["with"]["messages"] / 4
    assert set(made.heard) <= {*SENTENCES, "halo"}, "a tap, a number or a word that the engine knows was sent"


@pytest.mark.parametrize("words", [("mixed", "--nlu-url", "off"), ("flow", "--nlu-url", "http://x"), ("mixed", "--replicas", "2")])
def test_mixed_wrongly_called(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["bench", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1

"""`ruang-aman check` on the content that is shipped, and on content with mistakes."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot import __main__ as program
from bot import content
from bot.settings import PREFIX


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of `data/` that a test may damage."""
    folder = tmp_path / "data"
    shutil.copytree(content.content_folder(), folder)
    monkeypatch.setattr(content, "_PACKAGED", folder)
    return folder


def check(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str], str]:
    status = program.main(["check", *words])
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err


def test_the_shipped_content_has_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = check(capsys, "--today", "2026-11-26")
    assert (status, err, out[-1]) == (0, "", "No problems."), out
    assert any(line.startswith("The city still has to decide (data/city.yml, confirm: true): service_name,") for line in out)
    assert any(line.startswith("To be confirmed with the recording officer") for line in out)


def test_numbers_that_nobody_looked_at_for_180_days_are_warned_about(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = check(capsys, "--today", "2028-01-01")
    warned = [line for line in out if line.startswith("warning: data/services.yml:")]
    assert status == 0
    assert warned
    assert any("'sapa'" in line for line in warned)
    assert not any(f"'{name}'" in line for line in warned for name in ("emergency", "police", "ambulance"))


def test_every_mistake_is_named_with_file_and_line(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strings = copied / "id" / "strings.yml"
    text = strings.read_text(encoding="utf-8")
    at = next(number for number, line in enumerate(text.splitlines(), start=1) if "Apakah kamu berpikir mengakhiri hidup?" in line)
    strings.write_text(text.replace("Apakah kamu berpikir mengakhiri hidup?", "Telepon 0812 3456 789"), encoding="utf-8")
    (copied / "en" / "danger.yml").unlink()
    emergency = copied / "id" / "intents" / "emergency.yml"
    emergency.write_text(emergency.read_text(encoding="utf-8").replace('"value": "parent"', '"value": "father"', 1), encoding="utf-8")
    regions = copied / "regions.yml"
    regions.write_text(regions.read_text(encoding="utf-8").replace("name: Balikpapan Timur", "nama: Balikpapan Timur"), encoding="utf-8")
    status, out, err = check(capsys, "--today", "2026-11-26")
    assert status == 1
    assert any(line.startswith(f"data/id/strings.yml:{at}: '0812 3456 789' looks like a telephone number") for line in out), out
    assert "data/en/danger.yml: is missing: nobody in danger would be heard in this language" in out
    assert any(line.startswith("data/regions.yml: regions: ") for line in out)
    assert "data/id/intents/emergency.yml:5: [bapak] has the value 'father', which is no relation" in out
    assert err == "4 problems: to be mended before the service starts.\n"


def test_what_domain_and_examples_do_not_both_name_is_a_problem(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    greet, hello = (copied / "id" / "intents" / f"{name}.yml" for name in ("greet", "hello"))
    hello.write_text(greet.read_text(encoding="utf-8").replace("intent: greet", "intent: hello"), encoding="utf-8")
    for language in ("id", "en"):
        (copied / language / "intents" / "greet.yml").unlink()
    status, out, _ = check(capsys, "--today", "2026-11-26")
    assert status == 1
    assert any(line.startswith("data/id/intents/hello.yml:") and line.endswith(": domain.yml names no intent 'hello'") for line in out), out
    assert "domain.yml:4: names the intent 'greet', of which there is no example" in out


def test_words_of_the_console_that_cannot_be_read_are_a_problem(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = copied / "en" / "console.yml"
    words.write_text(words.read_text(encoding="utf-8") + "\nbroken: so: it is\n", encoding="utf-8")
    status, out, _ = check(capsys)
    assert status == 1
    assert any(line.startswith("data/en/console.yml") and "cannot be read" in line for line in out), out


def test_wrong_settings_are_problems_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(f"{PREFIX}TIMEZONE", "Mars/X")
    monkeypatch.setenv(f"{PREFIX}LOG_LEVEL", "loud")
    status, out, err = check(capsys, "--today", "2026-11-26")
    assert status == 1
    assert len([line for line in out if line.startswith("settings: RUANG_AMAN_")]) == 2
    assert err.startswith("2 problems")


def test_the_day_is_the_citys(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from bot.cli import check as module

    days: list[date] = []
    looked = module.check_content
    monkeypatch.setattr(module, "check_content", lambda today: days.append(today) or looked(today))
    for zone in ("Pacific/Pago_Pago", "Pacific/Kiritimati"):  # 25 hours apart: never the same day
        monkeypatch.setenv(f"{PREFIX}TIMEZONE", zone)
        assert check(capsys)[0] == 0
    assert days[0] < days[1]


def test_a_short_secret_is_warned_about_and_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(f"{PREFIX}TELEGRAM_SECRET", "canary")
    status, out, _ = check(capsys, "--today", "2026-11-26")
    assert status == 0
    assert any(line.startswith("warning: settings: RUANG_AMAN_TELEGRAM_SECRET is short") for line in out)
    assert "canary" not in "\n".join(out)


def test_a_file_that_cannot_be_read_is_one_sentence(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copied / "id" / "strings.yml").write_bytes(b"\xff\xfe\x00")
    status, out, err = check(capsys)
    assert (status, out) == (1, [])
    assert len(err.splitlines()) == 1
    assert "must be a UTF-8 text file" in err


def test_thresholds_that_cannot_be_used_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from bot.cli import check

    monkeypatch.setattr(check, "content_folder", lambda: tmp_path)
    (missing,) = check.check_understanding()
    assert str(missing) == "data/understanding.yml: is missing or cannot be read"
    (tmp_path / "understanding.yml").write_text("confident: 2\n", encoding="utf-8")
    assert [problem.line for problem in check.check_understanding()][:1] == [1]

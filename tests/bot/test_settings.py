"""Settings: every wrong one is one clear line, and no secret is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import PREFIX, Settings, SettingsError, TelegramMode, load_settings

TOKEN = "123456789:AAcanaryTokenThatMustNotBeSeenAnywhere0"  # shaped like BotFather's, belongs to nobody
PASSWORD = "canary-db-password"
AUTH = "canary0123456789abcdefcanary0123"
SECRET = "canary-webhook-secret"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine that runs the tests, and a folder without `.env`."""
    import os

    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.chdir(tmp_path)


def lines_for(monkeypatch: pytest.MonkeyPatch, **values: str) -> tuple[str, ...]:
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value.lines


def test_without_any_setting_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings()
    home = tmp_path / "share" / "ruang-aman"
    assert settings.data_dir == home
    assert settings.pepper_file == home / "keys" / "pepper"
    assert settings.database_url.get_secret_value() == f"sqlite+aiosqlite:///{home}/ruang-aman.db"
    assert settings.key_store.get_secret_value() == f"sqlite+aiosqlite:///{home}/keys/keys.db"
    assert settings.telegram_token is None
    assert settings.telegram_mode is TelegramMode.POLLING
    assert settings.zone.key == "Asia/Makassar"
    assert settings.language == "id"


def test_reading_settings_makes_no_folder(tmp_path: Path) -> None:
    load_settings()
    assert list(tmp_path.iterdir()) == []


def test_the_environment_wins_over_the_file_and_the_caller_over_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{PREFIX}LOG_LEVEL=debug\n{PREFIX}TIMEZONE=Asia/Jakarta\nANOTHER_PROGRAM=1\n")
    monkeypatch.setenv(f"{PREFIX}TIMEZONE", "Asia/Jayapura")
    assert load_settings().timezone == "Asia/Jayapura"
    assert load_settings().log_level == "DEBUG"
    assert load_settings(given={"log_level": "ERROR"}).log_level == "ERROR"


def test_a_demo_takes_nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{PREFIX}TELEGRAM_TOKEN={TOKEN}\n")
    monkeypatch.setenv(f"{PREFIX}TIMEZONE", "Nowhere")
    settings = load_settings(from_environment=False, given={"data_dir": tmp_path})
    assert settings.telegram_token is None
    assert settings.timezone == "Asia/Makassar"
    assert settings.data_dir == tmp_path


def test_no_secret_in_a_repr_a_string_or_a_dump() -> None:
    settings = load_settings(
        from_environment=False,
        given={
            "telegram_token": TOKEN,
            "telegram_secret": SECRET,
            "database_url": f"postgresql+asyncpg://bot:{PASSWORD}@db/x",
            "key_store": f"postgresql+asyncpg://bot:{PASSWORD}@keys/x",
            "twilio_account_sid": "AC1",
            "twilio_auth_token": AUTH,
            "twilio_from": "whatsapp:+15550100",
            "public_url": "https://bot.example.org",
        },
    )
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == TOKEN
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    for secret in (TOKEN, SECRET, PASSWORD, AUTH):
        assert secret not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_TOKEN", "canary without a colon"),
        ("TELEGRAM_SECRET", "canary with spaces"),
        ("DATABASE_URL", f"mysql://bot:{PASSWORD}@db/canary"),
        ("KEY_STORE", f"postgresql://bot:{PASSWORD}@db/canary"),
        ("PUBLIC_URL", f"https://canary:{PASSWORD}@example.org"),
        ("TELEGRAM_API_URL", "canary.example.org"),
        ("TWILIO_API_URL", "ftp://canary.example.org"),
        ("TWILIO_FROM", "+15550100canary"),
        ("TWILIO_TEMPLATE_SID", "HXcanary"),
        ("NLU_URL", "canary"),
        ("TIMEZONE", "Mars/canary"),
        ("TIMEZONE", "../../canary"),
        ("LANGUAGE", "../canary"),
        ("LANGUAGE", "canary"),
        ("LOG_LEVEL", "canary"),
        ("TELEGRAM_MODE", "canary"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it_and_not_its_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (line,) = lines_for(monkeypatch, **{name: value})
    assert line.startswith(PREFIX + name)
    assert "canary" not in line
    assert PASSWORD not in line
    assert "\n" not in line
    assert line.endswith(".")


def test_everything_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = lines_for(monkeypatch, TIMEZONE="Mars/X", LOG_LEVEL="loud", TELEGRAM_TOKNE=TOKEN)
    assert len(lines) == 3
    assert any("TELEGRAM_TOKNE is not a setting" in line and "TELEGRAM_TOKEN" in line for line in lines)


def test_a_slip_in_the_file_is_found_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{PREFIX}DATADIR=/x\n")
    with pytest.raises(SettingsError, match="RUANG_AMAN_DATADIR is not a setting: did you mean RUANG_AMAN_DATA_DIR"):
        load_settings()


def test_a_webhook_needs_an_https_address_a_secret_and_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = lines_for(monkeypatch, TELEGRAM_MODE="webhook", PUBLIC_URL="http://bot.example.org")
    assert [line.split()[0] for line in lines] == [f"{PREFIX}{name}" for name in ("PUBLIC_URL", "TELEGRAM_SECRET", "TELEGRAM_TOKEN")]
    for name, value in (("PUBLIC_URL", "https://bot.example.org/"), ("TELEGRAM_SECRET", SECRET), ("TELEGRAM_TOKEN", TOKEN)):
        monkeypatch.setenv(PREFIX + name, value)
    settings = load_settings()
    assert settings.telegram_mode is TelegramMode.WEBHOOK
    assert settings.public_url == "https://bot.example.org"


def test_an_emulator_on_this_machine_may_call_back_without_tls() -> None:
    given = {"telegram_mode": "webhook", "telegram_secret": SECRET, "telegram_token": TOKEN, "public_url": "http://127.0.0.1:8000"}
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        load_settings(from_environment=False, given=given)
    settings = load_settings(from_environment=False, given={**given, "telegram_api_url": "http://127.0.0.1:9000/bot"})
    assert settings.public_url == "http://127.0.0.1:8000"


def test_twilio_is_whole_or_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = lines_for(monkeypatch, TWILIO_ACCOUNT_SID="AC1")
    assert f"{PREFIX}TWILIO_AUTH_TOKEN and {PREFIX}TWILIO_FROM" in line


def test_twilio_needs_an_address_at_which_it_reaches_us(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": AUTH, "TWILIO_FROM": "whatsapp:+15550100"}
    for url in ("", "http://bot.example.org", "http://127.0.0.1:8000"):
        (line,) = lines_for(monkeypatch, **whole, PUBLIC_URL=url)
        assert line.startswith(f"{PREFIX}PUBLIC_URL must be the https address at which Twilio reaches this service")
    monkeypatch.setenv(f"{PREFIX}TWILIO_API_URL", "http://127.0.0.1:9000")
    assert load_settings().public_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize("number", ["08115550042", "+62 811 555 0042", "whatsapp:+628115550042", "+1415"])
def test_what_cannot_telephone_is_said_in_one_line_without_the_number(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    whole = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": AUTH, "TWILIO_FROM": "whatsapp:+15550100"}
    (line,) = lines_for(monkeypatch, **whole, PUBLIC_URL="https://bot.example.org", TWILIO_VOICE_FROM=number)
    assert line.startswith(f"{PREFIX}TWILIO_VOICE_FROM must be a number with its country code")
    assert number not in line


def test_a_number_alone_telephones_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = lines_for(monkeypatch, TWILIO_VOICE_FROM="+14155238886")
    assert line.endswith(f"must be set too: {PREFIX}TWILIO_VOICE_FROM telephones through the same account.")


def test_keys_do_not_lie_beside_what_they_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql+asyncpg://bot@db/one"
    (line,) = lines_for(monkeypatch, DATABASE_URL=url, KEY_STORE=url)
    assert line.startswith(f"{PREFIX}KEY_STORE must be another store")


def test_nlu_can_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load_settings().nlu_off
    monkeypatch.setenv(f"{PREFIX}NLU_URL", "OFF")
    assert load_settings().nlu_off


def test_a_token_for_nlu_needs_the_server_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("", "off"):
        (line,) = lines_for(monkeypatch, NLU_URL=url, NLU_TOKEN=SECRET)
        assert line.startswith(f"{PREFIX}NLU_TOKEN") and SECRET not in line
    monkeypatch.setenv(f"{PREFIX}NLU_URL", "http://rasa.internal:5005/")
    settings = load_settings()
    assert settings.nlu_url == "http://rasa.internal:5005" and settings.nlu_token is not None
    assert SECRET not in f"{settings!r} {settings.model_dump_json()}"
    monkeypatch.setenv(f"{PREFIX}NLU_TOKEN", "")
    assert load_settings().nlu_token is None


def test_every_setting_says_what_it_is_for() -> None:
    assert len(Settings.model_fields) >= 17
    for name, field in Settings.model_fields.items():
        assert field.description, name

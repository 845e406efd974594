"""What the operator decides: read once, from the environment and `.env`, checked completely, and never printed.

A wrong setting is one line that says what to do. Values of secrets appear in no message and no repr.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.content import content_folder, languages

PREFIX = "RUANG_AMAN_"
ENV_FILE = ".env"
TIMEZONE = "Asia/Makassar"
TELEGRAM_API_URL = "https://api.telegram.org/bot"
TWILIO_API_URL = "https://api.twilio.com"

_FOR_TESTS = f"{PREFIX}TEST_"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_STORES = ("sqlite+aiosqlite", "postgresql+asyncpg")
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
_TELEGRAM_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_TELEGRAM_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # Bot API, setWebhook: secret_token
_WHATSAPP_ADDRESS = re.compile(r"whatsapp:\+\d{6,15}")
_TWILIO_TEMPLATE = re.compile(r"HX[0-9a-fA-F]{32}")


class TelegramMode(StrEnum):
    """How Telegram's messages reach us: we fetch them, or Telegram calls."""

    POLLING = "polling"
    WEBHOOK = "webhook"


class SettingsError(Exception):
    """The settings cannot be used. `lines` holds one sentence for each thing that is wrong."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


def _wrong(advice: str) -> PydanticCustomError:
    """A refusal in our own words. No value in it: it could be a secret, or stand in a log for ever."""
    return PydanticCustomError("setting", "{advice}", {"advice": advice})


def default_data_folder() -> Path:
    """`$XDG_DATA_HOME/ruang-aman`, else `~/.local/share/ruang-aman` (XDG Base Directory Specification 0.8).

    Not a folder of the checkout: that is copied, archived and shared, and a path under the working directory would silently be another one
    for a command that is started elsewhere.
    """
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / "ruang-aman"


class Settings(BaseSettings):
    """All settings. Make one with `load_settings`, which turns what is wrong into sentences."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",  # `.env` may hold other programs' lines; ours are checked by `_unknown`
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(default_factory=default_data_folder, description="where the service keeps what it stores")
    database_url: SecretStr = Field(default=SecretStr(""), description="the database; empty: SQLite in DATA_DIR")
    key_store: SecretStr = Field(default=SecretStr(""), description="the store of short-lived keys; empty: SQLite in DATA_DIR/keys")
    pepper_file: Path = Field(default=Path(), description="the secret that receipt codes are hashed with; empty: DATA_DIR/keys/pepper")
    public_url: str = Field(default="", description="how people reach the service from outside")
    nlu_url: str = Field(default="", description="the understanding of free text: empty, an address, or off")
    nlu_token: SecretStr | None = Field(default=None, description="what a Rasa server at NLU_URL wants to hear; empty: nothing")
    telegram_token: SecretStr | None = Field(default=None, description="the bot's token from @BotFather; empty: no Telegram")
    telegram_mode: TelegramMode = Field(default=TelegramMode.POLLING, description="polling or webhook")
    telegram_secret: SecretStr | None = Field(default=None, description="what Telegram's calls to the webhook must carry")
    telegram_api_url: str = Field(default=TELEGRAM_API_URL, description="the Bot API, without the token")
    twilio_account_sid: str = Field(default="", description="the account of Twilio; empty: no WhatsApp")
    twilio_auth_token: SecretStr | None = Field(default=None, description="the auth token of Twilio")
    twilio_from: str = Field(default="", description="our WhatsApp address, whatsapp:+…")
    twilio_api_url: str = Field(default=TWILIO_API_URL, description="the host of Twilio's API")
    twilio_template_sid: str = Field(default="", description="the approved message that asks a person to write again; empty: none")
    twilio_voice_from: str = Field(default="", description="our number that telephones staff on call, +…; empty: nobody is telephoned")
    language: str = Field(default="id", description="the language for people who have chosen none")
    timezone: str = Field(default=TIMEZONE, description="the city's time zone: of every day and time that reporters and staff see or say")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="how much the log tells")

    @property
    def database_file(self) -> Path | None:
        """The database, where it is a file (SQLite)."""
        scheme, _, path = self.database_url.get_secret_value().partition(":///")
        return Path(path) if scheme.startswith("sqlite") else None

    @property
    def keys_folder(self) -> Path:
        """The folder of everything that must not be in a backup of the database."""
        return self.data_dir / "keys"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, ready for use."""
        return ZoneInfo(self.timezone)

    @property
    def shared(self) -> bool:
        """Whether several processes may serve on these stores: both are on PostgreSQL."""
        return not any(url.get_secret_value().startswith("sqlite") for url in (self.database_url, self.key_store))

    @property
    def nlu_off(self) -> bool:
        """Whether the service does without a model."""
        return self.nlu_url == "off"

    @field_validator("data_dir", "pepper_file", mode="after")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path if path == Path() else path.expanduser().absolute()

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, level: Any) -> Any:
        return level.upper() if isinstance(level, str) else level

    @field_validator("telegram_mode", "language", mode="before")
    @classmethod
    def _trimmed(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) and not isinstance(value, TelegramMode) else value

    @field_validator("database_url", "key_store", mode="after")
    @classmethod
    def _store(cls, url: SecretStr) -> SecretStr:
        value = url.get_secret_value()
        if value and value.partition("://")[0] not in _STORES:
            raise _wrong(f"must start with {' or '.join(f'{scheme}://' for scheme in _STORES)}")
        return url

    @field_validator("public_url", "telegram_api_url", "twilio_api_url", mode="after")
    @classmethod
    def _address(cls, url: str) -> str:
        if url and not _is_http(url):
            raise _wrong("must be an address that starts with https:// (or http:// on this machine), without a user name or password in it")
        return url.rstrip("/")

    @field_validator("nlu_url", mode="after")
    @classmethod
    def _understanding(cls, url: str) -> str:
        if url.casefold() == "off":
            return "off"
        if url and not _is_http(url):
            raise _wrong("must be the http address of a Rasa server, or off, or empty")
        return url.rstrip("/")

    @field_validator("nlu_token", mode="after")
    @classmethod
    def _nlu_secret(cls, token: SecretStr | None) -> SecretStr | None:
        return token if token is not None and token.get_secret_value() else None

    @field_validator("telegram_token", mode="after")
    @classmethod
    def _token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not _TELEGRAM_TOKEN.fullmatch(token.get_secret_value()):
            raise _wrong("does not look like a token: copy it whole from @BotFather (digits, a colon, letters)")
        return token

    @field_validator("telegram_secret", mode="after")
    @classmethod
    def _secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not _TELEGRAM_SECRET.fullmatch(secret.get_secret_value()):
            raise _wrong("must be letters, digits, _ or -, at most 256 of them (for example from: openssl rand -hex 32)")
        return secret

    @field_validator("twilio_from", mode="after")
    @classmethod
    def _from(cls, address: str) -> str:
        if address and not _WHATSAPP_ADDRESS.fullmatch(address):
            raise _wrong("must be whatsapp: and a number with its country code, without spaces (whatsapp:+62…)")
        return address

    @field_validator("twilio_template_sid", mode="after")
    @classmethod
    def _template(cls, sid: str) -> str:
        if sid and not _TWILIO_TEMPLATE.fullmatch(sid):
            raise _wrong("must be the sid of an approved template: HX and 32 hexadecimal digits")
        return sid

    @field_validator("twilio_voice_from", mode="after")
    @classmethod
    def _voice(cls, number: str) -> str:
        if number and not _WHATSAPP_ADDRESS.fullmatch(f"whatsapp:{number}"):
            raise _wrong("must be a number with its country code, without spaces (+62…)")
        return number

    @field_validator("timezone", mode="after")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise _wrong("is not a time zone that this machine knows: use a name like Asia/Makassar") from None
        return name

    @field_validator("language", mode="after")
    @classmethod
    def _language(cls, language: str) -> str:
        spoken = languages()
        if not _LANGUAGE_TAG.fullmatch(language) or not (content_folder() / language).is_dir():
            raise _wrong(f"has no folder under data/: use one of {', '.join(spoken) or 'id'}")
        return language

    @model_validator(mode="after")
    def _together(self) -> Self:
        lines: list[str] = []
        if self.telegram_mode is TelegramMode.WEBHOOK:
            if not self._callable_by(self.telegram_api_url):
                lines.append(f"{PREFIX}PUBLIC_URL must be an https address when {PREFIX}TELEGRAM_MODE is webhook (or use polling)")
            lines += [
                f"{PREFIX}{name.upper()} must be set when {PREFIX}TELEGRAM_MODE is webhook (or use polling)"
                for name in ("telegram_secret", "telegram_token")
                if getattr(self, name) is None
            ]
        twilio = ("twilio_account_sid", "twilio_auth_token", "twilio_from")
        missing = [f"{PREFIX}{name.upper()}" for name in twilio if not getattr(self, name)]
        if self.twilio_voice_from and len(missing) == len(twilio):
            lines.append(f"{' and '.join(missing)} must be set too: {PREFIX}TWILIO_VOICE_FROM telephones through the same account")
        if missing and len(missing) < len(twilio):
            lines.append(f"{' and '.join(missing)} must be set too: WhatsApp needs all three (or none)")
        if not missing and not self._callable_by(self.twilio_api_url):
            lines.append(f"{PREFIX}PUBLIC_URL must be the https address at which Twilio reaches this service: WhatsApp needs it")
        # What is derived is filled in here, so that nobody else has to know the default.
        for name, value in (
            ("database_url", SecretStr(f"sqlite+aiosqlite:///{self.data_dir / 'ruang-aman.db'}")),
            ("key_store", SecretStr(f"sqlite+aiosqlite:///{self.keys_folder / 'keys.db'}")),
        ):
            if not getattr(self, name).get_secret_value():
                object.__setattr__(self, name, value)
        if self.nlu_token is not None and (self.nlu_off or not self.nlu_url):
            lines.append(f"{PREFIX}NLU_TOKEN is for a Rasa server at {PREFIX}NLU_URL: set its address too, or leave the token away")
        if self.pepper_file == Path():
            object.__setattr__(self, "pepper_file", self.keys_folder / "pepper")
        if self.key_store.get_secret_value() == self.database_url.get_secret_value():
            lines.append(f"{PREFIX}KEY_STORE must be another store than {PREFIX}DATABASE_URL: keys beside what they lock protect nothing")
        if lines:
            raise _wrong("\n".join(lines))
        return self

    def _callable_by(self, platform_url: str) -> bool:
        """A platform calls https alone; an emulator of its API on this machine may call back in the clear."""
        public, platform = urlsplit(self.public_url), urlsplit(platform_url)
        return public.scheme == "https" or (public.hostname in _LOOPBACK and platform.hostname in _LOOPBACK)


class _Given(Settings):
    """Settings that come from the caller alone: a demo or a test must not pick up the operator's token."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller gave."""
        return (init_settings,)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and parts.password is None
    except ValueError:
        return False


def _sentence(location: tuple[int | str, ...], kind: str, message: str) -> str:
    name = f"{PREFIX}{str(location[0]).upper()}"
    if kind == "setting":
        return f"{name} {message}."
    if kind in ("enum", "literal_error"):
        allowed = {"TELEGRAM_MODE": "polling or webhook", "LOG_LEVEL": "DEBUG, INFO, WARNING or ERROR"}
        return f"{name} must be {allowed.get(str(location[0]).upper(), 'one of the values in the README')}."
    return f"{name} cannot be used: {message.lower()}."


def _unknown(names: Iterable[str]) -> list[str]:
    """A sentence for every variable with our prefix that is no setting: a slip there would otherwise be silent."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    lines = []
    for name in sorted({name.upper() for name in names}):
        if not name.startswith(PREFIX) or name.startswith(_FOR_TESTS) or name in known:
            continue
        near = difflib.get_close_matches(name, known, n=1)
        lines.append(f"{name} is not a setting" + (f": did you mean {near[0]}?" if near else ": see the list in the README."))
    return lines


def load_settings(*, from_environment: bool = True, given: Mapping[str, Any] | None = None) -> Settings:
    """The settings of this process. `given` wins over the environment; without `from_environment` it is all there is.

    Raises SettingsError with one sentence for each thing that is wrong.
    """
    lines: list[str] = []
    values = dict(given or {})
    if from_environment:
        try:
            in_file = [name for name in dotenv_values(ENV_FILE, interpolate=False) if Path(ENV_FILE).is_file()]
        except (OSError, UnicodeDecodeError):
            raise SettingsError([f"{ENV_FILE} cannot be read: it must be a text file that this user may open."]) from None
        lines += _unknown([*os.environ, *in_file])
    try:
        settings = Settings(**values) if from_environment else _Given(**values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        for problem in found:
            if problem["loc"]:
                lines.append(_sentence(problem["loc"], problem["type"], problem["msg"]))
            else:  # what does not go together: one line each already
                lines += [f"{line}." for line in problem["msg"].splitlines()]
        raise SettingsError(lines) from None
    except (OSError, RuntimeError):
        raise SettingsError([f"Set {PREFIX}DATA_DIR: this user has no home directory to keep the data in."]) from None
    if lines:
        raise SettingsError(lines)
    return settings

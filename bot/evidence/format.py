"""What a file is, by its content. Neither its name nor what the sender's program calls it is looked at.

A table of our own and no library: there are ten formats, each is parsed in full by its cleaner right after, and whatever a library knows
beyond them (`libmagic` knows a thousand, and is C code that reads hostile bytes in the service itself) we refuse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A format that is taken. `kind` is image, voice or document; `after` names the one it has when it was cleaned."""

    name: str
    kind: str
    content_type: str
    extension: str
    after: str = ""


_ALL = (
    Format(name="jpeg", kind="image", content_type="image/jpeg", extension="jpg"),
    Format(name="png", kind="image", content_type="image/png", extension="png"),
    Format(name="webp", kind="image", content_type="image/webp", extension="webp", after="png"),
    Format(name="ogg", kind="voice", content_type="audio/ogg", extension="ogg"),
    Format(name="mp3", kind="voice", content_type="audio/mpeg", extension="mp3"),
    Format(name="mp4", kind="voice", content_type="audio/mp4", extension="m4a"),
    Format(name="adts", kind="voice", content_type="audio/aac", extension="aac"),
    Format(name="amr", kind="voice", content_type="audio/amr", extension="amr"),
    Format(name="wav", kind="voice", content_type="audio/wav", extension="wav"),
    Format(name="pdf", kind="document", content_type="application/pdf", extension="pdf"),
)
FORMATS: dict[str, Format] = {found.name: found for found in _ALL}
LARGEST = 16 * 1024 * 1024
"""Bytes of a file that is taken: what WhatsApp carries; Telegram lets a bot fetch 20 MB."""

HEAD = 4096
"""How many bytes from the start of a file are enough to tell."""


def _mp4(head: bytes) -> bool:
    # HEIC and AVIF are boxes too, by their brands; video is found out by its tracks.
    return head[4:8] == b"ftyp" and head[8:12] not in (b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif", b"avis", b"qt  ")


def _mp3(head: bytes) -> bool:
    return head[:3] == b"ID3" or (len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 != 0)


_SIGNS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("jpeg", lambda head: head[:3] == b"\xff\xd8\xff"),
    ("png", lambda head: head[:8] == b"\x89PNG\r\n\x1a\n"),
    ("webp", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    ("wav", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE"),
    ("ogg", lambda head: head[:4] == b"OggS"),
    ("amr", lambda head: head[:6] == b"#!AMR\n" or head[:9] == b"#!AMR-WB\n"),
    ("mp4", _mp4),
    ("pdf", lambda head: b"%PDF-" in head[:1024]),
    ("adts", lambda head: len(head) > 6 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0),
    ("mp3", _mp3),
)


def format_of(content: bytes | memoryview) -> Format | None:
    """The format of a file (its first 4,096 bytes are enough), None for whatever is not taken."""
    head = bytes(content[:HEAD])
    return next((FORMATS[name] for name, fits in _SIGNS if fits(head)), None)

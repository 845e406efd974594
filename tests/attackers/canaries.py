"""What is planted in conversations, and a search for it in raw bytes, however it may have been encoded there."""

from __future__ import annotations

import base64
import bz2
import json
import lzma
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import quote

SHORTEST = 6  # characters of text: anything shorter stands in random bytes by chance


@cache
def _exact(canary: str) -> tuple[tuple[str, bytes], ...]:
    """The encodings whose case matters, by name."""
    raw = canary.encode()
    found: dict[str, bytes] = {}
    for shift in range(3):
        # Base64 of the canary wherever it lies in a longer text: what depends on its neighbours is cut off at both ends.
        encoded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        inner = encoded[(0, 2, 3)[shift] : len(encoded) - (1 if (shift + len(raw)) % 3 else 0)]
        found[f"base64+{shift}"] = inner
        found[f"base64url+{shift}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
    found["reversed"] = raw[::-1]
    if canary.isdecimal() and int(canary) < 2**63:
        number = int(canary)
        size = (number.bit_length() + 7) // 8
        # SQLite, struct and JSON-less stores write a number as it is: 5 bytes and more are no coincidence.
        if size >= 5:
            found["number big-endian"] = number.to_bytes(size, "big")
            found["number little-endian"] = number.to_bytes(size, "little")
    return tuple(found.items())


@cache
def _folded(canary: str) -> tuple[tuple[str, bytes], ...]:
    """The encodings that are searched in lower case, by name."""
    text = canary.lower()
    return tuple(
        {
            "utf-8": text.encode(),
            "utf-16-le": text.encode("utf-16-le"),
            "utf-16-be": text.encode("utf-16-be"),
            "utf-32-le": text.encode("utf-32-le"),
            "hex": text.encode().hex().encode(),
            "hex as written": canary.encode().hex().encode(),
            "hex of utf-16-le": canary.encode("utf-16-le").hex().encode(),
            "json": json.dumps(canary)[1:-1].lower().encode(),
            "percent": quote(canary).lower().encode(),
            "plus": quote(canary).replace("%20", "+").lower().encode(),
            "python": ascii(canary)[1:-1].lower().encode(),
            "letters alone": re.sub(r"[\W_]+", "", text).encode(),
        }.items()
    )


_STREAMS: tuple[tuple[bytes, Callable[[], object]], ...] = (
    (b"\x1f\x8b\x08", lambda: zlib.decompressobj(31)),
    (b"\x78\x01", zlib.decompressobj),
    (b"\x78\x5e", zlib.decompressobj),
    (b"\x78\x9c", zlib.decompressobj),
    (b"\x78\xda", zlib.decompressobj),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", lzma.LZMADecompressor),
    (b"\x5d\0\0", lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE)),
)


def _inflated(data: bytes) -> Iterator[bytes]:
    """What is compressed anywhere in the bytes, as far as it can be read."""
    for magic, opened in _STREAMS:
        at = data.find(magic)
        while at >= 0:
            try:
                text = opened().decompress(data[at : at + 1_000_000], 4_000_000)  # type: ignore[attr-defined]
            except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError):
                text = b""
            if len(text) >= SHORTEST:
                yield text
            at = data.find(magic, at + 1)


def found_in(data: bytes, canaries: Iterable[str]) -> dict[str, str]:
    """Which canaries stand in the bytes: canary → in which encoding."""
    wanted = list(canaries)
    hits: dict[str, str] = {}
    for what, blob in (("", data), *(("compressed ", stream) for stream in _inflated(data))):
        lower = blob.lower()
        # A text in single letters ("j e r u k") or with separators is a text still: all that is no letter or digit goes.
        squeezed = re.sub(rb"[^a-z0-9]+", b"", lower)
        for canary in wanted:
            if canary in hits:
                continue
            where = next((name for name, pattern in _exact(canary) if len(pattern) >= 5 and pattern in blob), None)
            where = where or next((name for name, pattern in _folded(canary) if len(pattern) >= SHORTEST and pattern in lower), None)
            if where is None and len(pattern := _folded(canary)[-1][1]) >= 10 and pattern in squeezed:
                where = "squeezed"
            if where is not None:
                hits[canary] = what + where
    return hits


def found_in_files(folders: Iterable[Path], canaries: Mapping[str, str]) -> list[str]:
    """Every place where a canary stands in a file, or in a file's name: "file: name of the canary (encoding)"."""
    places: list[str] = []
    names = {value: name for name, value in canaries.items()}
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            data = path.name.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"")
            places += [f"{path.name}: {names[canary]} ({how})" for canary, how in found_in(data, names).items()]
    return places

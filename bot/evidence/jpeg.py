"""A JPEG's markers, for pictures that lie inside a document and are not drawn anew."""

from __future__ import annotations

from bot.evidence.errors import NotTaken

_KEPT = 0xEE  # Adobe's APP14 says how the colours are meant; without it some pictures turn green


def bare_jpeg(content: bytes) -> bytes:
    """The JPEG without its application segments (EXIF, XMP, ICC, thumbnails), comments, and what lies behind its end.

    Raises NotTaken("wrong_type") if its markers cannot be followed.
    """
    if content[:2] != b"\xff\xd8":
        raise NotTaken("wrong_type")
    out, at = bytearray(b"\xff\xd8"), 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            break
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == 0xD9:
            return bytes(out) + b"\xff\xd9"
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(content):
            break
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker == _KEPT:
            out += content[at : at + 2 + length]
        at += 2 + length
        if marker == 0xDA:
            end = _end_of_scan(content, at)
            out += content[at:end]
            at = end
    if content[at : at + 2] == b"\xff\xd9":
        return bytes(out) + b"\xff\xd9"
    raise NotTaken("wrong_type")


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the coded picture ends: the next marker that is neither a stuffed byte nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return len(content)
        follows = content[at + 1]
        if follows == 0x00 or 0xD0 <= follows <= 0xD7:
            at += 2
        elif follows == 0xFF:
            at += 1
        else:
            return at

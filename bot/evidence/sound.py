"""Sound: its frames are copied into a new file of the same format, and nothing else is.

Not decoded and encoded again: a voice that is to be heard by others loses nothing, and no codec runs on hostile bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from mutagen.ogg import OggPage
from mutagen.ogg import error as OggError

from bot.evidence.errors import NotTaken
from bot.evidence.mp4 import bare_mp4


def clean_sound(content: bytes, name: str) -> bytes:
    """The sound without tags, covers, comments, times, places and whatever lies before, between or behind its frames.

    Raises NotTaken("wrong_type") if it is none of the formats, or holds more than one track of sound.
    """
    try:
        cleaned = _CLEANERS[name](content)
    except (OggError, EOFError, ValueError, IndexError, KeyError):
        raise NotTaken("wrong_type") from None
    return cleaned


def _ogg(content: bytes) -> bytes:
    """Opus or Vorbis: one stream, its comments replaced by empty ones, its pages numbered anew."""
    source, pages = io.BytesIO(content), []
    while True:
        try:
            pages.append(OggPage(source))
        except EOFError:
            break
    if not pages or len({page.serial for page in pages}) != 1 or not pages[0].first:
        raise NotTaken("wrong_type")
    head = pages[0].packets[0]
    opus = head.startswith(b"OpusHead")
    if not opus and not head.startswith(b"\x01vorbis"):
        raise NotTaken("wrong_type")
    headers = 2 if opus else 3
    end = _header_pages(pages, headers)
    packets = OggPage.to_packets(pages[:end])
    nothing = b"\0\0\0\0" + b"\0\0\0\0"  # no vendor, no comments
    packets[1] = b"OpusTags" + nothing if opus else b"\x03vorbis" + nothing + b"\x01"
    first = OggPage.from_packets(packets[:1])
    rest = OggPage.from_packets(packets[1:], sequence=len(first))
    out = io.BytesIO()
    for number, page in enumerate([*first, *rest, *pages[end:]]):
        page.serial, page.sequence = 1, number
        if number < len(first) + len(rest):
            page.position, page.first = 0, number == 0
        out.write(page.write())
    return out.getvalue()


def _header_pages(pages: list[OggPage], headers: int) -> int:
    """How many pages the header packets take: audio begins on a fresh page (RFC 3533, RFC 7845 section 3, Vorbis I section A.2)."""
    whole = 0
    for number, page in enumerate(pages, start=1):
        whole += len(page.packets) - (0 if page.complete else 1)
        if whole == headers and page.complete:
            return number
        if whole > headers:
            break
    raise NotTaken("wrong_type")


def _wav(content: bytes) -> bytes:
    """The chunks `fmt `, `fact` and `data`; not LIST (names, places), bext (who, when), id3, iXML."""
    at, kept = 12, {}
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if name in (b"fmt ", b"fact", b"data"):
            if name in kept:
                raise NotTaken("wrong_type")
            kept[name] = content[at + 8 : at + 8 + size]
        at += 8 + size + (size & 1)
    if b"fmt " not in kept or b"data" not in kept:
        raise NotTaken("wrong_type")
    body = b"".join(
        name + len(kept[name]).to_bytes(4, "little") + kept[name] + b"\0" * (len(kept[name]) & 1)
        for name in (b"fmt ", b"fact", b"data")
        if name in kept
    )  # fmt: skip
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WAVE" + body


_AMR = (12, 13, 15, 17, 19, 20, 26, 31, 5, -1, -1, -1, -1, -1, -1, 0)  # bytes after the frame's header (RFC 4867, tables 1a and 5)
_AMR_WB = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, -1, -1, -1, -1, 0, 0)


def _amr(content: bytes) -> bytes:
    """One channel of AMR or AMR-WB: whole frames in a row."""
    magic = b"#!AMR-WB\n" if content.startswith(b"#!AMR-WB\n") else b"#!AMR\n"
    sizes = _AMR_WB if magic == b"#!AMR-WB\n" else _AMR
    at = len(magic)
    while at < len(content):
        size = sizes[(content[at] >> 3) & 0x0F]
        if size < 0 or content[at] & 0x83 or at + 1 + size > len(content):
            break
        at += 1 + size
    return _some(content[:at], at > len(magic))


def _adts_frames(content: bytes) -> Iterator[bytes]:
    at = _after_id3(content)
    while at + 7 <= len(content) and content[at] == 0xFF and content[at + 1] & 0xF6 == 0xF0:
        size = (content[at + 3] & 0x03) << 11 | content[at + 4] << 3 | content[at + 5] >> 5
        if size < 7 or at + size > len(content):
            return
        yield content[at : at + size]
        at += size


def _adts(content: bytes) -> bytes:
    frames = list(_adts_frames(content))
    return _some(b"".join(frames), len(frames) >= 2)


# MPEG audio, layer III (ISO 11172-3 and 13818-3): kbit/s and Hz by their index in the frame's header.
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _mp3_size(head: bytes) -> int:
    """The length of the frame that begins here, 0 if none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, rate, hz = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or hz == 3:
        return 0
    kbit = (_RATES_1 if version == 3 else _RATES_2)[rate]
    return (144 if version == 3 else 72) * kbit * 1000 // _HZ[version][hz] + (head[2] >> 1 & 1)


def _mp3(content: bytes) -> bytes:
    """Layer III frames in a row; ID3, APE, lyrics and what else lies around them stays behind."""
    frames, at = [], _after_id3(content)
    while at + 4 <= len(content):
        size = _mp3_size(content[at : at + 4])
        if size and at + size <= len(content):
            frames.append(content[at : at + size])
            at += size
        elif frames:
            break
        else:
            at += 1
    return _some(b"".join(frames), len(frames) >= 2)


def _after_id3(content: bytes) -> int:
    """Where the sound begins behind ID3v2 tags (a length of four times seven bits)."""
    at = 0
    while content[at : at + 3] == b"ID3" and at + 10 <= len(content):
        size = content[at + 6 : at + 10]
        at += 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]) + (10 if content[at + 5] & 0x10 else 0)
    return at


def _some(cleaned: bytes, there: bool) -> bytes:
    if not there:
        raise NotTaken("wrong_type")
    return cleaned


def _mp3_or_aac(content: bytes) -> bytes:
    try:
        return _mp3(content)
    except NotTaken:
        return _adts(content)  # AAC behind an ID3 tag begins like an MP3


_CLEANERS: dict[str, Callable[[bytes], bytes]] = {
    "ogg": _ogg, "wav": _wav, "amr": _amr, "adts": _adts, "mp3": _mp3_or_aac, "mp4": bare_mp4,
}  # fmt: skip

"""MP4 with sound (M4A, 3GP): its boxes.

What is taken out is overwritten where it lies and becomes a `free` box: the tables in the file count bytes from its start, and a box
that were cut out would make every one of them wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.evidence.errors import NotTaken

# ISO/IEC 14496-12. Whatever does not stand here is emptied: tags (`udta`, `meta`), places (`©xyz`, `loci`), vendors' own (`uuid`).
_KEPT = frozenset(
    b"ftyp mdat moov mvhd trak tkhd edts elst mdia mdhd hdlr minf smhd dinf dref stbl stsd stts ctts stsc stsz stz2 stco co64 stss sgpd "
    b"sbgp sdtp mvex mehd trex moof mfhd traf tfhd tfdt trun sidx mfra tfra mfro".split()
)
_PARENTS = frozenset(b"moov trak edts mdia minf dinf stbl mvex moof traf mfra".split())
_TIMES = {b"mvhd": 4, b"tkhd": 4, b"mdhd": 4}
_DEEPEST = 8


def bare_mp4(content: bytes) -> bytes:
    """The file with everything emptied but its sound and what is needed to play it, times and names in its headers too.

    Raises NotTaken("wrong_type") if there is a track that is no sound, or none at all, or the boxes cannot be followed.
    """
    out = bytearray(content)
    tracks: list[bytes] = []
    _walk(out, 0, len(out), tracks, 0)
    if not tracks or set(tracks) != {b"soun"}:
        raise NotTaken("wrong_type")
    return bytes(out)


def _boxes(data: bytearray, start: int, end: int) -> Iterator[tuple[int, int, int, bytes]]:
    """(start, start of the body, end, name) of each box between two places."""
    at = start
    while at + 8 <= end:
        size, name, body = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8]), at + 8
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        elif size == 0:
            size = end - at
        if size < body - at or at + size > end:
            raise NotTaken("wrong_type")
        yield at, body, at + size, name
        at += size
    if any(data[at:end]):
        raise NotTaken("wrong_type")


def _walk(data: bytearray, start: int, end: int, tracks: list[bytes], depth: int) -> None:
    if depth > _DEEPEST:
        raise NotTaken("wrong_type")
    for at, body, stop, name in _boxes(data, start, end):
        if name not in _KEPT:
            data[at + 4 : at + 8] = b"free"
            data[body:stop] = bytes(stop - body)
        elif name in _PARENTS:
            _walk(data, body, stop, tracks, depth + 1)
        elif name in _TIMES:  # created, changed: 4 bytes each, 8 in version 1
            wide = 16 if data[body] == 1 else 8
            data[body + 4 : body + 4 + wide] = bytes(min(wide, stop - body - 4))
        elif name == b"hdlr":
            tracks.append(bytes(data[body + 8 : body + 12]))
            data[body + 24 : stop] = bytes(max(0, stop - body - 24))

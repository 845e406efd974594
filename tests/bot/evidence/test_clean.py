"""What is left of a file once it was cleaned: what can be seen and heard, and not a word about whom, where, when and with what."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from mutagen.id3 import APIC, COMM, ID3, TIT2
from mutagen.mp4 import MP4
from mutagen.oggopus import OggOpus
from PIL import Image, PngImagePlugin

from bot.evidence.clean import clean
from bot.evidence.errors import NotTaken
from bot.evidence.format import FORMATS, format_of
from tests.attackers.canaries import found_in
from tests.bot.filed import sample

CANARY = "Sepinggan-Rara-0812"


def holds(content: bytes) -> bool:
    return bool(found_in(content, [CANARY]))


def picture(size: tuple[int, int] = (80, 48)) -> Image.Image:
    drawn = Image.new("RGB", size, (200, 30, 30))
    drawn.paste((10, 200, 10), (0, 0, size[0] // 2, size[1]))
    return drawn


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x010F] = found[0x9286] = found[0x013B] = CANARY  # maker, comment, artist
    found[0x0112] = 6  # turned by a quarter
    place = found.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "S", (1.0, 15.0, 55.0), "E", (116.0, 49.0, 52.0)
    place[29] = CANARY
    return found


XMP = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{CANARY}</x:xmpmeta>".encode()


def jpeg() -> bytes:
    out = io.BytesIO()
    picture().save(out, "JPEG", exif=exif(), comment=CANARY, icc_profile=CANARY.encode() * 20, xmp=XMP)
    return out.getvalue() + b"\nbehind the end: " + CANARY.encode()


def png() -> bytes:
    out, info = io.BytesIO(), PngImagePlugin.PngInfo()
    info.add_text("Author", CANARY)
    info.add_text("zipped", CANARY * 9, zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    picture().save(out, "PNG", pnginfo=info, exif=exif(), icc_profile=CANARY.encode())
    return out.getvalue() + CANARY.encode()


def webp() -> bytes:
    out = io.BytesIO()
    frames = [picture(), picture().rotate(180)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], exif=exif(), xmp=XMP, icc_profile=CANARY.encode())
    return out.getvalue()


def ogg() -> bytes:
    out = io.BytesIO(sample("voice.ogg"))
    tags = OggOpus(out)
    tags["ARTIST"], tags["LOCATION"], tags["METADATA_BLOCK_PICTURE"] = CANARY, CANARY, CANARY * 3000
    tags.save(out)
    return out.getvalue()


def mp3() -> bytes:
    out, tags = io.BytesIO(), ID3()
    tags.add(TIT2(encoding=1, text=[CANARY]))
    tags.add(COMM(encoding=3, lang="ind", desc="", text=[CANARY]))
    tags.add(APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=jpeg()))
    tags.save(out, v1=0)
    ape = b"APETAGEX" + struct.pack("<IIII8x", 2000, 32, 1, 0) + CANARY.encode()
    return out.getvalue() + sample("voice.mp3") + ape + b"TAG" + CANARY.encode().ljust(125, b"\0")


def m4a() -> bytes:
    out = io.BytesIO(sample("voice.m4a"))
    tags = MP4(out)
    tags["\xa9nam"], tags["\xa9cmt"] = CANARY, CANARY
    tags.save(out)
    whole = out.getvalue()
    place = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(CANARY), 0) + CANARY.encode()) + box(b"loci", bytes(6) + CANARY.encode()))
    return whole + box(b"uuid", bytes(16) + CANARY.encode()) + box(b"free", CANARY.encode()) + place


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + name + body


def aac() -> bytes:
    out, tags = io.BytesIO(), ID3()
    tags.add(TIT2(encoding=3, text=[CANARY]))
    tags.save(out, v1=0)
    return out.getvalue() + sample("voice.aac") + b"TAG" + CANARY.encode()


def amr() -> bytes:
    return sample("voice.amr") + b"\xff" + CANARY.encode()


def wav() -> bytes:
    body = sample("voice.wav")[12:]
    extra = b"".join(
        name + struct.pack("<I", len(text)) + text + b"\0" * (len(text) & 1)
        for name, text in ((b"LIST", b"INFOIART" + struct.pack("<I", 20) + CANARY.encode()), (b"bext", CANARY.encode()), (b"iXML", XMP))
    )
    return b"RIFF" + struct.pack("<I", len(body) + len(extra) + 4) + b"WAVE" + extra + body


def pdf() -> bytes:
    with pikepdf.open(io.BytesIO(sample("letter.pdf"))) as made:
        made.docinfo["/Author"] = made.docinfo["/Title"] = CANARY
        with made.open_metadata() as meta:
            meta["dc:creator"] = [CANARY]
        made.attachments["rahasia.txt"] = pikepdf.AttachedFileSpec(made, CANARY.encode(), filename=CANARY)
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=f"app.alert('{CANARY}')")
        made.Root.OpenAction = made.make_indirect(script)
        made.Root.Names.JavaScript = pikepdf.Dictionary(Names=pikepdf.Array([CANARY, script]))
        page = made.pages[0].obj
        page.AA = pikepdf.Dictionary(O=script)
        page.PieceInfo = pikepdf.Dictionary(X=pikepdf.Dictionary(Private=CANARY))
        annotation, names = {"Type": pikepdf.Name.Annot, "Rect": [0, 0, 9, 9]}, pikepdf.Name
        link = pikepdf.Dictionary(**annotation, Subtype=names.Link, A=pikepdf.Dictionary(S=names.URI, URI=CANARY))
        note = pikepdf.Dictionary(**annotation, Subtype=names.FreeText, T=CANARY, NM=CANARY, Contents="Halo")
        page.Annots = made.make_indirect(pikepdf.Array([made.make_indirect(link), made.make_indirect(note)]))
        drawn = made.make_stream(jpeg())
        drawn.Type, drawn.Subtype, drawn.Filter = pikepdf.Name.XObject, pikepdf.Name.Image, pikepdf.Name.DCTDecode
        drawn.Width, drawn.Height, drawn.ColorSpace, drawn.BitsPerComponent = 80, 48, pikepdf.Name.DeviceRGB, 8
        drawn.Metadata = made.make_stream(XMP)
        page.Resources.XObject = pikepdf.Dictionary(Im=drawn)
        page.Contents = made.make_stream(b"q 80 0 0 48 0 0 cm /Im Do Q BT /F1 18 Tf 30 100 Td (Surat keterangan) Tj ET")
        out = io.BytesIO()
        made.save(out)
    with pikepdf.open(io.BytesIO(out.getvalue())) as again:  # and once more on top, as an editor saves
        out = io.BytesIO()
        again.save(out, linearize=True)
    return out.getvalue()


MADE: dict[str, Callable[[], bytes]] = {
    "jpeg": jpeg, "png": png, "webp": webp, "ogg": ogg, "mp3": mp3, "mp4": m4a, "adts": aac, "amr": amr, "wav": wav, "pdf": pdf,
}  # fmt: skip


def test_every_format_has_a_file_full_of_canaries() -> None:
    assert MADE.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", MADE)
def test_nothing_about_the_sender_is_left(name: str) -> None:
    content = MADE[name]()
    assert holds(content), "the file holds nothing that could be removed"
    found, cleaned = clean(content)
    assert not holds(cleaned)
    if found.kind == "image":
        with Image.open(io.BytesIO(cleaned)) as opened:
            assert opened.getexif().get_ifd(0x8825) == {} and len(opened.getexif()) == 0
            assert not {"exif", "icc_profile", "xmp", "comment", "Author"} & opened.info.keys()
    assert clean(cleaned)[0] is found, "what was cleaned is a file of that format"


def test_a_picture_is_upright_and_looks_as_before() -> None:
    _, cleaned = clean(jpeg())
    with Image.open(io.BytesIO(cleaned)) as opened:
        assert opened.size == (48, 80), "turned as its EXIF said"
        top, bottom = opened.convert("RGB").getpixel((24, 10)), opened.convert("RGB").getpixel((24, 70))
        assert isinstance(top, tuple) and isinstance(bottom, tuple)
        assert top[1] > 150 and bottom[0] > 150


def test_a_document_shows_what_it_showed() -> None:
    _, cleaned = clean(pdf())
    with pikepdf.open(io.BytesIO(cleaned)) as opened:
        assert b"Surat keterangan" in opened.pages[0].Contents.read_bytes()
        drawn = opened.pages[0].Resources.XObject["/Im"]
        assert pikepdf.PdfImage(drawn).as_pil_image().size == (80, 48)
        assert not opened.attachments and "/Names" not in opened.Root and "/OpenAction" not in opened.Root and "/Info" not in opened.trailer
        assert [note.Subtype for note in opened.pages[0].Annots] == ["/FreeText"]


@pytest.mark.parametrize("name", ["ogg", "mp3", "mp4", "adts", "amr", "wav"])
def test_the_sound_is_the_same(name: str) -> None:
    """Every frame of the plain sample is there, byte for byte."""
    plain = {"mp4": "voice.m4a", "adts": "voice.aac"}.get(name, f"voice.{name}")
    _, from_tagged = clean(MADE[name]())
    _, from_plain = clean(sample(plain))
    if name == "mp4":
        assert sample(plain)[sample(plain).index(b"mdat") :][:500] in from_tagged
    else:
        assert from_tagged == from_plain
        assert len(from_plain) > 0.8 * len(sample(plain))


LIES: dict[str, bytes] = {
    "empty": b"",
    "text": b"halo " * 50,
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "zip and office files": b"PK\x03\x04" + bytes(200),
    "old office files": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "program": b"\x7fELF" + bytes(200),
    "windows program": b"MZ" + bytes(200),
    "gif": b"GIF89a" + bytes(200),
    "heic": box(b"ftyp", b"heic\0\0\0\0mif1"),
    "video": box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + b"vide" + bytes(13))))),
    "sound and video": box(b"ftyp", b"isom\0\0\0\0")
    + box(b"moov", b"".join(box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + kind + bytes(13)))) for kind in (b"soun", b"vide"))),
    "jpeg in name only": b"\xff\xd8\xff" + b"<script>" * 40,
    "png in name only": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "pdf in name only": b"%PDF-1.7\n" + bytes(100),
    "ogg in name only": b"OggS" + bytes(100),
    "wav in name only": b"RIFF\x10\0\0\0WAVE" + bytes(30),
    "mp3 in name only": b"ID3\x04\0\0\0\0\0\x05" + b"hello" * 10,
    "boxes without end": box(b"ftyp", b"M4A \0\0\0\0") + b"\0\0\0\0moov" * 50,
    "boxes in boxes": box(b"ftyp", b"M4A \0\0\0\0") + __import__("functools").reduce(lambda inner, _: box(b"moov", inner), range(30), b""),
    "page without end": b"OggS\0\x02" + bytes(20) + b"\xff" * 255,
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_what_is_no_file_for_us_is_refused(name: str) -> None:
    with pytest.raises(NotTaken, match="wrong_type"):
        clean(LIES[name])


@pytest.mark.parametrize("name", MADE)
def test_a_file_that_is_cut_off_or_damaged_never_breaks_the_cleaner(name: str) -> None:
    """Taken without its rest or refused; no other error, and no canary, whatever happened to its bytes."""
    content, rng = MADE[name](), random.Random(7)
    cut = [content[: len(content) * share // 12] for share in range(1, 12)]
    bent = []
    for _ in range(25):
        changed = bytearray(content)
        for _ in range(rng.randrange(1, 12)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        bent.append(bytes(changed))
    refused = 0
    for damaged in (*cut, *bent):
        try:
            _, cleaned = clean(damaged)
        except NotTaken:
            refused += 1
        else:
            assert not holds(cleaned)
    assert refused > 0 or name in ("amr", "mp3", "adts", "wav", "mp4"), "frames may be lost without harm"


def test_a_small_file_that_would_be_a_huge_picture_is_refused_before_it_is_drawn() -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    chunks = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    )
    with pytest.raises(NotTaken, match="too_big"):
        clean(b"\x89PNG\r\n\x1a\n" + chunks)


def test_a_polyglot_is_only_what_it_is_taken_for() -> None:
    """A JPEG that is a ZIP and a PDF as well: what is not the picture is gone."""
    both = jpeg() + b"%PDF-1.4\n" + b"PK\x03\x04payload.exe" + b"PK\x05\x06" + bytes(18)
    found = format_of(both)
    assert found is not None and found.name == "jpeg"
    _, cleaned = clean(both)
    assert b"%PDF" not in cleaned and b"PK\x03\x04" not in cleaned


def test_a_document_that_needs_a_password_is_refused() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(sample("letter.pdf"))) as made:
        made.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(NotTaken, match="wrong_type"):
        clean(out.getvalue())

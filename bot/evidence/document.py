"""PDF: written anew from what its pages show, without who made it, what is attached, and what would run."""

from __future__ import annotations

import io
import zlib

import pikepdf

from bot.evidence.errors import NotTaken
from bot.evidence.jpeg import bare_jpeg

# Keys that carry who, when, with what; what is attached; what runs. They are looked for in every object, not only where they belong.
_TAKEN_OUT = (
    "/Metadata", "/PieceInfo", "/LastModified", "/AF", "/AA", "/A", "/OpenAction", "/JS", "/JavaScript", "/EmbeddedFiles", "/EF",
    "/XFA", "/RichMediaContent", "/RichMediaSettings", "/Perms", "/DSS", "/Legal", "/Collection", "/URI", "/SpiderInfo", "/Thumb",
    "/StructTreeRoot", "/OutputIntents", "/Private", "/M", "/T", "/NM", "/CreationDate", "/Popup", "/IRT", "/RC",
)  # fmt: skip
_OF_NOTES = frozenset({"/A", "/T", "/M"})  # short names that mean other things in other dictionaries
_LARGEST = 48 * 1024 * 1024  # bytes of a picture in a document
_ANNOTATIONS_KEPT = (
    "/FreeText", "/Highlight", "/Underline", "/StrikeOut", "/Squiggly", "/Ink", "/Line", "/Square", "/Circle", "/Stamp", "/Widget",
)  # fmt: skip


def clean_document(content: bytes) -> bytes:
    """The PDF without docinfo, XMP, attachments, scripts, actions, links, and metadata of the pictures in it; without earlier revisions,
    since only what the pages lead to is written. Raises NotTaken: wrong_type if it needs a password or is none."""
    try:
        with pikepdf.open(io.BytesIO(content), attempt_recovery=True) as pdf:
            if not len(pdf.pages):
                raise NotTaken("wrong_type")
            _strip(pdf)
            out = io.BytesIO()
            pdf.save(
                out, static_id=True, encryption=False, object_stream_mode=pikepdf.ObjectStreamMode.generate,
                compress_streams=True, fix_metadata_version=False,
            )  # fmt: skip
    except NotTaken:
        raise
    except (
        pikepdf.PdfError, pikepdf.PasswordError, pikepdf.ForeignObjectError, zlib.error, AttributeError, ValueError, TypeError, KeyError,
        RuntimeError, RecursionError,
    ):  # fmt: skip
        raise NotTaken("wrong_type") from None
    return out.getvalue()


def _strip(pdf: pikepdf.Pdf) -> None:
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    for key in ("/Names", "/Outlines", "/Threads", "/Dests", "/URI", "/MarkInfo", "/Lang", "/PageLabels"):
        if key in pdf.Root:
            del pdf.Root[key]
    for page in pdf.pages:
        kept = [note for note in page.obj.get("/Annots", []) if note.get("/Subtype") in _ANNOTATIONS_KEPT]
        if "/Annots" in page.obj:
            page.obj["/Annots"] = pdf.make_indirect(pikepdf.Array(kept))
    for found in pdf.objects:
        if isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
            _bare(found)


def _bare(found: pikepdf.Dictionary | pikepdf.Stream) -> None:
    """One object without what is taken out, and what lies in it likewise; a picture without its own metadata."""
    todo: list[object] = [found.stream_dict if isinstance(found, pikepdf.Stream) else found]
    while todo:
        here = todo.pop()
        if isinstance(here, pikepdf.Dictionary):
            for key in _TAKEN_OUT:
                if key in here and (key not in _OF_NOTES or here.get("/Type") in (None, "/Annot")):
                    del here[key]
            todo += [value for value in here.as_dict().values() if isinstance(value, pikepdf.Object) and not value.is_indirect]
        elif isinstance(here, pikepdf.Array):
            todo += [value for value in here if isinstance(value, pikepdf.Object) and not value.is_indirect]
    if isinstance(found, pikepdf.Stream):
        _bare_picture(found)


def _bare_picture(found: pikepdf.Stream) -> None:
    given = found.get("/Filter")
    filters = [str(name) for name in given] if isinstance(given, pikepdf.Array) else [str(given)]
    if "/JPXDecode" in filters:  # JPEG 2000 has boxes for metadata too, and hardly any telephone writes it
        raise NotTaken("wrong_type")
    if "/DCTDecode" not in filters:
        return
    content = found.read_raw_bytes()
    if filters == ["/FlateDecode", "/DCTDecode"]:
        content = zlib.decompressobj().decompress(content, _LARGEST)
    elif filters != ["/DCTDecode"]:
        raise NotTaken("wrong_type")
    parameters = found.get("/DecodeParms")
    kept = parameters if isinstance(parameters, pikepdf.Dictionary) else None
    found.write(bare_jpeg(content), filter=pikepdf.Name.DCTDecode, decode_parms=kept)

"""The one way to a cleaner. Runs in the worker process, never in the service."""

from __future__ import annotations

from bot.evidence.errors import NotTaken
from bot.evidence.format import FORMATS, Format, format_of


def clean(content: bytes) -> tuple[Format, bytes]:
    """A file's format once it is cleaned, and the cleaned bytes. Raises NotTaken."""
    found = format_of(content)
    if found is None:
        raise NotTaken("wrong_type")
    # Each cleaner with its library is loaded for its own formats only.
    if found.kind == "image":
        from bot.evidence.picture import clean_picture

        cleaned = clean_picture(content, found.name)
    elif found.kind == "voice":
        from bot.evidence.sound import clean_sound

        cleaned = clean_sound(content, found.name)
    else:
        from bot.evidence.document import clean_document

        cleaned = clean_document(content)
    after = FORMATS[found.after or found.name]
    if after.name == "mp3" and format_of(cleaned) is FORMATS["adts"]:
        after = FORMATS["adts"]
    return after, cleaned

"""Pictures: drawn anew, so that nothing but what can be seen is left."""

from __future__ import annotations

import io

from PIL import Image, ImageFile, ImageOps

from bot.evidence.errors import NotTaken

PIXELS = 40_000_000  # a telephone's photo has 12 million; each costs up to 12 bytes while it is drawn anew
_QUALITY = 92  # the eye sees no difference to the photo that came, which was at about 90 itself
_FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}


def clean_picture(content: bytes, name: str) -> bytes:
    """The picture upright, its first frame only, without EXIF, ICC, XMP, comments, thumbnails and whatever lies behind its end.

    JPEG stays JPEG, everything else becomes PNG. Raises NotTaken: too_big above 40 million pixels, wrong_type if it cannot be drawn.
    """
    Image.MAX_IMAGE_PIXELS = None  # our own limit is looked at before anything is drawn
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(content), formats=[_FORMATS[name]]) as picture:
            if picture.width * picture.height > PIXELS:
                raise NotTaken("too_big")
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            clear = "A" in upright.getbands() or "transparency" in upright.info
            drawn = upright.convert("RGB" if name == "jpeg" or not clear else "RGBA")
    except NotTaken:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, Image.DecompressionBombError):
        raise NotTaken("wrong_type") from None
    bare = Image.new(drawn.mode, drawn.size)  # the pixels alone: what Pillow carries along in `info` would be written again
    bare.paste(drawn)
    out = io.BytesIO()
    if name == "jpeg":
        bare.save(out, "JPEG", quality=_QUALITY)
    else:
        bare.save(out, "PNG")
    return out.getvalue()

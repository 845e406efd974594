"""What holds for every bubble of every transcript, whatever it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.channels.base import Limits
from bot.channels.bubble import body, utf16_length
from bot.channels.telegram import Telegram
from bot.channels.terminal import Terminal
from bot.channels.web import WebChannel
from bot.channels.whatsapp import WhatsApp
from flows.message import Outbound

WHATSAPP = WhatsApp.limits
LIMITS: dict[str, Limits] = {
    "telegram": Telegram.limits, "web": WebChannel.limits, "terminal": Terminal.limits, "whatsapp": WHATSAPP,
}  # fmt: skip
# architecture.md, "Platform limits that a prompt must meet".
_WITH_BUTTONS = 1_024
_FEW, _FEW_LABEL = 3, 20

# Printed in newspapers, or superseded (`flows.inspection.telephone`): never to be seen by anybody.
KNOWN_BAD = (
    "0811 129 129", "0811-129-129", "0811129129", "021-129", "0816 2200 77", "0816-2200-77", "0816220077", "1500771", "1500-771",
    "119 ext 8", "119 ext. 8", "500-454", "500454",
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\{[a-z_]*(?:\.[a-z0-9_]*)?\}")
_WHY = re.compile(r"\b(?:kenapa|mengapa|why|kok bisa)\b", re.IGNORECASE)
_SCOLDING = ("menu tidak dikenali", "tidak dikenali", "perintah tidak", "invalid", "unknown command", "saya tidak mengerti")
_PROMISES = ("pasti aman", "kami janji", "rahasia terjamin", "akan baik-baik saja", "we promise", "everything will be fine")
_DIALLED = re.compile(r"(?<![\d,.])(?:\+?62|0)[\d\- ]{6,}\d|(?<![\d,.×:])1[0-9]{2}(?![\d×:]|\s*[×:%]|[,.]\d)")
_MATHS = ("Latihan matematika", "Maths practice", "Maths homework")
TICK = "✓"


def _emoji(text: str) -> list[str]:
    return [
        letter for letter in text
        if letter != TICK and (0x1F000 <= ord(letter) <= 0x1FAFF or 0x2600 <= ord(letter) <= 0x27BF or ord(letter) == 0xFE0F)
    ]  # fmt: skip


def over_limits(channel: str, message: Outbound) -> list[str]:
    """What the platform would refuse about a bubble."""
    limits, found = LIMITS[channel], []
    count = len(message.choices)
    text = body(message)
    length = utf16_length if channel == "telegram" else len
    if channel == "whatsapp" and 0 < count <= WHATSAPP.options:  # type: ignore[operator]
        if len(message.text) > _WITH_BUTTONS:
            found.append(f"a text of {len(message.text)} characters above buttons")
        most = _FEW_LABEL if count <= _FEW else limits.label
        found += [f"the label “{c.label}” of {len(c.label)} characters" for c in message.choices if len(c.label) > most]
    elif length(text) > limits.text:
        found.append(f"a text of {length(text)} characters")
    if channel != "whatsapp":
        found += [f"the label “{c.label}”" for c in message.choices if len(c.label) > limits.label]
        if limits.options is not None and count > limits.options:
            found.append(f"{count} options")
    found += [f"the id {c.id}" for c in message.choices if not c.id or len(c.id.encode()) > limits.id_bytes]
    return found


def _without(text: str, spoken: Iterable[str]) -> str:
    """A bubble without the person's own words, which a review repeats as they were written."""
    for words in sorted(spoken, key=len, reverse=True):
        for part in (words, words[:299].rstrip()):
            if len(part) > 2:
                text = text.replace(part, "")
    return text


def broken(message: Outbound, *, spoken: Sequence[str], shipped: Iterable[str]) -> list[str]:
    """The rules that a bubble breaks. `spoken` are the person's own words so far, `shipped` the numbers that may be shown."""
    text = _without(message.text, spoken)
    whole = "\n".join((text, *(_without(choice.label, spoken) for choice in message.choices)))
    found = []
    if not message.text.strip():
        found.append("an empty bubble")
    if _PLACEHOLDER.search(whole):
        found.append("a placeholder that was not filled")
    if "\n\n\n" in message.text or message.text != message.text.strip():
        found.append("a hole in the text")
    if _WHY.search(whole):
        found.append("asks why")
    found += [f"the emoji {letter}" for letter in _emoji(whole)]
    folded = whole.casefold()
    found += [f"says “{words}”" for words in (*_SCOLDING, *_PROMISES) if words in folded]
    found += [f"the number {number}, which is known to be wrong" for number in KNOWN_BAD if number in whole]
    if not message.text.startswith(_MATHS):
        unknown = {number.strip() for number in _DIALLED.findall(whole)} - set(shipped)
        found += [f"the number {number}, which is not in the directory" for number in unknown]
    if len({choice.id for choice in message.choices}) < len(message.choices):
        found.append("an option twice")
    if len({choice.label for choice in message.choices}) < len(message.choices):
        found.append("two options that look the same")
    return found

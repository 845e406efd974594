"""Channels: one file a platform; `base` says what a channel is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.channels.base import Channel


def _telegram(**options: Any) -> Channel:
    from bot.channels.telegram import Telegram

    return Telegram(**options)


def _terminal(**options: Any) -> Channel:
    from bot.channels.terminal import Terminal

    return Terminal(**options)


def _web(**options: Any) -> Channel:
    from bot.channels.web import WebChannel

    return WebChannel(**options)


def _whatsapp(**options: Any) -> Channel:
    from bot.channels.whatsapp import WhatsApp

    return WhatsApp(**options)


# Name → factory, taking the channel's own keyword arguments. A platform's library is loaded when its channel is made, not before: it takes
# half a second, and `ruang-aman chat` needs none of them.
CHANNELS: dict[str, Callable[..., Channel]] = {
    "telegram": _telegram,
    "terminal": _terminal,
    "web": _web,
    "whatsapp": _whatsapp,
}

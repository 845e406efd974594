"""Telegram, by python-telegram-bot: the channel, the polling loop, the webhook."""

from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.poller import Poller, PollerState
from bot.channels.telegram.webhook import routes

__all__ = ["Poller", "PollerState", "Telegram", "routes"]

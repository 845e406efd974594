"""WhatsApp through Twilio, by twilio's own client: the channel and its two webhooks; and Twilio's telephone."""

from bot.channels.whatsapp.channel import WhatsApp
from bot.channels.whatsapp.voice import Voice
from bot.channels.whatsapp.webhook import routes

__all__ = ["Voice", "WhatsApp", "routes"]

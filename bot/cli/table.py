"""All commands. A new one is a `Command` in a file of this folder and a row here."""

from __future__ import annotations

from bot.cli.command import Row

COMMANDS: dict[str, Row] = {
    "serve": Row(summary="start the service (reads the settings)", at="bot.cli.serve:SERVE"),
    "demo": Row(summary="start a throw-away service to try out; no account needed", at="bot.cli.demo:DEMO"),
    "chat": Row(summary="talk with the bot in this terminal", at="bot.cli.chat:CHAT"),
    "check": Row(summary="look for mistakes in conversations, texts, services, danger phrases and settings", at="bot.cli.check:CHECK"),
    "flow": Row(summary="draw a conversation as a picture", at="bot.cli.flow:FLOW"),
    "unit": Row(summary="add a unit that receives reports", at="bot.cli.unit:UNIT"),
    "recovery-key": Row(summary="make the city's recovery key: three printed shares, two of them open", at="bot.cli.unit:RECOVERY_KEY"),
    "open": Row(summary="open a case with a unit's key file", at="bot.cli.open:OPEN"),
    "bench": Row(summary="measure how fast the service is", at="bot.cli.bench:BENCH"),
}

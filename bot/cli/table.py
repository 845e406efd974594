"""All commands. A new one is a `Command` in a file of this folder and a row here."""

from __future__ import annotations

from bot.cli.command import Row

COMMANDS: dict[str, Row] = {
    "serve": Row(summary="start the service (reads the settings)", at="bot.cli.serve:SERVE"),
    "demo": Row(summary="start a throw-away service to try out; no account needed", at="bot.cli.demo:DEMO"),
    "chat": Row(summary="talk with the bot in this terminal", at="bot.cli.chat:CHAT"),
    "check": Row(summary="look for mistakes in conversations, texts, services, danger phrases and settings", at="bot.cli.check:CHECK"),
    "flow": Row(summary="draw a conversation as a picture", at="bot.cli.flow:FLOW"),
    "train": Row(summary="install and train what understands free text; nothing if nothing changed", at="bot.cli.train:TRAIN"),
    "understand": Row(summary="what the bot understands of each line of standard input, as JSON", at="bot.cli.understand:UNDERSTAND"),
    "evaluate": Row(summary="how well sentences that the model has never seen are understood", at="bot.cli.evaluate:EVALUATE"),
    "unit": Row(summary="add a unit that receives reports", at="bot.cli.unit:UNIT"),
    "staff": Row(summary="print a link by which a colleague joins a unit; admit a lead with recovery shares", at="bot.cli.staff:STAFF"),
    "recovery-key": Row(summary="make the city's recovery key: three printed shares, two of them open", at="bot.cli.unit:RECOVERY_KEY"),
    "identity-key": Row(
        summary="make the key of one of the two roles that open identities together", at="bot.cli.identity_key:IDENTITY_KEY"
    ),
    "open": Row(summary="open a case with a unit's key file", at="bot.cli.open:OPEN"),
    "audit": Row(summary="show what was opened, by which keys; or verify that nothing of it was changed", at="bot.cli.audit:AUDIT"),
    "backup": Row(summary="write the database to one file, beside a running service", at="bot.cli.backup:BACKUP"),
    "restore": Row(summary="put a backup back, without what has ended since", at="bot.cli.backup:RESTORE"),
    "keys": Row(summary="change the keys that the server holds", at="bot.cli.keys:KEYS"),
    "purge": Row(summary="delete what has been kept as long as the city decided", at="bot.cli.purge:PURGE"),
    "mode": Row(summary="numbers and people only, with one word, or back to normal", at="bot.cli.mode:MODE"),
    "bench": Row(summary="measure how fast the service is", at="bot.cli.bench:BENCH"),
}

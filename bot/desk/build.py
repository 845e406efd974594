"""Puts a desk together over a running service's parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from actions.deadline import Deadlines
from bot.channels.base import Channel, Windowed
from bot.deliver import Deliver
from bot.desk.alarm import Alarm, Caller, Messenger
from bot.desk.contacts import Contacts
from bot.desk.events import Events
from bot.desk.ledger import Ledger
from bot.desk.queue import Desk
from bot.desk.replies import Replies
from bot.desk.watch import Watch
from bot.row_ids import RowIds
from bot.storage.audit import AuditChain
from bot.storage.database import Engine
from bot.storage.desk import DeskStore
from bot.storage.key_store import KeyStore
from bot.storage.reads import Reads
from bot.storage.sharing import Sharing
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer
from bot.trust import Trust


def build_desk(
    *, reading: Engine, writer: Writer, reads: Reads, keys: KeyStore, ids: RowIds, channels: Mapping[str, Channel], deliver: Deliver,
    sharing: Sharing, tell: Callable[[bytes], None], clock: Callable[[], float], zone: tzinfo, messenger: Messenger | None = None,
    caller: Caller | None = None, deadlines: Deadlines | None = None,
) -> Desk:  # fmt: skip
    """A desk. `reading` is the engine for single queries; `ids` are those of the turns, so that a reply follows what the bot said before;
    `tell` queues the timer `desk` for a conversation of this process; `messenger` writes to staff in Telegram, `caller` telephones;
    `deadlines` are the city's."""
    store = DeskStore(reading, keys.pins.names)
    ledger = Ledger(writer=writer, sharing=sharing, events=Events(), tell=tell, clock=clock)
    alarm = Alarm(ledger=ledger, contacts=Contacts(lambda: keys.desk), messenger=messenger, caller=caller)
    replies = Replies(
        store=store, reads=reads, writer=writer, keys=keys, ids=ids, channels=channels, deliver=deliver, sharing=sharing,
        chain=AuditChain(reading, writer), ledger=ledger, trust=Trust(StaffStore(reading), keys.pins),
    )  # fmt: skip
    watch = Watch(store=store, writer=writer, events=ledger.events, alarm=alarm, deadlines=deadlines or Deadlines())
    return Desk(
        store=store, writer=writer, sharing=sharing, ledger=ledger, alarm=alarm, watch=watch, replies=replies, take_up=deliver.take_up,
        clock=clock, zone=zone, windowed=[name for name, channel in channels.items() if isinstance(channel, Windowed)],
    )  # fmt: skip

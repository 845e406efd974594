"""Puts a desk together over a running service's parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from actions.deadline import Deadlines
from bot.blocks import Blocks
from bot.channels.base import Channel, Windowed
from bot.deliver import Deliver
from bot.desk.alarm import Alarm, Caller, Messenger
from bot.desk.blocking import Blocking
from bot.desk.contacts import Contacts
from bot.desk.events import Events
from bot.desk.ledger import Ledger
from bot.desk.queue import Desk
from bot.desk.replies import Replies
from bot.desk.watch import Watch
from bot.readers import Readers
from bot.row_ids import RowIds
from bot.storage.audit import AuditChain
from bot.storage.desk import DeskStore
from bot.storage.key_store import KeyStore
from bot.storage.reading import Source
from bot.storage.reads import Reads
from bot.storage.sharing import Sharing
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer
from bot.trust import Trust
from bot.vault.row_tag import RowTags


def build_desk(
    *, reading: Source, writer: Writer, reads: Reads, keys: KeyStore, tags: RowTags, ids: RowIds, channels: Mapping[str, Channel],
    deliver: Deliver, sharing: Sharing, tell: Callable[[bytes], None], clock: Callable[[], float], zone: tzinfo,
    messenger: Messenger | None = None, caller: Caller | None = None, deadlines: Deadlines | None = None, blocks: Blocks,
) -> Desk:  # fmt: skip
    """A desk. `reading` is for single queries; `ids` are those of the turns, so that a reply follows what the bot said before;
    `tell` queues the timer `desk` for a conversation of this process; `messenger` writes to staff in Telegram, `caller` telephones;
    `deadlines` are the city's, `blocks` the addresses that are blocked."""
    store = DeskStore(reading, keys.pins.names, wrote=Readers(tags))
    ledger = Ledger(store=store, writer=writer, sharing=sharing, events=Events(), tell=tell, clock=clock)
    alarm = Alarm(ledger=ledger, contacts=Contacts(lambda: keys.desk), messenger=messenger, caller=caller)
    chain = AuditChain(reading, writer)
    replies = Replies(
        store=store, reads=reads, writer=writer, keys=keys, ids=ids, channels=channels, deliver=deliver, sharing=sharing,
        chain=chain, ledger=ledger, trust=Trust(StaffStore(reading), keys.pins), tags=tags,
    )  # fmt: skip
    watch = Watch(store=store, writer=writer, events=ledger.events, alarm=alarm, deadlines=deadlines or Deadlines())
    return Desk(
        store=store, writer=writer, sharing=sharing, ledger=ledger, alarm=alarm, watch=watch, replies=replies, take_up=deliver.take_up,
        blocking=Blocking(store=store, reads=reads, keys=keys, blocks=blocks, ledger=ledger, replies=replies, chain=chain),
        clock=clock, zone=zone, windowed=[name for name, channel in channels.items() if isinstance(channel, Windowed)],
    )  # fmt: skip

"""Everything about colleagues, put together over one store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.desk.case_keys import CaseKeys
from bot.desk.session import SessionBook
from bot.desk.sign_in import SignIn
from bot.desk.staff import StaffDesk
from bot.desk.throttle import Throttle
from bot.desk.unit_keys import UnitKeys
from bot.storage.audit import AuditChain
from bot.storage.key_store import KeyStore
from bot.storage.staff import StaffStore
from bot.storage.writer import Writer
from bot.vault.row_tag import RowTags


async def _nothing(staff_id: bytes) -> None:
    return None


async def _nobody() -> None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """`gone` is called with the id of whoever signed out or was removed: what they had at the desk goes back. `came` is called when
    somebody joined, or has other work than before: pages that show colleagues look again."""

    store: StaffStore
    sessions: SessionBook
    sign_in: SignIn
    staff: StaffDesk
    unit_keys: UnitKeys
    case_keys: CaseKeys
    witness: bytes
    gone: Callable[[bytes], Awaitable[None]]
    came: Callable[[], Awaitable[None]]

    def close(self) -> None:
        """Ends its threads."""
        self.sign_in.close()


def people(
    *, store: StaffStore, writer: Writer, keys: KeyStore, chain: AuditChain, tags: RowTags, witness: bytes,
    changed: Callable[[], Awaitable[None]], case_changed: Callable[[bytes], None], clock: Callable[[], float], second_factor: bool = True,
    gone: Callable[[bytes], Awaitable[None]] = _nothing,
    came: Callable[[], Awaitable[None]] = _nobody,
) -> People:  # fmt: skip
    """The colleagues of a service whose stores are open. `changed`: units' keys are not what they were; `case_changed`: a case's is not;
    `witness`: the public half of the service's own signature; `clock` gives seconds since 1970."""
    sessions = SessionBook(store, writer, tags, clock)
    throttle = Throttle(store, writer, keys, clock)
    sign_in = SignIn(
        store=store, chain=chain, keys=keys, sessions=sessions, throttle=throttle, clock=clock, second_factor=second_factor
    )  # fmt: skip
    staff = StaffDesk(store=store, chain=chain, keys=keys, sign_in=sign_in, sessions=sessions, changed=changed, clock=clock)
    unit_keys = UnitKeys(store=store, chain=chain, keys=keys, changed=changed, clock=clock)
    case_keys = CaseKeys(store=store, chain=chain, keys=keys, tags=tags, changed=case_changed, clock=clock)
    return People(
        store=store, sessions=sessions, sign_in=sign_in, staff=staff, unit_keys=unit_keys, case_keys=case_keys, witness=witness,
        gone=gone, came=came
    )  # fmt: skip

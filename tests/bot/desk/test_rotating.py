"""`keys rotate`: what is kept of staff is under another key, and everybody still comes in."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import contexts
from bot.cli.keys import rotate
from bot.desk.contacts import Contacts
from bot.settings import load_settings
from bot.storage.key_store import KeyStore
from bot.vault.draft import unlock
from bot.vault.errors import SealError
from tests.bot.desk.door import START, office
from tests.stores import given


async def test_second_factors_and_numbers_go_under_the_new_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(from_environment=False, given=given(tmp_path))
    async with office(tmp_path) as here:
        lead = await here.lead()
        before = here.keys.desk
        contacts = Contacts(lambda: here.keys.desk)
        await here.writer.write([contacts.changed(lead.id, telephone="+6281200000001", telegram=None, on_call=1)])

    async def killed(self: KeyStore) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:  # between the rows and the key
        patch.setattr(KeyStore, "change_desk", killed)
        with pytest.raises(RuntimeError, match="killed"):
            await rotate(settings, now=int(START))
    await rotate(settings, now=int(START))
    async with office(tmp_path) as here:
        assert here.keys.desk != before
        row = await here.store.member(lead.id)
        assert row is not None
        with pytest.raises(SealError):
            unlock(before, row.totp, context=contexts.staff("totp", lead.id))
        assert Contacts(lambda: here.keys.desk).read(row, "telephone") == "+6281200000001"
        here.wait(60)
        lead.office, lead.http = here, here.client()
        assert (await lead.sign_in()).status_code == 200

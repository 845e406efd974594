"""An office with one unit, its lead and a case worker, for what is tried at cases."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.desk import PATIENCE
from tests.browser.office import Office

STORY = "Om tetangga suka memaksa adikku ikut ke rumahnya."
REPLY = "Terima kasih. Kami akan menemui adikmu di sekolah hari Senin."


class Unit:
    """An office with one unit and its lead."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.id = office.unit("UPTD PPA")
        self.lead = office.colleague(self.id, "lead", name="ratna", shown="Bu Ratna")
        self.worker = office.colleague(self.id, "case_worker", name="dewi", shown="Dewi", lead=self.lead)

    def rows(self, table: str, where: str = "1=1") -> list[Any]:
        async def read() -> list[Any]:
            async with self.office.service.engine.connect() as connection:
                return list((await connection.exec_driver_sql(f"select * from {table} where {where}")).mappings())

        found: list[Any] = self.office.run(read())
        return found

    def write(self, *changes: Any) -> None:
        """Somebody who can write to the database does."""
        self.office.run(self.office.service.writer.write(changes))

    def reports(self, address: str, story: str = STORY, *, how: str = "own_code") -> str:
        """A message for staff from somebody on a phone; gives the five words."""
        self.office.says(address, "/start", "counsellor", story, how)
        words = next(text for text in reversed(self.office.heard(address)) if "kode" in text.casefold())
        return words


def newest_case(page: Page) -> str:
    """Opens the newest case of the list with the keyboard; gives its id."""
    with page.expect_response(lambda answer: "/console/f/cases" in answer.url):
        page.keyboard.press("g")
        page.keyboard.press("c")
    expect(page.locator("#cases-heading")).to_be_focused(timeout=PATIENCE)
    expect(page.locator("#case-rows .row").first).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(200)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#case-heading")).to_be_focused(timeout=PATIENCE)
    case = page.locator("#case .case").get_attribute("data-case")
    assert case is not None
    return case

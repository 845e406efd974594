"""What a thief finds of a conversation that was opened at the console: on the computer's disk, on the line, with a stolen session."""

from __future__ import annotations

import base64
import io
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, Response, expect

from tests.attackers.canaries import found_in
from tests.attackers.scene import voice
from tests.bot.filed import FilingPhones
from tests.browser.desk import PATIENCE, Desk, accept, finish, opened_desk, ready, sign_in
from tests.browser.office import PASSPHRASE
from tests.browser.pages import CHROMIUM, DESKTOP, until
from tests.browser.profile import blocks, contents, unsnappy

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
]
SAID = {
    "report": "perahu kertas biru hanyut di selokan 6613",
    "story": "layang-layang ungu tersangkut di menara 4471",
    "message": "kura-kura perak bersembunyi di lemari 8832",
    "reply": "pelangi tembaga menunggu di ujung gang 2094",
    "note": "jangkrik emas bernyanyi di atap seng 5570",
    "draft": "burung kaca terbang rendah sore ini 7718",
    "closing note": "kunang-kunang hijau padam satu per satu 3346",
    "mail": "gerobak jingga lewat jam empat pagi 9925",
    "voice": "siput nila mendaki pagar basah 1187",
    "safe word": "kancilberselimutdaun",
    "call": "petugas bersuara serak di loket 6047",
    "block's reason": "ejekan badut pelangi berulang sore 3915",
    "status's reason": "menunggu lonceng bambu berbunyi 8206",
    "three days": "kotak besi dititipkan kepada kapten 5128",
    "form": "gubuk rumbia belakang kolam teratai 7453",
    "passphrase": PASSPHRASE,
}
# What the page puts into its own memory to show it, in base64: the bytes that must not lie on the disk.
OPENED = """
    window.opened = [];
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      window.opened.push(blob.arrayBuffer().then((bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))));
      return make.call(URL, blob);
    };
"""
SENT = SAID["reply"]  # goes to the platform, so the console hands it over in clear; everything else is sealed in the browser


class Line:
    """All that goes between a page and the server: what was asked with, what was answered, and what the stream said."""

    def __init__(self, page: Page) -> None:
        self._answers: list[Response] = []
        self._stream: list[bytes] = []
        page.on("response", lambda answer: self._answers.append(answer))
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.eventSourceMessageReceived", lambda event: self._stream.append(str(event).encode()))

    def up(self) -> list[str]:
        """Addresses and bodies of what the page asked."""
        return [part for answer in self._answers for part in (answer.request.url, answer.request.post_data or "")]

    def down(self) -> list[bytes]:
        """Bodies of all answers, whatever they were to be, and every event of the stream."""
        answers = [each for each in self._answers if not self._ours(each) and each.request.resource_type != "eventsource"]
        return [*self._stream, *(each.body() for each in answers)]

    def inside(self) -> list[bytes]:
        """What the page took from its own memory."""
        return [each.body() for each in self._answers if self._ours(each)]

    @staticmethod
    def _ours(answer: Response) -> bool:
        return answer.url.startswith("blob:")

    def kinds(self) -> set[str]:
        return {answer.request.resource_type for answer in self._answers}


def noise() -> bytes:
    """A photo like no other."""
    out = io.BytesIO()
    Image.frombytes("RGB", (64, 48), secrets.token_bytes(64 * 48 * 3)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for each evening: a block, a status and the answer for the three days stay."""
    with opened_desk(tmp_path_factory.mktemp("office"), phones=FilingPhones()) as made:
        yield made


def evening(page: Page, desk: Desk) -> str:
    """Somebody signs in, and everything there is to open is opened once; gives the hand-off's id. It ends on the case's page."""
    office = desk.office
    teller, talker = "+6281177001", "+6281177002"
    office.says(teller, "/start", "report", "yes", "adult", "no", "neighbour", "1, 2", SAID["report"], "yes")
    office.sends(teller, "image", noise())
    office.says(teller, "file_send", "done", "this_week", "ongoing", "home", "sepinggan", "lewati", "age_6_12")
    office.says(teller, "unsure", "unsure", "unsure", "other", "no", "7", "done", "own_code", "send")
    sign_in(page, office.url, desk.lead.name)
    ready(page)
    office.says(talker, "/start", "counsellor", "talk", SAID["story"], "shared", SAID["safe word"])
    accept(page)
    expect(page.locator("#summary")).to_contain_text(SAID["story"], timeout=PATIENCE)
    page.keyboard.type(SAID["reply"])
    page.keyboard.press("Enter")
    until(page, lambda: SAID["reply"] in office.heard(talker))
    office.says(talker, SAID["message"])
    office.sends(talker, "voice", voice(SAID["voice"]))
    expect(page.locator("#log")).to_contain_text(SAID["message"], timeout=PATIENCE)
    page.locator("#log").get_by_role("button", name="Putar suara").click()
    expect(page.locator("#log audio")).to_be_visible(timeout=PATIENCE)
    page.locator("#note").fill(SAID["note"])
    page.locator("#note-form button").click()
    expect(page.locator("#notes li")).to_contain_text(SAID["note"], timeout=PATIENCE)
    page.locator("#reply").fill(SAID["draft"])
    page.locator("#compose [data-do=word]").click()
    expect(page.locator("#word-now")).to_have_text(SAID["safe word"])
    page.locator("[data-do=word-ask]").click()
    expect(page.locator("#word")).to_be_hidden(timeout=PATIENCE)
    page.locator("#talk-tools [data-do=relayed]").click()
    page.locator("#relayed").get_by_label("Siapa yang menjawab").fill(SAID["call"])
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text(SAID["call"], timeout=PATIENCE)
    hand_off = page.locator("#talk-head").get_attribute("data-id")
    assert hand_off is not None
    page.locator("#talk-head [data-do=wrap]").click()
    page.locator("#wrap textarea").fill(SAID["closing note"])
    page.keyboard.press("Escape")  # what was typed stands when it is opened again
    finish(page)
    office.says("+6281177003", "/start", "counsellor", "talk", "payah", "own")
    accept(page)
    blocked = str(page.locator("#talk-head").get_attribute("data-case"))
    page.locator("#talk-tools [data-do=block]").click()
    page.locator("#block input[value='1']").check()
    page.locator("#block textarea").fill(SAID["block's reason"])
    page.locator("#block-form button[type=submit]").click()
    expect(page.locator("#notes")).to_contain_text(SAID["block's reason"], timeout=PATIENCE)
    expect(page.locator("#wrap")).to_be_visible(timeout=PATIENCE)  # what became of it is asked at once
    page.keyboard.press("Escape")
    finish(page)
    page.locator("[data-view=cases]").click()
    page.locator("#case-rows .row", has_text="Laporan").click()
    expect(page.locator("#records")).to_contain_text(SAID["report"], timeout=PATIENCE)
    page.locator("#duty-text").fill(SAID["three days"])
    page.locator("#duty-form input[value=told]").check()
    page.locator("#duty-form button").click()
    expect(page.locator("#timeline .duty")).to_contain_text(SAID["three days"], timeout=PATIENCE)
    page.locator("#status-reason").fill(SAID["status's reason"])
    page.locator("#status-form button").click()
    expect(page.locator("#timeline .status")).to_contain_text(SAID["status's reason"], timeout=PATIENCE)
    page.locator("#case-form summary").click()
    page.locator("#form-place").fill(SAID["form"])
    page.locator("#form-form button[type=submit]").click()
    expect(page.locator("#timeline .form")).to_contain_text(SAID["form"], timeout=PATIENCE)
    page.locator("#related-number").fill(blocked[:8])
    page.locator("#related-form button").click()
    expect(page.locator("#timeline .related")).to_contain_text(blocked[:6].upper(), timeout=PATIENCE)
    page.locator("#records").get_by_role("button", name="Lihat").click()
    expect(page.locator("#records img")).to_be_visible(timeout=PATIENCE)
    page.locator("#mail").fill(SAID["mail"])
    page.locator("#mail-form button").click()
    expect(page.locator("#timeline .reply")).to_contain_text(SAID["mail"], timeout=PATIENCE)
    return hand_off


def test_after_signing_out_nothing_of_it_lies_in_the_profile(desk: Desk, playwright: Playwright, tmp_path: Path) -> None:
    """A profile on the disk, as every browser at work has one: cache, history, form data, sessions to be restored, local storage."""
    context = playwright.chromium.launch_persistent_context(tmp_path, executable_path=CHROMIUM, args=["--no-sandbox"], **DESKTOP)
    page = context.pages[0]
    page.add_init_script(OPENED)
    evening(page, desk)
    files = [base64.b64decode(one) for one in page.evaluate("Promise.all(window.opened)")]
    assert [one[:2] for one in files] == [b"RI", b"\xff\xd8"], "voice and photo were really opened"
    page.wait_for_timeout(2_000)  # the browser saves now and then what it would restore after a crash
    during = contents(tmp_path)
    page.locator("[data-do=sign-out]").click()
    expect(page.locator("#sign")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(500)
    after = contents(tmp_path)
    context.close()
    for profile in (during, after, contents(tmp_path)):
        assert len(profile) > 30
        everything = b"\0".join(profile.values())
        # What the page does keep is found, so the search can find: the fingerprint of the unit's root, and that it was here.
        assert b"ruang-aman.root." in everything.replace(b"\0", b"")
        assert f"localhost:{desk.office.port}".encode() in everything
        for path, data in profile.items():
            assert found_in(data, SAID.values()) == {}, path
            assert not [one[:2] for one in files if one[len(one) // 2 :][:48] in data], path


def test_the_search_reads_what_is_compressed() -> None:
    """LevelDB's tables: a literal, a copy of it, and a block in a table."""
    words = b"layang-layang ungu "
    packed = bytes([len(words) * 2, len(words) - 1 << 2]) + words + bytes([(len(words) - 1) << 2 | 2, len(words), 0])
    assert unsnappy(packed) == words * 2
    data = packed + b"\x01" + bytes(4)
    index_entry = b"\0\x01\x02k" + bytes([0, len(packed)])
    index = index_entry + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    at = len(data)
    footer = bytes([0, 0]) + bytes([at, len(index)])
    table = data + index + b"\0" + bytes(4) + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")
    assert words * 2 in list(blocks(table))


def test_the_line_carries_sealed_records_and_a_stolen_session_opens_nothing(desk: Desk, browser: Browser) -> None:
    """Every body from the server and every one to it; then the session's cookie in the thief's own browser."""
    context = browser.new_context(**DESKTOP)
    page = context.new_page()
    line = Line(page)
    hand_off = evening(page, desk)
    case = page.locator("#case .case").get_attribute("data-case")
    page.wait_for_timeout(300)
    assert {"document", "script", "stylesheet", "fetch"} <= line.kinds()
    answers, asked = line.down(), line.up()
    assert len(answers) > 30 and any(b"changed" in one for one in answers), "the stream too"
    down = b"\n".join(answers)
    assert b'"sealed":"' in down and b'"key":"' in down
    assert found_in(down, SAID.values()) == {}
    assert set(found_in(b"\n".join(line.inside()), SAID.values())) == {SAID["voice"]}, "the search finds what was opened in the page"
    up = "\n".join(asked).encode()
    assert set(found_in(up, SAID.values())) == {SENT}
    assert found_in(b"\n".join(one.encode() for one in asked if one.startswith("http")), SAID.values()) == {}  # no address has any
    linked = page.locator("#timeline .related button").get_attribute("data-id")
    assert linked and not [one for one in asked if linked in one and not one.startswith("http")], "which case it belongs to is sealed"
    opened = b"\n".join(_unpadded(up))
    assert set(found_in(opened, SAID.values())) <= {SENT}

    thief = browser.new_context(**DESKTOP)
    thief.add_cookies(context.cookies())
    stolen = thief.new_page()
    stolen.goto(desk.office.url + "/console")
    expect(stolen.locator("#sign")).to_be_visible(timeout=PATIENCE)
    expect(stolen.locator("#desk")).to_be_hidden()
    paths = [
        "f/queue", "f/cases?which=all", f"f/hand-off/{hand_off}", f"f/hand-off/{hand_off}/head", f"f/case/{case}", "f/board", "f/staff",
        "f/hours", "f/me", "j/me", "j/may", "j/members", "j/signers", "j/sessions", "j/canned", "j/questions",
        f"j/hand-off/{hand_off}?since=0", f"j/case/{case}",
    ]  # fmt: skip
    got = b""
    for path in paths:
        status, text = stolen.evaluate(
            "async (path) => { const found = await fetch('/console/' + path); return [found.status, await found.text()]; }", path
        )
        # The cookie is really his: whoever has none is told to sign in. It tells him the name and the salt that the door needs, no more.
        assert status == (200 if path == "j/me" else 403), (path, status, text)
        got += text.encode()
    assert b'"sealed":"' not in got
    assert found_in(got, SAID.values()) == {}
    # A passphrase of his own opens no key: the page says so, and shows nothing.
    stolen.locator("#sign input[name=name]").fill(desk.lead.name)
    stolen.locator("#sign-passphrase").fill("salah salah salah salah salah salah")
    stolen.keyboard.press("Enter")
    expect(stolen.locator("#sign-wrong")).to_contain_text("tidak cocok", timeout=PATIENCE)
    assert found_in(stolen.content().encode(), SAID.values()) == {}
    for each in (context, thief):
        each.close()


def _unpadded(text: bytes) -> Iterator[bytes]:
    """Whatever is base64 in a text, decoded: what is sealed stays unreadable."""
    for token in text.replace(b'"', b" ").split():
        if len(token) > 40:
            try:
                yield base64.b64decode(token, validate=True)
            except ValueError:
                continue

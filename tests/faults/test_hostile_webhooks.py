"""Whatever is thrown at the HTTP side: never a 5xx, nothing told to the sender, nothing lost, nothing of it in the log."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.telegram.webhook import BODY_LIMIT, PATH
from bot.channels.web import BODY_LIMIT as WEB_LIMIT
from tests.attackers.town import SECRET, web_token
from tests.contracts.hostile_json import JSON, paths, planted
from tests.contracts.telegram_peer import captured, tap_update, text_update
from tests.faults.asgi import Alive, Answer, call, logged

CANARY = "kenari hitam 8841"
TEN_MEGABYTES = 10 * 1024 * 1024
PAGES = ("/chat/messages", "/chat/confirm", "/chat/leave")
FUZZ = settings(max_examples=120, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))

_numbers = count(990_000_001)
_chats = count(7_000_000_001)


@pytest.fixture(scope="module")
def alive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alive]:
    """The real application with Telegram's webhook and the web chat, over a database on disk."""
    here = Alive(tmp_path_factory.mktemp("hostile"))
    yield here
    here.close()


def _hook(alive: Alive, *chunks: bytes, secret: bytes | None = SECRET.encode(), headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    given = [(b"content-type", b"application/json"), *headers]
    if secret is not None:
        given.append((b"x-telegram-bot-api-secret-token", secret))
    return alive.run(call(alive.town.app, "POST", PATH, headers=given, chunks=chunks))


def _page(alive: Alive, path: str, *chunks: bytes, token: str = "", headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    given = [*headers, *([(b"authorization", f"Bearer {token}".encode())] if token else [])]
    return alive.run(call(alive.town.app, "POST", path, headers=given, chunks=chunks))


async def _count(alive: Alive, table: str = "inbox") -> int:
    async with alive.town.service.engine.connect() as connection:
        return int((await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one())


def _stored(alive: Alive) -> int:
    return alive.run(_count(alive))


def _unharmed(answer: Answer) -> None:
    """What a stranger may be told: a status below 500, and a code of ours."""
    assert 200 <= answer.status < 500, answer
    assert CANARY.encode() not in answer.body
    assert b"Traceback" not in answer.body and b"File " not in answer.body
    if answer.status >= 400 and answer.body not in (b"", b"Not Found", b"Method Not Allowed"):
        assert set(json.loads(answer.body)) <= {"error", "code"}


def _still_answers(alive: Alive) -> None:
    """Somebody who writes after all this is heard, and answered once."""
    chat, platform = next(_chats), alive.town.platform
    assert _hook(alive, json.dumps(text_update(next(_numbers), "halo", chat=chat)).encode()).status == 200
    alive.run(alive.town.service.settle())
    assert len(platform.shown(chat)) == 1


# Forged


_RIGHT = SECRET.encode()


@pytest.mark.parametrize(
    "secret", [None, b"", b"x", _RIGHT[:-1], _RIGHT + b"x", _RIGHT.upper(), _RIGHT + b" ", b"\xff" * 40, b"a" * 65_536], ids=range(9)
)
def test_a_forged_call_is_refused_unread(alive: Alive, secret: bytes | None) -> None:
    before = _stored(alive)
    with logged() as said:
        answer = _hook(alive, json.dumps(text_update(next(_numbers), CANARY)).encode(), secret=secret)
    assert (answer.status, answer.read, _stored(alive)) == (403, 0, before)
    _unharmed(answer)
    assert CANARY not in said() and SECRET not in said()


def test_a_second_secret_header_does_not_help(alive: Alive) -> None:
    """A wrong one beside another wrong one, in any order and case that a proxy may let through."""
    header = b"x-telegram-bot-api-secret-token"
    for pair in (((header, b"a"), (header, b"b")), ((header, b""), (header, SECRET[:-1].encode()))):
        assert _hook(alive, b"{}", secret=None, headers=pair).status == 403


@pytest.mark.parametrize("path", PAGES)
def test_a_page_without_a_token_is_refused(alive: Alive, path: str) -> None:
    before = _stored(alive)
    for token in ("", "x" * 42, "x" * 44, "../" * 15, "é" * 43):
        body = json.dumps({"id": str(uuid4()), "kind": "text", "text": CANARY, "ids": [1], "token": token}).encode()
        answer = _page(alive, path, body, token=token)
        _unharmed(answer)
        assert answer.status == 401
    assert _stored(alive) == before


# Doubled and reordered


def test_a_call_that_comes_again_has_one_effect(alive: Alive) -> None:
    """Twenty times at once and ten times after one another: one row, one answer."""
    chat = next(_chats)
    body = json.dumps(text_update(next(_numbers), "halo", chat=chat)).encode()
    before = _stored(alive)
    headers = [(b"x-telegram-bot-api-secret-token", SECRET.encode())]

    async def at_once() -> list[int]:
        answers = await asyncio.gather(*(call(alive.town.app, "POST", PATH, headers=headers, chunks=[body]) for _ in range(20)))
        await alive.town.service.settle()
        return [answer.status for answer in answers]

    assert alive.run(at_once()) == [200] * 20
    assert [_hook(alive, body).status for _ in range(10)] == [200] * 10
    alive.run(alive.town.service.settle())
    assert _stored(alive) == before + 1
    assert len(alive.town.platform.shown(chat)) == 1


def test_calls_in_any_order_have_one_effect_each(alive: Alive) -> None:
    """Thirty messages of five people, shuffled, each two times: thirty rows, and every person got an answer to each."""
    people = [next(_chats) for _ in range(5)]
    updates = [text_update(next(_numbers), f"pesan {n}", chat=people[n % 5]) for n in range(30)]
    shuffled = random.Random(4).sample(updates * 2, 60)
    before, platform = _stored(alive), alive.town.platform
    headers = [(b"x-telegram-bot-api-secret-token", SECRET.encode())]

    async def at_once() -> set[int]:
        bodies = [json.dumps(update).encode() for update in shuffled]
        answers = await asyncio.gather(*(call(alive.town.app, "POST", PATH, headers=headers, chunks=[body]) for body in bodies))
        await alive.town.service.settle()
        return {answer.status for answer in answers}

    assert alive.run(at_once()) == {200}
    assert _stored(alive) == before + 30
    assert [len(platform.shown(chat)) for chat in people] == [6] * 5


def test_a_page_that_repeats_itself_has_one_effect(alive: Alive) -> None:
    token = web_token("repeats")
    body = json.dumps({"id": str(uuid4()), "kind": "text", "text": "halo"}).encode()
    before = _stored(alive)
    assert {_page(alive, "/chat/messages", body, token=token).status for _ in range(5)} == {202}
    assert _stored(alive) == before + 1
    # The same id from another page is another message: nobody can use up the ids of somebody else.
    assert _page(alive, "/chat/messages", body, token=web_token("another")).status == 202
    assert _stored(alive) == before + 2


# Oversized


def _ten_megabytes() -> Iterator[bytes]:
    yield b'{"update_id": 1, "message": {"text": "' + CANARY.encode()
    for _ in range(TEN_MEGABYTES // 65_536):
        yield b"x" * 65_536
    yield b'"}}'


@pytest.mark.parametrize("path", [PATH, *PAGES])
@pytest.mark.parametrize("said", [None, str(TEN_MEGABYTES).encode(), b"2", b"9" * 40, b"-1", b"1e9", b"\xb2"], ids=range(7))
def test_ten_megabytes_are_refused_and_not_read(alive: Alive, path: str, said: bytes | None) -> None:
    """With the length said, said wrongly, or not said at all (chunked): at most one piece more than the limit is taken."""
    limit = BODY_LIMIT if path == PATH else WEB_LIMIT
    headers = [(b"x-telegram-bot-api-secret-token", SECRET.encode()), (b"authorization", f"Bearer {web_token('big')}".encode())]
    headers += [(b"content-length", said)] if said is not None else []
    with logged() as log:
        answer = alive.run(call(alive.town.app, "POST", path, headers=headers, chunks=_ten_megabytes()))
    _unharmed(answer)
    assert answer.status == 413
    assert answer.read <= limit + 2 * 65_536
    if said == str(TEN_MEGABYTES).encode():
        assert answer.read == 0
    assert CANARY not in log()


# Malformed

_DEEP = 10_000
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "a text": b'"halo"',
    "cut off": b'{"update_id": 1, "message": {"text": "' + CANARY.encode(),
    "two values": b"{}{}",
    "single quotes": b"{'update_id': 1}",
    "deep lists": b"[" * _DEEP + b"]" * _DEEP,
    "deep objects": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "deep in a message": b'{"update_id": 5, "message": ' + b'{"text":' * _DEEP + b"1" + b"}" * _DEEP + b"}",
    "deep and never closed": b"[" * 500_000,
    "a huge number": b'{"update_id": ' + b"9" * 5_000 + b', "message": {}}',
    "a huge number in a chat": b'{"update_id": 6, "message": {"chat": {"id": ' + b"9" * 4_000 + b', "type": "private"}, "text": "x"}}',
    "a number beyond floats": b'{"update_id": 1e999, "id": 1e999}',
    "NaN": b'{"update_id": NaN, "id": NaN}',
    "infinity": b'{"update_id": Infinity, "message": {"chat": {"id": 1, "type": "private"}, "location": {"latitude": -Infinity}}}',
    "true as a number": b'{"update_id": true, "message": {"chat": {"id": true, "type": "private"}, "text": "x"}}',
    "no UTF-8": b'{"update_id": 8, "message": {"text": "\xff\xfe\xc0\x80"}}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": json.dumps({"update_id": 9}).encode("utf-16"),
    "UTF-32": json.dumps({"update_id": 9}).encode("utf-32"),
    "NUL bytes": b"\0" * 1_000,
    "a page of HTML": b"<html>" + CANARY.encode() + b"</html>",
    "a form": b"text=" + CANARY.encode() + b"&id=1",
    "the same key twice": b'{"update_id": 1, "update_id": "x", "message": 1, "message": null}',
    "a key of a megabyte": b'{"' + b"k" * 50_000 + b'": 1}',
    "gzip": b"\x1f\x8b\x08\x00" + bytes(60),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_malformed_body_is_refused(alive: Alive, name: str) -> None:
    """By the webhook and by every route of the page; afterwards people are served as before."""
    before = _stored(alive)
    with logged() as log:
        answers = [_hook(alive, BODIES[name])]
        answers += [_page(alive, path, BODIES[name], token=web_token("malformed")) for path in PAGES]
    for answer in answers:
        _unharmed(answer)
    # "Leave" has its token in the body: without one it is not let in.
    assert {answer.status for answer in answers[1:]} <= ({400, 401} if len(BODIES[name]) <= WEB_LIMIT else {413})
    assert answers[0].status in (200, 400)
    assert _stored(alive) == before
    assert CANARY not in log() and "Traceback" not in log()


def test_lone_surrogates_and_odd_characters_are_mended_and_kept(alive: Alive) -> None:
    """What is odd and still words is somebody's message: it is taken, once, and answered."""
    for text in ("\ud83d", "halo \udc00 apa", "\0", "a\0b", "\u202e\u200f", "😀" * 50, "\x1b[2J", "ꦲꦏ꧀ꦱꦫ", "﷽" * 100):
        chat = next(_chats)
        before = _stored(alive)
        update = text_update(next(_numbers), text, chat=chat)
        assert _hook(alive, json.dumps(update).encode()).status == 200
        alive.run(alive.town.service.settle())
        assert _stored(alive) == before + 1, ascii(text)
        assert alive.town.platform.shown(chat), ascii(text)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-7", "", "application/x-www-form-urlencoded", "\xff"],
)
def test_the_content_type_decides_nothing(alive: Alive, kind: str) -> None:
    """A true update with a wrong type is a true update; nothing is parsed by what the sender calls it."""
    body = json.dumps(text_update(next(_numbers), "halo")).encode()
    before = _stored(alive)
    assert _hook(alive, body, headers=((b"content-type", kind.encode("latin-1")),)).status == 200
    page = json.dumps({"id": str(uuid4()), "kind": "text", "text": "halo"}).encode()
    answer = _page(alive, "/chat/messages", page, token=web_token(f"type {kind}"), headers=((b"content-type", kind.encode("latin-1")),))
    assert answer.status == 202
    assert _stored(alive) == before + 2


_PATHS = (PATH, *PAGES, "/chat/events", "/metrics", "/nothing", "/chat/../keys", "/chat/static/../web.py", "/%2e%2e/")


@pytest.mark.parametrize("path", _PATHS)
def test_other_methods_and_paths(alive: Alive, path: str) -> None:
    """No route answers what it was not made for."""
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"):
        answer = alive.run(call(alive.town.app, method, path, chunks=[CANARY.encode()], query=CANARY.replace(" ", "+").encode()))
        _unharmed(answer)
        assert answer.status in (200, 401, 404, 405)
        assert answer.status != 200 or path == "/metrics"


@pytest.mark.parametrize(
    "name",
    ["unknown_kind", "unknown_content", "edited_message", "channel_post", "group_message", "my_chat_member", "poll", "sticker", "contact",
     "auto_delete_timer", "voice", "photo_caption", "document_image", "venue", "callback_query_inaccessible"],
)  # fmt: skip
def test_every_kind_of_update_is_taken(alive: Alive, name: str) -> None:
    """Those that concern nobody are confirmed and forgotten; the others have one row."""
    update = {**captured(name), "update_id": next(_numbers)}
    received = alive.town.telegram.parse(update)
    before = _stored(alive)
    assert _hook(alive, json.dumps(update).encode()).status == 200
    alive.run(alive.town.service.settle())
    assert _stored(alive) == before + (received is not None)


def test_a_sender_who_hangs_up_leaves_nothing(alive: Alive) -> None:
    """In the middle of a body: no row, no error, and the next one is served."""

    async def gone(path: str) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            return None

        headers = [(b"x-telegram-bot-api-secret-token", SECRET.encode()), (b"authorization", f"Bearer {web_token('gone')}".encode())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": path,
            "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers, "client": None, "server": None,
        }  # fmt: skip
        await alive.town.app(scope, receive, send)

    before = _stored(alive)
    for path in (PATH, *PAGES):
        alive.run(gone(path))
    assert _stored(alive) == before
    _still_answers(alive)


# Fuzzed

_CAPTURED = ("location", "venue", "voice", "contact", "poll")
_EXAMPLES = [text_update(1, "halo"), tap_update(2, "3.yes"), *(captured(name) for name in _CAPTURED)]


@FUZZ
@given(data=st.data())
def test_fuzzed_updates(alive: Alive, data: st.DataObject) -> None:
    """A real update with anything in one or two of its places: taken with exactly one row, or forgotten with none."""
    update: Any = data.draw(st.sampled_from(_EXAMPLES))
    for _ in range(data.draw(st.integers(1, 2))):
        update = planted(update, data.draw(st.sampled_from(paths(update))), data.draw(JSON | st.just(CANARY)))
    if isinstance(update, dict) and isinstance(update.get("update_id"), int):
        update["update_id"] = next(_numbers)
    body = json.dumps(update).encode()
    before = _stored(alive)
    with logged() as log:
        answer = _hook(alive, body)
        alive.run(alive.town.service.turns.settle())
    _unharmed(answer)
    received = alive.town.telegram.parse(json.loads(body)) if answer.status == 200 and isinstance(update, dict) else None
    assert _stored(alive) == before + (received is not None)
    assert CANARY not in log() and "Traceback" not in log() and "turn_failed" not in log()


_TOKEN = web_token("fuzzed")
_ids_taken: set[str] = set()
_BODY = st.fixed_dictionaries(
    {},
    optional={
        "id": st.just("") | st.uuids().map(str) | JSON,
        "kind": st.sampled_from(["text", "tap", "location", "start", "leave", "media", "unsupported"]) | JSON,
        "text": st.text(max_size=40) | st.just(CANARY) | JSON,
        "tap": st.sampled_from(["1.report", "2.yes", "99.no", "."]) | st.text(max_size=70) | JSON,
        "location": st.lists(st.floats(allow_nan=False), min_size=2, max_size=2) | JSON,
        "language": st.sampled_from(["id", "en", "xx"]) | JSON,
        "ids": st.lists(st.integers(-5, 2**64), max_size=4) | JSON,
        "token": st.just(_TOKEN) | JSON,
    },
)


@FUZZ
@given(path=st.sampled_from(PAGES), body=_BODY | JSON, token=st.just(_TOKEN) | st.text(max_size=50))
def test_fuzzed_pages(alive: Alive, path: str, body: Any, token: str) -> None:
    """Anything in a page's requests: a message that is accepted has one row, everything else has none."""
    raw = json.dumps(body).encode()
    before = _stored(alive)
    with logged() as log:
        answer = _page(alive, path, raw, token=token.encode("utf-8", "replace").decode())
        alive.run(alive.town.service.turns.settle())
    _unharmed(answer)
    assert answer.status in (202, 400, 401, 413)
    own = str(body.get("id")).lower() if isinstance(body, dict) else ""
    again = own in _ids_taken
    if answer.status == 202 and path != "/chat/confirm" and isinstance(body, dict) and "id" in body:
        _ids_taken.add(own)  # the same again is the same message, whatever else is in it
    assert _stored(alive) == before + (answer.status == 202 and path != "/chat/confirm" and not again)
    assert CANARY not in log() and "Traceback" not in log() and "turn_failed" not in log()


@FUZZ
@given(raw=st.binary(max_size=200), path=st.sampled_from([PATH, *PAGES]))
def test_fuzzed_bytes(alive: Alive, raw: bytes, path: str) -> None:
    """Bytes that were never JSON."""
    answer = _hook(alive, raw) if path == PATH else _page(alive, path, raw, token=_TOKEN)
    _unharmed(answer)


def test_people_are_served_after_all_this(alive: Alive) -> None:
    """And nothing that came in is left undone."""
    _still_answers(alive)
    waiting = alive.run(alive.town.service.reads.counts(0))
    assert waiting["inbox_new"] == 0

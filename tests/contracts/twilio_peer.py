"""The other end of WhatsApp: a Twilio of our own, that takes what the real one would take and refuses what it would refuse.

It checks each call with Twilio's descriptions (`twilio_api`) and with the rules that stand only in its manuals (lengths, buttons,
variables), keeps messages as Twilio does, shows a phone what it would show, and signs its calls with twilio's own `RequestValidator`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from aiohttp import web
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bot.channels.whatsapp import WhatsApp
from tests.contracts import twilio_api

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "5f0e31twilioTokenThatMustNeverBeLogged"
SENDER = "whatsapp:+14155238886"
PHONE = "whatsapp:+628115550042"
TEMPLATE = "HX" + "7e" * 16

_FORM = "application/x-www-form-urlencoded"
_INBOUND = count(2**64)  # never the number of one that goes out


@dataclass(kw_only=True, slots=True)
class Fault:
    """What happens to the next `times` calls of a kind ("send", "content", "list", "delete", "media", "account"), once `after` have passed.

    "answer": `status`, `code` and `headers` instead of Twilio's own. "drop": the connection ends before the call was taken, "lost":
    after it was. "slow": it is taken at once and answered after `seconds`.
    """

    call: str
    kind: str = "answer"
    to: str = ""
    times: int = 1
    status: int = 500
    code: int = 20500
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    after: int = 0
    met: int = 0

    def meets(self, call: str, about: str) -> bool:
        """Whether a call meets it."""
        if self.met >= self.times or self.call != call or self.to not in ("", about):
            return False
        self.after -= 1
        return self.after < 0


@dataclass(kw_only=True, slots=True)
class Kept:
    """A message that Twilio keeps."""

    sid: str
    to: str
    sender: str
    body: str
    made: float
    buttons: tuple[tuple[str, str], ...] = ()  # id, title
    callback: str = ""
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    content: str = ""


class Cut(Exception):
    """The connection ends."""


class Twilio:
    """`sent` is everything that went to a phone, in order, whether it was deleted since or not; `kept` what Twilio still has."""

    def __init__(self) -> None:
        self.sent: list[Kept] = []
        self.kept: dict[str, Kept] = {}
        self.contents: dict[str, dict[str, Any]] = {TEMPLATE: {"language": "id", "types": {"twilio/text": {"body": "Ada pesan."}}}}
        self.calls: list[tuple[str, str, float]] = []  # kind, what it concerns, when
        self.problems: list[str] = []
        self.faults: list[Fault] = []
        self.deleted: list[str] = []
        self.unsent: list[str] = []  # addresses that were sent to in vain
        self.storage_url = ""
        self.undeletable: set[str] = set()  # sids for which 20009 is answered
        self.rang: list[dict[str, str]] = []  # the forms of all calls: a telephone rang
        self._numbers = count(1)

    def sid(self, prefix: str) -> str:
        """A new one."""
        return f"{prefix}{next(self._numbers):032x}"

    # What a phone shows

    def screen(self, address: str = PHONE) -> list[Kept]:
        """What came to a phone."""
        return [one for one in self.sent if one.to == address]

    def tried(self, kind: str) -> list[tuple[str, str, float]]:
        """All calls of a kind."""
        return [call for call in self.calls if call[0] == kind]

    # What the program calls

    async def take(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any, dict[str, str]]:
        """One call: status, JSON or bytes, headers. Raises Cut."""
        asked = parse_qsl(query, keep_blank_values=True)
        sort = headers.get("content-type", "")
        form = parse_qsl(body.decode(), keep_blank_values=True) if sort.startswith(_FORM) else []
        given = json.loads(body) if "json" in sort else None
        kind = self._kind(method, path)
        if kind != "file":
            self.problems += twilio_api.problems(method, path, asked, form, given)
        if headers.get("authorization") != "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode():
            return _error(401, 20003)
        about = dict(form).get("To") or dict(asked).get("To") or path.rpartition("/")[2]
        self.calls.append((kind, about, time.monotonic()))
        fault = next((f for f in self.faults if f.meets(kind, about)), None)
        if fault is not None:
            fault.met += 1
            if fault.kind == "drop":
                raise Cut
            if fault.kind == "answer":
                await asyncio.sleep(fault.seconds)
                return _error(fault.status, fault.code, fault.headers)
        answer = self._done(kind, path, dict(asked), dict(form), given)
        if fault is not None:
            await asyncio.sleep(fault.seconds)
            if fault.kind == "lost":
                raise Cut
        return answer

    @staticmethod
    def _kind(method: str, path: str) -> str:
        if path == "/v1/Content":
            return "content"
        rest = path.removeprefix(f"/2010-04-01/Accounts/{ACCOUNT}")
        for shape, kinds in (
            (r"\.json", {"GET": "account"}),
            (r"/Calls\.json", {"POST": "call"}),
            (r"/Messages\.json", {"POST": "send", "GET": "list"}),
            (r"/Messages/\w+\.json", {"DELETE": "delete"}),
            (r"/Messages/\w+/Media\.json", {"GET": "media"}),
            (r"/Messages/\w+/Media/\w+\.json", {"DELETE": "drop"}),
            (r"/Messages/\w+/Media/\w+", {"GET": "file"}),
        ):
            if re.fullmatch(shape, rest) and method in kinds:
                return kinds[method]
        return "unknown"

    def _done(self, kind: str, path: str, query: dict[str, str], form: dict[str, str], given: Any) -> tuple[int, Any, dict[str, str]]:
        named = re.findall(r"/(?:Messages|Media)/(\w+)", path)
        match kind:
            case "account":
                return 200, {"sid": ACCOUNT, "status": "active"}, {}
            case "content":
                return self._content(given)
            case "call":
                self.rang.append(form)
                return 201, {"sid": self.sid("CA"), "status": "queued"}, {}
            case "send":
                return self._send(form)
            case "list":
                found = [one for one in self.kept.values() if one.to == query.get("To", one.to) and one.sender == query.get("From")]
                newest = sorted(found, key=lambda one: one.made, reverse=True)[: int(query.get("PageSize", 50))]
                return 200, {"messages": [_shown(one) for one in newest], "uri": "/x", "page": 0, "page_size": 50}, {}
            case "media" if named[0] in self.kept:
                files = [{"sid": sid, "parent_sid": named[0]} for sid in self.kept[named[0]].files]
                return 200, {"media_list": files, "uri": "/x", "page": 0, "page_size": 50}, {}
            case "delete" if named[0] in self.undeletable:
                return _error(409, 20009)
            case "delete" if named[0] in self.kept:
                del self.kept[named[0]]
                self.deleted.append(named[0])
                return 204, b"", {}
            case "drop" if named[0] in self.kept and named[1] in self.kept[named[0]].files:
                del self.kept[named[0]].files[named[1]]
                self.deleted.append(named[1])
                return 204, b"", {}
            case "file" if named[0] in self.kept and named[1] in self.kept[named[0]].files:
                return 307, b"", {"location": f"{self.storage_url}/storage/{named[0]}/{named[1]}"}
            case _:
                return _error(404, 20404)

    def _content(self, given: Any) -> tuple[int, Any, dict[str, str]]:
        for name, body in given["types"].items():
            self.problems += _refused(name, body, given.get("variables") or {})
        sid = self.sid("HX")
        self.contents[sid] = given
        return 201, {"sid": sid, "account_sid": ACCOUNT, **given}, {}

    def _send(self, form: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        where = "send"
        if form["From"] != SENDER or not re.fullmatch(r"whatsapp:\+\d{6,15}", form["To"]):
            return _error(400, 21211)
        body, buttons, content = form.get("Body", ""), (), form.get("ContentSid", "")
        if content:
            if content not in self.contents:
                return _error(400, 21655)
            given = self.contents[content]
            variables = json.loads(form.get("ContentVariables", "{}"))
            if any(not isinstance(v, str) or not v or "\n" in v for v in variables.values()):
                return _error(400, 21656)
            if set(variables) != set(given.get("variables") or {}):
                return _error(400, 21656)
            (kind,) = given["types"]
            filled = json.loads(_fill(json.dumps(given["types"][kind]), variables))
            body = filled["body"]
            offered = filled.get("actions") or filled.get("items") or []
            buttons = tuple((each["id"], each.get("title") or each["item"]) for each in offered)
        if not body.strip():
            return _error(400, 21602)
        if len(body) > 1600:
            return _error(400, 21617)
        one = Kept(sid=self.sid("SM"), to=form["To"], sender=form["From"], body=body, made=time.time(), buttons=buttons,
                   callback=form.get("StatusCallback", ""), content=content)  # fmt: skip
        if one.callback and not re.search(r"[?&]row=\d+$", one.callback):
            self.problems.append(f"{where}: a callback without a row")
        self.kept[one.sid] = one
        self.sent.append(one)
        return 201, _shown(one), {}

    def storage(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes, dict[str, str]]:
        """Where Twilio's files really lie: whoever shows credentials here has given them away."""
        if "authorization" in {name.casefold() for name in headers}:
            self.problems.append("credentials were sent to the storage")
        message, file = path.removeprefix("/storage/").split("/")
        kind, data = self.kept[message].files[file]
        return 200, data, {"content-type": kind}

    # What people send

    def writes(self, text: str = "", *, address: str = PHONE, **fields: str) -> dict[str, str]:
        """A form as Twilio posts it, kept there too. `fields` replace or add."""
        sid = fields.get("MessageSid") or f"SM{next(_INBOUND):032x}"
        form = {
            "SmsMessageSid": sid, "NumMedia": "0", "ProfileName": "Rara Kenari", "MessageType": "text", "SmsSid": sid,
            "WaId": address.partition("+")[2], "SmsStatus": "received", "Body": text, "To": SENDER, "NumSegments": "1",
            "ReferralNumMedia": "0", "MessageSid": sid, "AccountSid": ACCOUNT, "From": address, "ApiVersion": "2010-04-01",
        } | fields  # fmt: skip
        self.kept[form["MessageSid"]] = Kept(sid=form["MessageSid"], to=SENDER, sender=address, body=text, made=time.time())
        return form

    def taps(self, button: str, title: str, *, address: str = PHONE, listed: bool = False) -> dict[str, str]:
        """A tap on a quick reply, or on an item of a list."""
        if listed:
            return self.writes(title, address=address, MessageType="interactive", ListId=button, ListTitle=title)
        return self.writes(title, address=address, MessageType="button", ButtonPayload=button, ButtonText=title)

    def sends_files(self, *files: tuple[str, bytes], caption: str = "", address: str = PHONE) -> dict[str, str]:
        """Files, as (content type, bytes)."""
        sid = f"MM{next(_INBOUND):032x}"
        form = self.writes(caption, address=address, MessageSid=sid, NumMedia=str(len(files)), MessageType="image")
        for number, (kind, data) in enumerate(files):
            media = self.sid("ME")
            self.kept[sid].files[media] = (kind, data)
            form[f"MediaUrl{number}"] = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}/Media/{media}"
            form[f"MediaContentType{number}"] = kind
        return form

    @staticmethod
    def report(one: Kept, status: str, code: str = "") -> tuple[str, dict[str, str]]:
        """What Twilio posts about a message that went out: the query of its callback, and the form."""
        form = {
            "SmsSid": one.sid, "SmsStatus": status, "MessageStatus": status, "ChannelToAddress": one.to, "To": one.to,
            "ChannelPrefix": "whatsapp", "MessageSid": one.sid, "AccountSid": ACCOUNT, "From": one.sender, "ApiVersion": "2010-04-01",
        }  # fmt: skip
        return one.callback.partition("?")[2], form | ({"ErrorCode": code} if code else {})


def signed(url: str, form: Mapping[str, str], *, token: str = TOKEN) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """A call of Twilio's, as it goes over the wire: the body, and the headers with its signature."""
    body = urlencode(form).encode()
    signature = RequestValidator(token).compute_signature(url, dict(form))
    return body, [(b"content-type", _FORM.encode()), (b"x-twilio-signature", signature.encode())]


def _refused(name: str, body: Mapping[str, Any], variables: Mapping[str, str]) -> list[str]:
    """What stands in Twilio's manuals and not in its descriptions."""
    found = [f"content: a body of {len(body['body'])} characters"] if not 0 < len(body["body"]) <= 1024 else []
    if name == "twilio/quick-reply":
        titles = [(each["title"], each["id"]) for each in body["actions"]]
        found += [f"content: {len(titles)} buttons"] if not 0 < len(titles) <= 3 else []
        found += [f"content: the title {title}" for title, _ in titles if not 0 < len(title) <= 20]
    elif name == "twilio/list-picker":
        titles = [(each["item"], each["id"]) for each in body["items"]]
        found += [f"content: {len(titles)} items"] if not 0 < len(titles) <= 10 else []
        found += [f"content: the item {title}" for title, _ in titles if not 0 < len(title) <= 24]
        found += [f"content: the description {each}" for each in body["items"] if len(each.get("description", "x")) not in range(1, 73)]
        found += ["content: no button"] if not 0 < len(body["button"]) <= 20 else []
    else:
        return [f"content: {name}"]
    found += ["content: a title twice"] if len({title for title, _ in titles}) < len(titles) else []
    found += [f"content: the id {each}" for _, each in titles if not 0 < len(each) <= 200]
    used = set(re.findall(r"\{\{(\d+)\}\}", json.dumps(body)))
    return found + ([f"content: variables {used}, {variables}"] if used != set(variables) else [])


def _fill(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\d+)\}\}", lambda match: variables.get(match[1], ""), text)


def _shown(one: Kept) -> dict[str, Any]:
    made = format_datetime(datetime.fromtimestamp(one.made, UTC))
    return {"sid": one.sid, "body": one.body, "to": one.to, "from": one.sender, "status": "queued", "date_created": made}


def _error(status: int, code: int, headers: Mapping[str, str] | None = None) -> tuple[int, Any, dict[str, str]]:
    return status, {"code": code, "message": f"pesan untuk {PHONE}", "status": status, "more_info": "x"}, dict(headers or {})


def in_memory(twilio: Twilio) -> httpx.AsyncClient:
    """A client whose calls go straight to this Twilio: the real twilio library above it, no socket below."""

    async def handle(request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.query.decode()
        if path.startswith("/storage/"):
            status, data, headers = twilio.storage(path, request.headers)
            return httpx.Response(status, content=data, headers=headers)
        try:
            status, answer, headers = await twilio.take(request.method, path, query, request.headers, await request.aread())
        except Cut:
            raise httpx.ReadError("cut", request=request) from None
        if isinstance(answer, bytes):
            return httpx.Response(status, content=answer, headers=headers)
        return httpx.Response(status, json=answer, headers=headers)

    return httpx.AsyncClient(transport=httpx.MockTransport(handle))


def channel(twilio: Twilio, **options: Any) -> WhatsApp:
    """The real channel with this Twilio below it."""
    given: dict[str, Any] = {"public_url": "https://bot.example.org", "api_url": "http://127.0.0.1:9", "client": in_memory(twilio)}
    return WhatsApp(account_sid=ACCOUNT, auth_token=TOKEN, sender=SENDER, **(given | options))


@asynccontextmanager
async def serving(twilio: Twilio) -> AsyncIterator[str]:
    """This Twilio on a free loopback port; gives its address."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/storage/"):
            status, answer, headers = twilio.storage(request.path, request.headers)
        else:
            low = {name.casefold(): value for name, value in request.headers.items()}
            try:
                status, answer, headers = await twilio.take(request.method, request.path, request.query_string, low, await request.read())
            except Cut:
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=500)
        if isinstance(answer, bytes):
            return web.Response(status=status, body=answer, headers=headers)
        return web.json_response(answer, status=status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    twilio.storage_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield twilio.storage_url
    finally:
        await runner.cleanup()

"""`deploy/nginx.conf` and `deploy/Caddyfile` as they stand, before the real program: what has to pass passes, all else stays inside, and
nothing is written."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.evidence.format import LARGEST
from tests.bot.filed import sample
from tests.bot.telegram_front import until
from tests.bot.test_stopping import Slow, says, served

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
CADDY = shutil.which("caddy") or "/usr/bin/caddy"
PROXIES = [
    pytest.param("nginx", marks=pytest.mark.skipif(
        # A build machine must have it: there the test fails instead of being left out.
        not Path(NGINX).exists() and not os.environ.get("CI"), reason="nginx is not installed: apt install nginx-light"
    )),
    pytest.param("caddy", marks=pytest.mark.skipif(not Path(CADDY).exists(), reason="Caddy is not installed: apt install caddy")),
]  # fmt: skip
TOO_LARGE = {"nginx": {413, "body_too_large"}, "caddy": {413, "body_too_large", None}}  # what `refused` may find
TOKEN = {"Authorization": f"Bearer {'q' * 43}"}


def certificate(folder: Path) -> tuple[Path, Path]:
    """One of our own, for loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "chain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return folder / "chain.pem", folder / "key.pem"


@dataclass(frozen=True, kw_only=True)
class Front:
    """A proxy that runs: where it is reached, and its process."""

    url: str
    pid: int

    def held(self, folder: Path) -> list[str]:
        """What it holds open below a folder, also what has no name any more; not its logs."""
        held = [os.readlink(path) for path in Path(f"/proc/{self.pid}/fd").iterdir() if path.is_symlink()]
        return [name for name in held if name.startswith(str(folder)) and not name.endswith((".log", "/start"))]


def as_nginx(folder: Path, port: int, program_url: str, *, console: bool = False) -> list[str]:
    """The command that runs nginx with the snippet of ours; only addresses, ports and paths are changed. `console`: with its server, of
    which the signs that make it a comment are taken away, at 127.0.0.2."""
    chain, key = certificate(folder)
    text = changed("nginx.conf", (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("/etc/ssl/ruang-aman/fullchain.pem", str(chain)),
        ("listen 10.8.0.1:443 ssl", f"listen 127.0.0.2:{port} ssl"), ("/etc/ssl/ruang-aman/konsol.pem", str(chain)),
        ("/etc/ssl/ruang-aman/konsol-key.pem", str(key)),
        ("/etc/ssl/ruang-aman/privkey.pem", str(key)), ("http://127.0.0.1:8080", program_url), ("/var/log/nginx", str(folder)),
    ))  # fmt: skip
    if console:
        public, start, inner = text.partition("# server {\n")
        text = public + re.sub("^# ?", "", start + inner, flags=re.MULTILINE)
    kinds = " ".join(f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = f"pid {folder / 'pid'}; daemon off; master_process off; error_log {folder / 'start'}; events {{}} http {{ {kinds} {text} }}"
    (folder / "whole.conf").write_text(whole, encoding="utf-8")
    return [NGINX, "-p", str(folder), "-c", str(folder / "whole.conf")]


def as_caddy(folder: Path, port: int, program_url: str) -> list[str]:
    """The command that runs Caddy with the file of ours; only the address, the port and the certificate are changed."""
    chain, key = certificate(folder)
    text = changed("Caddyfile", (
        ("\tservers {", "\tadmin off\n\tauto_https off\n\tservers {"), ("127.0.0.1:8080", program_url.removeprefix("http://")),
        ("example.go.id {", f"https://127.0.0.1:{port} {{\n\ttls {chain} {key}"),
    ))  # fmt: skip
    (folder / "whole.conf").write_text(text, encoding="utf-8")
    return [CADDY, "run", "--adapter", "caddyfile", "--config", str(folder / "whole.conf")]


def changed(name: str, changes: tuple[tuple[str, str], ...]) -> str:
    """A file of deploy/ with some of its words changed, each of which stands in it."""
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def proxied(proxy: str, folder: Path, program_url: str, *, console: bool = False) -> AsyncIterator[Front]:
    """nginx or Caddy before the program; nginx with the console's server as well, if asked for."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = as_nginx(folder, port, program_url, console=console) if proxy == "nginx" else as_caddy(folder, port, program_url)
    homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "start").open("ab") as said:
        process = subprocess.Popen(command, env={**os.environ, **homes}, stdout=said, stderr=said)

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        await until(lambda: listens() or process.poll() is not None, proxy)
        assert process.poll() is None, (folder / "start").read_text("utf-8")
        yield Front(url=f"https://127.0.0.1:{port}", pid=process.pid)
    finally:
        process.terminate()
        process.wait(10)


def written(folder: Path) -> dict[str, bytes]:
    """All that a proxy wrote, but how it was configured."""
    ours = (".pem", ".conf", ".json")
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix not in ours}


async def refused(client: httpx.AsyncClient, url: str, size: int) -> str | int | None:
    """What is said to a body that is too large: the service's code, or the proxy's status. None: the connection was closed while the rest
    of it was still coming, as Caddy may do, or say 502 for the service's; the page itself sends nothing so large."""
    try:
        answer = await client.post(url, content=bytes(size), headers=TOKEN)
    except httpx.NetworkError:
        return None
    if answer.headers.get("content-type") == "application/json":
        code: str = answer.json()["code"]
        return code
    return None if answer.status_code == 502 else answer.status_code


@pytest.mark.parametrize("proxy", PROXIES)
async def test_chat_and_webhook_pass_and_the_rest_stays_inside(tmp_path: Path, proxy: str) -> None:
    platform, folder = Slow(), tmp_path / "proxy"
    folder.mkdir()
    async with (
        platform.running() as telegram, served(tmp_path, telegram) as program, proxied(proxy, folder, program.url) as front,
        httpx.AsyncClient(verify=False, timeout=20) as client,
    ):  # fmt: skip
        url, before = front.url, written(folder)
        page = await client.get(f"{url}/chat")
        assert page.status_code == 200 and "Content-Security-Policy" in page.headers
        assert page.headers["Strict-Transport-Security"]
        body = {"id": str(uuid4()), "kind": "text", "text": "layangan putus di pohon jambu"}
        assert (await client.post(f"{url}/chat/messages", json=body, headers=TOKEN)).status_code == 202
        async with client.stream("GET", f"{url}/chat/events", headers=TOKEN) as stream:
            chunks = stream.aiter_text()
            seen = ""
            while "112" not in seen:
                seen += await asyncio.wait_for(anext(chunks), 10)
            begun = time.monotonic()
            again = {"id": str(uuid4()), "kind": "text", "text": "menu"}
            assert (await client.post(f"{url}/chat/messages", json=again, headers=TOKEN)).status_code == 202
            await asyncio.wait_for(anext(chunks), 10)
            assert time.monotonic() - begun < 3, "the stream is passed on as it comes, not when a buffer is full"
        await says(client, url, 1)
        await until(lambda: platform.taken >= 1, "the answer on Telegram")
        for path in ("/metrics", "/readyz", "/healthz", "/console", "/console/words/id", "/anything"):
            assert (await client.get(url + path)).status_code == 404, path
        assert (await client.get(f"{url}/")).headers["location"].endswith("/chat")
        assert await refused(client, f"{url}/chat/messages", 1_200_000) in TOO_LARGE[proxy]
        after = b"".join(content.removeprefix(before.get(name, b"")) for name, content in written(folder).items())
    assert b"127.0.0.1" not in after and b"layangan" not in after and b"/chat" not in after, "the proxy writes nobody down"


@pytest.mark.parametrize("proxy", PROXIES)
async def test_a_file_of_sixteen_megabytes_passes_and_touches_no_disk_on_its_way(tmp_path: Path, proxy: str) -> None:
    platform, folder = Slow(), tmp_path / "proxy"
    folder.mkdir()
    held: list[str] = []

    async def slowly(content: bytes, front: Front) -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1_000_000):
            yield content[start : start + 1_000_000]
            held.extend(front.held(folder))

    async with (
        platform.running() as telegram, served(tmp_path, telegram) as program, proxied(proxy, folder, program.url) as front,
        httpx.AsyncClient(verify=False, timeout=60) as client,
    ):  # fmt: skip

        async def sent(size: int) -> httpx.Response:
            headers = {**TOKEN, "Chat-Message": str(uuid4()), "Chat-Language": "id", "Content-Length": str(size)}
            content = sample("photo.jpg").ljust(size, b"\0")
            return await client.post(f"{front.url}/chat/files", content=slowly(content, front), headers=headers)

        before = front.held(folder)
        for size in (1_500_000, LARGEST):
            answer = await sent(size)
            assert (answer.status_code, answer.text) == (202, '{"ok": true}'), size
        assert set(held) <= set(before), "what comes is passed on, and waits in no file"
        assert await refused(client, f"{front.url}/chat/files", LARGEST + 1) in TOO_LARGE[proxy] - {413}, "the service says so"


@pytest.mark.parametrize("proxy", PROXIES[:1])
async def test_the_consoles_server_lets_the_console_in_and_nothing_else(tmp_path: Path, proxy: str) -> None:
    """The commented server of the snippet, beside the public one: only at its own address is there a console."""
    platform, folder = Slow(), tmp_path / "proxy"
    folder.mkdir()
    async with (
        platform.running() as telegram, served(tmp_path, telegram) as program,
        proxied(proxy, folder, program.url, console=True) as front, httpx.AsyncClient(verify=False, timeout=20) as client,
    ):  # fmt: skip
        before, inner = written(folder), front.url.replace("127.0.0.1", "127.0.0.2")
        words = await client.get(f"{inner}/console/words/id")
        assert words.status_code == 200 and "Content-Security-Policy" in words.headers and words.headers["Strict-Transport-Security"]
        assert (await client.get(f"{inner}/console/events")).status_code == 401
        assert (await client.post(f"{inner}/console/j/salt", json={"name": "rina"})).status_code == 200
        assert (await client.get(f"{inner}/")).headers["location"].endswith("/console")
        for path in ("/chat", "/webhooks/telegram", "/metrics", "/readyz", "/healthz", "/anything"):
            assert (await client.get(inner + path)).status_code == 404, path
        assert (await client.get(f"{front.url}/chat")).status_code == 200
        for path in ("/console", "/console/words/id", "/console/events"):
            assert (await client.get(front.url + path)).status_code == 404, path
        after = b"".join(content.removeprefix(before.get(name, b"")) for name, content in written(folder).items())
    assert b"127.0.0" not in after and b"/console" not in after, "the proxy writes nobody down"

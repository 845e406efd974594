"""`deploy/nginx.conf` as it stands, before the real program: what has to pass passes, all else stays inside, nothing is written."""

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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.bot.telegram_front import until
from tests.bot.test_stopping import Slow, says, served

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
# A build machine must have it: there the test fails instead of being left out.
pytestmark = pytest.mark.skipif(
    not Path(NGINX).exists() and not os.environ.get("CI"), reason="nginx is not installed: apt install nginx-light"
)
TOKEN = {"Authorization": f"Bearer {'q' * 43}"}


def certificate(folder: Path) -> tuple[Path, Path]:
    """One of our own, for loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "chain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return folder / "chain.pem", folder / "key.pem"


def with_console(text: str) -> str:
    """The snippet with the console's server, of which the signs that make it a comment are taken away."""
    public, start, inner = text.partition("# server {\n")
    assert start
    return public + re.sub("^# ?", "", start + inner, flags=re.MULTILINE)


@asynccontextmanager
async def proxied(folder: Path, program_url: str, *, console: bool = False) -> AsyncIterator[str]:
    """nginx with the snippet of ours; only addresses, ports and paths are changed. The console's server is at 127.0.0.2."""
    chain, key = certificate(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    text = with_console(text) if console else text
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("/etc/ssl/ruang-aman/fullchain.pem", str(chain)),
        ("listen 10.8.0.1:443 ssl", f"listen 127.0.0.2:{port} ssl"), ("/etc/ssl/ruang-aman/konsol.pem", str(chain)),
        ("/etc/ssl/ruang-aman/konsol-key.pem", str(key)),
        ("/etc/ssl/ruang-aman/privkey.pem", str(key)), ("http://127.0.0.1:8080", program_url), ("/var/log/nginx", str(folder)),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    kinds = " ".join(f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = f"pid {folder / 'pid'}; daemon off; master_process off; error_log {folder / 'start'}; events {{}} http {{ {kinds} {text} }}"
    (folder / "whole.conf").write_text(whole, encoding="utf-8")
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "whole.conf")], stderr=subprocess.PIPE)

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        await until(lambda: listens() or process.poll() is not None, "nginx")
        assert process.poll() is None, process.stderr and process.stderr.read()
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


async def test_chat_and_webhook_pass_and_the_rest_stays_inside(tmp_path: Path) -> None:
    platform, folder = Slow(), tmp_path / "proxy"
    folder.mkdir()
    async with (
        platform.running() as telegram, served(tmp_path, telegram) as program, proxied(folder, program.url) as url,
        httpx.AsyncClient(verify=False, timeout=20) as client,
    ):  # fmt: skip
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
        assert (await client.post(f"{url}/chat/messages", content=b"x" * 1_200_000, headers=TOKEN)).status_code == 413
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix not in (".pem", ".conf"))
    assert b"127.0.0.1" not in written and b"layangan" not in written and b"/chat" not in written, "the proxy writes nobody down"


async def test_the_consoles_server_lets_the_console_in_and_nothing_else(tmp_path: Path) -> None:
    """The commented server of the snippet, beside the public one: only at its own address is there a console."""
    platform, folder = Slow(), tmp_path / "proxy"
    folder.mkdir()
    async with (
        platform.running() as telegram, served(tmp_path, telegram) as program, proxied(folder, program.url, console=True) as public,
        httpx.AsyncClient(verify=False, timeout=20) as client,
    ):  # fmt: skip
        inner = public.replace("127.0.0.1", "127.0.0.2")
        words = await client.get(f"{inner}/console/words/id")
        assert words.status_code == 200 and "Content-Security-Policy" in words.headers and words.headers["Strict-Transport-Security"]
        assert (await client.get(f"{inner}/console/events")).status_code == 401
        assert (await client.post(f"{inner}/console/j/salt", json={"name": "rina"})).status_code == 200
        assert (await client.get(f"{inner}/")).headers["location"].endswith("/console")
        for path in ("/chat", "/webhooks/telegram", "/metrics", "/readyz", "/healthz", "/anything"):
            assert (await client.get(inner + path)).status_code == 404, path
        assert (await client.get(f"{public}/chat")).status_code == 200
        for path in ("/console", "/console/words/id", "/console/events"):
            assert (await client.get(public + path)).status_code == 404, path
    written = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix not in (".pem", ".conf"))
    assert b"127.0.0" not in written and b"/console" not in written, "the proxy writes nobody down"

"""The console's own session modules, as the browser runs them, against the real server over HTTP."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from actions.audit import faults
from bot.vault.certificate import Holder, certify, sign_unit_key
from bot.vault.key_file import write_key_file
from bot.vault.keys import generate_keypair
from bot.vault.signing import generate_signing
from tests.bot.desk.door import Office
from tests.bot.desk.door import office as opened

HERE = Path(__file__).parent
WEB = HERE.parents[2] / "bot" / "console" / "web"
PASSPHRASE = "kata sandi berkas"


@asynccontextmanager
async def served(office: Office) -> AsyncIterator[str]:
    """The office over HTTP."""
    server = uvicorn.Server(uvicorn.Config(office.app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


def bundled(folder: Path) -> Path:
    """The session modules in one file that Node can load."""
    esbuild = WEB / "node_modules" / ".bin" / "esbuild"
    if not esbuild.exists():
        npm = shutil.which("npm")
        assert npm, "npm is needed once, to install the packages of bot/console/web/package.json"
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=WEB, check=True, capture_output=True, timeout=100)
    target = folder / "session.mjs"
    options = ["--bundle", "--format=esm", "--platform=neutral", "--main-fields=module,main", "--loader:.txt=text", "--log-level=error"]
    subprocess.run([esbuild, "src/session/index.js", *options, f"--outfile={target}"], cwd=WEB, check=True, timeout=60)
    return target


def impostor(unit_id: bytes) -> dict[str, Any]:
    """A lead who signed for herself, as somebody who can write to the database could put her there."""
    sealing, signing, pair, staff_id = generate_keypair(), generate_signing(), generate_keypair(), secrets.token_bytes(16)
    holder = Holder(
        staff_id=staff_id, unit_id=unit_id, role="lead", sealing_public=sealing.public, signing_public=signing.public
    )  # fmt: skip
    row = {
        "id": staff_id.hex(), "shown": "X", "role": "lead", "state": "active", "sealing_public": sealing.public.hex(),
        "signing_public": signing.public.hex(), "certificate": certify(holder, private_key=signing.private).hex(),
        "admitted_by": staff_id.hex(),
    }  # fmt: skip
    signature = sign_unit_key(pair.public, unit_id=unit_id, version=1, private_key=signing.private)
    keys = {"unit_public": pair.public.hex(), "unit_private": pair.private.hex(), "signing_private": signing.private.hex()}
    return {"row": row, "unit_signature": signature.hex(), **keys}


@pytest.mark.timeout(300)
async def test_several_browsers_and_one_server(tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "Node 20 or newer is needed here (Debian: apt-get install nodejs npm): the console's own modules are run"
    async with opened(tmp_path / "data", public_url="") as office:
        unit_id, file_pair = await office.add_unit("UPTD PPA"), generate_keypair()
        filed_id = await office.add_unit("Polres", file_pair.public)
        write_key_file(
            tmp_path / "unit.key", private=file_pair.private, kind="unit", name="Polres", unit_id=filed_id, passphrase=PASSPHRASE, created=1
        )  # fmt: skip
        await office.recovery_key()
        scene = {
            "lead": await office.link(unit_id, "lead"), "filed": await office.link(filed_id, "lead"), "step": int(office.now[0]) // 30,
            "file": (tmp_path / "unit.key").read_text(), "file_passphrase": PASSPHRASE, "file_private": file_pair.private.hex(),
            "impostor": impostor(unit_id), "filed_id": filed_id.hex(),
        }  # fmt: skip
        async with served(office) as base:
            process = await asyncio.create_subprocess_exec(
                node, "pages.mjs", str(bundled(tmp_path)), base, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE
            )  # fmt: skip
            out, err = await process.communicate(json.dumps(scene).encode())
        assert process.returncode == 0, err.decode()[-4000:]
        assert json.loads(out)["sent"] > 60
        keys = await office.store.unit_keys(unit_id)
        unit = await office.store.unit(unit_id)
        assert [key.version for key in keys] == [6, 5, 4, 3, 2, 1] and unit is not None and unit.public_key == keys[0].public_key
        links = await office.chain.links()
        assert list(faults(links)) == []
        actions = {link.entry.action for link in links}
        assert actions >= {
            "unit_key_made", "staff_invited", "staff_joined", "unit_key_given", "staff_removed", "unit_key_changed",
            "case_keys_sealed_anew", "staff_admitted_by_recovery", "case_key_changed",
        }  # fmt: skip

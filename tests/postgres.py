"""A PostgreSQL server of the tests' own, from the binaries that are present, on a socket in a temporary folder, ended with the tests.

The benchmarks use it, too, with settings of their own.
"""

from __future__ import annotations

import atexit
import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

# What a test needs of durability: the server is killed now and then, the machine is not. So fsync is off and all else as in production.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum": "off",  # a thief of the data folder must see what a server leaves lying, at its worst
    "log_min_messages": "fatal",
}


@cache
def binaries() -> Path | None:
    """The folder of the newest server's programs, or None where PostgreSQL is not installed."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if on_path is not None:
        found.append(Path(on_path).parent)
    return max(found, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))], default=None)


def _user() -> str | None:
    """The user that the server runs as: its programs refuse root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


class PostgresServer:
    """One server. `url` makes the address of a database in it. `settings` are for its postgresql.conf; its folder is made in `base`."""

    def __init__(self, settings: Mapping[str, str] = SETTINGS, *, base: Path | None = None) -> None:
        where = binaries()
        if where is None:
            raise RuntimeError("PostgreSQL is not installed: apt install postgresql")
        self._bin, self._as = where, _user()
        self.folder = Path(tempfile.mkdtemp(prefix="ruang-aman-pg-", dir=base))
        self.data = self.folder / "data"
        if self._as is not None:
            shutil.chown(self.folder, self._as)
        self._call("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()

    def _call(self, program: str, *arguments: str, said: str | None = None) -> str:
        done = subprocess.run(
            [str(self._bin / program), *arguments], user=self._as, cwd=self.folder, capture_output=True, text=True, timeout=120, input=said
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")
        return done.stdout

    def start(self) -> None:
        """Starts it, and returns when it answers."""
        log = self.folder / "server.log"
        self._call("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(log), "-o", f"-k {self.folder}", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Ends it: `immediate` as a crash does, `fast` in order."""
        self._call("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    def process(self) -> int:
        """The id of its first process: all others are children of that one."""
        return int((self.data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])

    def restart(self, *, away: float = 0.0) -> None:
        """A crash and a start, with `away` seconds between them."""
        self.stop()
        time.sleep(away)
        self.start()

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        """Runs a statement; gives what psql prints, without headings."""
        return self._call("psql", "-h", str(self.folder), "-U", "postgres", "-d", database, "-X", "-q", "-At", "-c", statement)

    def dump(self, database: str) -> bytes:
        """What pg_dump makes of a database."""
        return self._call("pg_dump", "-h", str(self.folder), "-U", "postgres", database).encode()

    def create(self, *, template: str = "template0") -> str:
        """A new database; gives its name."""
        name = f"t{secrets.token_hex(6)}"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def copy(self, database: str) -> str:
        """A new database with what another one holds, which may be in use; gives its name."""
        name = self.create()
        script = self.dump(database).decode()
        self._call("psql", "-h", str(self.folder), "-U", "postgres", "-d", name, "-X", "-q", "-v", "ON_ERROR_STOP=1", said=script)
        return name

    def url(self, database: str) -> str:
        """The address of a database, as RUANG_AMAN_DATABASE_URL takes it."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.folder}"

    def end(self) -> None:
        """Ends it and removes everything."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


@cache
def server() -> PostgresServer:
    """The server of this test process, made at the first call."""
    made = PostgresServer()
    atexit.register(made.end)
    return made

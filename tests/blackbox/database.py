"""A real PostgreSQL server: a private cluster in a temporary folder, one for each run of the tests, a database for each
relay. It ends with the tests, however they end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

USER = "relay"
# Runs the server until its own input ends.
KEEPER = """
folder=$1; shift
"$@" >"$folder/log" 2>&1 &
server=$!
trap '' INT TERM HUP
read -r word
kill -QUIT $server 2>/dev/null
wait $server
rm -rf "$folder"
"""
OPTIONS = ["fsync=off", "full_page_writes=off", "max_connections=400", "listen_addresses=127.0.0.1"]


def wanted() -> bool:
    return os.environ.get("KUOTA_TEST_DATABASE") == "postgres"


def binaries() -> Path:
    found = [bin for bin in Path("/usr/lib/postgresql").glob("*/bin") if (bin / "initdb").exists()]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    assert found, "PostgreSQL's server is needed: apt-get install postgresql"
    return found[0]


def owner() -> dict:
    """The server refuses to be root's."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise AssertionError("a user that is not root is needed")


class Server:
    def __init__(self) -> None:
        self.bin = binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="kuota-pg-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.owner = owner()
        if self.owner:
            os.chown(self.folder, self.owner["user"], self.owner["group"])
        self.names = count()
        self.run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", USER, "-D", "data")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = [word for option in [*OPTIONS, f"unix_socket_directories={self.folder}"] for word in ("-c", option)]
        command = [str(self.bin / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *options]
        self.keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, "sh", str(self.folder), *command],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, **self.owner,
        )
        end = time.monotonic() + 60
        while subprocess.run([self.bin / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)]).returncode:
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.02)

    def run(self, program: str, *args: str) -> str:
        command = [str(self.bin / program), *args]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, **self.owner)
        assert done.returncode == 0, f"{program}: {done.stderr}"
        return done.stdout

    def database(self) -> str:
        """The address of an empty database."""
        name = f"box_{next(self.names)}"
        at = ("-h", str(self.folder), "-p", str(self.port), "-U", USER)
        self.run("psql", "-X", "-q", *at, "-d", "postgres", "-c", f"CREATE DATABASE {name} TEMPLATE template0")
        return f"postgres://{USER}@127.0.0.1:{self.port}/{name}"


SERVERS: list[Server] = []


def fresh_database() -> str:
    if not SERVERS:
        SERVERS.append(Server())
    return SERVERS[0].database()

"""Fixtures: a router, a daemon beside it, and the words to talk to both.

The binary is `$KUOTAD`, else `target/debug/kuotad` of this crate. Nothing is built here.
Every daemon has its own folder, ports and router, so tests may run side by side.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from routeros import BINDING, HOST, LISTS, Router

CRATE = Path(__file__).resolve().parents[2]
KUOTAD = os.environ.get("KUOTAD") or str(CRATE / "target/debug/kuotad")
OWNER_PASSWORD = "benteng-kuda-laut-81"
SIX_LISTS = {
    "active": "klient_aktif",
    "unlimited": "klient_aktif",
    "fup": "klient_fup",
    "habis": "klient_habis",
    "expired": "klient_expired",
    "inactive": "klient_inactive",
    "blocked": "klient_blocked",
}
LIST_NAMES = set(SIX_LISTS.values())

MB = 1024 * 1024
GB = 1024 * MB


# ---------------------------------------------------------------- small helpers


def free_ports(count: int) -> list[int]:
    """Different free ports: one that is let go before the next is asked for may be given out again."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def eventually(check, timeout: float = 20, pause: float = 0.05):
    """Runs `check` until it no longer raises; returns what it returns."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(pause)


def toml(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    return json.dumps(str(value))


def toml_document(config: dict) -> str:
    lines, tables = [], []
    for key, value in config.items():
        if isinstance(value, dict):
            tables.append((key, value))
        else:
            lines.append(f"{key} = {toml(value)}")

    def table(name, values):
        lines.append(f"\n[{name}]")
        lines.extend(f"{k} = {toml(v)}" for k, v in values.items() if not isinstance(v, dict))
        for k, v in values.items():
            if isinstance(v, dict):
                table(f"{name}.{k}", v)

    for name, values in tables:
        table(name, values)
    return "\n".join(lines) + "\n"


def merged(base: dict, more: dict) -> dict:
    out = dict(base)
    for key, value in more.items():
        out[key] = merged(out.get(key) or {}, value) if isinstance(value, dict) else value
    return out


class Answer:
    """One HTTP answer, with words for what went wrong."""

    def __init__(self, request: str, status: int, headers, body: bytes):
        self.request, self.status, self.headers, self.body = request, status, headers, body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise AssertionError(f"not JSON: {self}") from None

    @property
    def content_type(self) -> str:
        return (self.headers.get("content-type") or "").split(";")[0].strip()

    @property
    def code(self):
        return self.json.get("code")

    def expect(self, *statuses: int) -> Answer:
        assert self.status in statuses, f"expected {' or '.join(map(str, statuses))}: {self}"
        if self.status >= 400:
            self.is_problem()
        return self

    def is_problem(self) -> Answer:
        assert self.content_type == "application/problem+json", f"not problem+json: {self}"
        assert isinstance(self.code, str) and self.code, f"a problem without `code`: {self}"
        assert self.json.get("status", self.status) == self.status, f"`status` differs: {self}"
        return self

    def __str__(self) -> str:
        return f"{self.request} -> {self.status} {self.content_type} {self.text[:1500]}"


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http(method: str, url: str, *, body=None, raw: bytes | None = None, headers=None, timeout=45) -> Answer:
    data = raw if raw is not None else (None if body is None else json.dumps(body).encode())
    request = urllib.request.Request(url, data=data, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    shown = f"{method} {url.split('/', 3)[-1]} {(data or b'')[:300].decode('utf-8', 'replace')}"
    try:
        with _opener.open(request, timeout=timeout) as reply:
            return Answer(shown, reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(shown, error.code, error.headers, error.read())
    except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
        raise AssertionError(f"{shown}: no answer: {error!r}") from None


# ---------------------------------------------------------------- the daemon


def run_kuotad(*args: str, stdin: str | None = None, timeout: float = 60, env=None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [KUOTAD, *args], input=stdin or "", capture_output=True, text=True, timeout=timeout, env=clean_env(env)
    )


def clean_env(more=None) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("KUOTA__") and k not in ("JOURNAL_STREAM", "RUST_LOG")}
    env["RUST_BACKTRACE"] = "1"
    env.update(more or {})
    return env


def shown(done: subprocess.CompletedProcess) -> str:
    return f"{done.args[1:]} exited {done.returncode}\nstdout: {done.stdout[-2000:]}\nstderr: {done.stderr[-3000:]}"


class Ended(Exception):
    """The daemon ended although it should run."""


class Agent:
    """One `kuotad` with its folder, its configuration and an owner's token."""

    def __init__(self, router: Router, config: dict | None = None):
        self.router = router
        self.dir = Path(tempfile.mkdtemp(prefix="kb-", dir="/tmp"))
        self.data_dir = self.dir / "data"
        self.data_dir.mkdir()
        self.config_file = self.dir / "kuotad.toml"
        self.password_file = self.dir / "router.password"
        self.password_file.write_text(router.password + "\n")
        self.password_file.chmod(0o600)
        self.log_file = self.dir / "stderr.log"
        self.extra = config or {}
        self.process: subprocess.Popen | None = None
        self.token: str | None = None
        self.tokens: dict[str, str] = {}
        self.write_config()

    def write_config(self) -> None:
        self.admin_port, self.portal_port = free_ports(2)
        base = {
            "data_dir": str(self.data_dir),
            "timezone": "Asia/Jakarta",
            "admin": {"listen": f"127.0.0.1:{self.admin_port}"},
            "portal": {
                "listen": f"127.0.0.1:{self.portal_port}",
                "public_url": f"http://127.0.0.1:{self.portal_port}",
                "client_networks": ["10.5.0.0/16"],
            },
            "router": {
                "address": self.router.endpoint,
                "tls": "off",
                "username": self.router.user,
                "password_file": str(self.password_file),
                "poll_interval": poll_interval(),
                "timeout": "2s",
            },
            "store": {"commit_interval": "1s"},
            "clock": {"trust": "always"},
        }
        self.config = merged(base, self.extra)
        self.config_file.write_text(toml_document(self.config))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.admin_port}"

    @property
    def portal_url(self) -> str:
        return f"http://127.0.0.1:{self.portal_port}"

    def tail(self, lines: int = 60) -> str:
        if not self.log_file.exists():
            return "(the daemon was never started)"
        return "\n".join(self.log_file.read_text("utf-8", "replace").splitlines()[-lines:])

    # ---- life

    def start(self) -> Agent:
        for attempt in range(3):
            try:
                return self._start()
            except Ended:
                # Another process may have taken a free port in between.
                if attempt == 2 or "in use" not in self.tail().lower():
                    raise
                self.write_config()
        raise AssertionError("unreachable")

    def _start(self) -> Agent:
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [KUOTAD, "--config", str(self.config_file), "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_env(),
            )

        def answers():
            code = self.process.poll()
            if code is not None:
                raise Ended(f"kuotad run exited {code} at once:\n{self.tail()}")
            assert self.ping() is not None, f"no ping yet:\n{self.tail()}"

        eventually(answers, timeout=20, pause=0.03)
        if self.token is None:
            self.token = self.make_admin("pemilik", "owner")
        return self

    def ping(self) -> Answer | None:
        for path in ("/api/v1/ping", "/api/ping"):
            try:
                reply = http("GET", self.url + path, timeout=5)
            except AssertionError:
                return None
            if reply.status == 200:
                return reply
        return None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def assert_alive(self) -> None:
        assert self.alive, f"kuotad ended with {self.process and self.process.poll()}:\n{self.tail()}"

    def stop(self, timeout: float = 10) -> int:
        """SIGTERM; the exit code."""
        process, self.process = self.process, None
        if process is None:
            return 0
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"kuotad did not stop within {timeout} s of SIGTERM:\n{self.tail()}") from None

    def kill(self) -> None:
        process, self.process = self.process, None
        if process:
            process.kill()
            process.wait()

    def close(self) -> None:
        self.kill()
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def rss_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise AssertionError("no VmRSS")

    # ---- command line

    def cli(self, *args: str, stdin: str | None = None, timeout: float = 60) -> subprocess.CompletedProcess:
        return run_kuotad("--config", str(self.config_file), *args, stdin=stdin, timeout=timeout)

    def cli_ok(self, *args: str, stdin: str | None = None) -> str:
        done = self.cli(*args, stdin=stdin)
        assert done.returncode == 0, shown(done) + f"\ndaemon:\n{self.tail()}"
        return done.stdout

    def make_admin(self, name: str, role: str, password: str = OWNER_PASSWORD) -> str:
        self.cli_ok("admin", "add", name, "--role", role, "--password-stdin", stdin=password + "\n")
        token = self.cli_ok("admin", "token", name).strip()
        assert token and len(token.split()) == 1, f"`admin token` prints one token and nothing else, not {token!r}"
        return token

    def token_of(self, role: str) -> str:
        if role == "owner":
            return self.token
        if role not in self.tokens:
            self.tokens[role] = self.make_admin(f"si-{role}", role)
        return self.tokens[role]

    def verify(self) -> None:
        done = self.cli("ledger", "verify")
        assert done.returncode == 0, shown(done)

    # ---- HTTP

    def call(self, method: str, path: str, body=None, *, role: str = "owner", key: str | None = None, **more) -> Answer:
        headers = {"Authorization": f"Bearer {self.token_of(role)}", **more.pop("headers", {})}
        if key:
            headers["Idempotency-Key"] = key
        return http(method, f"{self.url}/api/v1{path}", body=body, headers=headers, **more)

    def get(self, path: str, **more):
        return self.call("GET", path, **more).expect(200).json

    def post(self, path: str, body=None, *statuses: int, **more):
        reply = self.call("POST", path, body, **more).expect(*(statuses or (200, 201)))
        return reply.json if reply.body else None

    def package(self, name: str, quota, price_rp: int, days: int = 30) -> str:
        return self.post("/packages", {"name": name, "quota": quota, "days": days, "price_rp": price_rp}, 201)["id"]

    def all(self, path: str) -> list[dict]:
        """Every page of a list."""
        items, after = [], None
        while True:
            sep = "&" if "?" in path else "?"
            page = self.get(path + (f"{sep}after={urllib.request.quote(str(after), safe='')}" if after else ""))
            items += page["items"]
            after = page.get("next")
            if not after:
                return items


_poll: str | None = None


def poll_interval() -> str:
    """200 ms where the configuration takes it, else 1 s; `BOX_POLL` overrides."""
    global _poll
    if _poll is None:
        _poll = os.environ.get("BOX_POLL") or _shortest_poll()
    return _poll


def _shortest_poll() -> str:
    with tempfile.TemporaryDirectory(prefix="kb-") as folder:
        secret = Path(folder, "router.password")
        secret.write_text("x\n")
        secret.chmod(0o600)
        config = Path(folder, "kuotad.toml")
        config.write_text(
            toml_document(
                {
                    "data_dir": folder,
                    "router": {"address": "127.0.0.1:1", "password_file": str(secret), "poll_interval": "200ms"},
                }
            )
        )
        return "200ms" if run_kuotad("--config", str(config), "check-config").returncode == 0 else "1s"


# ---------------------------------------------------------------- a site


class Subscriber:
    """A user with one device that the router sees."""

    def __init__(self, site: Site, id: str, name: str, mac: str, address: str):
        self.site, self.id, self.name, self.mac, self.address = site, id, name, mac, address

    @property
    def path(self) -> str:
        return f"/users/{self.id}"

    def get(self) -> dict:
        return self.site.agent.get(self.path)

    @property
    def used(self) -> int:
        return self.get()["used_bytes"]

    @property
    def status(self) -> str:
        return self.get()["access"]["status"]

    def device(self) -> dict:
        devices = [d for d in self.get()["devices"] if d["mac"].upper() == self.mac]
        assert len(devices) == 1, f"devices of {self.name}: {self.get()['devices']}"
        return devices[0]

    def post(self, tail: str, body=None, *statuses: int, **more):
        return self.site.agent.post(f"{self.path}{tail}", body, *statuses, **more)

    def call(self, method: str, tail: str, body=None, **more) -> Answer:
        return self.site.agent.call(method, f"{self.path}{tail}", body, **more)

    def credit(self, amount) -> None:
        self.post("/credits", {"amount": amount, "reason": "uji"})

    def bind(self) -> None:
        self.post("/devices", {"mac": self.mac}, 201)

    def unbind(self) -> Answer:
        return self.call("DELETE", f"/devices/{self.mac}")

    def connect(self, **more):
        return self.site.router.connect(self.mac, self.address, **more)

    def move(self, down: int = 0, up: int = 0) -> None:
        self.site.router.move(self.mac, down, up)

    def assert_used(self, expected: int) -> None:
        user = self.get()
        assert user["used_bytes"] == expected, (
            f"{self.name}: metered {user['used_bytes']}, expected {expected} "
            f"(off by {user['used_bytes'] - expected}); moved {self.site.router.moved.get(self.mac)}; user {user}"
        )

    def comes_to_use(self, expected: int, timeout: float = 20) -> None:
        """Exactly `expected` bytes, and still that after more polls."""
        eventually(lambda: self.assert_used(expected), timeout)
        self.site.polls()
        self.assert_used(expected)

    def assert_listed(self, status: str, binding: str | None = None, address: str | None = None) -> None:
        self.site.assert_listed(address or self.address, SIX_LISTS[status])
        if binding is None:
            binding = "bypassed" if status in ("active", "unlimited", "fup") else "regular"
        self.site.assert_bound(self.mac, binding)

    def comes_to_be(self, status: str, binding: str | None = None, timeout: float = 20) -> None:
        """The access is `status`, here and on the router."""

        def check():
            access = self.get()["access"]
            assert access["status"] == status, f"{self.name}: {access}, expected {status}"
            self.assert_listed(status, binding)

        eventually(check, timeout)


OPEN_SITES: list[Site] = []


class Site:
    """A router and the daemon beside it."""

    def __init__(self, config: dict | None = None, router: Router | None = None):
        self.router = router or Router()
        self.agent = Agent(self.router, config)
        self._numbers = itertools.count(10)
        OPEN_SITES.append(self)

    def start(self) -> Site:
        self.agent.start()
        return self

    def close(self) -> None:
        OPEN_SITES.remove(self)
        self.agent.close()
        self.router.down()

    def polls(self, count: int = 3, timeout: float = 30) -> None:
        """Until that many readings began after now; all but the last have been digested."""
        self.router.wait_prints(HOST, count, timeout=timeout)

    def someone(self, name: str | None = None, **more) -> Subscriber:
        """A user; neither device nor quota yet."""
        n = next(self._numbers)
        name = name or f"Pelanggan {n}"
        body = {"name": name, "phone": f"0812{n:08d}", "approved": True, **more}
        user = self.agent.post("/users", body, 201)
        return Subscriber(self, user["id"], name, f"02:5A:00:00:{n >> 8:02X}:{n & 255:02X}", f"10.5.{50 + n // 250}.{n % 250 + 1}")

    def subscriber(self, amount=None, name: str | None = None, wait: bool = True, **connect) -> Subscriber:
        """Created, seen by the router, bound, and with quota when `amount` is given."""
        who = self.someone(name)
        who.connect(**connect)
        who.bind()
        if amount is not None:
            who.credit(amount)
            if wait:
                who.comes_to_be("active")
        return who

    # ---- the router's side

    def rows_of(self, address: str) -> list[dict]:
        return [r for r in self.router.snapshot(LISTS) if r["address"] == address and r["list"] in LIST_NAMES]

    def assert_listed(self, address: str, name: str | None) -> None:
        rows = [r for r in self.rows_of(address) if r.get("disabled") != "true"]
        assert [r["list"] for r in rows] == ([name] if name else []), (
            f"{address} should be in {name or 'no list'} only, is in {rows}; "
            f"latest writes {[(c.words, c.outcome) for c in self.router.writes()[-6:]]}"
        )
        for row in rows:
            assert row.get("comment", "").startswith("kuota:"), f"a row without our tag: {row}"
            assert "timeout" not in row, f"a dynamic row, gone at a reboot: {row}"

    def assert_bound(self, mac: str, kind: str) -> None:
        rows = [r for r in self.router.snapshot(BINDING) if r.get("mac-address") == mac and r.get("disabled") != "true"]
        kinds = [r.get("type", "regular") for r in rows]
        # A host without a binding is treated as `regular` by the router.
        assert kinds == [kind] or (kind == "regular" and not kinds), f"{mac} should be bound {kind}, is {rows}"
        for row in rows:
            assert row.get("comment", "").startswith("kuota:"), f"a binding without our tag: {row}"


@pytest.fixture(scope="session", autouse=True)
def _binary_exists():
    if not Path(KUOTAD).is_file():
        pytest.exit(f"no binary at {KUOTAD}: build it or set KUOTAD", returncode=4)


@pytest.fixture
def make_site():
    """A site of one's own, with configuration: `make_site({"policy": {...}})`."""
    with contextlib.ExitStack() as stack:

        def make(config: dict | None = None, *, start: bool = True, router: Router | None = None) -> Site:
            site = Site(config, router)
            stack.callback(site.close)
            return site.start() if start else site

        yield make


@pytest.fixture
def own(make_site) -> Site:
    """A site of one's own with the defaults."""
    return make_site()


@pytest.fixture(scope="module")
def site():
    """One site for a whole file; tests keep to their own users and devices."""
    site = Site()
    try:
        yield site.start()
    finally:
        site.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    sites = [v for v in getattr(item, "funcargs", {}).values() if isinstance(v, Site)]
    for site in {id(s): s for s in sites + OPEN_SITES[-2:]}.values():
        report.sections.append((f"kuotad stderr ({site.agent.dir})", site.agent.tail()))
    for open_relay in OPEN_RELAYS[-2:]:
        report.sections.append((f"kuota-relay stderr ({open_relay.dir})", open_relay.tail()))


# What pays online is kept apart; it needs the words above.
from payment_fixtures import client, gateway, make_paid, make_relay, market, paid, relay, shared  # noqa: E402, F401
from relay import OPEN_RELAYS  # noqa: E402

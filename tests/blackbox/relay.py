"""One `kuota-relay` with its folder and configuration, and what a site says to it.

The binary is `$KUOTA_RELAY`, else `kuota-relay` beside `kuotad`. `KUOTA_TEST_DATABASE=postgres` gives each relay a database
of its own on a real server, and a sister: another relay on the same database, which is killed again and again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from conftest import KUOTAD, Answer, Ended, clean_env, eventually, http, shown, toml
from database import fresh_database, wanted
from midtrans import SERVER_KEY, Midtrans

KUOTA_RELAY = os.environ.get("KUOTA_RELAY") or str(Path(KUOTAD).with_name("kuota-relay"))
OPEN_RELAYS: list[Relay] = []
OPEN = ("created", "pending", "challenge")
# States in which a credit has been taken back whole.
UNDONE = ("refunded", "charged_back", "reversed")
METHODS = ["qris", "gopay", "shopeepay", "va_bca", "va_bni", "va_bri", "va_permata", "va_cimb", "va_mandiri"]
MEMO = '{"user":"3f0c","quote":[["quota",10737418240]],"note":"Sepuluh \\u2013 é 字"}'


def lasting_port() -> int:
    """A free port that nobody is given by chance while the relay is down and is to come back."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


class Sister:
    """Another relay of the same configuration and database. Nobody calls it; it works on what the first one took in."""

    def __init__(self, relay: Relay):
        self.relay, self.over = relay, threading.Event()
        self.thread = threading.Thread(target=self.live, daemon=True)
        self.thread.start()

    def live(self) -> None:
        dice = random.Random(self.relay.port)
        while not self.over.is_set():
            with open(self.relay.dir / "sister.log", "ab") as log:
                process = subprocess.Popen(
                    [KUOTA_RELAY, "--config", str(self.relay.config_file), "run"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=clean_env() | {"KUOTA_RELAY__LISTEN": "127.0.0.1:0", "KUOTA_RELAY__CONSOLE__LISTEN": ""},
                )
            self.over.wait(dice.uniform(0.2, 2))
            process.kill()
            process.wait()

    def end(self) -> None:
        self.over.set()
        self.thread.join()


@dataclass
class Tenant:
    """One `[[merchant]]` and its sites."""

    id: str = "m1"
    key: str = SERVER_KEY
    previous: list[str] = field(default_factory=list)
    sites: dict[str, str] = field(default_factory=lambda: {"site-1": secrets.token_hex(24)})  # name -> token
    settings: dict = field(default_factory=dict)


class Relay:
    def __init__(self, gateway: Midtrans, *tenants: Tenant, public: bool = True, settings: dict | None = None):
        self.gateway = gateway
        self.tenants = list(tenants) or [Tenant()]
        self.public = public
        self.settings = settings or {}
        self.dir = Path(tempfile.mkdtemp(prefix="kr-", dir="/tmp"))
        self.database = self.dir / "relay.db"
        self.database_url = fresh_database() if wanted() else f"sqlite:{self.database}"
        self.sister: Sister | None = None
        self.config_file = self.dir / "relay.toml"
        self.log_file = self.dir / "stderr.log"
        self.process: subprocess.Popen | None = None
        self.served = False
        self.port = lasting_port()
        self.write_config()
        OPEN_RELAYS.append(self)

    # ---- configuration

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def secret(self, name: str, text: str) -> str:
        path = self.dir / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return str(path)

    def write_config(self) -> None:
        top = {
            "listen": f"127.0.0.1:{self.port}",
            "public_url": self.url if self.public else "",
            "database": self.database_url,
            **self.settings,
        }
        lines = table("", top)
        for tenant in self.tenants:
            previous = [self.secret(f"{tenant.id}.old{n}.key", key) for n, key in enumerate(tenant.previous)]
            merchant = {
                "id": tenant.id,
                "environment": "sandbox",
                "server_key_file": self.secret(f"{tenant.id}.key", tenant.key),
                "previous_key_files": previous,
                "core_url": self.gateway.core_url,
                "snap_url": self.gateway.snap_url,
                **tenant.settings,
            }
            lines += table("[[merchant]]", merchant)
            for name, token in tenant.sites.items():
                digest = hashlib.sha256(token.encode()).hexdigest()
                lines += table("[[merchant.site]]", {"id": name, "token_sha256_file": self.secret(f"{name}.sha256", digest)})
        self.config_file.write_text("\n".join(lines) + "\n")

    # ---- life

    def start(self) -> Relay:
        for attempt in range(3):
            try:
                return self._start()
            except Ended:
                # Another process may have taken the port in between. Once known, it cannot be changed.
                if attempt == 2 or self.served or "in use" not in self.tail().lower():
                    raise
                self.port = lasting_port()
                self.write_config()
        raise AssertionError("unreachable")

    def _start(self) -> Relay:
        assert Path(KUOTA_RELAY).is_file(), f"no binary at {KUOTA_RELAY}: build it or set KUOTA_RELAY"
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [KUOTA_RELAY, "--config", str(self.config_file), "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_env() | {"KUOTA_RELAY__CONSOLE__LISTEN": ""},
            )

        def answers():
            code = self.process.poll()
            if code is not None:
                raise Ended(f"kuota-relay run exited {code} at once:\n{self.tail()}")
            assert http("GET", f"{self.url}/api/ping", timeout=5).status == 200, self.tail()

        eventually(answers, timeout=20, pause=0.03)
        self.served = True
        if wanted():
            self.sister = Sister(self)
        return self

    def end_sister(self) -> None:
        sister, self.sister = self.sister, None
        if sister:
            sister.end()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def assert_alive(self) -> None:
        assert self.alive, f"kuota-relay ended with {self.process and self.process.poll()}:\n{self.tail()}"

    def stop(self, timeout: float = 10) -> float:
        """SIGTERM; the seconds it took. The exit code must be 0."""
        self.end_sister()
        process, self.process = self.process, None
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"kuota-relay did not stop within {timeout} s:\n{self.tail()}") from None
        assert code == 0, f"kuota-relay exited {code} after SIGTERM:\n{self.tail()}"
        return time.monotonic() - start

    def kill(self) -> None:
        self.end_sister()
        process, self.process = self.process, None
        if process:
            process.kill()
            process.wait()

    def restart(self) -> Relay:
        self.stop()
        return self.start()

    def close(self) -> None:
        OPEN_RELAYS.remove(self)
        self.kill()
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def tail(self, lines: int = 60) -> str:
        if not self.log_file.exists():
            return "(the relay was never started)"
        return "\n".join(self.log_file.read_text("utf-8", "replace").splitlines()[-lines:])

    # ---- command line

    def cli(self, *args: str, timeout: float = 60) -> subprocess.CompletedProcess:
        command = [KUOTA_RELAY, "--config", str(self.config_file), *args]
        return subprocess.run(command, input="", capture_output=True, text=True, timeout=timeout, env=clean_env())

    def cli_ok(self, *args: str) -> str:
        done = self.cli(*args)
        assert done.returncode == 0, shown(done) + f"\nrelay:\n{self.tail()}"
        return done.stdout

    # ---- sites

    def site(self, name: str = "site-1") -> SiteClient:
        token = next(t.sites[name] for t in self.tenants if name in t.sites)
        return SiteClient(self, name, token)

    def notification_url(self, order_id: str) -> str:
        """Where the gateway was told to send what becomes of this order."""
        calls = self.gateway.made("charge", order_id) + self.gateway.made("snap", order_id)
        urls = [c.header("x-override-notification") or c.header("x-append-notification") for c in calls]
        assert urls and urls[0], f"no notification URL with the charge of {order_id}: {calls}"
        return urls[0].split(",")[0].strip()


def table(head: str, values: dict) -> list[str]:
    return ["", head, *(f"{k} = {toml(v)}" for k, v in values.items())]


class SiteClient:
    """What an agent says to its relay."""

    def __init__(self, relay: Relay, name: str, token: str):
        self.relay, self.name, self.token = relay, name, token

    def call(self, method: str, path: str, body=None, *, token: str | None = "", **more) -> Answer:
        token = self.token if token == "" else token
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return http(method, f"{self.relay.url}{path}", body=body, headers=headers | more.pop("headers", {}), **more)

    def request(self, method: str = "qris", amount_rp: int = 10_000, **more) -> dict:
        """A good body for a new order."""
        body = {
            "request_id": str(uuid.uuid4()),
            "method": method,
            "amount_rp": amount_rp,
            "items": [{"name": "Paket Sepuluh", "price_rp": amount_rp, "quantity": 1}],
            "expires_in_s": 900,
            "memo": MEMO,
        }
        return {**body, **more}

    def post(self, body: dict, **more) -> Answer:
        return self.call("POST", "/v1/orders", body, **more)

    def open(self, method: str = "qris", amount_rp: int = 10_000, **more) -> dict:
        order = self.post(self.request(method, amount_rp, **more)).expect(201).json
        assert order["status"] in OPEN and order["amount_rp"] == amount_rp, order
        return order

    def order(self, order_id: str) -> dict:
        return self.call("GET", f"/v1/orders/{order_id}").expect(200).json

    def cancel(self, order_id: str) -> Answer:
        return self.call("POST", f"/v1/orders/{order_id}/cancel")

    def refresh(self, order_id: str) -> Answer:
        return self.call("POST", f"/v1/orders/{order_id}/refresh")

    def feed(self, after=0, *, wait: int = 0, limit: int = 100) -> dict:
        page = self.call("GET", f"/v1/feed?after={after}&wait={wait}&limit={limit}").expect(200).json
        assert page["epoch"] and isinstance(page["items"], list), page
        assert len(page["items"]) <= limit, page
        seqs = [item["seq"] for item in page["items"]]
        assert seqs == sorted(set(seqs)) and all(s > after for s in seqs), f"out of order after {after}: {seqs}"
        return page

    def events(self, order_id: str | None = None) -> list[dict]:
        """Every feed item from the start."""
        items, after = [], 0
        while True:
            page = self.feed(after)
            if not page["items"]:
                break
            items += page["items"]
            assert page["next"] >= page["items"][-1]["seq"], page
            after = page["next"]
        ids = [i["event_id"] for i in items]
        assert len(ids) == len(set(ids)), f"an event id twice: {items}"
        return [i for i in items if order_id in (None, i["order_id"])]

    def credits(self, order_id: str) -> int:
        """Credits less full reversals."""
        return net_credits(self.events(order_id))

    def comes_to(self, order_id: str, status: str, credits: int | None = None, flags=None, timeout: float = 20) -> dict:
        def check():
            order = self.order(order_id)
            told = f"{order}; gateway {self.relay.gateway.log(order_id)}"
            assert order["status"] == status, f"expected {status}: {told}"
            if flags is not None:
                assert set(order["flags"]) == set(flags), f"expected flags {flags}: {told}"
            if credits is not None:
                events = self.events(order_id)
                assert net_credits(events) == credits, f"expected {credits} credits: {told}; feed {events}"
                assert sum(e["effect"] == "credit" for e in events) <= 1, f"credited more than once: {events}"
            return order

        return eventually(check, timeout)

    def assert_agrees(self) -> None:
        """Every order that holds money at the gateway is credited once, and no other."""
        gateway, events = self.relay.gateway, self.events()
        holding = {t.order_id for t in gateway.payments()}
        for order_id in {e["order_id"] for e in events} | holding:
            found = net_credits([e for e in events if e["order_id"] == order_id])
            assert found == (order_id in holding), (
                f"{order_id}: {found} credits, money at the gateway: {order_id in holding}; "
                f"{[e for e in events if e['order_id'] == order_id]}; gateway {gateway.log(order_id)}"
            )


def net_credits(events: list[dict]) -> int:
    undone = [e for e in events if e["effect"] == "reverse" and e["status"] in UNDONE]
    return sum(e["effect"] == "credit" for e in events) - len(undone)


def customer_can_pay(order: dict) -> bool:
    """The order carries what a customer of this method needs."""
    method, va = order["method"], order.get("va") or {}
    if method == "qris":
        return bool(order.get("qr_string") or order.get("qr_url"))
    if method in ("gopay", "shopeepay"):
        return bool(order.get("deeplink_url"))
    if method == "va_mandiri":
        return bool(va.get("number") and va.get("biller_code"))
    if method.startswith("va_"):
        return bool(va.get("number")) and va.get("bank") == method.removeprefix("va_")
    return bool(order.get("redirect_url"))


def memo_of(item: dict) -> str:
    memo = item["memo"]
    return memo if isinstance(memo, str) else json.dumps(memo)

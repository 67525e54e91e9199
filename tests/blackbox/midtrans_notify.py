"""Notifications: who is told, how often it is tried again, and what may go wrong on the way."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import threading
import time
import urllib.parse
from dataclasses import dataclass, field

REPLY_TIMEOUT_S = 15
# More tries after an answer with this status; anything else that is not 2xx: five.
RETRIES = {500: 1, 503: 4, 400: 2, 404: 2, 301: 0, 302: 0, 303: 0}


def sign(order_id, status_code, gross_amount, server_key: str) -> str:
    return hashlib.sha512(f"{order_id}{status_code}{gross_amount}{server_key}".encode()).hexdigest()


def signed(body: dict, server_key: str) -> dict:
    """The same body with the signature that this key gives."""
    return {**body, "signature_key": sign(body["order_id"], body["status_code"], body["gross_amount"], server_key)}


@dataclass
class Delivery:
    """One notification to one URL."""

    url: str
    body: dict
    replies: list[int] = field(default_factory=list)  # 0: no answer
    finished: bool = False

    @property
    def acknowledged(self) -> bool:
        return bool(self.replies) and 200 <= self.replies[-1] < 300


def post(url: str, raw: bytes, timeout: float = REPLY_TIMEOUT_S, hops: int = 5) -> int:
    """The status of the answer, 0 without one. 307 and 308 are followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Veritrans"}
    try:
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), raw, headers)
        reply = connection.getresponse()
        reply.read()
        if reply.status in (307, 308) and hops:
            return post(urllib.parse.urljoin(url, reply.getheader("Location") or ""), raw, timeout, hops - 1)
        return reply.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


# ---------------------------------------------------------------- on the way
# A tamper takes one body and returns what is sent in its place.


def dropped(body: dict) -> list[dict]:
    return []


def doubled(body: dict) -> list[dict]:
    return [body, body]


def edited(**fields):
    """Changes fields and leaves the signature as it was."""
    return lambda body: [{**body, **fields}]


def signed_with(server_key: str):
    return lambda body: [signed(body, server_key)]


class Notifier:
    """Sends every notification from a thread of its own."""

    def __init__(self, retry_after_s: float = 0.2):
        self.retry_after_s = retry_after_s
        self.tamper = None
        self.muted = False
        self.holding = False
        self.held: list[tuple[list[str], dict]] = []
        self.deliveries: list[Delivery] = []
        self.changed = threading.Condition()
        self.closed = False

    def send(self, urls: list[str], body: dict) -> None:
        with self.changed:
            if self.muted or self.closed:
                return
            if self.holding:
                self.held.append((urls, body))
                return
        for one in self.tamper(body) if self.tamper else [body]:
            for url in urls:
                self._start(url, one)

    def _start(self, url: str, body: dict) -> None:
        delivery = Delivery(url, body)
        with self.changed:
            self.deliveries.append(delivery)
        threading.Thread(target=self._deliver, args=(delivery,), daemon=True).start()

    def _deliver(self, delivery: Delivery) -> None:
        raw = json.dumps(delivery.body).encode()
        while not self.closed:
            status = post(delivery.url, raw)
            with self.changed:
                delivery.replies.append(status)
                tries = len(delivery.replies) - 1
                delivery.finished = 200 <= status < 300 or tries >= RETRIES.get(status, 5)
                self.changed.notify_all()
                if delivery.finished:
                    return
                self.changed.wait_for(lambda: self.closed, self.retry_after_s)

    @contextlib.contextmanager
    def mute(self):
        self.muted = True
        try:
            yield
        finally:
            self.muted = False

    def release(self, *, backwards: bool = False) -> None:
        """Sends what was held, oldest first or newest first, one after the other."""
        with self.changed:
            held, self.held, self.holding = self.held, [], False
        for urls, body in reversed(held) if backwards else held:
            self.send(urls, body)
            self.wait_idle()

    def wait_idle(self, timeout: float = 20) -> None:
        deadline = time.monotonic() + timeout
        with self.changed:
            while any(not d.finished for d in self.deliveries):
                left = deadline - time.monotonic()
                assert left > 0, f"undelivered after {timeout} s: {[d for d in self.deliveries if not d.finished]}"
                self.changed.wait(left)

    def acknowledged(self, order_id: str | None = None) -> list[dict]:
        with self.changed:
            return [d.body for d in self.deliveries if d.acknowledged and order_id in (None, d.body.get("order_id"))]

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify_all()

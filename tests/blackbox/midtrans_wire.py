"""The gateway's HTTP side: requests as they came, and answers as badly as a test wants them."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTML = b"<html><head><title>Bad Gateway</title></head><body><center><h1>oops</h1></center></body></html>"


@dataclass
class Call:
    """One request as it came."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    operation: str = "unknown"
    target: str | None = None  # the id in the path, or the order id in the body
    order_id: str | None = None  # the order that the target belongs to, if any is known
    body: object = None
    status: int | None = None  # what was answered; 0: nothing
    outcome: str = ""

    def header(self, name: str) -> str | None:
        return self.headers.get(name.lower())


@dataclass
class Reply:
    status: int
    body: object

    @property
    def succeeded(self) -> bool:
        code = self.body.get("status_code", self.status) if isinstance(self.body, dict) else self.status
        return self.status < 300 and int(code) < 300


@dataclass(eq=False)
class Fault:
    """What becomes of the next `times` calls of an operation (-1: until cleared).

    reset   the connection is reset instead of an answer
    half    the answer breaks off in the middle
    hang    no answer for `seconds`, or until the fault is cleared; then the connection ends
    slow    the answer comes after `seconds`
    html    `status` with a page
    text    HTTP 200 with something that is no JSON
    json    `status` with `body`
    edit    the true answer with the fields of `edit` (a dict, or a function of the body) changed

    `processed`: the gateway has done what was asked before things go wrong.
    """

    operation: str
    kind: str
    times: int = 1
    processed: bool = True
    status: int = 502
    body: object = None
    edit: object = None
    seconds: float = 60
    order_id: str | None = None
    used: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def edited(self, body):
        return self.edit(dict(body)) if callable(self.edit) else {**body, **(self.edit or {})}


class Faults:
    def __init__(self):
        self.changed = threading.Condition()
        self.waiting: list[Fault] = []
        self.taken: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self.changed:
            self.waiting.append(fault)
        return fault

    def take(self, call: Call) -> Fault | None:
        with self.changed:
            for fault in self.waiting:
                if fault.operation in ("*", call.operation) and fault.order_id in (None, call.order_id):
                    fault.used += 1
                    self.taken.append(fault)
                    if fault.used == fault.times:
                        self.waiting.remove(fault)
                    self.changed.notify_all()
                    return fault
        return None

    def clear(self) -> None:
        """Ends every fault, also the hanging ones."""
        with self.changed:
            for fault in self.waiting + self.taken:
                fault.over.set()
            self.waiting.clear()

    def wait_used(self, fault: Fault, times: int = 1, timeout: float = 30) -> None:
        with self.changed:
            met = self.changed.wait_for(lambda: fault.used >= times, timeout)
        assert met, f"the fault {fault} was met {fault.used} times within {timeout} s"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True

    def shutdown_request(self, request):
        # A reset must not be preceded by an orderly end.
        if getattr(request, "fileno", lambda: -1)() >= 0 and _lingers(request):
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of the game


def _lingers(sock: socket.socket) -> bool:
    on, seconds = struct.unpack("ii", sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
    return bool(on) and seconds == 0


class Wire:
    """Listens on loopback; every request goes to `handle(call, send)`."""

    def __init__(self, handle, faults: Faults):
        wire = self
        self.sockets: set[socket.socket] = set()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                wire.sockets.add(self.request)

            def finish(self):
                wire.sockets.discard(self.request)
                with contextlib.suppress(OSError):
                    super().finish()

            def do(self):
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {k.lower(): v for k, v in self.headers.items()}
                call = Call(time.monotonic(), self.command, self.path, headers, raw)
                handle(call, lambda reply, fault, leaving=lambda: None: self.answer(call, reply, fault, leaving))

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

            def answer(self, call: Call, reply: Reply | None, fault: Fault | None, leaving) -> None:
                """Answers, or does what the fault says. `leaving` is called before the first byte of an answer leaves: after it
                the client may ask again."""
                kind = fault.kind if fault else None
                call.status = 0
                if fault:
                    call.outcome += f" {kind}{'' if fault.processed else ' unprocessed'}"
                if kind in ("hang", "slow"):
                    fault.over.wait(fault.seconds)
                leaving()
                if kind == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                elif kind == "hang":
                    self.close_connection = True
                elif kind == "html":
                    self.write(call, fault.status, HTML, "text/html")
                elif kind == "text":
                    self.write(call, 200, b"OK", "text/plain")
                elif kind == "json":
                    self.write(call, fault.status, json.dumps(fault.body).encode())
                else:
                    body = fault.edited(reply.body) if kind == "edit" else reply.body
                    self.write(call, reply.status, json.dumps(body).encode(), half=kind == "half")

            def write(self, call, status, raw, kind="application/json", half=False) -> None:
                call.status = 0 if half else status
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw[: len(raw) // 2] if half else raw)
                self.close_connection |= half

            def log_message(self, *args):
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.faults = faults
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def cut(self) -> None:
        """Ends every open connection."""
        for sock in list(self.sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.faults.clear()
        self.server.shutdown()
        self.server.server_close()
        self.cut()

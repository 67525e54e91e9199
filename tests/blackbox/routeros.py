"""A RouterOS API server on loopback TCP, and the small world behind it.

It speaks the router's own protocol (words, sentences, tags, queries, traps) and
keeps one hotspot: hosts, bindings, address lists and leases. Tests steer the world
through `Router`: hosts connect, traffic moves, rows are replaced, the router reboots,
replies are cut, lost or spoiled. Every command is logged and every byte that moved is
booked per MAC, so a test can compare what was metered with what really flowed.

Only the standard library; only loopback.
"""

from __future__ import annotations

import contextlib
import ipaddress
import random
import re
import socket
import threading
import time
from dataclasses import dataclass, field

HOST = "/ip/hotspot/host"
BINDING = "/ip/hotspot/ip-binding"
LISTS = "/ip/firewall/address-list"
LEASE = "/ip/dhcp-server/lease"
USER = "/ip/hotspot/user"
ACTIVE = "/ip/hotspot/active"
COOKIE = "/ip/hotspot/cookie"
RESOURCE = "/system/resource"
IDENTITY = "/system/identity"

READS = {"print", "getall"}
WRITES = {"add", "set", "remove", "unset", "enable", "disable", "reset-counters"}
# Words of a print that ask for a form, not for a property.
PRINT_FLAGS = {"detail", "stats", "brief", "terse", "without-paging", "count-only", "from", ".proplist"}


# ---------------------------------------------------------------- the wire


def encode_length(n: int) -> bytes:
    if n < 0x80:
        return bytes([n])
    if n < 0x4000:
        return (n | 0x8000).to_bytes(2, "big")
    if n < 0x200000:
        return (n | 0xC00000).to_bytes(3, "big")
    if n < 0x10000000:
        return (n | 0xE0000000).to_bytes(4, "big")
    return b"\xf0" + n.to_bytes(4, "big")


def encode_sentence(words: list[str]) -> bytes:
    out = bytearray()
    for word in words:
        raw = word.encode()
        out += encode_length(len(raw)) + raw
    out.append(0)
    return bytes(out)


class Wire:
    """Sentences read from a socket."""

    def __init__(self, sock: socket.socket):
        self.sock = sock
        self.buffer = bytearray()

    def _take(self, n: int) -> bytes:
        while len(self.buffer) < n:
            chunk = self.sock.recv(65536)
            if not chunk:
                raise ConnectionError("closed by the client")
            self.buffer += chunk
        taken = bytes(self.buffer[:n])
        del self.buffer[:n]
        return taken

    def _length(self) -> int:
        first = self._take(1)[0]
        if first < 0x80:
            return first
        if first < 0xC0:
            return ((first & 0x3F) << 8) | self._take(1)[0]
        if first < 0xE0:
            return ((first & 0x1F) << 16) | int.from_bytes(self._take(2), "big")
        if first < 0xF0:
            return ((first & 0x0F) << 24) | int.from_bytes(self._take(3), "big")
        if first == 0xF0:
            return int.from_bytes(self._take(4), "big")
        raise ConnectionError(f"control byte {first:#x} is reserved")

    def sentence(self) -> list[str]:
        words = []
        while True:
            length = self._length()
            if length > 1 << 20:
                raise ConnectionError(f"the client announced a word of {length} bytes")
            if length == 0:
                return words
            words.append(self._take(length).decode("utf-8", "replace"))


# ---------------------------------------------------------------- values


def duration(seconds: float) -> str:
    """`1w2d3h4m5s`, parts of zero left out; nothing is `0s`."""
    left = int(seconds)
    parts = []
    for unit, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def flag(value: bool) -> str:
    return "true" if value else "false"


def canonical_mac(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}", text):
        raise Trap("invalid value for argument mac-address", 1)
    return text.replace("-", ":").upper()


def canonical_address(text: str, name: str = "address") -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9.-]*", text):
            return text
        raise Trap(f"invalid value for argument {name}", 1) from None
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


class Trap(Exception):
    def __init__(self, message: str, category: int | None = None):
        super().__init__(message)
        self.message = message
        self.category = category


@dataclass(eq=False)
class Host:
    """One row of the hotspot host table."""

    id: str
    mac: str
    address: str
    started: float
    to_address: str | None = None
    server: str = "hotspot1"
    authorized: bool = False
    bytes_in: int = 0
    bytes_out: int = 0


@dataclass
class Fault:
    """What happens to the next `times` commands that match."""

    kind: str
    path: str
    verb: str
    times: int = 1
    rows: int = 0
    message: str = "failure: out of order"


@dataclass
class Command:
    at: float
    path: str
    verb: str
    words: list[str]
    session: int
    outcome: str = "ok"

    @property
    def is_write(self) -> bool:
        return self.verb in WRITES


@dataclass
class Query:
    """The query words of one print, evaluated as the manual's stack machine."""

    words: list[str] = field(default_factory=list)

    def matches(self, row: dict[str, str]) -> bool:
        stack: list[bool] = []
        for word in self.words:
            body = word[1:]
            if body.startswith("#"):
                self._operate(stack, body[1:])
            else:
                stack.append(self._test(row, body))
        return all(stack)

    @staticmethod
    def _test(row: dict[str, str], body: str) -> bool:
        if body.startswith("-"):
            return body[1:] not in row
        sign = body[0] if body[:1] in "<>=" and body else "="
        body = body[1:] if body[:1] in "<>=" else body
        name, has_value, value = body.partition("=")
        if not has_value:
            return name in row
        have = row.get(name)
        if have is None:
            # An unset property equals the empty text and compares to nothing.
            return sign == "=" and value == ""
        value = {"yes": "true", "no": "false"}.get(value, value) if have in ("true", "false") else value
        if sign == "=":
            return have == value
        if have.isdigit() and value.isdigit():
            return int(have) < int(value) if sign == "<" else int(have) > int(value)
        return have < value if sign == "<" else have > value

    @staticmethod
    def _operate(stack: list[bool], operations: str) -> None:
        digits = ""
        for op in operations + " ":
            if op.isdigit():
                digits += op
                continue
            if digits:
                index, digits = int(digits), ""
                if index >= len(stack):
                    raise Trap("invalid query", 5)
                if op == ".":
                    stack.append(stack[-1 - index])
                    continue
                stack[:] = [stack[-1 - index]]
            if op == " ":
                continue
            need = 1 if op in "!." else 2
            if op not in "!&|." or len(stack) < need:
                raise Trap("invalid query", 5)
            if op == "!":
                stack[-1] = not stack[-1]
            elif op == ".":
                stack.append(stack[-1])
            else:
                right, left = stack.pop(), stack.pop()
                stack.append((left and right) if op == "&" else (left or right))


# ---------------------------------------------------------------- the router


class Router:
    """The world and its server. All methods may be called from any thread."""

    SETTABLE = {
        BINDING: {"mac-address", "address", "to-address", "server", "type", "comment", "disabled", "place-before"},
        LISTS: {"list", "address", "comment", "disabled", "timeout"},
        LEASE: {"mac-address", "address", "server", "comment", "disabled", "client-id", "lease-time"},
        USER: {
            "name", "password", "server", "profile", "mac-address", "address", "comment", "disabled",
            "limit-bytes-in", "limit-bytes-out", "limit-bytes-total", "limit-uptime",
        },
        ACTIVE: set(),
        COOKIE: set(),
    }

    def __init__(self, user: str = "kuota", password: str = "router-secret", uptime: float = 90_061):
        self.user, self.password = user, password
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.boot = time.monotonic() - uptime
        self.version = "7.18.2 (stable)"
        self.empty_reply = True  # `!empty` before `!done` when a print finds no row (7.18+)
        self.two_traps = False  # an unknown menu answers with two traps, as some versions do
        self.tag_last = False  # `!done =ret=... .tag=...`
        self.binding_replaces_host = False  # a changed binding makes the host table start a new row
        self.resets_counters = True  # whether hotspot users have `reset-counters`
        self.missing_menus: set[str] = set()
        self.refuse_logins = 0
        self.login_traps: list[str] = []  # each next log-in with the right password is answered with one of these
        self.may_write = True  # whether the user's group has the policy `write`
        self.spoiled: dict[str, dict[str, str | None]] = {}  # by .id: cells that clients read otherwise, or not at all
        self.odd_rows: dict[str, list[list[str]]] = {}  # by menu: rows of any words, printed after the others
        self.hosts: list[Host] = []
        self.rows: dict[str, list[dict[str, str]]] = {
            BINDING: [], LISTS: [], LEASE: [], USER: [], ACTIVE: [], COOKIE: []
        }
        self.faults: list[Fault] = []
        self.commands: list[Command] = []
        self.logins = 0
        self.refused_logins = 0
        self.moved: dict[str, int] = {}  # every byte of a MAC
        self.countable: dict[str, int] = {}  # the bytes that flowed while authorized or bypassed
        self.identity = "hotspot"
        self._id = 0
        self._sessions: dict[int, socket.socket] = {}
        self._next_session = 0
        self._listener: socket.socket | None = None
        self.port = 0
        self.up()

    # ---- sockets

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    def up(self) -> None:
        """Listens (again) on the router's port."""
        with self.lock:
            if self._listener:
                return
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            deadline = time.monotonic() + 5
            while True:
                try:
                    listener.bind(("127.0.0.1", self.port))
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
            listener.listen(64)
            self.port = listener.getsockname()[1]
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def down(self) -> None:
        """Unreachable: connections are cut and new ones refused. The hotspot itself goes on."""
        with self.lock:
            listener, self._listener = self._listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut_sessions()

    stop = down

    def cut_sessions(self) -> None:
        with self.lock:
            sessions = list(self._sessions.values())
        for sock in sessions:
            self._close(sock)

    @property
    def session_count(self) -> int:
        with self.lock:
            return len(self._sessions)

    @staticmethod
    def _close(sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            sock.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                if self._listener is not listener:
                    self._close(sock)
                    return
                self._next_session += 1
                number = self._next_session
                self._sessions[number] = sock
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._session, args=(sock, number), daemon=True).start()

    def _session(self, sock: socket.socket, number: int) -> None:
        wire = Wire(sock)
        logged_in = False
        try:
            while True:
                words = wire.sentence()
                if not words:
                    continue
                tag = next((w for w in words if w.startswith(".tag=")), None)
                if words[0] == "/login":
                    logged_in = self._login(sock, words, tag)
                elif not logged_in:
                    sock.sendall(encode_sentence(["!fatal", "not logged in"]))
                    return
                elif words[0] == "/quit":
                    sock.sendall(encode_sentence(["!fatal", "session terminated on request"]))
                    return
                elif words[0] == "/cancel":
                    sock.sendall(encode_sentence(self._tagged("!done", tag)))
                elif not self._command(sock, number, words, tag):
                    return
        except (OSError, ConnectionError):
            pass
        finally:
            with self.lock:
                self._sessions.pop(number, None)
                self.changed.notify_all()
            self._close(sock)

    @staticmethod
    def _tagged(reply: str, tag: str | None, *words: str) -> list[str]:
        return [reply, *([tag] if tag else []), *words]

    def _login(self, sock: socket.socket, words: list[str], tag: str | None) -> bool:
        given = dict(w[1:].partition("=")[::2] for w in words[1:] if w.startswith("="))
        with self.lock:
            good = given.get("name") == self.user and given.get("password") == self.password
            text = "invalid user name or password (6)"
            if good and self.login_traps:
                good, text = False, self.login_traps.pop(0)
            if good and self.refuse_logins > 0:
                self.refuse_logins -= 1
                good = False
            if good:
                self.logins += 1
            else:
                self.refused_logins += 1
        if good:
            sock.sendall(encode_sentence(self._tagged("!done", tag)))
        else:
            sock.sendall(
                encode_sentence(self._tagged("!trap", tag, f"=message={text}")) + encode_sentence(self._tagged("!done", tag))
            )
        return good

    # ---- one command

    def _command(self, sock: socket.socket, number: int, words: list[str], tag: str | None) -> bool:
        """Answers one sentence; false ends the session."""
        path, _, verb = words[0].rpartition("/")
        with self.lock:
            entry = Command(time.monotonic(), path, verb, words, number)
            self.commands.append(entry)
            fault = self._take_fault(path, verb)
            reply = bytearray()
            ends: list[int] = []
            if fault and fault.kind == "hang":
                entry.outcome = "hung"
            elif fault and fault.kind == "trap":
                entry.outcome = f"trap {fault.message}"
                reply += self._trap_reply(Trap(fault.message), tag)
            else:
                try:
                    result = self._execute(path, verb, words[1:])
                    odd = self.odd_rows.get(path, []) if verb in READS else []
                    reply, ends = self._result_reply(result, verb, tag, odd)
                except Trap as trap:
                    entry.outcome = f"trap {trap.message}"
                    reply += self._trap_reply(trap, tag)
            if fault and fault.kind == "lost":
                entry.outcome = f"lost after {entry.outcome}"
            self.changed.notify_all()
        if fault:
            return self._spoil(sock, fault, bytes(reply), ends, tag)
        sock.sendall(reply)
        return True

    def _spoil(self, sock: socket.socket, fault: Fault, reply: bytes, ends: list[int], tag: str | None) -> bool:
        kept = reply[: ends[min(fault.rows, len(ends)) - 1]] if ends and fault.rows > 0 else b""
        if fault.kind == "hang":
            # Deaf from here on, until someone closes the connection.
            while sock.recv(65536):
                pass
            return False
        if fault.kind == "trap":
            sock.sendall(reply)
            return True
        if fault.kind == "lost":
            return False
        if fault.kind == "cut":
            sock.sendall(kept)
            return False
        if fault.kind == "cut-mid-row":
            sock.sendall(reply[: len(kept) + max(1, (len(reply) - len(kept)) // 2)] if len(kept) < len(reply) else kept)
            return False
        if fault.kind == "interrupted":
            # Some rows, then an error: the reply is complete, the reading is not.
            words = self._tagged("!trap", tag, "=category=2", "=message=interrupted")
            sock.sendall(kept + encode_sentence(words) + encode_sentence(self._tagged("!done", tag)))
            return True
        if fault.kind == "fatal":
            sock.sendall(kept + encode_sentence(["!fatal", "shutting down"]))
            return False
        if fault.kind == "silence":
            sock.sendall(kept)
            while sock.recv(65536):
                pass
            return False
        if fault.kind == "garbage":
            sock.sendall(kept + random.Random(fault.rows).randbytes(8192))
            return False
        if fault.kind == "giant-word":
            sock.sendall(kept + b"\xf0\xff\xff\xff\xff")
            block = b"\0" * 65536
            with contextlib.suppress(OSError):
                for _ in range(1024):
                    sock.sendall(block)
            return False
        if fault.kind == "endless-rows":
            row = encode_sentence(self._tagged("!re", tag, "=.id=*FFFF", "=mac-address=02:FF:FF:FF:FF:FF"))
            with contextlib.suppress(OSError):
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline:
                    sock.sendall(row * 1000)
            return False
        raise AssertionError(f"no such fault: {fault.kind}")

    def _take_fault(self, path: str, verb: str) -> Fault | None:
        for fault in self.faults:
            if fault.path in (path, "*") and fault.verb in (verb, "*") and fault.times != 0:
                fault.times -= 1
                if fault.times == 0:
                    self.faults.remove(fault)
                return fault
        return None

    def _trap_reply(self, trap: Trap, tag: str | None) -> bytes:
        category = [] if trap.category is None else [f"=category={trap.category}"]
        first = b""
        if self.two_traps and trap.message == "no such command prefix":
            first = encode_sentence(self._tagged("!trap", tag, "=message=no such command or directory (x)"))
        words = self._tagged("!trap", tag, *category, f"=message={trap.message}")
        return first + encode_sentence(words) + encode_sentence(self._tagged("!done", tag))

    def _result_reply(
        self, result, verb: str, tag: str | None, odd: list[list[str]] | None = None
    ) -> tuple[bytearray, list[int]]:
        out, ends = bytearray(), []
        if isinstance(result, str):
            words = ["!done", f"=ret={result}", tag] if self.tag_last and tag else self._tagged(
                "!done", tag, f"=ret={result}"
            )
            out += encode_sentence(words)
            return out, ends
        for row in result or []:
            out += encode_sentence(self._tagged("!re", tag, *(f"={k}={v}" for k, v in row.items())))
            ends.append(len(out))
        for words in odd or []:
            out += encode_sentence(self._tagged("!re", tag, *words))
            ends.append(len(out))
        if verb in READS and not result and not odd and self.empty_reply:
            out += encode_sentence(self._tagged("!empty", tag))
        out += encode_sentence(self._tagged("!done", tag))
        return out, ends

    # ---- menus

    def _execute(self, path: str, verb: str, words: list[str]):
        menus = {HOST, RESOURCE, IDENTITY, *self.rows}
        if path not in menus or path in self.missing_menus:
            raise Trap("no such command prefix", 0)
        given = {k: v for k, _, v in (w[1:].partition("=") for w in words if w.startswith("="))}
        if verb in READS:
            return self._print(path, given, Query([w for w in words if w.startswith("?")]))
        if verb in WRITES and not self.may_write:
            raise Trap("not enough permissions (9)")
        if path == IDENTITY and verb == "set":
            self.identity = given.get("name", self.identity)
            return None
        if path == HOST and verb == "remove":
            for host in [self._host_by_id(i) for i in self._ids(given)]:
                self.hosts.remove(host)
            return None
        if path in (ACTIVE, COOKIE) and verb != "remove" and verb in WRITES:
            raise Trap("no such command", 0)
        if verb == "reset-counters":
            if path != USER or not self.resets_counters:
                raise Trap("no such command", 0)
            for row in [self._row_by_id(path, i) for i in self._ids(given)]:
                row["bytes-in"] = row["bytes-out"] = "0"
            return None
        if path in self.rows and verb in WRITES:
            return getattr(self, f"_{verb}")(path, given)
        raise Trap("no such command", 0)

    def _print(self, path: str, given: dict[str, str], query: Query):
        for name in given:
            if name not in PRINT_FLAGS and name not in {"follow", "interval", "file", "where"}:
                raise Trap(f"unknown parameter {name}", 1)
        rows = [row for row in self._visible(path) if query.matches(row)]
        if "count-only" in given:
            return str(len(rows))
        wanted = [p for p in given.get(".proplist", "").split(",") if p]
        seen = []
        for row in rows:
            cells = {**row, **self.spoiled.get(row.get(".id", ""), {})}
            seen.append({k: v for k, v in cells.items() if v is not None and (not wanted or k in wanted)})
        return seen

    def _visible(self, path: str) -> list[dict[str, str]]:
        if path == HOST:
            return [self._host_row(h) for h in self.hosts]
        if path == RESOURCE:
            return [
                {
                    "uptime": duration(self.uptime()),
                    "version": self.version,
                    "build-time": "2025-02-24 09:12:00",
                    "free-memory": "30408704",
                    "total-memory": "67108864",
                    "cpu": "MIPS 24Kc V7.4",
                    "cpu-count": "1",
                    "cpu-load": "7",
                    "architecture-name": "mipsbe",
                    "board-name": "hAP lite",
                    "platform": "MikroTik",
                }
            ]
        if path == IDENTITY:
            return [{"name": self.identity}]
        return [self._stored_row(path, row) for row in self.rows[path]]

    @staticmethod
    def _stored_row(path: str, row: dict[str, str]) -> dict[str, str]:
        shown = {k: v for k, v in row.items() if v != ""}
        shown.setdefault("disabled", "false")
        if path == BINDING:
            kind = row.get("type", "regular")
            shown["bypassed"] = flag(kind == "bypassed")
            shown["blocked"] = flag(kind == "blocked")
        if path == LISTS:
            shown["dynamic"] = flag("timeout" in row)
            shown["creation-time"] = "2026-09-26 10:00:00"
        if path in (ACTIVE, COOKIE):
            shown.pop("disabled")
        if path == USER:
            # The password is there only for those whose group has `sensitive`.
            shown.pop("password", None)
            shown.setdefault("server", "all")
            shown["dynamic"] = "false"
        if path == LEASE:
            shown["dynamic"] = row.get("dynamic", "false")
            shown["blocked"] = "false"
        return shown

    def _host_row(self, host: Host) -> dict[str, str]:
        kind = self.binding_type(host)
        row = {
            ".id": host.id,
            "mac-address": host.mac,
            "address": host.address,
            "to-address": host.to_address,
            "server": host.server,
            "uptime": duration(self.uptime() - host.started),
            "idle-time": "2s",
            "host-dead-time": "0s",
            "bytes-in": str(host.bytes_in),
            "bytes-out": str(host.bytes_out),
            "packets-in": str(host.bytes_in // 900),
            "packets-out": str(host.bytes_out // 900),
            "found-by": "dhcp",
            "authorized": flag(host.authorized and kind != "bypassed"),
            "bypassed": flag(kind == "bypassed"),
            "blocked": flag(kind == "blocked"),
            "DHCP": "true",
            "dynamic": "true",
        }
        return {k: v for k, v in row.items() if v is not None}

    def _host_by_id(self, id: str) -> Host:
        for host in self.hosts:
            if host.id == id:
                return host
        raise Trap("no such item", 0)

    @staticmethod
    def _ids(given: dict[str, str]) -> list[str]:
        ids = [i for i in (given.get(".id") or given.get("numbers") or "").split(",") if i]
        if not ids:
            raise Trap("no such item", 0)
        return ids

    def _row_by_id(self, path: str, id: str) -> dict[str, str]:
        for row in self.rows[path]:
            if row[".id"] == id:
                return row
        raise Trap("no such item", 0)

    def _checked(self, path: str, given: dict[str, str]) -> dict[str, str]:
        values = {}
        for name, value in given.items():
            if name not in self.SETTABLE[path]:
                raise Trap(f"unknown parameter {name}", 1)
            if name == "mac-address" and value:
                value = canonical_mac(value)
            elif name in ("address", "to-address") and value:
                value = canonical_address(value, name)
            elif name == "type" and value not in ("regular", "bypassed", "blocked"):
                raise Trap("input does not match any value of type", 1)
            elif name == "disabled":
                if value not in ("yes", "no", "true", "false"):
                    raise Trap("invalid value for argument disabled", 1)
                value = flag(value in ("yes", "true"))
            values[name] = value
        return values

    def _refuse_duplicate(self, path: str, row: dict[str, str]) -> None:
        others = [r for r in self.rows[path] if r.get(".id") != row.get(".id")]
        if path == LISTS:
            if not row.get("list") or not row.get("address"):
                raise Trap("missing value(s) of argument(s) list or address", 1)
            if any(r["list"] == row["list"] and r["address"] == row["address"] for r in others):
                raise Trap("failure: already have such entry")
        if path == BINDING:
            key = (row.get("mac-address"), row.get("address"), row.get("server"))
            same_mac = row.get("mac-address") and any(
                r.get("mac-address") == row["mac-address"] and r.get("server") == row.get("server") for r in others
            )
            if same_mac or any((r.get("mac-address"), r.get("address"), r.get("server")) == key for r in others):
                raise Trap("failure: such client already exists")
        if path == USER and any(
            r["name"] == row.get("name") and r.get("server", "all") == row.get("server", "all") for r in others
        ):
            raise Trap("failure: already have user with this name for this server")
        if path == LEASE and any(r.get("address") == row.get("address") for r in others):
            raise Trap("failure: already have static lease with this IP address")

    def _add(self, path: str, given: dict[str, str]) -> str:
        row = {".id": "", **self._checked(path, given)}
        row.pop("place-before", None)
        self._refuse_duplicate(path, row)
        row[".id"] = self._new_id()
        self.rows[path].append(row)
        if path == BINDING:
            self._binding_changed(row)
        return row[".id"]

    def _set(self, path: str, given: dict[str, str]) -> None:
        rows = [self._row_by_id(path, i) for i in self._ids(given)]
        values = self._checked(path, {k: v for k, v in given.items() if k not in (".id", "numbers")})
        for row in rows:
            self._refuse_duplicate(path, {**row, **values})
            row.update(values)
            if path == BINDING:
                self._binding_changed(row)

    def _unset(self, path: str, given: dict[str, str]) -> None:
        name = given.get("value-name", "")
        if name not in self.SETTABLE[path]:
            raise Trap("input does not match any value of value-name", 1)
        for row in [self._row_by_id(path, i) for i in self._ids(given)]:
            row.pop(name, None)
            if path == BINDING:
                self._binding_changed(row)

    def _enable(self, path: str, given: dict[str, str]) -> None:
        for row in [self._row_by_id(path, i) for i in self._ids(given)]:
            row["disabled"] = "false"

    def _disable(self, path: str, given: dict[str, str]) -> None:
        for row in [self._row_by_id(path, i) for i in self._ids(given)]:
            row["disabled"] = "true"

    def _remove(self, path: str, given: dict[str, str]) -> None:
        for row in [self._row_by_id(path, i) for i in self._ids(given)]:
            self.rows[path].remove(row)
            if path == BINDING:
                self._binding_changed(row)
            if path == ACTIVE:
                self._session_ended(row)

    def _binding_changed(self, row: dict[str, str]) -> None:
        if not self.binding_replaces_host:
            return
        for host in self.hosts:
            if host.mac == row.get("mac-address"):
                host.id, host.started = self._new_id(), self.uptime()
                host.bytes_in = host.bytes_out = 0

    def _session_ended(self, session: dict[str, str]) -> None:
        """Totals of a hotspot user move only now; then a cookie that is still there logs in again."""
        user = self.hotspot_user(session["user"])
        if user:
            for name in ("bytes-in", "bytes-out"):
                user[name] = str(int(user.get(name, "0")) + int(session[name]))
        for host in self.hosts:
            if host.mac == session["mac-address"]:
                host.authorized = False
        for cookie in self.rows[COOKIE]:
            if cookie["mac-address"] == session["mac-address"]:
                self._open_session(cookie["mac-address"], cookie["user"])

    def _open_session(self, mac: str, name: str) -> bool:
        user = self.hotspot_user(name)
        host = next((h for h in self.hosts if h.mac == mac), None)
        if not user or not host or user.get("disabled") == "true":
            return False
        limit = int(user.get("limit-bytes-total", "0"))
        if limit and int(user.get("bytes-in", "0")) + int(user.get("bytes-out", "0")) >= limit:
            return False
        host.authorized = True
        row = {
            ".id": self._new_id(), "server": "hotspot1", "user": name, "address": host.address, "mac-address": mac,
            "login-by": "http-chap", "uptime": "5s", "bytes-in": "0", "bytes-out": "0", "radius": "false",
        }
        self.rows[ACTIVE].append(row)
        return True

    def hotspot_user(self, name: str) -> dict[str, str] | None:
        with self.lock:
            return next((row for row in self.rows[USER] if row["name"] == name), None)

    def add_user(self, name: str, *, used: int = 0, **cells: str) -> dict[str, str]:
        """A hotspot user of the panel that was here before; words like `limit_bytes_total=...`."""
        with self.lock:
            row = {".id": self._new_id(), "name": name, "server": "all", "bytes-in": "0", "bytes-out": str(used)}
            row.update({key.replace("_", "-"): value for key, value in cells.items()})
            self.rows[USER].append(row)
            return row

    def log_in(self, mac: str, name: str) -> bool:
        """The device logs in by name and password, which leaves a cookie."""
        with self.lock:
            mac = mac.upper()
            if not self._open_session(mac, name):
                return False
            self.rows[COOKIE] = [row for row in self.rows[COOKIE] if row["mac-address"] != mac]
            self.rows[COOKIE].append(
                {".id": self._new_id(), "user": name, "mac-address": mac, "domain": "", "expires-in": "2d23h59m"}
            )
            return True

    def _new_id(self) -> str:
        self._id += 1
        return f"*{self._id:X}"

    # ---- the world, as tests steer it

    def uptime(self) -> float:
        return time.monotonic() - self.boot

    def binding_type(self, host: Host) -> str:
        """The first enabled binding that names the host decides, as on the router."""
        for row in self.rows[BINDING]:
            if row.get("disabled") == "true":
                continue
            mac, address = row.get("mac-address"), row.get("address")
            if (mac or address) and mac in (None, "", host.mac) and address in (None, "", host.address):
                return row.get("type") or "regular"
        return "regular"

    def is_countable(self, host: Host) -> bool:
        kind = self.binding_type(host)
        return kind == "bypassed" or (host.authorized and kind != "blocked")

    def connect(self, mac: str, address: str, *, age: float = 600, down: int = 0, up: int = 0, **more) -> Host:
        """A new row, as when a client is first seen; `age` is how long ago that was."""
        with self.lock:
            host = Host(more.pop("id", None) or self._new_id(), canonical_mac(mac), address, self.uptime() - age, **more)
            if "to_address" not in more:
                host.to_address = address
            self.hosts.append(host)
            self._flow(host, down, up)
            return host

    def disconnect(self, mac: str) -> None:
        with self.lock:
            self.hosts = [h for h in self.hosts if h.mac != mac.upper()]

    def host(self, mac: str) -> Host:
        with self.lock:
            return next(h for h in self.hosts if h.mac == mac.upper())

    def _flow(self, host: Host, down: int, up: int) -> None:
        host.bytes_out += down
        host.bytes_in += up
        self.moved[host.mac] = self.moved.get(host.mac, 0) + down + up
        for session in self.rows[ACTIVE]:
            if session["mac-address"] == host.mac:
                session["bytes-in"] = str(int(session["bytes-in"]) + up)
                session["bytes-out"] = str(int(session["bytes-out"]) + down)
        if self.is_countable(host):
            self.countable[host.mac] = self.countable.get(host.mac, 0) + down + up

    def move(self, target: str | Host, down: int = 0, up: int = 0) -> None:
        """Traffic through a row: to the client and from it."""
        with self.lock:
            self._flow(target if isinstance(target, Host) else self.host(target), down, up)

    def replace(self, mac: str, *, down: int, up: int = 0, address: str | None = None, same_id: bool = False) -> Host:
        """The row goes and another comes, young, with a counter of its own, between two readings."""
        with self.lock:
            old = self.host(mac)
            self.hosts.remove(old)
            host = self.connect(
                mac, address or old.address, age=0, authorized=old.authorized, server=old.server, down=down, up=up
            )
            if same_id:
                host.id = old.id
            return host

    def reset_counter(self, mac: str, down: int = 0) -> None:
        """The counter starts again in the same row; `down` has flowed since."""
        with self.lock:
            host = self.host(mac)
            host.bytes_in = host.bytes_out = 0
            self._flow(host, down, 0)

    def reboot(self, *, refuse_logins: int = 0) -> None:
        """Uptime restarts, dynamic rows are gone, static rows stay, sessions are cut."""
        with self.lock:
            self.boot = time.monotonic()
            self.hosts.clear()
            self.rows[LISTS] = [r for r in self.rows[LISTS] if "timeout" not in r]
            self.refuse_logins = refuse_logins
        self.cut_sessions()

    def fault(self, kind: str, path: str, verb: str = "print", times: int = 1, rows: int = 0, **more) -> Fault:
        fault = Fault(kind, path, verb, times, rows, **more)
        with self.lock:
            self.faults.append(fault)
        return fault

    def clear_faults(self) -> None:
        with self.lock:
            self.faults.clear()

    def add_row(self, path: str, **values: str) -> dict[str, str]:
        """A row written by someone else's hand; `mac_address` stands for `mac-address`."""
        with self.lock:
            row = {".id": self._new_id(), **{k.replace("_", "-"): v for k, v in values.items()}}
            self.rows[path].append(row)
            return row

    def drop_row(self, path: str, row: dict[str, str]) -> None:
        with self.lock:
            self.rows[path] = [r for r in self.rows[path] if r[".id"] != row[".id"]]

    # ---- what tests look at

    def snapshot(self, path: str) -> list[dict[str, str]]:
        with self.lock:
            return [dict(row) for row in self.rows[path]]

    def mark(self) -> int:
        with self.lock:
            return len(self.commands)

    def since(self, mark: int) -> list[Command]:
        with self.lock:
            return list(self.commands[mark:])

    def writes(self, mark: int = 0) -> list[Command]:
        return [c for c in self.since(mark) if c.is_write]

    def prints(self, path: str, mark: int = 0) -> int:
        return sum(c.path == path and c.verb in READS for c in self.since(mark))

    def wait_prints(self, path: str, count: int, mark: int | None = None, timeout: float = 20) -> None:
        """Until `count` prints of a menu have arrived since the mark (default: now)."""
        deadline = time.monotonic() + timeout
        with self.lock:
            mark = len(self.commands) if mark is None else mark
            while self.prints(path, mark) < count:
                left = deadline - time.monotonic()
                assert left > 0, (
                    f"waited {timeout} s for {count} prints of {path}, saw {self.prints(path, mark)}; "
                    f"last commands: {[f'{c.path}/{c.verb} {c.outcome}' for c in self.commands[-12:]]}; "
                    f"log-ins {self.logins}, refused {self.refused_logins}"
                )
                self.changed.wait(left)

    def wait_fault_used(self, fault: Fault, timeout: float = 30) -> None:
        deadline = time.monotonic() + timeout
        with self.lock:
            while fault in self.faults:
                left = deadline - time.monotonic()
                assert left > 0, f"the fault {fault} was not met within {timeout} s"
                self.changed.wait(left)

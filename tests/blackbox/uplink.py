"""The line between a site and its relay: a TCP proxy that can be cut, stalled or answered by a stranger."""

from __future__ import annotations

import contextlib
import socket
import threading

PAGE = b"<html><body>Selamat datang, silakan masuk</body></html>"


class Uplink:
    """`open` forwards, `cut` refuses, `stalled` accepts and says nothing, `captive` answers with a page of its own."""

    def __init__(self, target_port):
        self.target_port = target_port  # asked for at every connection
        self.state = "open"
        self.sockets: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.listener: socket.socket | None = None
        self.port = 0
        self._listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def becomes(self, state: str) -> None:
        """Changes the line; what was open on it ends, or falls silent."""
        self.state = state
        if state in ("cut", "captive", "open"):
            self._end_all()
        if state == "cut":
            self._close_listener()
        elif self.listener is None:
            self._listen()

    def close(self) -> None:
        self.becomes("cut")

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port, self.listener = listener.getsockname()[1], listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _close_listener(self) -> None:
        listener, self.listener = self.listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _end_all(self) -> None:
        with self.lock:
            sockets, self.sockets = self.sockets, set()
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.sockets.add(near)
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self.state == "captive":
                near.recv(65536)
                near.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE))
                self._drop(near)
            elif self.state == "open":
                far = socket.create_connection(("127.0.0.1", self.target_port()), timeout=5)
                far.settimeout(None)
                with self.lock:
                    self.sockets.add(far)
                threading.Thread(target=self._pump, args=(far, near), daemon=True).start()
                self._pump(near, far)
            return
        self._drop(near)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self.state == "stalled":
                    return  # swallowed: both ends go on waiting
                sink.sendall(data)
        self._drop(source)
        self._drop(sink)

    def _drop(self, sock: socket.socket) -> None:
        with self.lock:
            self.sockets.discard(sock)
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()

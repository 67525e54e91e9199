"""A fresh machine as its package leaves it, and a browser that claims it by a code on the boot partition."""

from __future__ import annotations

import contextlib
import http.client
import html
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from conftest import KUOTAD, Agent, clean_env, eventually, free_ports

CODE = "mangga-7-manis"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PACKAGED = Path(__file__).parents[2] / "config" / "kuotad.toml"


class FreshMachine(Agent):
    """The daemon with the package's own configuration: no owner, no store. Addresses come from the environment."""

    def write_config(self) -> None:
        self.admin_port, self.portal_port = free_ports(2)
        shutil.copy(PACKAGED, self.config_file)

    def _start(self) -> FreshMachine:
        machine = self.dir / "machine"
        (machine / "boot/firmware").mkdir(parents=True, exist_ok=True)
        (machine / "proc/sys/kernel/random").mkdir(parents=True, exist_ok=True)
        (machine / "proc/sys/kernel/random/boot_id").write_text("first")
        (machine / "proc/uptime").write_text("20.25 1.00\n")
        (machine / "boot/firmware/kuota-setup").write_text(CODE)
        env = {
            "KUOTA__DATA_DIR": str(self.data_dir),
            "KUOTA__ADMIN__LISTEN": f"127.0.0.1:{self.admin_port}",
            "KUOTA__PORTAL__LISTEN": f"127.0.0.1:{self.portal_port}",
            "KUOTA__ROUTER__ADDRESS": self.router.endpoint,
            "KUOTA__ROUTER__USERNAME": self.router.user,
            "KUOTA__ROUTER__PASSWORD_FILE": str(self.password_file),
            "KUOTA__CLOCK__TRUST": "always",
        }
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [KUOTAD, "--config", str(self.config_file), "run", "--machine", str(machine)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_env(env),
            )

        def answers():
            assert self.process.poll() is None, self.tail()
            return Browser(self).get("/").expect(200)

        eventually(answers, timeout=30)
        return self


class Page:
    def __init__(self, what: str, status: int, headers, body: bytes):
        self.what, self.status, self.headers = what, status, headers
        self.text = html.unescape(body.decode("utf-8", "replace"))

    @property
    def to(self) -> str:
        return self.headers.get("location") or ""

    def expect(self, status: int) -> Page:
        assert self.status == status, f"{self.what}: {self.status}\n{self.text[:2000]}"
        return self

    def says(self, *texts: str) -> Page:
        for text in texts:
            assert text in self.text, f"{text!r} is not on {self.what}: {self.status}\n{self.text}"
        return self


class Browser:
    """A browser without JavaScript: it keeps one cookie and sends the token of the page's form."""

    def __init__(self, agent: Agent):
        self.agent, self.cookie = agent, ""

    def call(self, method: str, path: str, body: str | None = None) -> Page:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.agent.admin_port, timeout=60)) as line:
            headers = {"Cookie": self.cookie} if self.cookie else {}
            try:
                line.request(method, path, body, headers | (FORM if body is not None else {}))
                reply = line.getresponse()
            except OSError as error:
                raise AssertionError(f"{method} {path}: no answer: {error!r}") from None
            if cookie := reply.headers.get("set-cookie"):
                self.cookie = cookie.split(";")[0]
            return Page(f"{method} {path}", reply.status, reply.headers, reply.read())

    def get(self, path: str) -> Page:
        return self.call("GET", path)

    def claim(self) -> None:
        self.call("POST", "/mulai/kode", urlencode({"secret": CODE}))
        assert self.get("/").to.startswith("/mulai/"), self.agent.tail()

    def send(self, path: str, **fields: str) -> Page:
        """Sends the form of a page. What it refuses is the page that shows it."""
        token = re.search(r'name="_token" value="([^"]*)"', self.get(path).text)
        sent = self.call("POST", path, urlencode({**fields, "_token": token[1] if token else ""}))
        return self.get(sent.to) if "salah=" in sent.to else sent

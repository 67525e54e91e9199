"""The service manager: told when the daemon is ready, and that it lives, whatever the router does."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time

import pytest

from conftest import CRATE, KUOTAD, clean_env, eventually, free_ports, http


class Manager:
    """What systemd is to a service of Type=notify: a datagram socket."""

    def __init__(self, folder):
        self.path = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.settimeout(0.05)
        self.heard: list[str] = []

    def listen(self, seconds: float) -> list[str]:
        heard, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                heard += self.socket.recv(4096).decode().split()
            except TimeoutError:
                continue
        self.heard += heard
        return heard

    def hears(self, word: str) -> None:
        self.hears_often(word, 1)

    def hears_often(self, word: str, times: int) -> None:
        self.listen(0.1)
        assert self.heard.count(word) >= times, self.heard


def beats_while(agent, **more: str) -> None:
    """Starts the daemon under a manager of its own, and demands that it tells its whole life."""
    manager = Manager(agent.dir)
    env = clean_env({"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "600000", **more})
    with open(agent.log_file, "ab") as log:
        command = [KUOTAD, "--config", str(agent.config_file), "run"]
        agent.process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
    eventually(lambda: manager.hears("READY=1"))
    beats = manager.listen(3).count("WATCHDOG=1")
    assert 5 <= beats <= 14, f"{beats} in 3 s, where one every 0.3 s is due:\n{agent.tail()}"
    assert agent.stop() == 0
    eventually(lambda: manager.hears("STOPPING=1"))
    manager.socket.close()


@pytest.fixture
def agent(make_site):
    return make_site(start=False, config={"router": {"poll_interval": "10m", "timeout": "1m"}}).agent


def test_ten_minutes_between_polls_are_no_reason_to_be_killed(agent):
    beats_while(agent)


def test_a_router_that_never_answers_is_no_reason_either(agent):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        beats_while(agent, KUOTA__ROUTER__ADDRESS=f"127.0.0.1:{deaf.getsockname()[1]}")


def test_a_machine_that_waits_for_its_owner_is_ready_and_lives(tmp_path):
    """With the package's configuration there is no owner: the set-up is served, and the manager is told all the same."""
    shutil.copy(CRATE / "config/kuotad.toml", tmp_path / "kuotad.toml")
    port, portal = free_ports(2)
    manager = Manager(tmp_path)
    env = clean_env({
        "NOTIFY_SOCKET": str(manager.path),
        "WATCHDOG_USEC": "60000000",
        "KUOTA__DATA_DIR": str(tmp_path / "data"),
        "KUOTA__ADMIN__LISTEN": f"127.0.0.1:{port}",
        "KUOTA__PORTAL__LISTEN": f"127.0.0.1:{portal}",
    })  # fmt: skip
    (tmp_path / "machine").mkdir()
    command = [KUOTAD, "--config", str(tmp_path / "kuotad.toml"), "run", "--machine", str(tmp_path / "machine")]
    with open(tmp_path / "log", "ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env)
    try:
        eventually(lambda: manager.hears("READY=1"))
        health = http("GET", f"http://127.0.0.1:{port}/healthz").expect(200)
        assert health.json == {"status": "unclaimed"}
        # One at once and one every five seconds, where the unit allows a minute.
        eventually(lambda: manager.hears_often("WATCHDOG=1", 2), timeout=30)
        process.terminate()
        assert process.wait(10) == 0
        eventually(lambda: manager.hears("STOPPING=1"))
    finally:
        process.kill()
        process.wait()
        manager.socket.close()

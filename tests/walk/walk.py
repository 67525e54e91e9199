"""What scripts/check-packages does from outside while the container lives through a hotspot's life: a simulated router, a phone's
browser, traffic. It runs in the container's network, and the container asks for each step by a file:

    FOLDER/walk.NAME        written by the container: do this step
    FOLDER/walk.NAME.done   written here: `ok`, or what went wrong

Usage: walk.py FOLDER, until FOLDER/walk.end is asked for.
"""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "blackbox"))

from routeros import BINDING, HOST, LISTS, Router  # noqa: E402

DESK = "http://127.0.0.1:8080"
PHONE = "02:00:00:00:00:07"
MB = 1024 * 1024
DEADLINE_S = 60


def router() -> Router:
    """A router with a hotspot and one phone on it."""
    made = Router(user="kuota", password="router-secret")
    made.rows["/ip/hotspot"] = [{".id": "*A1", "name": "hotspot1", "interface": "bridge-hotspot"}]
    made.rows["/ip/address"] = [
        {".id": "*A2", "address": "10.5.50.1/24", "network": "10.5.50.0", "interface": "bridge-hotspot"}
    ]
    made.connect(PHONE, "10.5.50.7")
    return made


def eventually(check) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {DEADLINE_S} s: {check.__doc__}")
        time.sleep(0.2)


class Walk:
    def __init__(self, folder: Path):
        self.folder, self.router = folder, router()

    def browse(self, *words: str) -> None:
        said = subprocess.run(
            ["node", str(HERE / "browser.js"), *words, "--folder", str(self.folder)], capture_output=True, text=True
        )
        print(said.stdout, end="")
        if said.returncode != 0:
            raise AssertionError(f"{words[0]}: {said.stdout[-500:]}{said.stderr[-2500:]}")

    def binding(self) -> dict[str, str]:
        rows = [row for row in self.router.snapshot(BINDING) if row.get("mac-address") == PHONE]
        return rows[0] if len(rows) == 1 else {}

    def lists(self) -> set[str]:
        rows = self.router.snapshot(LISTS)
        return {row["list"] for row in rows if row.get("address") == "10.5.50.7"}

    def set_up(self) -> None:
        """The guided set-up, on a phone, ends with a customer who has the phone on the hotspot."""
        self.browse("set-up", "--home", DESK, "--router", self.router.endpoint)

    def admitted(self) -> None:
        """What was sold reaches the router."""

        def is_admitted() -> bool:
            "the phone is bypassed and in the list of those who have quota"
            return self.binding().get("type") == "bypassed" and self.lists() == {"klient_aktif"}

        eventually(is_admitted)

    def traffic(self) -> None:
        """The customer uses 300 MB."""
        self.router.move(PHONE, down=280 * MB, up=20 * MB)

    def mark(self) -> None:
        """From here on the router's rows have to stay as they are."""
        self.at = self.router.mark()

    def unwritten(self) -> None:
        """Nothing was written since `mark`."""
        writes = [f"{command.path}/{command.verb}" for command in self.router.writes(self.at)]
        if writes:
            raise AssertionError(f"the router was written to: {writes}")

    def read(self) -> None:
        """The router was read since `mark`."""

        def is_read() -> bool:
            "a print of the hotspot's hosts"
            return any(command.path == HOST and command.verb == "print" for command in self.router.since(self.at))

        eventually(is_read)

    def restore(self) -> None:
        """A new card is brought to life with the recovery kit, by phone."""
        self.browse("restore", "--home", DESK)

    def take_over(self) -> None:
        """The restored desk is told to take the site over."""
        self.browse("take-over", "--home", DESK)

    def step(self, name: str) -> None:
        done = self.folder / f"walk.{name}.done"
        try:
            getattr(self, name.replace("-", "_"))()
            said = "ok"
        except Exception:
            said = traceback.format_exc()
        part = done.with_suffix(".part")
        part.write_text(said + "\n")
        part.rename(done)


def main() -> None:
    walk = Walk(Path(sys.argv[1]))
    while not (walk.folder / "walk.end").exists():
        for asked in sorted(walk.folder.glob("walk.*")):
            name = asked.name.removeprefix("walk.")
            if "." not in name and not (walk.folder / f"walk.{name}.done").exists():
                walk.step(name)
        time.sleep(0.2)


main()

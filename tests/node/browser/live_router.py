"""The router of the black-box tests as a program for tests of pages: prints its address, and answers one question a line.

Two hotspot users who are logged in, with what is left of their quota, and an unused voucher. `writes` answers how many writes
the router was asked for, `user NAME` whether a hotspot user is disabled, `marker` the comment of the row that says who has the site, `binding MAC` the comment of a device's binding; `hang MENU VERB` has the
next command of that kind never answered.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "blackbox"))

from routeros import BINDING, LISTS, Router  # noqa: E402

GB = 1024**3


def live_router() -> Router:
    router = Router()
    router.add_user("budi", used=4 * GB, limit_bytes_total=str(10 * GB), comment="nov/28/2036 13:05:00")
    router.add_user("citra", comment="2036-12-01 00:00:00", limit_bytes_total=str(GB))
    router.add_user("xk3f9", comment="vc-123-11.28.36-", limit_bytes_total=str(GB))
    for n, name in enumerate(("budi", "citra"), 1):
        mac = f"02:00:00:00:00:{n:02}"
        router.connect(mac, f"10.5.50.{n}")
        assert router.log_in(mac, name)
    return router


def answer(router: Router, question: str) -> str:
    word, _, rest = question.partition(" ")
    match word:
        case "writes":
            return str(len(router.writes()))
        case "user":
            row = router.hotspot_user(rest)
            return "absent" if row is None else row.get("disabled", "false")
        case "marker":
            rows = [row["comment"] for row in router.snapshot(LISTS) if row["list"] == "kuota_pemilik"]
            return " ".join(rows)
        case "binding":
            return " ".join(row["comment"] for row in router.snapshot(BINDING) if row["mac-address"] == rest)
        case "hang":
            menu, _, verb = rest.partition(" ")
            router.fault("hang", menu, verb)
            return "hangs"
    raise ValueError(question)


if __name__ == "__main__":
    router = live_router()
    print(router.endpoint, router.user, router.password, flush=True)
    for line in sys.stdin:
        print(answer(router, line.strip()), flush=True)

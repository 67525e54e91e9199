"""A live router is taken over and given back: what was used there before and since is charged once,
and what was not adopted goes on working."""

from __future__ import annotations

import json

import pytest

from conftest import GB, MB, eventually, shown
from routeros import ACTIVE, COOKIE, HOST, USER

MACS = {"budi": "02:00:00:00:00:01", "citra": "02:00:00:00:00:02"}


@pytest.fixture
def live(own):
    router = own.router
    router.add_user("default-trial", comment="counters and limits for trial users")
    router.add_user("budi", used=4 * GB, limit_bytes_total=str(10 * GB), comment="nov/28/2036 13:05:00")
    router.add_user("citra", comment="2036-12-01 00:00:00", limit_bytes_total=str(GB))
    router.add_user("xk3f9", comment="vc-123-11.28.36-", limit_bytes_total=str(GB))
    for n, (name, mac) in enumerate(MACS.items(), 1):
        router.connect(mac, f"10.5.50.{n}")
        assert router.log_in(mac, name)
    router.move(MACS["budi"], down=GB)
    return own


def adopt(agent, *args):
    done = agent.cli("adopt", *args, "--json")
    assert done.returncode == 0, shown(done)
    return json.loads(done.stdout)


def account(report, name):
    return next(row for row in report["accounts"] if row["name"] == name)


def customer(agent, name):
    users = agent.call("GET", f"/users?q={name}").expect(200).json["items"]
    return next(user for user in users if user["name"] == name)


def sessions(router, menu):
    with router.lock:
        return sorted(row["user"] for row in router.rows[menu])


def test_observing_names_everybody_and_writes_nothing(live):
    report = adopt(live.agent, "observe")
    budi = account(report, "budi")
    assert budi["status"] == "adoptable" and budi["macs"] == [MACS["budi"]], budi
    assert budi["remaining_bytes"] == 5 * GB and budi["expires_at"] == "2036-11-28T06:05:00Z", budi
    assert account(report, "xk3f9")["status"] == "voucher"
    assert account(report, "default-trial")["status"] == "refused"
    assert not [c for c in live.router.commands if c.is_write and c.path in (USER, ACTIVE, COOKIE)]


def test_taken_customers_are_charged_every_byte_once(live):
    router, agent = live.router, live.agent
    adopt(agent, "take", "--only", "budi")
    assert router.hotspot_user("budi")["disabled"] == "true"
    assert sessions(router, ACTIVE) == ["citra"] and sessions(router, COOKIE) == ["citra"]
    router.move(MACS["budi"], down=7 * MB)

    def charged():
        user = customer(agent, "budi")
        assert user["remaining_bytes"] == 5 * GB - 7 * MB, user
        assert user["devices"][0]["mac"] == MACS["budi"]

    eventually(charged)
    assert router.is_countable(router.host(MACS["budi"]))


@pytest.mark.parametrize("path", ["add", "set", "remove"])
def test_killed_half_way_the_same_command_finishes_it(live, path):
    router, agent = live.router, live.agent
    # A binding that comes starts a new row of the host table, as some versions do: its bytes are nowhere else.
    router.binding_replaces_host = True
    menu = {"add": "/ip/hotspot/ip-binding", "set": USER, "remove": ACTIVE}[path]
    router.fault("hang", menu, path)
    agent.cli("adopt", "take", "--only", "budi")
    agent.kill()
    router.move(MACS["budi"], down=3 * MB)
    live.start()
    adopt(agent, "take", "--only", "budi")
    assert router.hotspot_user("budi")["disabled"] == "true"

    def charged():
        assert customer(agent, "budi")["remaining_bytes"] == 5 * GB - 3 * MB

    eventually(charged)
    assert len(agent.call("GET", "/users").expect(200).json["items"]) == 1


@pytest.mark.parametrize("resets", [True, False])
def test_given_back_the_limit_is_what_is_left(live, resets):
    router, agent = live.router, live.agent
    router.resets_counters = resets
    adopt(agent, "take", "--only", "budi")
    router.move(MACS["budi"], down=GB)
    adopt(agent, "undo")
    row = router.hotspot_user("budi")
    assert row["disabled"] == "false"
    assert int(row["limit-bytes-total"]) - int(row["bytes-in"]) - int(row["bytes-out"]) == 4 * GB, row
    assert customer(agent, "budi")["active"] is False
    with router.lock:
        assert not [b for b in router.rows["/ip/hotspot/ip-binding"] if b.get("comment", "").startswith("kuota:")]
    assert router.log_in(MACS["budi"], "budi")


def test_there_is_no_way_back_after_a_sale(live):
    agent = live.agent
    adopt(agent, "take")
    user = customer(agent, "citra")
    agent.call("POST", f"/users/{user['id']}/credits", {"amount": "1 GB", "reason": "tes"}).expect(200, 201)
    done = agent.cli("adopt", "undo", "--json")
    assert done.returncode == 1, shown(done)
    assert json.loads(done.stderr.splitlines()[-1])["code"] == "money_moved", shown(done)
    assert live.router.hotspot_user("budi")["disabled"] == "true"


# ---------------------------------------------------------------- leaving


def ours(router):
    with router.lock:
        return [row for rows in router.rows.values() for row in rows if row.get("comment", "").startswith("kuota:")]


def test_leaving_makes_hotspot_users_and_nothing_of_ours_comes_back(own):
    router, agent = own.router, own.agent
    who = own.subscriber("2 GB", name="Ani")
    router.move(who.mac, down=GB)
    eventually(lambda: who.comes_to_be("active"))
    plan = json.loads(agent.cli_ok("leave", "--dry-run", "--json"))
    assert plan["left"] is False and plan["users"][0]["password"] is None, plan
    assert router.hotspot_user(plan["users"][0]["hotspot_user"]) is None
    report = json.loads(agent.cli_ok("leave", "--json"))
    leaver = report["users"][0]
    row = router.hotspot_user(leaver["hotspot_user"])
    assert row["limit-bytes-total"] == str(GB) and row["password"] == leaver["password"], row
    assert not ours(router)
    own.polls()
    agent.kill()
    own.start()
    own.polls()
    assert not ours(router)
    assert any("left this site" in line for line in agent.call("GET", "/status").expect(200).json["router"]["warnings"])
    assert router.log_in(who.mac, leaver["hotspot_user"])
    agent.cli_ok("leave", "--undo", "--json")
    eventually(lambda: _comes_back(router))
    assert router.hotspot_user(leaver["hotspot_user"])["disabled"] == "true"


def _comes_back(router):
    assert ours(router)

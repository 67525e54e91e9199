"""Bad replies of the router meter nothing wrong, change nothing, and heal."""

from __future__ import annotations

import json
import time

import pytest

from conftest import LIST_NAMES, MB, eventually
from routeros import BINDING, HOST, LEASE, LISTS

SPOILS = ["cut", "cut-mid-row", "interrupted", "fatal", "garbage", "silence", "hang", "trap"]


def three_users(site):
    users = [site.subscriber("1 GB", wait=False) for _ in range(3)]
    for n, who in enumerate(users):
        who.comes_to_be("active")
        who.move((n + 1) * MB)
    for n, who in enumerate(users):
        who.comes_to_use((n + 1) * MB)
    return users


@pytest.mark.parametrize("rows", [0, 2])
@pytest.mark.parametrize("kind", SPOILS)
def test_a_spoiled_host_print_meters_nothing_wrong_and_heals(own, kind, rows):
    if rows and kind in ("hang", "trap"):
        pytest.skip("no rows before it")
    users = three_users(own)
    for _ in range(2):
        fault = own.router.fault(kind, HOST, rows=rows)
        own.router.wait_fault_used(fault, timeout=60)
        for who in users:
            who.move(5 * MB)
        for who in users:
            assert who.used <= own.router.moved[who.mac], f"metered more than moved: {who.get()}"
    for n, who in enumerate(users):
        who.comes_to_use((n + 1) * MB + 10 * MB, timeout=60)
    own.agent.assert_alive()
    own.agent.verify()


def test_a_word_of_4_gib_is_not_believed(own):
    users = three_users(own)
    before = own.agent.rss_mb()
    fault = own.router.fault("giant-word", HOST, rows=1)
    own.router.wait_fault_used(fault)
    users[0].move(MB)
    users[0].comes_to_use(2 * MB, timeout=60)
    users[2].comes_to_use(3 * MB)
    own.agent.assert_alive()
    assert own.agent.rss_mb() < before + 64, f"{before} MB before, {own.agent.rss_mb()} MB after"


def test_a_reply_without_end_is_given_up(own):
    users = three_users(own)
    fault = own.router.fault("endless-rows", HOST)
    own.router.wait_fault_used(fault)
    users[0].move(MB)
    users[0].comes_to_use(2 * MB, timeout=120)
    own.agent.assert_alive()
    assert own.agent.rss_mb() < 256


@pytest.mark.parametrize("path", [LISTS, BINDING])
@pytest.mark.parametrize("kind", ["cut", "cut-mid-row", "interrupted", "trap", "garbage"])
def test_a_spoiled_read_of_our_rows_changes_nothing(own, kind, path):
    users = three_users(own)
    eventually(lambda: [who.assert_listed("active") for who in users])
    lists, bindings = own.router.snapshot(LISTS), own.router.snapshot(BINDING)
    mark = own.router.mark()
    for rows in (0, 1):
        fault = own.router.fault(kind, path, rows=rows)
        own.router.wait_fault_used(fault, timeout=60)
    own.polls(timeout=60)
    assert own.router.writes(mark) == [], "a failed read led to writes"
    assert (own.router.snapshot(LISTS), own.router.snapshot(BINDING)) == (lists, bindings)
    own.agent.assert_alive()


def test_answers_to_people_do_not_wait_for_a_hung_router(own):
    who = own.subscriber("1 GB")
    own.router.fault("hang", "*", "*", times=-1)
    eventually(lambda: _hung(own))
    for _ in range(5):
        assert own.agent.call("GET", who.path, timeout=5).expect(200).json["id"] == who.id
    own.agent.assert_alive()
    own.router.clear_faults()
    who.move(MB)
    who.comes_to_use(MB, timeout=60)


def _hung(site):
    assert any(c.outcome == "hung" for c in site.router.since(0)), "the router was not asked"


def test_a_hung_router_does_not_collect_connections(own):
    own.subscriber("1 GB")
    own.router.fault("hang", HOST, times=4)
    eventually(lambda: _none_left(own), timeout=90)
    own.polls(timeout=60)
    assert own.router.session_count <= 3


def _none_left(site):
    assert site.router.faults == []


@pytest.mark.parametrize("two_traps", [False, True])
def test_a_menu_that_the_router_lacks_does_not_fail_the_cycle(make_site, two_traps):
    site = make_site(start=False)
    site.router.two_traps = two_traps
    site.router.missing_menus = {LEASE}
    site.start()
    who = site.subscriber("1 GB")
    who.move(4 * MB)
    who.comes_to_use(4 * MB)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("path", [LISTS, BINDING])
def test_a_lost_reply_to_an_add_heals_without_duplicates(own, path, times):
    users = [own.someone() for _ in range(times)]
    for who in users:
        who.credit("1 GB")
        who.connect()
    own.polls()
    fault = own.router.fault("lost", path, "add", times=times)
    mark = own.router.mark()
    for who in users:
        who.bind()
    own.router.wait_fault_used(fault, timeout=60)
    # Readings that begin after the loss: two whole cycles, and the start of a third.
    own.polls(3, timeout=60)
    for who in users:
        who.comes_to_be("active", timeout=3)
    own.polls()
    for who in users:
        who.assert_listed("active")
    blind = [c.words for c in own.router.writes(mark) if "already" in c.outcome]
    assert blind == [], f"added again without looking: {blind}"


def test_a_done_with_its_tag_last_is_understood(own):
    own.router.tag_last = True
    who = own.subscriber("1 GB")
    own.polls(timeout=60)
    who.assert_listed("active")
    who.move(2 * MB)
    who.comes_to_use(2 * MB)


@pytest.mark.parametrize("message", ["not enough permissions (9)", "failure: out of memory"])
def test_a_refused_write_stops_neither_metering_nor_the_daemon(own, message):
    who = own.someone()
    who.connect(authorized=True)
    own.router.fault("trap", LISTS, "add", times=-1, message=message)
    who.bind()
    who.credit("1 GB")
    own.polls()
    who.move(6 * MB)
    who.comes_to_use(6 * MB, timeout=40)
    own.router.clear_faults()
    who.comes_to_be("active", timeout=90)


# ---------------------------------------------------------------- one bad row

STRANGER = "02:66:00:00:00:01"
BAD_CELLS = {
    "a counter beyond belief": {"bytes-in": "18446744073709000000"},
    "two counters that overflow": {"bytes-in": "18446744073709551615", "bytes-out": "18446744073709551615"},
    "no counters": {"bytes-in": None, "bytes-out": None},
    "no uptime": {"uptime": None},
    "no mac": {"mac-address": None},
    "no id": {".id": None},
    "nothing": {".id": None, "mac-address": None, "uptime": None, "address": None, "to-address": None},
    "garbled text": {"mac-address": "\x00\x01", "uptime": "\u2603", "authorized": "maybe"},
}


@pytest.mark.parametrize("what", BAD_CELLS)
def test_a_strangers_unreadable_row_stops_nobody_elses_metering(own, what):
    users = three_users(own)
    row = own.router.connect(STRANGER, "10.5.66.1")
    own.router.spoiled[row.id] = BAD_CELLS[what]
    for n, who in enumerate(users):
        who.move(MB)
        who.comes_to_use((n + 2) * MB)
    users[0].post("/block", {"reason": "uji"})
    users[0].comes_to_be("blocked", "blocked")
    router = eventually(lambda: _warned(own))
    assert router["state"] == "degraded"
    assert any("/ip/hotspot/host" in line for line in router["warnings"]), router
    lines = [line for line in own.agent.tail(2000).splitlines() if "cannot be read" in line]
    assert len(lines) == 1, f"logged once while it lasts: {lines}"
    own.router.spoiled.clear()
    eventually(lambda: _quiet(own))
    own.agent.verify()


def _warned(site):
    router = site.agent.get("/status")["router"]
    assert router.get("warnings"), router
    return router


def _quiet(site):
    router = site.agent.get("/status")["router"]
    assert not router.get("warnings"), router


@pytest.mark.parametrize("what", BAD_CELLS)
def test_an_unreadable_row_of_a_customer_is_unknown_and_not_new(own, what):
    who, *others = three_users(own)
    own.router.spoiled[own.router.host(who.mac).id] = BAD_CELLS[what]
    own.polls()
    who.move(5 * MB)
    own.polls()
    assert who.used == MB
    mark = own.router.mark()
    own.polls()
    assert own.router.writes(mark) == [], "an unreadable row led to writes"
    own.router.spoiled.clear()
    who.comes_to_use(6 * MB)
    who.assert_listed("active")
    for n, other in enumerate(others):
        other.comes_to_use((n + 2) * MB)


def test_a_row_of_any_words_is_one_row(own):
    users = three_users(own)
    own.router.odd_rows = {
        HOST: [["surprise"], ["=.id=*FF", "=mac-address"], []],
        LISTS: [["=list=klient_aktif", "=comment=kuota:x"], ["="]],
        BINDING: [["=.id=*FF", "=disabled=perhaps"]],
        LEASE: [["=disabled=perhaps"]],
    }
    for n, who in enumerate(users):
        who.move(MB)
        who.comes_to_use((n + 2) * MB)
    users[0].post("/block", {"reason": "uji"})
    users[0].comes_to_be("blocked", "blocked")
    mark = own.router.mark()
    own.polls(6)
    assert own.router.writes(mark) == [], "edits that the odd rows cause"
    assert own.agent.get("/status")["router"]["state"] == "degraded"


# ---------------------------------------------------------------- what the router refuses


def test_without_the_right_to_write_edits_back_off_and_are_told_in_words(own):
    users = [own.someone(f"Pelanggan Uji {n}") for n in range(5)]
    own.router.may_write = False
    for who in users:
        # Quota first, so that what is wanted does not change on the way.
        who.credit("1 GB")
        who.connect(authorized=True)
        who.bind()
    own.polls()
    mark, begun = own.router.mark(), time.monotonic()
    own.polls(25)
    took = time.monotonic() - begun
    edits = 2 * len(users)
    refused = len(own.router.writes(mark))
    # At 5, 15, 35, 75 s after the first: three more for each edit within half a minute.
    assert refused <= edits * (1 + took / 5), f"{refused} edits in {took} s"
    who = users[2]
    router = own.agent.get("/status")["router"]
    assert router["state"] == "degraded"
    line = next(w for w in router["warnings"] if who.name in w and "klient_aktif" in w)
    for part in (who.mac, who.address, "not enough permissions", "write"):
        assert part in line, line
    log = own.agent.tail(5000)
    assert "AddListing" not in log and "AddBinding" not in log, "the program's own types"
    assert len([x for x in log.splitlines() if "refuse" in x]) <= edits + 3, "logged at every cycle"
    doctor = own.agent.cli("doctor", "--json")
    finding = next(c for c in json.loads(doctor.stdout)["checks"] if c["id"] == "router.edits")
    assert finding["level"] == "fail" and "write" in finding["remedy"], finding
    # What a person asks for is sent at once, and says what is refused.
    answer = own.agent.post("/router/sync")
    assert {e["outcome"] for e in answer["edits"]} == {"refused"}, answer
    own.router.may_write = True
    own.agent.post("/router/sync")
    for who in users:
        who.comes_to_be("active")
    eventually(lambda: _quiet(own))
    assert "recovered" in own.agent.tail(200)


def test_refused_edits_are_sent_at_once_after_a_reconnect(own):
    who = own.someone()
    who.connect(authorized=True)
    own.router.may_write = False
    who.bind()
    who.credit("1 GB")
    own.polls(15)
    own.router.may_write = True
    mark = own.router.mark()
    own.router.cut_sessions()
    own.router.wait_prints(HOST, 4, mark, timeout=60)
    who.comes_to_be("active", timeout=5)


@pytest.mark.parametrize("message", ["std failure: timeout (13)", "failure: busy"])
def test_a_passing_trap_at_the_log_in_is_no_wrong_password(own, message):
    who = own.subscriber("1 GB")
    own.router.login_traps = [message] * 2
    own.router.cut_sessions()
    own.polls(timeout=60)
    who.move(MB)
    who.comes_to_use(MB, timeout=60)
    assert "password" not in own.agent.tail(200)


@pytest.mark.slow
def test_wrong_router_credentials_do_not_hammer_the_router(make_site):
    site = make_site(start=False)
    site.agent.password_file.write_text("not-the-password\n")
    site.start()
    eventually(lambda: _refused(site))
    # A refused log-in is tried again in minutes, not at every poll.
    state = eventually(lambda: _router_not_ok(site), timeout=45)
    assert state in ("down", "degraded")
    assert site.router.refused_logins <= 2
    site.agent.assert_alive()


def _refused(site):
    assert site.router.refused_logins >= 1, "no log-in was tried"


def _router_not_ok(site):
    state = site.agent.get("/status")["router"]["state"]
    assert state != "ok", site.agent.get("/status")
    return state


def test_after_any_fault_every_address_is_in_one_list(own):
    users = three_users(own)
    for kind in ("cut", "garbage", "fatal"):
        for path in (HOST, LISTS, BINDING):
            own.router.fault(kind, path, rows=1)
    own.router.fault("lost", LISTS, "add")
    users[0].post("/block", {"reason": "uji"})
    eventually(lambda: users[0].assert_listed("blocked", "blocked"), timeout=90)
    for who in users[1:]:
        who.comes_to_be("active")
    rows = [r for r in own.router.snapshot(LISTS) if r["list"] in LIST_NAMES]
    assert len(rows) == 3, rows

"""The cost of a quiet cycle on the router does not grow with the users."""

from __future__ import annotations

import collections
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import SIX_LISTS, eventually
from routeros import HOST

CYCLES = 6
PER_CYCLE = 6


def crowd(site, count):
    users = [site.someone() for _ in range(count)]
    for who in users:
        who.connect()

    def set_up(who):
        who.credit("10 GB")
        who.bind()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(set_up, users))

    def everyone_listed():
        listed = {r["address"]: r["list"] for r in site.router.snapshot("/ip/firewall/address-list")}
        missing = [who.address for who in users if listed.get(who.address) != SIX_LISTS["active"]]
        assert not missing, f"{len(missing)} of {count} not listed yet"

    eventually(everyone_listed, timeout=120)
    return users


@pytest.mark.parametrize("count", [3, pytest.param(300, marks=pytest.mark.slow)])
def test_a_quiet_cycle_is_a_handful_of_reads_and_no_write(make_site, count):
    site = make_site({"router": {"poll_interval": "1s"}})
    users = crowd(site, count)
    site.polls(3, timeout=60)

    mark, start = site.router.mark(), time.monotonic()
    for _ in range(CYCLES):
        for who in users[:50]:
            who.move(1000, 10)
        site.polls(1)
    took = time.monotonic() - start
    seen = site.router.since(mark)

    writes = [(c.words, c.outcome) for c in seen if c.is_write]
    assert writes == [], f"writes in steady state: {writes[:5]}"
    by_menu = collections.Counter(f"{c.path}/{c.verb}" for c in seen)
    # The clock counts the cycles, so reading the hosts twice in one does not hide commands.
    cycles = took + 1
    assert len(seen) <= PER_CYCLE * cycles, f"{len(seen)} commands in {took:.1f} s at one poll a second: {by_menu}"
    assert max(by_menu.values()) <= 2 * cycles, by_menu
    assert by_menu[f"{HOST}/print"] >= CYCLES
    users[0].comes_to_use(CYCLES * 1010)


@pytest.mark.slow
def test_three_hundred_users_are_stopped_by_a_few_commands_each(make_site):
    site = make_site({"router": {"poll_interval": "1s"}})
    users = crowd(site, 300)
    site.polls(2, timeout=60)
    mark = site.router.mark()
    for who in users[:20]:
        who.move(10 * 1024**3)
    for who in users[:20]:
        who.comes_to_be("habis", timeout=60)
    writes = site.router.writes(mark)
    assert len(writes) <= 20 * 3, f"{len(writes)} writes for 20 changes"
    named = {w for c in writes for w in c.words}
    untouched = [who for who in users[20:] if f"=address={who.address}" in named]
    assert untouched == []


def test_reads_ask_only_for_the_properties_they_need(own):
    own.subscriber("1 GB")
    mark = own.router.mark()
    own.polls()
    for command in own.router.since(mark):
        if command.path == HOST and command.verb == "print":
            wanted = [w for w in command.words if w.startswith("=.proplist=")]
            assert wanted, f"the whole row is asked for: {command.words}"


def test_one_connection_serves_all_cycles(own):
    own.subscriber("1 GB")
    logins = own.router.logins
    own.polls(8)
    assert own.router.logins == logins, "a log-in per cycle"
    assert own.router.session_count <= 2

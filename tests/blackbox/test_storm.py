"""Everything at once, from one seed: metered never exceeds what flowed."""

from __future__ import annotations

import os
import random

import pytest

from conftest import GB, MB, eventually
from routeros import BINDING, HOST, LISTS

SEEDS = [int(s) for s in os.environ.get("BOX_SEEDS", "1,2,3").split(",")]


def crowd(site, count=4):
    users = [site.subscriber("900 GB", wait=False) for _ in range(count)]
    for who in users:
        who.comes_to_be("active")
    site.polls()
    return users


def never_more_than_moved(site, users):
    for who in users:
        used = who.used
        assert used <= site.router.countable.get(who.mac, 0), (
            f"{who.name}: metered {used}, let through {site.router.countable.get(who.mac)}, "
            f"moved {site.router.moved.get(who.mac)}"
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_reboots_and_bad_replies_never_meter_too_much(own, seed):
    dice = random.Random(seed)
    users = crowd(own)
    router = own.router
    allowed = {who.mac: 0 for who in users}

    def forgive(whom):
        """What may be lost when a counter restarts: the bytes that no reading has seen."""
        for who in whom:
            allowed[who.mac] += router.countable.get(who.mac, 0) - who.used

    for _ in range(40):
        who = dice.choice(users)
        act = dice.randrange(12)
        if act < 5:
            who.move(dice.randrange(20 * MB), dice.randrange(MB))
        elif act < 7:
            with router.lock:
                seen = router.host(who.mac)
            forgive([who])
            router.replace(who.mac, down=dice.randrange(seen.bytes_out + 30 * MB))
        elif act == 7:
            router.fault(dice.choice(["cut", "cut-mid-row", "interrupted", "fatal", "garbage", "lost"]),
                         dice.choice([HOST, HOST, LISTS, BINDING]), rows=dice.randrange(4))  # fmt: skip
        elif act == 8:
            router.cut_sessions()
        elif act == 9 and dice.random() < 0.5:
            forgive(users)
            router.reboot()
            for one in users:
                one.connect(age=0)
        elif act == 10:
            with router.lock:
                seen = router.host(who.mac)
                counted = seen.bytes_in + seen.bytes_out
            # A counter that is back above its old value before anybody reads it cannot be told from one that
            # grew, so it is read on both sides of the reset.
            if counted > MB:
                own.polls(1, timeout=90)
                forgive([who])
                router.reset_counter(who.mac, down=dice.randrange(MB))
                own.polls(1, timeout=90)
        else:
            own.polls(1, timeout=90)
        never_more_than_moved(own, users)

    router.clear_faults()
    own.polls(3, timeout=90)
    never_more_than_moved(own, users)

    def agrees():
        for who in users:
            lost = router.countable.get(who.mac, 0) - who.used
            assert 0 <= lost <= allowed[who.mac], f"{who.name}: {lost} lost, {allowed[who.mac]} may be; {who.get()}"
            who.assert_listed("active")

    eventually(agrees, timeout=60)
    own.agent.assert_alive()
    own.agent.verify()


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_during_traffic_neither_lose_nor_invent(own, seed):
    """The counters of the router live on, so nothing at all may be lost."""
    dice = random.Random(seed)
    users = crowd(own, 3)
    credits = {who.id: 900 * GB for who in users}
    for _ in range(5):
        for _ in range(dice.randrange(3, 9)):
            who = dice.choice(users)
            who.move(dice.randrange(20 * MB))
            if dice.random() < 0.5:
                who.credit(7 * MB)
                credits[who.id] += 7 * MB
            if dice.random() < 0.3:
                own.polls(1)
        own.agent.kill()
        users[0].move(3 * MB)
        own.agent.verify()
        own.agent.start()
        for who in users:
            assert who.get()["credited_bytes"] == credits[who.id], "an acknowledged grant is gone"
        never_more_than_moved(own, users)
    for who in users:
        who.comes_to_use(own.router.countable[who.mac], timeout=40)
    own.agent.verify()

"""Payments while something is down: the uplink, the relay, the agent, the gateway, or all of them in turn."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time

import pytest

from conftest import eventually
from paid import PACKAGE_BYTES
from relay import OPEN, customer_can_pay

SEEDS = [int(s) for s in os.environ.get("BOX_SEEDS", "1,2,3").split(",")]
RETRY_S = 45  # agent and relay retry each other within 30 s


# ---------------------------------------------------------------- no relay


def test_the_status_says_that_the_relay_answers(paid):
    paid.comes_online(timeout=10)


@pytest.mark.parametrize("line", ["cut", "captive", "stalled"])
def test_without_a_relay_an_order_is_refused_and_cash_is_taken(paid, line):
    who = paid.customer()
    paid.uplink.becomes(line)
    start = time.monotonic()
    assert who.buy("qris").expect(503).code == "relay_unreachable"
    assert time.monotonic() - start < 32
    assert who.open_orders() == []
    who.pays_cash()
    who.assert_credited(1)
    paid.uplink.becomes("open")
    paid.comes_online()
    # An order that reached the relay all the same is not left payable.
    eventually(lambda: _nothing(paid.gateway.payable()), timeout=RETRY_S)
    order = who.orders()
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid", [])
    paid.settles()


def _nothing(found):
    assert not found, found


def test_an_order_that_the_relay_took_and_could_not_answer_is_not_left_open(paid):
    """The request arrives, the gateway is slow, and the line goes down before the answer."""
    who = paid.customer()
    fault = paid.gateway.fault("charge", "slow", seconds=20)
    replies = []
    thread = threading.Thread(target=lambda: replies.append(who.buy()))
    thread.start()
    paid.gateway.faults.wait_used(fault)
    paid.uplink.becomes("cut")
    paid.gateway.faults.clear()
    thread.join()
    paid.uplink.becomes("open")
    if replies[0].status == 201:
        assert customer_can_pay(replies[0].json), replies[0]
        paid.gateway.pay(replies[0].json["id"])
    else:
        assert replies[0].expect(503).code == "relay_unreachable"
        assert who.open_orders() == []
        eventually(lambda: _nothing(paid.gateway.payable()), timeout=RETRY_S)
    paid.settles()


def test_cash_is_taken_over_an_open_order_and_its_cancel_follows(paid):
    who = paid.customer()
    order = who.orders()
    paid.uplink.becomes("cut")
    who.pays_cash()
    assert paid.gateway.payable(order["id"])
    paid.uplink.becomes("open")
    paid.comes_to(order["id"], "cancelled", timeout=RETRY_S)
    assert paid.gateway.payable(order["id"]) == []
    who.assert_credited(1)
    paid.settles()


def test_cash_over_an_order_that_proves_paid_counts_both(paid):
    who = paid.customer()
    order = who.orders()
    paid.uplink.becomes("cut")
    who.pays_cash()
    paid.gateway.pay(order["id"])
    paid.uplink.becomes("open")
    paid.comes_to(order["id"], "paid", timeout=RETRY_S)
    who.assert_credited(2)
    paid.settles()


def test_the_status_says_since_when_the_relay_is_gone_and_that_it_is_back(paid):
    paid.relay.kill()

    def down():
        state = paid.agent.get("/status")["relay"]
        assert state["state"] in ("down", "degraded") and state["last_error"], state

    eventually(down, timeout=50)
    paid.relay.start()
    paid.comes_online()


def test_an_agent_that_starts_without_a_relay_finds_it_later(paid):
    who = paid.customer()
    order = who.orders()
    paid.relay.stop()
    assert paid.agent.stop() == 0
    paid.agent.start()
    paid.gateway.pay(order["id"])
    paid.relay.start()
    paid.comes_to(order["id"], "paid", timeout=RETRY_S)
    paid.settles()


def test_a_wrong_token_is_said_and_opens_nothing(paid):
    paid.agent.stop()
    (paid.relay.dir / "site.token").write_text("salah\n")
    paid.agent.start()
    who = paid.customer()
    reply = who.buy()
    assert reply.status in (502, 503) and reply.is_problem(), reply
    assert who.open_orders() == [] and paid.agent.get("/status")["relay"]["state"] != "ok"


def test_sigterm_ends_an_agent_that_waits_for_its_relay(paid):
    who = paid.customer()
    paid.uplink.becomes("stalled")
    threading.Thread(target=_quietly, args=(who.buy,), daemon=True).start()
    start = time.monotonic()
    assert paid.agent.stop() == 0
    assert time.monotonic() - start < 5


def _quietly(act):
    try:
        act()
    except (AssertionError, OSError):
        pass


# ---------------------------------------------------------------- payments while things break


def buyers(paid, count, rng) -> dict[str, object]:
    """Open orders of as many customers."""
    found = {}
    for _ in range(count):
        who = paid.customer()
        found[who.orders(rng.choice(["qris", "va_bca", "gopay", "va_mandiri"]))["id"]] = who
    return found


def pay_all(paid, orders, rng, within: float = 0.4) -> list[threading.Timer]:
    timers = [threading.Timer(rng.uniform(0, within), paid.gateway.pay, [order_id]) for order_id in orders]
    for timer in timers:
        timer.start()
    return timers


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("victim", ["relay", "agent", "both"])
def test_killed_while_customers_pay_everything_is_credited_once(paid, victim, seed):
    rng = random.Random(f"{victim}{seed}")
    orders = buyers(paid, 6, rng)
    timers = pay_all(paid, orders, rng)
    victims = {"relay": [paid.relay], "agent": [paid.agent], "both": [paid.relay, paid.agent]}[victim]
    for _ in range(3):
        time.sleep(rng.uniform(0, 0.2))
        for process in victims:
            process.kill()
        for process in victims:
            process.start()
    for timer in timers:
        timer.join()
    paid.gateway.notifier.wait_idle()
    told = {b["order_id"] for b in paid.gateway.notifier.acknowledged() if b["transaction_status"] == "settlement"}
    for order_id in orders:
        if order_id not in told:
            eventually(lambda order_id=order_id: paid.act(order_id, "refresh").expect(200, 409), timeout=RETRY_S)
    paid.settles()
    for who in orders.values():
        who.assert_credited(1)


@pytest.mark.parametrize("line", ["cut", "stalled"])
def test_payments_made_while_the_line_is_down_arrive_once(paid, line):
    rng = random.Random(line)
    orders = buyers(paid, 4, rng)
    paid.uplink.becomes(line)
    for timer in pay_all(paid, orders, rng, 0.1):
        timer.join()
    paid.gateway.notifier.wait_idle()
    for order_id in orders:
        assert paid.order(order_id)["status"] in OPEN
    paid.uplink.becomes("open")
    paid.settles(60)
    assert {o["status"] for o in paid.agent.all("/orders")} == {"paid"}


def test_a_line_that_flutters_loses_and_doubles_nothing(paid):
    rng = random.Random(7)
    orders = buyers(paid, 6, rng)
    timers = pay_all(paid, orders, rng, 1.5)
    for _ in range(6):
        time.sleep(rng.uniform(0.05, 0.25))
        paid.uplink.becomes("cut")
        time.sleep(rng.uniform(0.01, 0.1))
        paid.uplink.becomes("open")
    for timer in timers:
        timer.join()
    paid.settles()


@pytest.mark.parametrize("method", ["qris", "va_permata"])
@pytest.mark.parametrize(
    ("how", "more"),
    [("reset", {}), ("reset", {"processed": False}), ("hang", {"seconds": 3}), ("reset", {"times": 3}), ("html", {"times": 3, "processed": False})],
)
def test_an_order_whose_charge_is_lost_ends_well_for_the_customer(paid, method, how, more):
    who = paid.customer()
    paid.gateway.fault("charge", how, **more)
    start = time.monotonic()
    reply = who.buy(method)
    assert time.monotonic() - start < 32, f"took {time.monotonic() - start:.1f} s: {reply}"
    assert reply.status in (201, 502, 503, 504), reply
    paid.gateway.faults.clear()
    if reply.status != 201:
        # Nothing that the customer could pay is left behind, and the next try works.
        assert paid.gateway.payable() == [], (str(reply), who.open_orders())
        reply = who.buy(method).expect(201)
    order = reply.json
    assert customer_can_pay(order), order
    eventually(lambda: _only(order["id"], paid.gateway.payable()), timeout=RETRY_S)
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid", [])
    paid.settles()


def _only(order_id, payable):
    assert [t.order_id for t in payable] == [order_id], payable


def test_killed_while_an_order_is_opened_nothing_payable_is_unknown(paid):
    """What a customer could pay is an open order of the agent, or is cancelled."""
    rng = random.Random(11)
    for victim in (paid.agent, paid.relay, paid.agent):
        who = paid.customer()
        threading.Thread(target=lambda who=who: _quietly(who.buy), daemon=True).start()
        time.sleep(rng.uniform(0.01, 0.15))
        victim.kill()
        victim.start()

    def known():
        payable = {t.order_id for t in paid.gateway.payable()}
        orders = {o["id"]: o for o in paid.agent.all("/orders")}
        for order_id in payable:
            assert order_id in orders and orders[order_id]["status"] in OPEN, (order_id, orders.get(order_id), paid.relayed(order_id))
        return payable

    for order_id in eventually(known, timeout=RETRY_S, pause=0.25):
        paid.gateway.pay(order_id)
    paid.settles()


# ---------------------------------------------------------------- older copies


def test_a_restored_agent_is_credited_from_the_memo_what_it_does_not_know(paid, tmp_path):
    copy = tmp_path / "copy"
    known = paid.customer()
    before = known.orders()
    open_before = paid.customer()
    open_order = open_before.orders("va_bca")
    paid.gateway.pay(before["id"])
    paid.comes_to(before["id"], "paid", [])
    paid.agent.cli_ok("backup", str(copy))
    later = known.orders("gopay")
    paid.gateway.pay(later["id"])
    paid.gateway.pay(open_order["id"])
    for order in (later, open_order):
        paid.comes_to(order["id"], "paid", [])
    known.assert_credited(2)
    assert paid.agent.stop() == 0
    paid.agent.cli_ok("restore", str(copy))
    paid.agent.start()
    paid.settles()
    known.assert_credited(2)
    open_before.assert_credited(1)
    for order in (before, later, open_order):
        assert paid.order(order["id"])["status"] == "paid"


def test_a_payment_that_arrives_while_the_agent_is_being_restored_is_credited(paid, tmp_path):
    who = paid.customer()
    paid.agent.cli_ok("backup", str(tmp_path / "copy"))
    order = who.orders()
    assert paid.agent.stop() == 0
    paid.agent.cli_ok("restore", str(tmp_path / "copy"))
    paid.gateway.pay(order["id"])
    paid.agent.start()
    paid.settles()
    who.assert_credited(1)


def test_a_payment_of_a_customer_unknown_to_the_copy_is_not_swallowed(paid, tmp_path):
    """The user was made after the copy: either it is made again from the memo, or the payment waits for a person."""
    paid.agent.cli_ok("backup", str(tmp_path / "copy"))
    who = paid.customer()
    order = who.orders()
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid", [])
    assert paid.agent.stop() == 0
    paid.agent.cli_ok("restore", str(tmp_path / "copy"))
    paid.agent.start()
    paid.customers.remove(who)

    def seen():
        if paid.order(order["id"])["status"] == "paid":
            return who.assert_credited(1)
        assert paid.order(order["id"])["status"] == "review", paid.order(order["id"])

    eventually(seen, timeout=RETRY_S)
    paid.agent.verify()
    # The cursor has moved on: others are served.
    other = paid.customer()
    later = other.orders()
    paid.gateway.pay(later["id"])
    paid.comes_to(later["id"], "paid", [])
    other.assert_credited(1)


def test_a_restored_relay_replays_and_nothing_counts_twice(paid, tmp_path):
    copy = tmp_path / "copy"
    rng = random.Random(3)
    orders = list(buyers(paid, 3, rng))
    paid.gateway.pay(orders[0])
    paid.comes_to(orders[0], "paid", [])
    paid.relay.cli_ok("backup", str(copy))
    paid.gateway.pay(orders[1])
    paid.comes_to(orders[1], "paid", [])
    epoch = paid.client.feed()["epoch"]
    paid.relay.stop()
    paid.relay.cli_ok("restore", str(copy))
    paid.relay.start()
    assert paid.client.feed()["epoch"] != epoch
    paid.gateway.pay(orders[2])
    paid.comes_to(orders[2], "paid", timeout=RETRY_S)
    paid.settles()


def test_an_order_that_a_restored_relay_does_not_know_is_not_swallowed(paid, tmp_path):
    who = paid.customer()
    paid.relay.cli_ok("backup", str(tmp_path / "copy"))
    order = who.orders()
    paid.relay.stop()
    paid.relay.cli_ok("restore", str(tmp_path / "copy"))
    paid.relay.start()
    paid.gateway.pay(order["id"])

    def seen():
        if paid.order(order["id"])["status"] == "paid":
            return who.assert_credited(1)
        assert order["id"] in paid.relay.cli_ok("review", "list"), (paid.order(order["id"]), paid.relayed(order["id"]))

    eventually(seen, timeout=60, pause=0.5)
    paid.agent.verify()


def test_both_lost_and_restored_still_agree(paid, tmp_path):
    who = paid.customer()
    first = who.orders()
    paid.gateway.pay(first["id"])
    paid.comes_to(first["id"], "paid", [])
    paid.agent.cli_ok("backup", str(tmp_path / "agent"))
    paid.relay.cli_ok("backup", str(tmp_path / "relay"))
    second = who.orders("va_bni")
    paid.gateway.pay(second["id"])
    paid.comes_to(second["id"], "paid", [])
    paid.agent.stop()
    paid.agent.cli_ok("restore", str(tmp_path / "agent"))
    paid.agent.start()
    # The relay was not lost: it alone remembers the second.
    paid.settles()
    paid.relay.stop()
    paid.relay.cli_ok("restore", str(tmp_path / "relay"))
    paid.relay.start()
    third = eventually(lambda: who.orders("qris"), timeout=RETRY_S)
    paid.gateway.pay(third["id"])
    paid.comes_to(third["id"], "paid", timeout=RETRY_S)
    who.assert_credited(3)
    assert who.get()["credited_bytes"] == 3 * PACKAGE_BYTES
    paid.agent.verify()


def test_a_relay_with_an_empty_store_ends_no_customers_quota(paid):
    who = paid.customer()
    order = who.orders()
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid", [])
    paid.relay.stop()
    for path in paid.relay.dir.glob("relay.db*"):
        shutil.move(path, f"{path}.gone")
    paid.relay.start()
    paid.comes_online()
    again = who.orders()
    paid.gateway.pay(again["id"])
    paid.comes_to(again["id"], "paid", timeout=RETRY_S)
    who.assert_credited(2)
    paid.agent.verify()

"""The seams of a payment: keys that resume, answers that come too late, memos that do not fit, secrets that change."""

from __future__ import annotations

import hashlib
import signal
import threading
import time

import pytest

from conftest import eventually
from paid import PACKAGE_RP
from relay import OPEN, customer_can_pay

OTHER_KEY = "SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb"


# ---------------------------------------------------------------- keys that resume


def test_a_key_resumes_what_an_unreachable_relay_interrupted(paid):
    who = paid.customer()
    paid.uplink.becomes("cut")
    assert who.buy(key="lanjut").expect(503).code == "relay_unreachable"
    paid.uplink.becomes("open")
    order = who.buy(key="lanjut").expect(201).json
    assert customer_can_pay(order) and who.buy(key="lanjut").expect(201).json["id"] == order["id"]
    eventually(lambda: _only(paid, order["id"]))
    paid.gateway.pay(order["id"])
    paid.settles()
    who.assert_credited(1)


@pytest.mark.parametrize("victim", ["agent", "relay"])
def test_a_key_resumes_what_a_kill_interrupted(paid, victim):
    who = paid.customer()
    fault = paid.gateway.fault("charge", "slow", seconds=20)
    thread = threading.Thread(target=lambda: _quietly(lambda: who.buy(key="lanjut")))
    thread.start()
    paid.gateway.faults.wait_used(fault)
    process = getattr(paid, victim)
    process.kill()
    paid.gateway.faults.clear()
    process.start()
    thread.join()

    def resumed():
        return who.buy(key="lanjut").expect(201).json

    order = eventually(resumed, timeout=40, pause=0.5)
    assert customer_can_pay(order), order
    eventually(lambda: _only(paid, order["id"]), timeout=40)
    eventually(lambda: _is_the_open_one(who, order["id"]))
    paid.gateway.pay(order["id"])
    paid.settles()
    who.assert_credited(1)


def _quietly(act):
    try:
        act()
    except (AssertionError, OSError):
        pass


def _only(paid, order_id):
    payable = [t.order_id for t in paid.gateway.payable()]
    assert payable == [order_id], (payable, paid.gateway.log())


def _is_the_open_one(who, order_id):
    assert [o["id"] for o in who.open_orders()] == [order_id], who.paid.orders_of(who)


def test_an_open_order_still_shows_how_to_pay_after_a_restart(paid):
    shown = {}
    for method in ("qris", "va_permata", "gopay"):
        order = paid.customer().orders(method)
        shown[order["id"]] = {k: order.get(k) for k in ("qr_string", "va", "deeplink_url", "expires_at", "amount_rp")}
    paid.agent.kill()
    paid.relay.kill()
    paid.relay.start()
    paid.agent.start()
    for order_id, fields in shown.items():
        order = paid.order(order_id)
        assert order["status"] in OPEN and {k: order.get(k) for k in fields} == fields, order


# ---------------------------------------------------------------- the payment is faster than the answer


def test_a_payment_that_overtakes_the_answer_of_its_order_is_credited_once(paid):
    who = paid.customer(seen=True)
    fault = paid.gateway.fault("charge", "slow", seconds=3)
    replies = []
    thread = threading.Thread(target=lambda: replies.append(who.buy()))
    thread.start()
    paid.gateway.faults.wait_used(fault)
    tx = eventually(lambda: _first(paid.gateway.payable()))
    paid.gateway.pay(tx.order_id)
    paid.gateway.notifier.wait_idle()
    eventually(lambda: _first(paid.client.events(tx.order_id)))
    paid.gateway.faults.clear()
    thread.join()
    assert replies[0].status in (201, 409), replies[0]
    paid.comes_to(tx.order_id, "paid")
    who.assert_credited(1)
    who.comes_to_be("active")
    assert [o["id"] for o in paid.orders_of(who)] == [tx.order_id], paid.orders_of(who)
    paid.settles()


def _first(found):
    assert found
    return found[0]


# ---------------------------------------------------------------- memos that do not fit


@pytest.mark.parametrize("memo", ["garbage", "{}", "", '{"user":"nobody","quote":null}', "[" * 3000])
def test_a_payment_with_a_memo_that_says_nothing_waits_for_a_person(market, memo):
    order_id = market.client.open("qris", PACKAGE_RP, memo=memo)["order_id"]
    market.gateway.pay(order_id)
    eventually(lambda: _is_known(market, order_id, "review"))
    # The cursor has moved on: others are served.
    who = market.customer()
    order = who.orders()
    market.gateway.pay(order["id"])
    market.comes_to(order["id"], "paid", [])
    who.assert_credited(1)


def _is_known(market, order_id, status):
    reply = market.agent.call("GET", f"/orders/{order_id}")
    assert reply.status == 200 and reply.json["status"] == status, f"{reply}\n{market.agent.tail(5)}"


def test_a_memo_of_a_dear_package_does_not_make_a_cheap_payment_dear(market):
    who = market.customer()
    order = who.orders()
    memo = market.client.order(order["id"])["memo"]
    market.act(order["id"], "cancel").expect(200)
    cheap = market.client.open("qris", 10_000, memo=memo)["order_id"]
    market.gateway.pay(cheap)
    eventually(lambda: _is_known(market, cheap, "review"))
    who.assert_credited(0)
    market.agent.verify()


# ---------------------------------------------------------------- money of two kinds


def test_online_money_is_not_in_the_drawer(paid):
    who = paid.customer()
    order = who.orders()
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid", [])
    closing = paid.agent.post("/closings", {"counted_rp": 0}, 200, 201)
    assert (closing["expected_rp"], closing["difference_rp"]) == (0, 0), closing


def test_cash_is_taken_over_a_line_that_says_nothing(paid):
    who = paid.customer()
    order = who.orders()
    paid.uplink.becomes("stalled")
    start = time.monotonic()
    who.pays_cash()
    assert time.monotonic() - start < 30, f"took {time.monotonic() - start:.1f} s"
    paid.uplink.becomes("open")
    paid.comes_to(order["id"], "cancelled", timeout=45)
    paid.settles()


def test_an_exempt_customer_buys_like_any_other(market):
    who = market.customer()
    market.agent.call("PATCH", who.path, {"exempt": True}).expect(200)
    order = who.orders()
    market.gateway.pay(order["id"])
    market.comes_to(order["id"], "paid", [])
    who.assert_credited(1)


def test_one_who_is_blocked_or_overdue_opens_no_purchase(market):
    for trouble in (
        lambda who: who.post("/block", {"reason": "uji"}),
        lambda who: who.post("/debts", {"amount": "1 GB", "advance": False, "debt_date": "2020-01-01", "due_date": "2020-01-31"}, 201),
    ):
        who = market.customer()
        trouble(who)
        assert who.buy().expect(409).code
        assert market.orders_of(who) == []


def test_one_who_is_blocked_while_paying_is_credited_all_the_same(market):
    who = market.customer(seen=True)
    order = who.orders()
    who.post("/block", {"reason": "uji"})
    market.gateway.pay(order["id"])
    market.comes_to(order["id"], "paid")
    who.assert_credited(1)
    who.comes_to_be("blocked", "blocked")


def test_a_payment_for_a_customer_who_was_removed_meanwhile_is_not_swallowed(market):
    who = market.customer()
    order = who.orders()
    reply = market.agent.call("DELETE", who.path)
    if reply.status >= 400:
        assert reply.code
        market.gateway.pay(order["id"])
        market.comes_to(order["id"], "paid")
        return
    market.customers.remove(who)
    if market.gateway.try_pay(order["id"]):
        eventually(lambda: _kept(market, order["id"]))


def _kept(market, order_id):
    assert market.order(order_id)["status"] in ("review", "paid"), market.order(order_id)


# ---------------------------------------------------------------- secrets that change


def test_a_hang_up_makes_the_relay_read_its_keys_again(paid):
    merchant = paid.gateway.merchants[0]
    paid.customer().orders()
    merchant.server_key, merchant.keys = OTHER_KEY, {OTHER_KEY}
    (paid.relay.dir / "m1.key").write_text(OTHER_KEY + "\n")
    paid.relay.process.send_signal(signal.SIGHUP)
    who = paid.customer()

    def buys():
        return who.buy().expect(201).json

    order = eventually(buys, timeout=15, pause=0.25)
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid")
    paid.relay.assert_alive()


def test_a_hang_up_makes_both_read_the_token_again(paid):
    token = "baru-" + "7" * 40
    (paid.relay.dir / "site-1.sha256").write_text(hashlib.sha256(token.encode()).hexdigest() + "\n")
    (paid.relay.dir / "site.token").write_text(token + "\n")
    for process in (paid.relay.process, paid.agent.process):
        process.send_signal(signal.SIGHUP)
    who = paid.customer()

    def buys():
        return who.buy().expect(201).json

    order = eventually(buys, timeout=15, pause=0.25)
    paid.client.token = token
    assert paid.client.order(order["id"])["order_id"] == order["id"]
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid", timeout=45)
    assert paid.relay.alive and paid.agent.alive

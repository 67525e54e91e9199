"""The relay between a gateway that fails in every way and a process that may die: one payable charge, no lost rupiah."""

from __future__ import annotations

import os
import random
import threading
import time

import pytest

from conftest import eventually
from relay import OPEN, customer_can_pay

SEEDS = [int(s) for s in os.environ.get("BOX_SEEDS", "1,2,3").split(",")]
ANSWER_S = 32  # an agent's order is answered within 30 s
LOST = {
    "reset after": ("reset", {}),
    "reset before": ("reset", {"processed": False}),
    "half an answer": ("half", {}),
    "202": ("json", {"status": 202, "body": {"status_code": "202", "status_message": "running"}}),
    "500 after": ("html", {"status": 500}),
    "502 before": ("html", {"status": 502, "processed": False}),
    "503 after": ("html", {"status": 503}),
    "no JSON": ("text", {}),
    "500 inside 200": ("json", {"status": 200, "body": {"status_code": "500", "status_message": "oops"}}),
    "900": ("json", {"status": 200, "body": {"status_code": "900"}, "processed": False}),
    "429": ("json", {"status": 429, "body": {"status_code": "429", "status_message": "slow down"}, "processed": False}),
}


def timed_post(client, body):
    start = time.monotonic()
    reply = client.post(body)
    assert time.monotonic() - start < ANSWER_S, f"took {time.monotonic() - start:.1f} s: {reply}"
    assert reply.status != 201 or reply.json["status"] in (*OPEN, "paid", "review"), reply
    return reply


def usable_order(client, body, reply):
    """An order that a customer can pay: this request's, asked for again while the relay cannot
    say, or another one when this was called off at the gateway."""

    def again():
        nonlocal reply, body
        if reply.status not in (200, 201):
            assert 400 <= reply.status < 600 and reply.is_problem()
            reply = client.post(body)
        given_up = reply.status == 409 and reply.code == "request_abandoned"
        assert given_up or reply.status in (200, 201), f"{reply}; gateway {client.relay.gateway.log()}"
        if given_up or reply.json["status"] in ("cancelled", "failed"):
            body = client.request(body["method"])
            reply = client.post(body).expect(201)
        assert reply.json["status"] in (*OPEN, "paid"), reply
        return reply.json

    return eventually(again, timeout=30, pause=0.5)


def one_charge_is_payable(client, order):
    def check():
        payable = client.relay.gateway.payable()
        assert [t.order_id for t in payable] == [order["order_id"]], f"{order}: {payable}; {client.relay.gateway.log()}"

    eventually(check, timeout=30)
    assert customer_can_pay(order), order


def pays_once(client, order):
    client.relay.gateway.pay(order["order_id"])
    client.comes_to(order["order_id"], "paid", 1)
    client.assert_agrees()


# ---------------------------------------------------------------- charges whose answer is lost


@pytest.mark.parametrize("method", ["qris", "va_permata", "gopay"])
@pytest.mark.parametrize("how", LOST)
def test_a_charge_whose_answer_is_lost_becomes_one_payable_order(gateway, client, how, method):
    kind, more = LOST[how]
    gateway.fault("charge", kind, **more)
    body = client.request(method)
    order = usable_order(client, body, timed_post(client, body))
    one_charge_is_payable(client, order)
    pays_once(client, order)


@pytest.mark.parametrize("how", ["reset after", "503 after", "no JSON", "502 before"])
def test_a_charge_that_is_lost_again_and_again_is_resolved(gateway, client, how):
    kind, more = LOST[how]
    gateway.fault("charge", kind, times=3, **more)
    gateway.fault("status", "html", status=503, times=2)
    body = client.request()
    order = usable_order(client, body, timed_post(client, body))
    one_charge_is_payable(client, order)
    pays_once(client, order)


@pytest.mark.parametrize("how", ["reset after", "half an answer", "502 before"])
def test_a_snap_page_whose_answer_is_lost_is_opened_once(gateway, client, how):
    kind, more = LOST[how]
    gateway.fault("snap", kind, **more)
    body = client.request("snap")
    order = usable_order(client, body, timed_post(client, body))
    assert order["redirect_url"].endswith(gateway.snaps["G000000001", order["order_id"]]["token"]), order
    gateway.pay(order["order_id"])
    client.comes_to(order["order_id"], "paid", 1)


@pytest.mark.slow
def test_a_gateway_that_hangs_is_waited_for_within_the_time(gateway, client):
    gateway.fault("charge", "hang", seconds=25)
    gateway.fault("charge", "hang", seconds=25, processed=False)
    found = []

    def one(body):
        order = usable_order(client, body, timed_post(client, body))
        found.append(order)

    threads = [threading.Thread(target=one, args=(client.request(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2, gateway.log()
    eventually(lambda: _payable_are(gateway, found), timeout=30)
    for order in found:
        gateway.pay(order["order_id"])
        client.comes_to(order["order_id"], "paid", 1)
    client.assert_agrees()


def _payable_are(gateway, orders):
    assert sorted(t.order_id for t in gateway.payable()) == sorted(o["order_id"] for o in orders), gateway.log()


def test_what_is_paid_while_nobody_knows_of_the_charge_is_credited(gateway, client):
    """The answer is lost, the status is not to be had, and the customer has paid."""
    gateway.on_charge = lambda tx: threading.Timer(0.05, gateway.try_pay, [tx.order_id]).start()
    gateway.fault("charge", "reset", times=-1)
    gateway.fault("status", "html", status=502, times=3)
    client.post(client.request())
    gateway.faults.clear()
    gateway.on_charge = None

    def credited():
        assert gateway.payments(), gateway.log()
        client.assert_agrees()

    eventually(credited, timeout=40)
    for tx in gateway.payments():
        client.comes_to(tx.order_id, "paid", 1, [])


def test_a_charge_that_never_succeeds_fails_cleanly(gateway, client):
    gateway.fault("charge", "html", status=503, processed=False, times=-1)
    body = client.request()
    reply = timed_post(client, body)
    assert reply.status in (502, 503, 504) and reply.is_problem(), reply
    gateway.faults.clear()
    order = usable_order(client, body, client.post(body))
    one_charge_is_payable(client, order)
    pays_once(client, order)


# ---------------------------------------------------------------- answers that are wrong

WRONG = {
    "amount": {"gross_amount": "9999.00"},
    "more": {"gross_amount": "100000.00"},
    "fraction": {"gross_amount": "10000.50"},
    "currency": {"currency": "USD"},
    "merchant": {"merchant_id": "G999999999"},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_charge_answered_with_something_else_is_not_sold(gateway, client, what):
    client.open()  # the merchant is known from here on
    known = {t.order_id for t in gateway.transactions}
    gateway.fault("charge", "edit", times=-1, edit=WRONG[what])
    reply = timed_post(client, client.request())
    gateway.faults.clear()
    if reply.status in (200, 201):
        assert reply.json["status"] == "review", reply
    else:
        reply.expect(502)

    def gone():
        assert {t.order_id for t in gateway.payable()} == known, gateway.log()

    eventually(gone, timeout=15)


@pytest.mark.parametrize(("field", "value"), [("gross", 9_999), ("currency", "USD"), ("merchant_id", "G999999999")])
def test_a_charge_that_is_something_else_at_the_gateway_is_not_sold(gateway, client, field, value):
    known = {client.open()["order_id"]}
    gateway.on_charge = lambda tx: setattr(tx, field, value)
    reply = timed_post(client, client.request())
    if reply.status in (200, 201):
        assert reply.json["status"] == "review", reply
    else:
        reply.expect(502)

    def gone():
        assert {t.order_id for t in gateway.payable()} == known, gateway.log()

    eventually(gone, timeout=15)


@pytest.mark.parametrize(
    "edit",
    [{"status_code": 201}, {"transaction_status": "PENDING"}, {"new_field": {"a": [1]}}, {"gross_amount": "10000"}, {"fraud_status": None}],
    ids=str,
)
def test_a_charge_answered_in_another_form_is_understood(gateway, client, edit):
    gateway.fault("charge", "edit", edit=edit)
    order = client.open()
    one_charge_is_payable(client, order)
    pays_once(client, order)


def test_a_charge_that_is_denied_at_once_is_no_open_order(gateway, client):
    gateway.on_charge = lambda tx: setattr(tx, "status", "deny")
    gateway.fault("charge", "edit", edit={"status_code": "202", "transaction_status": "deny"})
    reply = client.post(client.request())
    assert reply.status >= 400 or reply.json["status"] in ("denied", "failed"), reply


@pytest.mark.parametrize(
    ("fields", "flag"),
    [
        ({"gross": 9_999}, "amount_mismatch"),
        ({"gross": 100_000}, "amount_mismatch"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"merchant_id": "G999999999"}, "merchant_mismatch"),
        ({"fraud": "deny"}, "fraud_status"),
    ],
)
def test_money_that_is_not_what_was_asked_goes_to_review(gateway, client, fields, flag):
    order_id = client.open()["order_id"]
    gateway.force(order_id, "settlement", **fields)
    order = client.comes_to(order_id, "review", 0)
    assert flag in order["flags"], order
    assert [e["effect"] for e in client.events(order_id)].count("review") == 1, client.events(order_id)
    shown = client.relay.cli_ok("review", "list")
    assert order_id in shown, shown


@pytest.mark.parametrize("code", ["201", "202", "404", "", None])
def test_a_settlement_with_another_code_is_not_believed(gateway, client, code):
    order_id = client.open()["order_id"]
    tx = gateway.transaction(order_id)
    with gateway.notifier.mute():
        gateway.pay(order_id)
    gateway.status_answers[order_id] = {**tx.status_answer(), "status_code": code}
    client.refresh(order_id)
    assert client.credits(order_id) == 0, client.events(order_id)
    gateway.status_answers.clear()
    client.refresh(order_id).expect(200)
    client.comes_to(order_id, "paid", 1)


@pytest.mark.parametrize("code", [200, "200"])
def test_a_status_code_may_be_a_number(gateway, client, code):
    order_id = client.open()["order_id"]
    gateway.fault("status", "edit", edit={"status_code": code}, times=-1)
    gateway.pay(order_id)
    client.comes_to(order_id, "paid", 1, [])


@pytest.mark.parametrize("code", [407, "407", "200", "202"])
def test_an_expired_order_is_expired_whatever_its_code(gateway, client, code):
    order_id = client.open()["order_id"]
    gateway.fault("status", "edit", edit={"status_code": code}, times=-1)
    gateway.expire(order_id)
    client.comes_to(order_id, "expired", 0, [])


# ---------------------------------------------------------------- storms


def test_a_storm_of_429_delays_and_loses_nothing(gateway, client):
    orders = [client.open()["order_id"] for _ in range(5)]
    too_many = {"status": 429, "body": {"status_code": "429", "status_message": "too many"}, "processed": False}
    gateway.fault("status", "json", times=12, **too_many)
    for order_id in orders:
        gateway.pay(order_id)
    for order_id in orders:
        client.comes_to(order_id, "paid", 1, [], timeout=60)
    client.assert_agrees()


def test_a_gateway_that_is_down_for_a_while_is_used_again(gateway, client):
    orders = [client.open()["order_id"] for _ in range(3)]
    fault = gateway.fault("*", "html", status=502, processed=False, times=-1)
    for order_id in orders:
        gateway.pay(order_id)
    client.post(client.request())
    gateway.faults.wait_used(fault, 4)
    gateway.faults.clear()
    for order_id in orders:
        client.comes_to(order_id, "paid", 1, [], timeout=60)
    body = client.request()
    order = usable_order(client, body, client.post(body))
    one_charge_is_payable(client, order)


def test_refusals_open_no_circuit_breaker(gateway, client):
    gateway.merchants[0].methods.discard("gopay")
    pages = [client.open("snap")["order_id"] for _ in range(2)]
    for n in range(15):
        assert client.post(client.request("gopay")).status >= 400
        assert client.refresh(pages[n % 2]).expect(200).json["status"] in OPEN
    gateway.fault("charge", "json", status=400, body={"status_code": "400", "status_message": "x"}, processed=False, times=10)
    for _ in range(10):
        client.post(client.request())
    gateway.faults.clear()
    order = client.open()
    gateway.pay(order["order_id"])
    client.comes_to(order["order_id"], "paid", 1, [], timeout=5)


# ---------------------------------------------------------------- a relay that dies


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_while_customers_pay_it_loses_nothing_it_acknowledged(relay, client, gateway, seed):
    rng = random.Random(seed)
    orders = [client.open(rng.choice(["qris", "va_bca", "gopay"]))["order_id"] for _ in range(9)]
    for batch in (orders[:3], orders[3:6], orders[6:]):
        payers = [threading.Timer(rng.uniform(0, 0.1), gateway.pay, [order_id]) for order_id in batch]
        for payer in payers:
            payer.start()
        time.sleep(rng.uniform(0, 0.2))
        relay.kill()
        relay.start()
        for payer in payers:
            payer.join()
    gateway.notifier.wait_idle()
    told = {b["order_id"] for b in gateway.notifier.acknowledged() if b["transaction_status"] == "settlement"}
    for order_id in orders:
        if order_id not in told:
            client.refresh(order_id).expect(200)
        client.comes_to(order_id, "paid", 1, [])
    client.assert_agrees()
    relay.stop()
    relay.cli_ok("verify")


@pytest.mark.parametrize("processed", [True, False])
def test_killed_in_the_middle_of_a_charge_it_ends_with_one(relay, client, gateway, processed):
    body = client.request()
    fault = gateway.fault("charge", "hang", processed=processed)

    def try_to_order():
        try:
            client.post(body)
        except (AssertionError, OSError):
            pass  # the relay is gone

    ordering = threading.Thread(target=try_to_order)
    ordering.start()
    gateway.faults.wait_used(fault)
    if processed:
        eventually(lambda: _some(gateway.payable()))
    relay.kill()
    ordering.join()
    gateway.faults.clear()
    relay.start()
    order = usable_order(client, body, client.post(body))
    one_charge_is_payable(client, order)
    pays_once(client, order)


def _some(found):
    assert found


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_at_random_while_orders_are_opened_it_charges_each_once(relay, client, gateway, seed):
    rng = random.Random(100 + seed)
    bodies = [client.request(rng.choice(["qris", "va_permata"])) for _ in range(4)]

    def try_to_order(body):
        try:
            client.post(body)
        except (AssertionError, OSError):
            pass  # the relay is gone

    for _ in range(2):
        threads = [threading.Thread(target=try_to_order, args=(body,)) for body in bodies]
        for thread in threads:
            thread.start()
        time.sleep(rng.uniform(0.005, 0.12))
        relay.kill()
        for thread in threads:
            thread.join()
        relay.start()
    orders = [usable_order(client, body, client.post(body)) for body in bodies]
    eventually(lambda: _payable_are(gateway, orders), timeout=30)
    for order in orders:
        gateway.pay(order["order_id"])
        client.comes_to(order["order_id"], "paid", 1)
    client.assert_agrees()

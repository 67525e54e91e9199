"""Buying and settling online: what the customer gets to see, what a payment does, what everything else does not."""

from __future__ import annotations

import json
import threading
import uuid

import pytest

from conftest import GB, MB, eventually
from paid import PACKAGE_BYTES, PACKAGE_RP
from relay import METHODS, OPEN, customer_can_pay


# ---------------------------------------------------------------- buying


@pytest.mark.parametrize("method", METHODS)
def test_a_purchase_by_any_method_is_credited_once_it_is_paid(market, method):
    who = market.customer(seen=True)
    order = who.orders(method)
    assert (order["kind"], order["method"], order["paid_at"]) == ("purchase", method, None), order
    assert customer_can_pay(order), order
    assert order["lines"] and order["expires_at"], order
    who.assert_credited(0)
    market.gateway.pay(order["id"])
    done = market.comes_to(order["id"], "paid", [])
    assert done["paid_at"], done
    who.assert_credited(1)
    assert who.get()["expires_at"], who.get()
    who.comes_to_be("active")
    market.assert_agrees()


def test_a_charge_says_what_is_sold_and_its_price(market):
    order = market.customer().orders()
    call = market.gateway.made("charge", order["id"])[0]
    assert call.body["transaction_details"] == {"order_id": order["id"], "gross_amount": PACKAGE_RP}
    assert call.body["item_details"][0]["name"].startswith("Sepuluh"), call.body


def test_snap_sends_the_customer_to_the_page(make_paid):
    paid = make_paid(mode="snap")
    who = paid.customer()
    order = who.orders("snap")
    assert order["redirect_url"].startswith(paid.gateway.url), order
    assert paid.act(order["id"], "refresh").expect(200).json["status"] in OPEN
    paid.gateway.pay(order["id"], "va_bca")
    paid.comes_to(order["id"], "paid", [])
    who.assert_credited(1)
    paid.assert_agrees()


def test_a_snap_try_that_is_denied_may_be_paid_another_way(make_paid):
    paid = make_paid(mode="snap")
    who = paid.customer()
    order = who.orders("snap")
    paid.gateway.pick(order["id"], "gopay")
    paid.gateway.deny(order["id"])
    paid.gateway.notifier.wait_idle()
    paid.gateway.pay(order["id"], "va_bca")
    paid.comes_to(order["id"], "paid", [])
    who.assert_credited(1)
    paid.assert_agrees()


def test_a_challenge_waits_and_is_credited_when_accepted(make_paid):
    paid = make_paid(mode="snap")
    who = paid.customer()
    order = who.orders("snap")
    paid.gateway.challenge(order["id"])
    paid.comes_to(order["id"], "challenge")
    who.assert_credited(0)
    paid.gateway.force(order["id"], "capture", fraud="accept")
    paid.comes_to(order["id"], "paid")
    who.assert_credited(1)


def test_a_challenge_that_is_denied_gives_nothing(make_paid):
    paid = make_paid(mode="snap")
    who = paid.customer()
    order = who.orders("snap")
    paid.gateway.challenge(order["id"])
    paid.comes_to(order["id"], "challenge")
    paid.gateway.deny(order["id"])
    paid.comes_to(order["id"], "denied")
    who.assert_credited(0)


@pytest.mark.parametrize("end", ["expire", "deny", "cancel"])
def test_an_order_that_ends_unpaid_gives_nothing(market, end):
    who = market.customer(seen=True)
    order = who.orders()
    getattr(market.gateway, end)(order["id"])
    market.comes_to(order["id"], {"expire": "expired", "deny": "denied", "cancel": "cancelled"}[end])
    who.assert_credited(0)
    who.comes_to_be("habis")
    assert who.orders()["id"] != order["id"], "another try is another order"


def test_a_cancel_by_an_admin_is_one_at_the_gateway(market):
    who = market.customer()
    order = who.orders("va_bca")
    assert market.act(order["id"], "cancel").expect(200).json["status"] == "cancelled"
    assert market.gateway.payable(order["id"]) == []
    assert who.open_orders() == []
    assert market.act(order["id"], "cancel").status in (200, 409)


def test_a_cancel_of_what_was_paid_is_a_payment(market):
    who = market.customer()
    order = who.orders()
    with market.gateway.notifier.mute():
        market.gateway.pay(order["id"])
    reply = market.act(order["id"], "cancel")
    assert reply.status == 409 or (reply.status == 200 and reply.json["status"] == "paid"), reply
    market.comes_to(order["id"], "paid", [])
    who.assert_credited(1)


def test_a_refresh_finds_a_payment_that_nobody_told(market):
    who = market.customer()
    order = who.orders()
    with market.gateway.notifier.mute():
        market.gateway.pay(order["id"])
    market.act(order["id"], "refresh").expect(200)
    market.comes_to(order["id"], "paid", [], timeout=5)
    who.assert_credited(1)


def test_without_an_address_a_payment_is_credited_all_the_same(make_paid):
    paid = make_paid(public=False)
    who = paid.customer()
    order = who.orders()
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid", [], timeout=10)
    who.assert_credited(1)


def test_the_customer_is_online_soon_after_paying(market):
    who = market.customer(seen=True)
    order = who.orders()
    market.gateway.pay(order["id"])
    who.comes_to_be("active", timeout=5)


def test_the_price_is_frozen_when_it_is_ordered(make_paid):
    paid = make_paid()
    who = paid.customer()
    order = who.orders()
    paid.agent.call("PATCH", f"/packages/{paid.package}", {"price_rp": 150_000, "quota": "1 GB", "days": 1}).expect(200)
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid", [])
    assert who.get()["credited_bytes"] == PACKAGE_BYTES


def test_the_same_key_is_one_order_and_one_charge(market):
    who, key = market.customer(), str(uuid.uuid4())
    first = who.buy(key=key).expect(201).json
    for _ in range(2):
        assert who.buy(key=key).expect(201).json["id"] == first["id"]
    assert len(market.gateway.made("charge", first["id"])) == 1 and len(market.orders_of(who)) == 1
    assert who.buy("gopay", key=key).expect(409).code


def test_purchases_at_the_same_time_leave_one_open_order(market):
    who, replies = market.customer(), []
    threads = [threading.Thread(target=lambda: replies.append(who.buy())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(r.status in (201, 409, 502, 503) for r in replies) and 201 in {r.status for r in replies}, [str(r) for r in replies]

    def one_is_left():
        mine = {o["id"] for o in market.orders_of(who)}
        payable = [t.order_id for t in market.gateway.payable() if t.order_id in mine]
        assert [o["id"] for o in who.open_orders()] == payable and len(payable) == 1, market.orders_of(who)

    eventually(one_is_left)


@pytest.mark.parametrize("method", ["gold", "", None, 7, "QRIS", "va_bcda"])
def test_an_unknown_method_opens_nothing(market, method):
    who = market.customer()
    assert who.buy(method).expect(422)
    assert market.orders_of(who) == []


def test_a_method_that_is_not_offered_opens_nothing(make_paid):
    paid = make_paid(methods=["qris", "va_bca"])
    who = paid.customer()
    reply = who.buy("gopay")
    assert reply.status in (409, 422) and reply.code, reply
    assert paid.gateway.made("charge") == []
    who.orders("va_bca")


def test_an_online_price_can_be_expected(market):
    who = market.customer()
    assert who.buy(body={"expect_rp": PACKAGE_RP - 1}).expect(409).code == "quote_changed"
    assert market.orders_of(who) == []
    assert who.orders(body={"expect_rp": PACKAGE_RP})


def test_the_command_line_shows_online_orders(market):
    order = market.customer().orders("va_bri")
    listed = json.loads(market.agent.cli_ok("order", "list", "--json"))
    rows = listed["items"] if isinstance(listed, dict) else listed
    assert order["id"] in {o["id"] for o in rows}
    assert order["va"]["number"] in market.agent.cli_ok("order", "show", order["id"])


# ---------------------------------------------------------------- settling


def indebted(market, seen=False):
    who = market.customer(seen=seen)
    ids = [who.post("/debts", {"amount": f"{n} GB", "advance": False, "due_date": "2099-12-31", "debt_date": f"2026-0{n}-01"}, 201)["id"] for n in (1, 2)]
    return who, ids


def test_settling_all_online_pays_every_item_and_the_overage(market):
    who, _ = indebted(market)
    who.post("/debits", {"amount": "1 GB", "reason": "uji"})
    quote = who.call("GET", "/quote").expect(200).json["amount_rp"]
    order = who.settles_online()
    assert order["amount_rp"] == quote and customer_can_pay(order) and len(order["lines"]) == 3, order
    assert who.get()["total_debt_bytes"] == 4 * GB
    market.gateway.pay(order["id"])
    market.comes_to(order["id"], "paid", [])
    user = who.get()
    assert (user["total_debt_bytes"], user["overage_bytes"], user["debt_items_bytes"], user["remaining_bytes"]) == (0, 0, 0, 0), user
    who.granted = user["credited_bytes"]
    who.paid.customers.remove(who)  # a settlement is not a package


@pytest.mark.parametrize("method", ["qris", "va_bni"])
def test_settling_one_item_online_pays_that_one_alone(market, method):
    who, (one, two) = indebted(market)
    order = who.settles_online(f"/debts/{two}/settlements", method)
    assert order["amount_rp"] == 20_000, order
    market.gateway.pay(order["id"])
    market.comes_to(order["id"], "paid", [])
    left = {i["id"]: i["amount_bytes"] - i["paid_bytes"] for i in market.agent.all(f"{who.path}/debts")}
    assert (left[one], left.get(two, 0)) == (GB, 0), left
    market.customers.remove(who)


def test_settling_nothing_online_is_refused(market):
    who = market.customer()
    assert who.call("POST", "/settlements", {"method": "qris"}).expect(409).code
    assert market.orders_of(who) == []


def test_one_who_is_blocked_for_debt_pays_and_comes_back(market):
    who = market.customer(seen=True)
    who.post("/debits", {"amount": "600 MB", "reason": "uji"})
    who.comes_to_be("blocked")
    order = who.settles_online()
    who.comes_to_be("fup")
    assert who.get()["access"]["reason"] == "paying", who.get()["access"]
    market.gateway.pay(order["id"])
    market.comes_to(order["id"], "paid", [])
    who.comes_to_be("habis")
    assert who.get()["overage_bytes"] == 0
    market.customers.remove(who)


# ---------------------------------------------------------------- the pay window


def test_one_without_quota_can_reach_the_bank_while_paying(market):
    who = market.customer(seen=True)
    who.comes_to_be("habis")
    order = who.orders("gopay")
    who.comes_to_be("fup", "bypassed", timeout=5)
    assert who.get()["access"]["reason"] == "paying", who.get()["access"]
    market.act(order["id"], "cancel").expect(200)
    who.comes_to_be("habis")


def test_the_pay_window_closes_after_its_time(make_paid):
    paid = make_paid(agent={"policy": {"pay_window": "3s"}})
    who = paid.customer(seen=True)
    order = who.orders()
    who.comes_to_be("fup")
    who.comes_to_be("habis")
    assert paid.order(order["id"])["status"] in OPEN
    paid.gateway.pay(order["id"])
    who.comes_to_be("active")


def test_the_pay_window_is_open_twice_a_day(market):
    who = market.customer(seen=True)
    for _ in range(2):
        order = who.orders()
        who.comes_to_be("fup")
        market.act(order["id"], "cancel").expect(200)
        who.comes_to_be("habis")
    third = who.orders()
    market.site.polls(3)
    who.assert_listed("habis")
    assert who.get()["access"]["status"] == "habis", who.get()["access"]
    market.gateway.pay(third["id"])
    who.comes_to_be("active")


def test_the_pay_window_ends_at_thirty_megabytes(market):
    who = market.customer(seen=True)
    who.orders()
    who.comes_to_be("fup")
    who.move(down=29 * MB)
    market.site.polls(3)
    assert who.get()["access"]["status"] == "fup", who.get()["access"]
    who.move(down=2 * MB)
    who.comes_to_be("habis")


def test_without_a_pay_window_nobody_is_let_through(make_paid):
    paid = make_paid(agent={"policy": {"pay_window": "0s"}})
    who = paid.customer(seen=True)
    who.orders()
    paid.site.polls(3)
    who.assert_listed("habis")
    assert who.get()["access"]["status"] == "habis"


def test_a_block_by_an_admin_is_not_opened_by_an_order(market):
    who = market.customer(seen=True)
    who.orders()
    who.comes_to_be("fup")
    who.post("/block", {"reason": "uji"})
    who.comes_to_be("blocked", "blocked")


def test_all_that_was_paid_here_agrees(market):
    market.settles()

"""Where money goes when it comes late, twice, in another amount, or goes back."""

from __future__ import annotations

import pytest

from conftest import GB, eventually
from paid import PACKAGE_BYTES, PACKAGE_RP
from relay import OPEN

# ---------------------------------------------------------------- one open order per user


def test_a_second_order_cancels_the_first_at_the_gateway(market):
    who = market.customer()
    first, second = who.orders("qris"), who.orders("va_bca")
    assert market.order(first["id"])["status"] == "cancelled"
    assert [o["id"] for o in who.open_orders()] == [second["id"]]
    assert market.gateway.transaction(first["id"]).status == "cancel"
    market.gateway.pay(second["id"])
    market.comes_to(second["id"], "paid", [])
    who.assert_credited(1)


@pytest.mark.parametrize("then", ["qris", "cash"])
def test_what_was_paid_already_is_applied_and_the_next_refused(market, then):
    who = market.customer()
    first = who.orders()
    with market.gateway.notifier.mute():
        market.gateway.pay(first["id"])
    assert who.buy(then).expect(409).code == "order_paid"
    market.comes_to(first["id"], "paid", [])
    who.assert_credited(1)
    assert [o["id"] for o in market.orders_of(who)] == [first["id"]] or who.open_orders() == []


def test_cash_ends_the_open_online_order(market):
    who = market.customer()
    online = who.orders()
    who.pays_cash()
    assert market.order(online["id"])["status"] == "cancelled"
    assert market.gateway.transaction(online["id"]).status == "cancel"
    who.assert_credited(1)


def test_a_cancel_that_the_gateway_does_not_answer_opens_no_second_order(market):
    who = market.customer()
    first = who.orders()
    market.gateway.fault("cancel", "html", status=503, processed=False, times=-1, order_id=first["id"])
    market.gateway.fault("status", "html", status=503, processed=False, times=-1, order_id=first["id"])
    reply = who.buy("va_bca")
    market.gateway.faults.clear()
    assert reply.status in (201, 409, 502, 503, 504), str(reply)
    payable = [o["id"] for o in market.orders_of(who) if market.gateway.payable(o["id"])]
    if reply.status != 201:
        assert payable == [first["id"]], payable
    market.gateway.pay(payable[0])
    market.comes_to(payable[0], "paid")
    who.assert_credited(1)


# ---------------------------------------------------------------- not what was asked


@pytest.mark.parametrize(
    ("fields", "flag"),
    [
        ({"gross": PACKAGE_RP - 1}, "amount_mismatch"),
        ({"gross": PACKAGE_RP * 2}, "amount_mismatch"),
        ({"currency": "USD"}, "currency_mismatch"),
        ({"merchant_id": "G999999999"}, "merchant_mismatch"),
        ({"fraud": "deny"}, "fraud_status"),
    ],
)
def test_another_payment_than_asked_is_reviewed_and_not_credited(paid, fields, flag):
    who = paid.customer()
    order = who.orders()
    paid.gateway.force(order["id"], "settlement", **fields)
    shown = paid.comes_to(order["id"], "review")
    assert flag in shown["flags"], shown
    who.assert_credited(0)
    paid.agent.verify()


def in_review(paid, who) -> str:
    order = who.orders()
    paid.gateway.force(order["id"], "settlement", gross=PACKAGE_RP - 1)
    paid.comes_to(order["id"], "review")
    return order["id"]


def test_a_review_ends_by_a_credit_of_the_frozen_quote_once(market):
    who = market.customer()
    order_id = in_review(market, who)
    assert market.act(order_id, "review", {"decision": "credit"}).expect(422)
    assert market.act(order_id, "review", {"decision": "keep", "reason": "x"}).expect(422)
    for role in ("operator", "cashier", "viewer"):
        market.act(order_id, "review", {"decision": "credit", "reason": "lunas"}, role=role).expect(403)
    who.assert_credited(0)
    market.act(order_id, "review", {"decision": "credit", "reason": "sudah ditransfer"}).expect(200)
    who.assert_credited(1)
    for decision in ("credit", "dismiss"):
        market.act(order_id, "review", {"decision": decision, "reason": "lagi"}).expect(200, 409)
    who.assert_credited(1)
    market.agent.verify()
    market.customers.remove(who)


def test_a_review_ends_by_a_dismissal(market):
    who = market.customer()
    order_id = in_review(market, who)
    market.act(order_id, "review", {"decision": "dismiss", "reason": "dikembalikan tunai"}).expect(200)
    who.assert_credited(0)
    assert market.order(order_id)["status"] != "review"
    who.orders()
    market.gateway.settle(order_id)  # the gateway says it again
    market.gateway.notifier.wait_idle()
    market.act(order_id, "refresh")
    who.assert_credited(0)
    market.customers.remove(who)


def test_an_order_that_is_not_in_review_has_nothing_to_decide(market):
    who = market.customer()
    order = who.orders()
    market.act(order["id"], "review", {"decision": "credit", "reason": "x"}).expect(409)
    who.assert_credited(0)


@pytest.mark.parametrize("edit", [{"gross_amount": "99999.00"}, {"currency": "USD"}])
def test_a_charge_answered_with_another_amount_is_not_sold(paid, edit):
    paid.customer().orders()
    who = paid.customer()
    paid.gateway.fault("charge", "edit", times=-1, edit=edit)
    reply = who.buy()
    paid.gateway.faults.clear()
    if reply.status == 201:
        assert reply.json["status"] == "review", reply
    else:
        reply.expect(502)
        # What the gateway has of it is cancelled after the answer.
        eventually(lambda: _none(who.open_orders()))
    mine = {o["id"] for o in paid.orders_of(who)}
    eventually(lambda: _none([t for t in paid.gateway.payable() if t.order_id in mine or len(paid.gateway.payable()) > 1]))


def _none(found):
    assert not found, found


# ---------------------------------------------------------------- late


def test_a_payment_after_expiry_is_still_money(market):
    who = market.customer()
    order = who.orders()
    market.gateway.expire(order["id"])
    market.comes_to(order["id"], "expired")
    market.gateway.settle(order["id"])
    market.comes_to(order["id"], "paid", ["late_settlement"])
    who.assert_credited(1)


def test_a_payment_after_a_denial_is_still_money(market):
    who = market.customer()
    order = who.orders()
    market.gateway.deny(order["id"])
    market.comes_to(order["id"], "denied")
    market.gateway.settle(order["id"])
    market.comes_to(order["id"], "paid", ["late_settlement"])
    who.assert_credited(1)


@pytest.mark.parametrize("decision", ["credit", "dismiss"])
def test_a_payment_after_a_cancel_waits_for_the_owner(paid, decision):
    who = paid.customer()
    order = who.orders()
    paid.act(order["id"], "cancel").expect(200)
    paid.gateway.settle(order["id"])
    paid.comes_to(order["id"], "review", ["paid_after_cancel"])
    who.assert_credited(0)
    paid.act(order["id"], "review", {"decision": decision, "reason": "uji"}).expect(200)
    who.assert_credited(int(decision == "credit"))
    paid.agent.verify()


def test_both_of_two_orders_that_are_paid_after_all_are_seen(market):
    """The first was cancelled for the second, and yet somebody paid the first too."""
    who = market.customer()
    first, second = who.orders(), who.orders()
    market.gateway.pay(second["id"])
    market.gateway.settle(first["id"])
    market.comes_to(second["id"], "paid", [])
    market.comes_to(first["id"], "review", ["paid_after_cancel"])
    who.assert_credited(1)
    market.act(first["id"], "review", {"decision": "credit", "reason": "dibayar dua kali"}).expect(200)
    who.assert_credited(2)
    market.customers.remove(who)


# ---------------------------------------------------------------- back


def bought(market, method="qris"):
    who = market.customer(seen=True)
    order = who.orders(method)
    market.gateway.pay(order["id"])
    market.comes_to(order["id"], "paid", [])
    who.comes_to_be("active")
    return who, order["id"]


def test_a_full_refund_takes_the_quota_back_once(market):
    who, order_id = bought(market)
    expiry = who.get()["expires_at"]
    market.gateway.refund(order_id)
    market.comes_to(order_id, "refunded")
    user = who.get()
    assert (user["remaining_bytes"], user["overage_bytes"]) == (0, 0), user
    assert user["expires_at"] != expiry, "the expiry that this order set is undone"
    who.comes_to_be("habis")
    market.gateway.notifier.wait_idle()
    market.act(order_id, "refresh")
    assert (who.get()["remaining_bytes"], who.get()["overage_bytes"]) == (0, 0), who.get()


def test_partial_refunds_take_their_share_each(market):
    who, order_id = bought(market)
    for amount, total in ((30_001, 30_001), (20_000, 50_001)):
        market.gateway.refund(order_id, amount)
        taken = PACKAGE_BYTES * total // PACKAGE_RP

        def check(taken=taken):
            assert who.get()["remaining_bytes"] == PACKAGE_BYTES - taken, (who.get(), market.order(order_id))

        eventually(check)
        assert market.order(order_id)["status"] == "partially_refunded"
    market.gateway.refund(order_id)
    market.comes_to(order_id, "refunded")
    eventually(lambda: _none(who.get()["remaining_bytes"]))
    assert who.get()["overage_bytes"] == 0


def test_a_refund_of_used_quota_becomes_overage(market):
    who, order_id = bought(market)
    who.move(down=2 * GB)
    eventually(lambda: who.assert_used(2 * GB))
    market.gateway.refund(order_id)
    market.comes_to(order_id, "refunded")
    assert who.get()["overage_bytes"] == 2 * GB, who.get()
    who.comes_to_be("blocked")


@pytest.mark.parametrize(("how", "state"), [("deny", "reversed"), ("chargeback", "charged_back")])
def test_money_that_the_bank_takes_back_takes_the_quota_back(market, how, state):
    who, order_id = bought(market, "va_mandiri")
    getattr(market.gateway, how)(order_id)
    market.comes_to(order_id, state)
    assert (who.get()["remaining_bytes"], who.get()["overage_bytes"]) == (0, 0), who.get()
    who.comes_to_be("habis")


def test_a_refunded_settlement_reopens_the_debt(market):
    who = market.customer()
    debt = who.post("/debts", {"amount": "10 GB", "advance": False, "due_date": "2099-12-31"}, 201)["id"]
    order = who.settles_online()
    market.gateway.pay(order["id"])
    market.comes_to(order["id"], "paid", [])
    assert who.get()["debt_items_bytes"] == 0
    market.gateway.refund(order["id"])
    market.comes_to(order["id"], "refunded")
    item = next(i for i in market.agent.all(f"{who.path}/debts") if i["id"] == debt)
    assert item["paid_bytes"] == 0 and who.get()["debt_items_bytes"] == 10 * GB, item
    market.customers.remove(who)


def test_an_admins_refund_of_an_online_order_is_one_at_the_gateway_or_is_refused(market):
    who, order_id = bought(market)
    reply = market.act(order_id, "refund", {"reason": "salah beli"})
    if reply.status in (200, 201, 202):
        market.comes_to(order_id, "refunded")
        assert market.gateway.transaction(order_id).status == "refund", market.gateway.log(order_id)
        assert who.get()["remaining_bytes"] == 0
    else:
        assert reply.expect(409).code
        assert market.order(order_id)["status"] == "paid" and who.get()["remaining_bytes"] == PACKAGE_BYTES


def test_a_virtual_account_is_not_refunded_at_the_gateway(market):
    who, order_id = bought(market, "va_bca")
    reply = market.act(order_id, "refund", {"reason": "salah beli"})
    assert reply.status in (200, 201, 409) and market.gateway.transaction(order_id).status == "settlement", reply
    if reply.status == 409:
        assert market.order(order_id)["status"] == "paid" and who.get()["remaining_bytes"] == PACKAGE_BYTES
    else:
        market.customers.remove(who)  # handed back by other means


# ---------------------------------------------------------------- paid some other way meanwhile


def test_what_is_no_longer_owed_becomes_quota(paid):
    who = paid.customer()
    who.post("/debts", {"amount": "10 GB", "advance": False, "due_date": "2099-12-31"}, 201)
    order = who.settles_online()
    paid.uplink.becomes("cut")
    who.post("/settlements", {"method": "cash"}, 200, 201)
    assert who.get()["debt_items_bytes"] == 0
    paid.gateway.pay(order["id"])
    paid.uplink.becomes("open")
    paid.comes_to(order["id"], "paid", ["surplus"], timeout=45)
    user = who.get()
    assert (user["debt_items_bytes"], user["remaining_bytes"]) == (0, 10 * GB), user
    paid.agent.verify()


def test_all_money_agrees_at_the_end(market):
    market.agent.verify()
    for order in market.agent.all("/orders"):
        if order["status"] in OPEN:
            assert market.gateway.payable(order["id"]), order

"""Selling, settling, and doing it once."""

from __future__ import annotations

import re
import threading
import uuid

import pytest

from conftest import GB, MB, eventually


@pytest.fixture(scope="module")
def shop(site):
    site.ten = site.agent.package("Sepuluh", "10 GB", 100_000)
    site.twenty_five = site.agent.package("Dua lima", "25 GB", 200_000)
    return site


def buy(who, package, **more):
    return who.call("POST", "/purchases", {"package_id": package, "method": "cash", **more.pop("body", {})}, **more)


# ---------------------------------------------------------------- buying


def test_a_cash_purchase_credits_at_once_with_a_receipt(shop):
    who = shop.someone()
    order = buy(who, shop.ten).expect(201).json
    assert order["amount_rp"] == 100_000 and order["status"] == "paid" and order["method"] == "cash", order
    assert order["receipt"], order
    assert order["user_id"] == who.id and order["paid_at"], order
    user = who.get()
    assert user["credited_bytes"] == user["remaining_bytes"] == 10 * GB, user
    assert user["expires_at"], user
    again = shop.agent.get(f"/orders/{order['id']}")
    assert {k: again[k] for k in ("id", "amount_rp", "status", "receipt")} == {
        k: order[k] for k in ("id", "amount_rp", "status", "receipt")
    }


@pytest.mark.parametrize("method", ["cash", "transfer", "qris_static"])
def test_methods_at_the_counter_settle_at_once(shop, method):
    who = shop.someone()
    order = who.post("/purchases", {"package_id": shop.ten, "method": method, "reference": "A-17"}, 201)
    assert (order["status"], order["method"]) == ("paid", method), order
    assert who.get()["credited_bytes"] == 10 * GB


def test_receipts_are_numbered_without_gaps(shop):
    who = shop.someone()
    numbers = []
    for n in range(4):
        receipt = str(buy(who, shop.ten).expect(201).json["receipt"])
        numbers.append(int(re.findall(r"\d+", receipt)[-1]))
        if n == 1:
            buy(who, str(uuid.uuid4())).expect(404, 409, 422)  # a failed sale takes no number
    assert numbers == list(range(numbers[0], numbers[0] + 4)), numbers


def test_a_purchase_lets_the_customer_through(shop):
    who = shop.subscriber()
    who.comes_to_be("habis")
    buy(who, shop.ten).expect(201)
    who.comes_to_be("active", "bypassed")


def test_an_online_method_without_a_relay_is_unreachable_and_leaves_no_order(shop):
    who = shop.someone()
    reply = who.call("POST", "/purchases", {"package_id": shop.ten, "method": "qris"}).expect(503, 409)
    assert reply.code
    assert who.get()["credited_bytes"] == 0
    assert [o for o in shop.agent.all("/orders") if o["user_id"] == who.id and o["status"] in ("created", "pending")] == []


@pytest.mark.parametrize("expected", [99_999, 200_000, 0])
def test_another_price_than_expected_is_refused(shop, expected):
    who = shop.someone()
    assert buy(who, shop.ten, body={"expect_rp": expected}).expect(409).code == "quote_changed"
    assert who.get()["credited_bytes"] == 0


def test_the_expected_price_is_accepted(shop):
    who = shop.someone()
    buy(who, shop.ten, body={"expect_rp": 100_000}).expect(201)


@pytest.mark.parametrize(
    ("package", "statuses"),
    [("not-a-uuid", (422,)), ("00000000-0000-4000-8000-000000000000", (404, 422)), (None, (422,)), (7, (422,))],
)
def test_a_purchase_of_no_package_is_refused(shop, package, statuses):
    who = shop.someone()
    buy(who, package).expect(*statuses)
    assert who.get()["credited_bytes"] == 0


def test_a_blocked_or_overdue_customer_cannot_buy(shop):
    who = shop.someone()
    who.post("/block", {"reason": "uji"})
    assert buy(who, shop.ten).expect(409).code
    who.post("/unblock")
    who.post("/debts", {"amount": "1 GB", "advance": False, "debt_date": "2020-01-01", "due_date": "2020-01-31"}, 201)
    assert buy(who, shop.ten).expect(409).code
    assert who.get()["credited_bytes"] == 0


def test_a_package_smaller_than_the_overage_is_refused(shop):
    who = shop.someone()
    who.post("/debits", {"amount": "10 GB", "reason": "uji"})
    assert buy(who, shop.ten).expect(409).code
    buy(who, shop.twenty_five).expect(201)
    assert who.get()["remaining_bytes"] == 15 * GB


# ---------------------------------------------------------------- once


MOVES = {
    "purchases": lambda shop: {"package_id": shop.ten, "method": "cash"},
    "credits": lambda shop: {"amount": "10 GB", "reason": "hadiah"},
    "debts": lambda shop: {"amount": "10 GB"},
    "reset": lambda shop: {"credit": "10 GB", "reason": "periode"},
}


@pytest.mark.parametrize("call", MOVES)
def test_the_same_key_and_body_is_one_move_and_one_answer(shop, call):
    who = shop.subscriber() if call == "reset" else shop.someone()
    body, key = MOVES[call](shop), str(uuid.uuid4())
    first = who.call("POST", f"/{call}", body, key=key).expect(200, 201)
    if call == "reset":
        who.credit("1 GB")
    for _ in range(3):
        again = who.call("POST", f"/{call}", body, key=key)
        assert (again.status, again.json) == (first.status, first.json), f"{first}\n{again}"
    assert who.get()["credited_bytes"] == (11 if call == "reset" else 10) * GB
    who.call("POST", f"/{call}", body, key=str(uuid.uuid4())).expect(200, 201)
    assert who.get()["credited_bytes"] == (10 if call == "reset" else 20) * GB


@pytest.mark.parametrize("call", MOVES)
def test_the_same_key_with_another_body_is_a_conflict(shop, call):
    who = shop.someone()
    body, key = MOVES[call](shop), str(uuid.uuid4())
    who.call("POST", f"/{call}", body, key=key).expect(200, 201)
    other = {**body, **({"package_id": shop.twenty_five} if call == "purchases" else {"note": "x"} if call == "debts" else {"reason": "lain"})}
    assert who.call("POST", f"/{call}", other, key=key).expect(409).code
    assert who.get()["credited_bytes"] == 10 * GB


def test_the_same_key_sent_at_the_same_time_is_one_move(shop):
    who = shop.someone()
    key, replies = str(uuid.uuid4()), []

    def send():
        replies.append(buy(who, shop.ten, key=key))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(r.status in (201, 409) for r in replies), [str(r) for r in replies]
    receipts = {r.json["receipt"] for r in replies if r.status == 201}
    assert len(receipts) == 1, receipts
    assert who.get()["credited_bytes"] == 10 * GB


def test_a_key_is_remembered_over_a_restart(own):
    package = own.agent.package("Sepuluh", "10 GB", 100_000)
    who = own.someone()
    first = buy(who, package, key="sekali").expect(201)
    assert own.agent.stop() == 0
    own.agent.start()
    again = buy(who, package, key="sekali")
    assert (again.status, again.json) == (201, first.json), again
    assert who.get()["credited_bytes"] == 10 * GB


def test_settlements_with_the_same_key_are_one_payment(shop):
    who = shop.someone()
    who.post("/debts", {"amount": "10 GB", "advance": False}, 201)
    first = who.call("POST", "/settlements", {"method": "cash"}, key="lunas").expect(200, 201)
    again = who.call("POST", "/settlements", {"method": "cash"}, key="lunas")
    assert (again.status, again.json) == (first.status, first.json), again


# ---------------------------------------------------------------- settling


def three_items(who):
    due = {"advance": False, "due_date": "2099-12-31"}
    return [
        who.post("/debts", {"amount": f"{n} GB", "debt_date": f"2026-0{n}-01", **due}, 201)["id"] for n in (1, 2, 3)
    ]


def unpaid(shop, who):
    return {i["id"]: i["amount_bytes"] - i["paid_bytes"] for i in shop.agent.all(f"{who.path}/debts")}


def test_settling_all_pays_every_item_and_the_overage(shop):
    who = shop.someone()
    ids = three_items(who)
    who.post("/debits", {"amount": "1 GB", "reason": "uji"})
    quote = who.call("GET", "/quote").expect(200).json["amount_rp"]
    order = who.post("/settlements", {"method": "cash"}, 200, 201)
    assert order["amount_rp"] == quote and order["receipt"], order
    user = who.get()
    assert (user["total_debt_bytes"], user["overage_bytes"], user["debt_items_bytes"]) == (0, 0, 0), user
    assert user["remaining_bytes"] == 0, user
    assert all(v == 0 for v in unpaid(shop, who).values()) and set(unpaid(shop, who)) <= set(ids)
    assert who.call("GET", "/quote").expect(200).json["amount_rp"] == 0


def test_settling_one_pays_that_one_alone(shop):
    who = shop.someone()
    one, two, three = three_items(who)
    who.post("/debits", {"amount": "1 GB", "reason": "uji"})
    order = who.post(f"/debts/{two}/settlements", {"method": "cash"}, 200, 201)
    assert order["amount_rp"] == 20_000, order
    left = unpaid(shop, who)
    assert (left[one], left.get(two, 0), left[three]) == (GB, 0, 3 * GB), left
    assert who.get()["overage_bytes"] == GB


@pytest.mark.parametrize("bad", ["not-a-uuid", "all", "0", "%20", "null", "undefined", "123e4567"])
def test_settling_a_malformed_item_settles_nothing(shop, bad):
    who = shop.someone()
    three_items(who)
    who.call("POST", f"/debts/{bad}/settlements", {"method": "cash"}).expect(422)
    assert sum(unpaid(shop, who).values()) == 6 * GB


def test_settling_an_empty_item_id_settles_nothing(shop):
    who = shop.someone()
    three_items(who)
    reply = who.call("POST", "/debts//settlements", {"method": "cash"})
    assert 400 <= reply.status < 500, reply
    assert sum(unpaid(shop, who).values()) == 6 * GB


def test_settling_an_unknown_or_foreign_item_is_not_found(shop):
    who, other = shop.someone(), shop.someone()
    three_items(who)
    foreign = three_items(other)[0]
    for debt in (str(uuid.uuid4()), foreign):
        who.call("POST", f"/debts/{debt}/settlements", {"method": "cash"}).expect(404)
    assert sum(unpaid(shop, who).values()) == sum(unpaid(shop, other).values()) == 6 * GB


def test_settling_a_paid_item_is_a_conflict_and_settles_nothing_else(shop):
    who = shop.someone()
    one, _, _ = three_items(who)
    who.post(f"/debts/{one}/settlements", {"method": "cash"}, 200, 201)
    assert who.call("POST", f"/debts/{one}/settlements", {"method": "cash"}).expect(409).code
    assert sum(unpaid(shop, who).values()) == 5 * GB


@pytest.mark.parametrize("tail", ["settlements", "debts/{one}/settlements"])
def test_a_settlement_at_another_price_is_refused(shop, tail):
    who = shop.someone()
    one, _, _ = three_items(who)
    path = "/" + tail.format(one=one)
    assert who.call("POST", path, {"method": "cash", "expect_rp": 1}).expect(409).code == "quote_changed"
    assert sum(unpaid(shop, who).values()) == 6 * GB


@pytest.mark.parametrize("method", ["", "gold", None, 5])
def test_a_settlement_by_no_method_is_refused(shop, method):
    who = shop.someone()
    three_items(who)
    who.call("POST", "/settlements", {"method": method}).expect(422)
    who.call("POST", "/settlements", {}).expect(422)
    assert sum(unpaid(shop, who).values()) == 6 * GB


# ---------------------------------------------------------------- debts


def test_an_advance_gives_quota_and_owes_it(shop):
    who = shop.subscriber()
    debt = who.post("/debts", {"amount": "10 GB", "note": "titip"}, 201)
    assert (debt["amount_bytes"], debt["paid_bytes"], debt["note"]) == (10 * GB, 0, "titip"), debt
    user = who.get()
    assert (user["credited_bytes"], user["debt_items_bytes"], user["total_debt_bytes"]) == (10 * GB,) * 3, user
    who.comes_to_be("active")
    who.post(f"/debts/{debt['id']}/settlements", {"method": "cash"}, 200, 201)
    user = who.get()
    assert (user["credited_bytes"], user["debt_items_bytes"]) == (10 * GB, 0), user


def test_quota_bought_later_does_not_pay_an_item(shop):
    who = shop.someone()
    who.post("/debts", {"amount": "1 GB", "advance": False}, 201)
    buy(who, shop.ten).expect(201)
    assert (who.get()["remaining_bytes"], who.get()["debt_items_bytes"]) == (10 * GB, GB)


def test_a_package_on_credit_takes_its_bytes_and_days(shop):
    who = shop.someone()
    debt = who.post("/debts", {"package_id": shop.ten}, 201)
    assert (debt["amount_bytes"], debt["price_rp"]) == (10 * GB, 100_000), debt
    assert who.get()["credited_bytes"] == 10 * GB and who.get()["expires_at"]


def test_a_due_date_can_be_moved_with_a_note(shop):
    who = shop.someone()
    debt = who.post("/debts", {"amount": "1 GB"}, 201)["id"]
    shop.agent.call("PATCH", f"{who.path}/debts/{debt}", {"due_date": "2099-08-31", "note": "janji"}).expect(200)
    item = shop.agent.all(f"{who.path}/debts")[0]
    assert item["due_date"].startswith("2099-08-31") and item["note"] == "janji", item


def test_a_write_off_forgives_one_item(shop):
    who = shop.someone()
    one, two, three = three_items(who)
    who.post(f"/debts/{one}/write-off", {"reason": "pindah rumah"}, 200, 201)
    assert who.get()["debt_items_bytes"] == 5 * GB
    who.call("POST", f"/debts/{two}/write-off", {}).expect(422)
    assert who.get()["debt_items_bytes"] == 5 * GB


def test_an_exempt_user_gets_no_debt_items(shop):
    who = shop.someone()
    shop.agent.call("PATCH", who.path, {"exempt": True}).expect(200)
    assert who.call("POST", "/debts", {"amount": "1 GB"}).expect(409).code
    assert who.get()["debt_items_bytes"] == 0


def test_amounts_are_read_as_people_write_them(shop):
    for text, value in [
        ("1,5 GB", 1536 * MB),
        ("1.5 GB", 1536 * MB),
        ("10GB", 10 * GB),
        ("500 MB", 500 * MB),
        ("7 KB", 7168),
        ("3 B", 3),
        (12_345, 12_345),
        ("1 TB", 1024 * GB),
    ]:
        who = shop.someone()
        who.credit(text)
        assert who.get()["credited_bytes"] == value, text


def test_the_ledger_proves_everything_above(shop):
    eventually(shop.agent.verify, timeout=5)

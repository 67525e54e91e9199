"""The one price function, seen through quotes."""

from __future__ import annotations

import pytest

from conftest import MB, Site

SHELVES = {
    "both": [("10 GB", 100_000), ("25 GB", 200_000)],
    "large": [("25 GB", 200_000)],
    "small": [("10 GB", 50_000)],
    "ties": [("10 GB", 90_000), ("10 GB", 80_000), ("25 GB", 70_000)],
    "unlimited": [(None, 1_000), ("10 GB", 50_000)],
    "none": [],
}


@pytest.fixture(scope="module")
def shelf():
    """A shop per set of packages."""
    open_sites: dict[str, Site] = {}

    def get(name: str) -> Site:
        if name not in open_sites:
            site = Site()
            open_sites[name] = site
            site.start()
            for quota, price in SHELVES[name]:
                site.agent.package(f"{quota} {price}", quota, price)
        return open_sites[name]

    yield get
    for site in open_sites.values():
        site.close()


def assert_quoted(who, amount_rp: int) -> dict:
    reply = who.call("GET", "/quote").expect(200)
    assert reply.json["amount_rp"] == amount_rp, f"expected {amount_rp}: {reply}"
    return reply.json


@pytest.mark.parametrize(
    ("name", "debt", "price_rp"),
    [
        ("both", "25 GB", 200_000),
        ("large", "25601 MB", 210_000),
        ("both", "50 GB", 400_000),
        ("small", "500 MB", 10_000),
        ("both", "10752 MB", 90_000),
        ("large", "1 MB", 10_000),
        ("both", "10 GB", 100_000),
        ("both", 10 * 1024 * MB + 1, 80_000),  # one byte more takes the larger package; raw is whole rupiah
        ("ties", "10 GB", 80_000),
        ("ties", "25 GB", 70_000),
        ("unlimited", "10 GB", 50_000),
    ],
)
def test_a_debt_is_quoted_by_the_table(shelf, name, debt, price_rp):
    who = shelf(name).someone()
    who.post("/debts", {"amount": debt, "advance": False}, 201)
    assert_quoted(who, price_rp)


@pytest.mark.parametrize(("debt", "price_rp"), [("500 MB", 10_000), ("25 GB", 200_000)])
def test_overage_is_quoted_like_a_debt_item(shelf, debt, price_rp):
    who = shelf("large").someone()
    who.post("/debits", {"amount": debt, "reason": "koreksi"})
    assert who.get()["overage_bytes"] > 0, who.get()
    assert_quoted(who, price_rp)


def test_an_item_with_its_own_price_is_quoted_at_it(shelf):
    who = shelf("both").someone()
    who.post("/debts", {"amount": "25 GB", "advance": False, "price_rp": 123_457}, 201)
    quote = who.call("GET", "/quote").expect(200).json
    assert quote["amount_rp"] == 123_457 and len(quote["lines"]) == 1, quote


def test_settling_all_is_the_sum_of_items_and_overage(shelf):
    who = shelf("large").someone()
    item = {"amount": "20480 MB", "price_rp": 200_000, "advance": False}
    who.post("/debts", {**item, "debt_date": "2026-01-01", "due_date": "2099-01-31"}, 201)
    who.post("/payments", {"amount_rp": 100_000, "method": "cash"}, 200, 201)
    who.post("/debts", {**item, "debt_date": "2026-02-01", "due_date": "2099-01-31"}, 201)
    who.post("/debts", {"amount": "1024 MB", "advance": False, "debt_date": "2026-03-01", "due_date": "2099-01-31"}, 201)
    who.post("/debits", {"amount": "512 MB", "reason": "pemakaian"})
    quote = assert_quoted(who, 320_000)
    assert len(quote["lines"]) == 4, quote
    assert who.get()["total_debt_bytes"] == (10_240 + 20_480 + 1024 + 512) * MB


def test_settling_all_at_the_quoted_price_leaves_nothing(shelf):
    who = shelf("large").someone()
    who.post("/debts", {"amount": "25601 MB"}, 201)
    who.post("/debits", {"amount": "25605 MB", "reason": "pemakaian"})
    assert_quoted(who, 210_000 + 10_000)
    who.post("/settlements", {"method": "cash", "expect_rp": 220_000}, 200, 201)
    user = who.get()
    assert (user["debt_items_bytes"], user["overage_bytes"], user["total_debt_bytes"]) == (0, 0, 0), user
    assert user["remaining_bytes"] == 0, user


def test_nothing_owed_costs_nothing(shelf):
    reply = shelf("both").someone().call("GET", "/quote").expect(200)
    assert reply.json["amount_rp"] == 0 and reply.json["lines"] == [], reply


def test_a_debt_without_any_package_to_price_it_is_an_error_and_never_free(shelf):
    who = shelf("none").someone()
    who.post("/debts", {"amount": "1 GB", "advance": False}, 201)
    reply = who.call("GET", "/quote")
    assert 400 <= reply.status < 500, reply
    reply.is_problem()
    settle = who.call("POST", "/settlements", {"method": "cash"})
    assert 400 <= settle.status < 500, settle
    assert who.get()["debt_items_bytes"] == 1024 * MB


def test_a_partly_paid_item_costs_its_share_rounded_up_to_a_rupiah(shelf):
    who = shelf("both").someone()
    who.post("/debts", {"amount": "3 GB", "price_rp": 100_000, "advance": False}, 201)
    who.post("/payments", {"amount_rp": 33_333, "method": "cash"}, 200, 201)
    item = shelf("both").agent.all(f"{who.path}/debts")[0]
    amount = 3 * 1024 * MB
    paid = amount * 33_333 // 100_000
    assert item["paid_bytes"] == paid, item
    due = -(-100_000 * (amount - paid) // amount)
    assert item["due_rp"] == due, item
    assert_quoted(who, due)
    who.post("/payments", {"amount_rp": due, "method": "cash"}, 200, 201)
    assert who.get()["debt_items_bytes"] == 0


def test_part_payments_go_to_the_oldest_item_first(shelf):
    who = shelf("both").someone()
    item = {"amount": "1 GB", "price_rp": 10_000, "advance": False, "due_date": "2099-01-31"}
    young = who.post("/debts", {**item, "debt_date": "2026-05-01"}, 201)["id"]
    old = who.post("/debts", {**item, "debt_date": "2026-04-01"}, 201)["id"]
    who.post("/payments", {"amount_rp": 15_000, "method": "cash"}, 200, 201)
    paid = {i["id"]: i["paid_bytes"] for i in shelf("both").agent.all(f"{who.path}/debts")}
    assert (paid[old], paid[young]) == (1024 * MB, 512 * MB)
    refused = who.call("POST", "/payments", {"amount_rp": 5_001, "method": "cash"}).expect(409)
    assert refused.code
    assert {i["id"]: i["paid_bytes"] for i in shelf("both").agent.all(f"{who.path}/debts")} == paid


def test_the_first_part_payment_freezes_the_price_of_an_item(shelf):
    who = shelf("both").someone()
    who.post("/debts", {"amount": "10 GB", "advance": False}, 201)
    who.post("/payments", {"amount_rp": 50_000, "method": "cash"}, 200, 201)
    item = shelf("both").agent.all(f"{who.path}/debts")[0]
    assert (item["price_rp"], item["paid_bytes"], item["due_rp"]) == (100_000, 5120 * MB, 50_000), item

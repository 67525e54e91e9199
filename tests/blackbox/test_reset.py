""""Reset this user, 10 GB as debt": one command, and nothing of before comes back."""

from __future__ import annotations

import datetime as dt

from conftest import GB, MB


def test_reset_with_debt_is_a_fresh_period_on_credit(site):
    who = site.subscriber("1 GB")
    site.polls()
    who.move(GB)
    who.comes_to_be("habis")

    who.post("/reset", {"debt": "10 GB", "reason": "bayar akhir bulan"}, 200, 201)

    user = who.get()
    assert user["credited_bytes"] == 10 * GB, user
    assert user["used_bytes"] == 0, user
    assert user["remaining_bytes"] == 10 * GB, user
    assert user["overage_bytes"] == 0, user
    assert user["debt_items_bytes"] == 10 * GB, user
    assert user["total_debt_bytes"] == 10 * GB, user
    assert user["access"]["status"] == "active", user
    who.comes_to_be("active", "bypassed")
    site.polls()
    who.assert_used(0)

    items = site.agent.all(f"{who.path}/debts")
    assert [(i["amount_bytes"], i["paid_bytes"]) for i in items] == [(10 * GB, 0)], items
    who.move(5)
    who.comes_to_use(5)
    site.agent.verify()


def test_traffic_up_to_the_reset_stays_in_the_old_period(make_site):
    site = make_site({"router": {"poll_interval": "1h"}})
    who = site.someone()
    who.credit("1 GB")
    who.connect(authorized=True)
    who.bind()
    who.move(300 * MB)  # read by nobody yet
    who.post("/reset", {"credit": "2 GB", "reason": "periode"}, 200, 201)
    who.assert_used(0)
    who.move(7 * MB)
    who.unbind().expect(204)
    who.assert_used(7 * MB)
    assert who.get()["remaining_bytes"] == 2 * GB - 7 * MB


def test_reset_forgives_overage_and_forfeits_quota(make_site):
    site = make_site({"policy": {"overage": "debt", "debt_limit": "500 MB"}})
    who = site.subscriber("100 MB")
    site.polls()
    who.move(300 * MB)
    who.comes_to_use(300 * MB)
    assert who.get()["overage_bytes"] == 200 * MB
    who.post("/reset", {"credit": "5 GB", "reason": "damai"}, 200, 201)
    user = who.get()
    assert (user["credited_bytes"], user["used_bytes"], user["overage_bytes"]) == (5 * GB, 0, 0), user
    assert user["debt_items_bytes"] == 0, user
    who.post("/reset", {"reason": "tutup"}, 200, 201)
    user = who.get()
    assert (user["credited_bytes"], user["used_bytes"], user["remaining_bytes"]) == (0, 0, 0), user
    who.comes_to_be("habis", "regular")


def test_debt_items_stay_over_a_reset(site):
    who = site.subscriber()
    who.post("/debts", {"amount": "3 GB"}, 201)
    who.post("/reset", {"debt": "10 GB", "reason": "lagi"}, 200, 201)
    user = who.get()
    assert (user["credited_bytes"], user["debt_items_bytes"]) == (10 * GB, 13 * GB), user


def test_reset_with_debt_ends_an_admin_block_unless_told_not_to(site):
    who = site.subscriber("1 GB")
    who.post("/block", {"reason": "uji"})
    who.comes_to_be("blocked", "blocked")
    who.post("/reset", {"debt": "1 GB", "unblock": False, "reason": "uji"}, 200, 201)
    assert who.status == "blocked"
    who.post("/reset", {"debt": "1 GB", "reason": "uji"}, 200, 201)
    who.comes_to_be("active", "bypassed")


def test_a_reset_without_quota_leaves_an_admin_block(site):
    who = site.subscriber("1 GB")
    who.post("/block", {"reason": "uji"})
    who.post("/reset", {"reason": "uji"}, 200, 201)
    assert who.status == "blocked"


def test_reset_gives_thirty_days_to_the_expired(site):
    who = site.subscriber("1 GB")
    site.agent.call("PATCH", who.path, {"expires_at": "2024-01-01T00:00:00Z"}).expect(200)
    who.comes_to_be("expired", "regular")
    who.post("/reset", {"debt": "1 GB", "reason": "uji"}, 200, 201)
    who.comes_to_be("active", "bypassed")
    left = dt.datetime.fromisoformat(who.get()["expires_at"]) - dt.datetime.now(dt.UTC)
    assert 29 <= left.total_seconds() / 86_400 <= 31, who.get()


def test_reset_with_the_router_away_is_refused_and_changes_nothing(own):
    who = own.subscriber("1 GB")
    who.move(5 * MB)
    who.comes_to_use(5 * MB)
    before = who.get()
    own.router.down()
    refused = who.call("POST", "/reset", {"debt": "10 GB", "reason": "uji"}).expect(503)
    assert refused.code
    after = who.get()
    same = ("credited_bytes", "used_bytes", "remaining_bytes", "debt_items_bytes", "total_debt_bytes", "expires_at")
    assert {k: after[k] for k in same} == {k: before[k] for k in same}
    assert own.agent.all(f"{who.path}/debts") == []
    own.router.up()
    own.polls(timeout=90)
    who.post("/reset", {"debt": "10 GB", "reason": "uji"}, 200, 201)
    who.assert_used(0)
    assert who.get()["credited_bytes"] == 10 * GB


def test_a_refused_reset_is_not_remembered_under_its_key(own):
    who = own.subscriber("1 GB")
    body = {"debt": "10 GB", "reason": "uji"}
    own.router.down()
    who.call("POST", "/reset", body, key="reset-1").expect(503)
    own.router.up()
    own.polls(timeout=90)
    first = who.call("POST", "/reset", body, key="reset-1").expect(200, 201)
    again = who.call("POST", "/reset", body, key="reset-1").expect(200, 201)
    assert first.status == again.status and first.json == again.json
    assert who.get()["debt_items_bytes"] == 10 * GB


def test_reset_needs_a_reason(site):
    who = site.subscriber("1 GB")
    before = who.get()["credited_bytes"]
    who.call("POST", "/reset", {"debt": "10 GB"}).expect(422)
    assert who.get()["credited_bytes"] == before
    assert who.get()["debt_items_bytes"] == 0

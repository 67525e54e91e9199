"""The router's lists and bindings follow the access of each user, and only ours are touched."""

from __future__ import annotations

import datetime as dt

import pytest

from conftest import GB, LIST_NAMES, MB, SIX_LISTS, Site, eventually
from routeros import BINDING, HOST, LEASE, LISTS


def yesterday(days: int = 1) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---------------------------------------------------------------- one list per access


def test_a_user_with_quota_is_active_and_bypassed(site):
    site.subscriber("1 GB").comes_to_be("active", "bypassed")


def test_a_user_without_quota_is_habis_and_not_let_through(site):
    who = site.subscriber()
    who.comes_to_be("habis", "regular")
    assert who.get()["access"]["reason"] == "habis"


def test_a_user_who_used_everything_becomes_habis(site):
    who = site.subscriber("1 MB")
    who.move(MB - 1)
    who.comes_to_use(MB - 1)
    who.comes_to_be("active")
    who.move(1)
    who.comes_to_be("habis", "regular")
    who.credit("1 MB")
    who.comes_to_be("active", "bypassed")


def test_an_admin_block_cuts_and_unblocking_restores(site):
    who = site.subscriber("1 GB")
    who.post("/block", {"reason": "menunggu KTP"})
    who.comes_to_be("blocked", "blocked")
    assert who.get()["access"]["reason"] == "admin"
    who.post("/unblock", {"reason": "sudah ada"})
    who.comes_to_be("active", "bypassed")


def test_unblocking_takes_an_empty_body_and_forgives_no_debt(site):
    who = site.subscriber()
    who.post("/debts", {"amount": "1 GB"}, 201)
    who.comes_to_be("active")
    who.post("/block", {"reason": "uji"})
    who.comes_to_be("blocked", "blocked")
    site.agent.call("POST", f"{who.path}/unblock").expect(200)
    who.comes_to_be("active")
    assert who.get()["debt_items_bytes"] == GB


def test_an_unapproved_user_is_inactive(site):
    who = site.someone(approved=False)
    who.connect()
    who.bind()
    who.credit("1 GB")
    who.comes_to_be("inactive", "regular")
    site.agent.call("PATCH", who.path, {"approved": True}).expect(200)
    who.comes_to_be("active", "bypassed")
    site.agent.call("PATCH", who.path, {"active": False}).expect(200)
    who.comes_to_be("inactive", "regular")


def test_a_user_past_the_expiry_is_expired(site):
    who = site.subscriber("1 GB")
    site.agent.call("PATCH", who.path, {"expires_at": yesterday()}).expect(200)
    who.comes_to_be("expired", "regular")


def test_an_overdue_debt_item_blocks_until_it_is_paid(site):
    who = site.subscriber("1 GB")
    debt = who.post(
        "/debts",
        {"amount": "1 GB", "advance": False, "price_rp": 10_000, "debt_date": "2020-01-01", "due_date": "2020-01-31"},
        201,
    )
    who.comes_to_be("blocked", "regular")
    assert who.get()["access"]["reason"] == "debt_overdue"
    who.post(f"/debts/{debt['id']}/settlements", {"method": "cash"}, 200, 201)
    who.comes_to_be("active", "bypassed")


def test_an_overdue_item_does_not_block_an_exempt_user(site):
    who = site.subscriber("1 GB")
    who.post("/debts", {"amount": "1 GB", "advance": False, "debt_date": "2020-01-01", "due_date": "2020-01-31"}, 201)
    who.comes_to_be("blocked", "regular")
    site.agent.call("PATCH", who.path, {"exempt": True}).expect(200)
    who.comes_to_be("active", "bypassed")


@pytest.mark.parametrize(
    ("credited", "used", "status"),
    [
        ("8192 MB", 1024 * MB, "active"),
        ("8192 MB", 7168 * MB, "fup"),
        ("8192 MB", 5120 * MB - 1, "active"),
        ("8192 MB", 5120 * MB, "fup"),
        ("3072 MB", 1 * MB, "active"),
        ("1024 MB", 1024 * MB, "habis"),
    ],
)
def test_access_follows_the_worked_examples(site, credited, used, status):
    who = site.subscriber(credited)
    site.polls()
    who.move(used)
    who.comes_to_use(used)
    who.comes_to_be(status)


def test_four_packages_used_up_one_by_one_are_never_fup(site):
    package = site.agent.package("Harian", "1 GB", 5_000)
    who = site.subscriber()
    for n in range(4):
        who.post("/purchases", {"package_id": package, "method": "cash"}, 201)
        who.comes_to_be("active")
        site.polls()
        who.move(GB)
        who.comes_to_be("habis")
        assert who.used == (n + 1) * GB


def test_an_unlimited_user_is_let_through_and_not_metered_against_quota(site):
    package = site.agent.package("Bebas", None, 300_000)
    who = site.subscriber()
    who.post("/purchases", {"package_id": package, "method": "cash"}, 201)
    who.comes_to_be("unlimited", "bypassed")
    assert who.get()["unlimited"] is True
    site.polls()
    who.move(50 * GB)
    site.polls()
    who.comes_to_be("unlimited", "bypassed")
    assert who.used == 0
    site.agent.call("PATCH", who.path, {"expires_at": yesterday()}).expect(200)
    who.comes_to_be("expired", "regular")


# ---------------------------------------------------------------- going into debt


@pytest.fixture(scope="module")
def lender():
    lender = Site({"policy": {"overage": "debt", "debt_limit": "500 MB"}})
    try:
        yield lender.start()
    finally:
        lender.close()


def test_overage_below_the_limit_goes_on(lender):
    who = lender.subscriber("100 MB")
    lender.polls()
    who.move(600 * MB - 1)
    who.comes_to_use(600 * MB - 1)
    who.comes_to_be("active", "bypassed")
    user = who.get()
    assert (user["overage_bytes"], user["total_debt_bytes"], user["remaining_bytes"]) == (500 * MB - 1, 500 * MB - 1, 0)
    who.move(1)
    who.comes_to_be("blocked", "regular")
    assert who.get()["access"]["reason"] == "debt_limit"


def test_debt_items_do_not_count_towards_the_limit(lender):
    who = lender.subscriber("100 MB")
    who.post("/debts", {"amount": "2 GB", "advance": False}, 201)
    lender.polls()
    who.comes_to_be("active")


def test_paying_overage_by_a_purchase_ends_the_block(lender):
    package = lender.agent.package("10 GB", "10 GB", 50_000)
    who = lender.subscriber("1000 MB")
    lender.polls()
    who.move(1500 * MB)
    who.comes_to_be("blocked", "regular")
    reply = who.call("POST", "/purchases", {"package_id": package, "method": "cash"})
    reply.expect(201)
    who.comes_to_be("active", "bypassed")
    assert who.get()["remaining_bytes"] == 9740 * MB


def test_settled_overage_is_not_charged_again_by_the_next_package(lender):
    package = lender.agent.package("10 GB lagi", "10 GB", 50_000)
    who = lender.subscriber("1000 MB")
    lender.polls()
    who.move(1500 * MB)
    who.comes_to_be("blocked", "regular")
    who.post("/settlements", {"method": "cash"}, 200, 201)
    assert who.get()["overage_bytes"] == 0
    who.post("/purchases", {"package_id": package, "method": "cash"}, 201)
    assert who.get()["remaining_bytes"] == 10_240 * MB


def test_limit_and_mode_can_be_set_for_one_user(site):
    who = site.subscriber("1 MB")
    site.agent.call("PATCH", who.path, {"overage": "debt", "debt_limit": "10 MB"}).expect(200)
    site.polls()
    who.move(6 * MB)
    who.comes_to_use(6 * MB)
    who.comes_to_be("active", "bypassed")
    assert who.get()["debt_limit_bytes"] == 10 * MB
    who.move(5 * MB)
    who.comes_to_be("blocked", "regular")


# ---------------------------------------------------------------- healing


def test_a_reboot_leaves_every_address_in_its_list(own):
    active, stopped = own.subscriber("1 GB"), own.subscriber()
    stopped.comes_to_be("habis")
    own.router.reboot(refuse_logins=1)
    for who in (active, stopped):
        who.connect(age=0)
    own.polls(timeout=60)
    active.comes_to_be("active")
    stopped.comes_to_be("habis")


def test_rows_wiped_by_a_restored_router_come_back(own):
    active, stopped = own.subscriber("1 GB"), own.subscriber()
    stopped.comes_to_be("habis")
    with own.router.lock:
        own.router.rows[LISTS].clear()
        own.router.rows[BINDING].clear()
        own.router.reboot()
        active.connect(age=0)
        stopped.connect(age=0)
    active.comes_to_be("active", timeout=60)
    stopped.comes_to_be("habis")


def test_a_row_removed_by_hand_comes_back(site):
    who = site.subscriber("1 GB")
    site.router.drop_row(LISTS, site.rows_of(who.address)[0])
    eventually(lambda: who.assert_listed("active"))


def test_a_binding_removed_or_changed_by_hand_comes_back(site):
    who = site.subscriber("1 GB")

    def binding():
        return next(r for r in site.router.rows[BINDING] if r.get("mac-address") == who.mac)

    site.router.drop_row(BINDING, binding())
    eventually(lambda: who.assert_listed("active"))
    with site.router.lock:
        binding()["type"] = "blocked"
    eventually(lambda: who.assert_listed("active"))


def test_a_row_moved_by_hand_to_another_of_our_lists_moves_back(site):
    who = site.subscriber("1 GB")
    with site.router.lock:
        next(r for r in site.router.rows[LISTS] if r["address"] == who.address)["list"] = "klient_blocked"
    eventually(lambda: who.assert_listed("active"))


def test_a_row_disabled_by_hand_is_in_force_again(site):
    who = site.subscriber()
    who.comes_to_be("habis")
    with site.router.lock:
        next(r for r in site.router.rows[LISTS] if r["address"] == who.address)["disabled"] = "true"
    eventually(lambda: who.assert_listed("habis"))


def test_a_second_row_of_ours_for_the_address_goes(site):
    who = site.subscriber("1 GB")
    site.router.add_row(LISTS, list="klient_habis", address=who.address, comment="kuota:")
    eventually(lambda: who.assert_listed("active"))


def test_a_row_of_ours_for_an_address_of_nobody_goes(site):
    site.router.add_row(LISTS, list="klient_aktif", address="10.5.99.99", comment="kuota:")
    eventually(lambda: site.assert_listed("10.5.99.99", None))


def test_renamed_lists_take_our_rows_along(own):
    active, stopped = own.subscriber("1 GB"), own.subscriber()
    stopped.comes_to_be("habis")
    foreign = dict(own.router.add_row(LISTS, list="klient_aktif", address="10.9.0.1", comment="kasir"))
    own.router.add_row(LISTS, list="klient_aktif", address="10.5.99.98", comment="kuota:")
    own.agent.stop()
    own.agent.extra = {**own.agent.extra, "router": {"lists": {"active": "pelanggan_aktif"}}}
    own.agent.write_config()
    own.agent.start()

    def moved():
        rows = [r for r in own.router.snapshot(LISTS) if r["comment"].startswith("kuota:")]
        # The marker of the site is about no device.
        rows = [r for r in rows if r["list"] != "kuota_pemilik"]
        assert {(r["address"], r["list"]) for r in rows} == {
            (active.address, "pelanggan_aktif"),
            (stopped.address, "klient_habis"),
        }, rows

    eventually(moved)
    assert foreign in own.router.snapshot(LISTS)
    mark = own.router.mark()
    own.polls(4)
    assert own.router.writes(mark) == []


# ---------------------------------------------------------------- rows of others


def test_rows_of_others_are_never_touched(own):
    router = own.router
    mine = [
        (LISTS, {"list": "klient_aktif", "address": "10.9.0.1", "comment": "server kasir"}),
        (LISTS, {"list": "klient_blocked", "address": "10.9.0.2"}),
        (LISTS, {"list": "klient_habis", "address": "10.9.0.3", "comment": "punya kuota: bukan"}),
        (LISTS, {"list": "klient_habis", "address": "10.9.0.6", "comment": "KUOTA:x"}),
        (LISTS, {"list": "vpn", "address": "10.9.0.4", "comment": "kantor"}),
        (LISTS, {"list": "klient_fup", "address": "10.9.0.5", "timeout": "1h"}),
        (BINDING, {"mac_address": "02:AB:00:00:00:01", "type": "bypassed", "comment": "printer"}),
        (BINDING, {"address": "10.9.0.7", "type": "blocked"}),
    ]
    rows = [(path, router.add_row(path, **values)) for path, values in mine]
    before = [(path, dict(row)) for path, row in rows]
    who = own.subscriber("1 MB")
    own.polls()
    who.move(MB)
    who.comes_to_be("habis")
    who.post("/block", {"reason": "uji"})
    who.comes_to_be("blocked", "blocked")
    who.unbind().expect(204)
    eventually(lambda: own.assert_listed(who.address, None))
    router.reboot()
    own.polls(timeout=60)
    static = [(p, r) for p, r in before if "timeout" not in r]
    for path, row in static:
        assert row in router.snapshot(path), f"{path} {row} was touched"
    foreign_ids = {r[".id"] for _, r in before}
    hurt = [c for c in router.writes() if any(w == f"=.id={i}" for w in c.words for i in foreign_ids)]
    assert hurt == [], hurt


def test_a_foreign_row_for_our_address_in_our_list_is_left_alone(own):
    who = own.someone()
    foreign = own.router.add_row(LISTS, list="klient_aktif", address=who.address, comment="ditulis tangan")
    who.connect(authorized=True)
    who.bind()
    who.credit("1 GB")
    own.polls(5)
    who.move(MB)
    who.comes_to_use(MB)
    assert dict(foreign) in own.router.snapshot(LISTS)
    own.agent.assert_alive()


def test_a_foreign_binding_of_our_device_is_left_alone_and_others_are_served(own):
    who, other = own.someone(), own.someone()
    foreign = own.router.add_row(BINDING, mac_address=who.mac, type="regular", comment="teknisi")
    copy = dict(foreign)
    for someone in (who, other):
        someone.connect()
        someone.bind()
        someone.credit("1 GB")
    other.comes_to_be("active")
    own.polls()
    assert copy in own.router.snapshot(BINDING)
    mark = own.router.mark()
    own.polls(8)
    refused = [c for c in own.router.writes(mark) if c.path == BINDING]
    assert len(refused) <= 8, f"hammers the router with a write it refuses: {len(refused)} times"
    own.agent.assert_alive()


# ---------------------------------------------------------------- addresses


def test_a_device_that_changes_its_address_is_listed_at_the_new_one_only(site):
    who = site.subscriber("1 GB")
    old, who.address = who.address, "10.5.70.1"
    site.router.replace(who.mac, down=0, address=who.address)
    eventually(lambda: who.assert_listed("active"))
    eventually(lambda: site.assert_listed(old, None))


def test_an_address_taken_over_by_another_device_follows_its_new_user(site):
    first = site.subscriber("1 GB")
    second = site.subscriber()
    second.comes_to_be("habis")
    with site.router.lock:
        site.router.disconnect(first.mac)
        site.router.replace(second.mac, down=0, address=first.address)
    eventually(lambda: second.assert_listed("habis", address=first.address))
    eventually(lambda: site.assert_listed(second.address, None))


def test_an_address_taken_over_by_a_stranger_is_in_none_of_our_lists(site):
    who = site.subscriber("1 GB")
    with site.router.lock:
        site.router.disconnect(who.mac)
        site.router.connect("02:66:00:00:00:99", who.address)
    eventually(lambda: site.assert_listed(who.address, None))


def test_the_translated_address_is_the_listed_one(site):
    who = site.someone()
    who.credit("1 GB")
    site.router.connect(who.mac, "192.168.77.5", to_address=who.address)
    who.bind()
    eventually(lambda: who.assert_listed("active"))
    site.assert_listed("192.168.77.5", None)


def test_a_host_row_without_translation_is_listed_at_its_address(site):
    who = site.someone()
    who.credit("1 GB")
    who.connect(to_address=None)
    who.bind()
    who.comes_to_be("active")


def test_a_device_known_by_its_lease_alone_is_listed_there(site):
    who = site.someone()
    who.credit("1 GB")
    site.router.add_row(LEASE, mac_address=who.mac, address=who.address, server="dhcp1", status="bound")
    who.bind()
    eventually(lambda: who.assert_listed("active"))


def test_an_unbound_device_leaves_our_lists_and_bindings(site):
    who = site.subscriber("1 GB")
    who.unbind().expect(204)

    def gone():
        site.assert_listed(who.address, None)
        left = [r for r in site.router.snapshot(BINDING) if r.get("mac-address") == who.mac]
        assert all(r.get("type", "regular") == "regular" for r in left), left

    eventually(gone)


def test_every_listed_row_is_tagged_and_in_one_list(site):
    """Over everything this file has left behind."""
    site.polls()
    rows = [r for r in site.router.snapshot(LISTS) if r["list"] in LIST_NAMES and r["comment"].startswith("kuota:")]
    addresses = [r["address"] for r in rows]
    assert len(addresses) == len(set(addresses)), rows
    assert {r["list"] for r in rows} <= set(SIX_LISTS.values())
    assert site.router.prints(HOST) > 0


# ---------------------------------------------------------------- dry run and other names


def test_a_dry_run_changes_nothing_on_the_router(make_site):
    site = make_site({"policy": {"enforcement": "dry-run"}})
    foreign = site.router.add_row(LISTS, list="klient_habis", address="10.5.50.11", comment="kuota:lama")
    copy = dict(foreign)
    who = site.subscriber("1 MB", wait=False, authorized=True)
    who.move(2 * MB)
    eventually(lambda: _has_status(who, "habis"))
    who.post("/block", {"reason": "uji"})
    site.agent.call("POST", "/router/sync").expect(200, 202, 409)
    site.polls()
    assert site.router.writes() == []
    assert site.router.snapshot(LISTS) == [copy]
    plan = site.agent.call("GET", "/router/plan").expect(200)
    assert who.address in plan.text, f"the plan does not name {who.address}: {plan}"


def _has_status(who, status):
    assert who.status == status, who.get()


def test_lists_take_the_names_of_the_configuration(make_site):
    site = make_site({"router": {"lists": {"active": "pelanggan_ok"}}})
    who = site.someone()
    who.connect()
    who.bind()
    who.credit("1 GB")

    def listed():
        rows = [r for r in site.router.snapshot(LISTS) if r["address"] == who.address]
        assert [r["list"] for r in rows] == ["pelanggan_ok"], rows

    eventually(listed)


def test_the_plan_is_empty_when_the_router_agrees(own):
    who = own.subscriber("1 GB")
    own.polls()
    before = own.router.mark()
    plan = own.agent.call("GET", "/router/plan").expect(200)
    assert who.address not in plan.text, f"nothing should be left to do: {plan}"
    assert own.router.writes(before) == []


def test_a_sync_reconciles_at_once(make_site):
    site = make_site({"router": {"poll_interval": "1h"}})
    who = site.someone()
    who.connect()
    who.bind()
    who.credit("1 GB")
    who.comes_to_be("active")
    site.router.drop_row(LISTS, site.rows_of(who.address)[0])
    site.agent.call("POST", "/router/sync").expect(200, 202)
    eventually(lambda: who.assert_listed("active"), timeout=5)

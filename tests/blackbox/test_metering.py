"""What flowed is what is charged, to the byte."""

from __future__ import annotations

import pytest

from conftest import GB, MB, Site, eventually
from routeros import HOST

# Readings happen only when something asks for one.
UNPOLLED = {"router": {"poll_interval": "1h"}}


# ---------------------------------------------------------------- the plain way


def test_traffic_in_steps_is_charged_to_the_byte(site):
    who = site.subscriber("1 GB")
    total = 0
    for down, up in [(1, 0), (0, 1), (4_999, 1), (80 * MB, 3 * MB + 7), (123_456_789, 987)]:
        who.move(down, up)
        total += down + up
        eventually(lambda total=total: who.assert_used(total))
    who.comes_to_use(total)
    assert site.router.countable[who.mac] == total


def test_many_small_steps_lose_nothing(site):
    who = site.subscriber("1 GB")
    for _ in range(20):
        who.move(5000)
        site.polls(1)
    who.comes_to_use(20 * 5000)


def test_figures_of_a_user_agree_with_each_other(site):
    who = site.subscriber("10 MB")
    who.move(3 * MB, 5)
    who.comes_to_use(3 * MB + 5)
    user = who.get()
    assert user["credited_bytes"] == 10 * MB, user
    assert user["remaining_bytes"] == 7 * MB - 5, user
    assert (user["overage_bytes"], user["debt_items_bytes"], user["total_debt_bytes"]) == (0, 0, 0), user
    assert user["credited_mb"] == "10.00" and user["remaining_mb"] == "7.00" and user["used_mb"] == "3.00", user


def test_a_counter_above_32_bits_is_counted(site):
    who = site.subscriber("100 GB")
    who.move(5 * GB + 11)
    who.comes_to_use(5 * GB + 11)
    who.move(20 * GB)
    who.comes_to_use(25 * GB + 11)


def test_both_rows_of_one_mac_are_charged_each_by_itself(site):
    who = site.subscriber("1 GB")
    who.move(MB)
    who.comes_to_use(MB)
    second = site.router.connect(who.mac, "10.5.60.9", age=30)
    site.router.move(second, down=2 * MB)
    who.comes_to_use(3 * MB)
    first = site.router.host(who.mac)
    site.router.move(first, down=10)
    site.router.move(second, up=7)
    who.comes_to_use(3 * MB + 17)


def test_a_device_bound_to_nobody_is_charged_to_nobody(site):
    before = {u["id"]: u["used_bytes"] for u in site.agent.all("/users")}
    site.router.connect("02:66:00:00:00:01", "10.5.61.1", authorized=True, down=50 * MB)
    site.router.move("02:66:00:00:00:01", down=50 * MB)
    site.polls()
    assert {u["id"]: u["used_bytes"] for u in site.agent.all("/users")} == before


def test_devices_of_one_user_share_one_quota(site):
    who = site.subscriber("1 GB")
    site.router.connect("02:66:00:00:00:02", "10.5.61.2")
    who.post("/devices", {"mac": "02:66:00:00:00:02", "label": "tablet"}, 201)
    eventually(lambda: site.assert_bound("02:66:00:00:00:02", "bypassed"))
    site.polls()
    who.move(5)
    site.router.move("02:66:00:00:00:02", down=6)
    who.comes_to_use(11)


# ---------------------------------------------------------------- not let through


def test_traffic_without_authorization_is_nobodys_usage(site):
    who = site.someone()
    who.connect(down=40 * MB)
    who.bind()
    site.polls()
    for _ in range(3):
        who.move(MB)
        site.polls(1)
    who.comes_to_use(0)
    assert site.router.countable.get(who.mac, 0) == 0


def test_traffic_of_a_stopped_user_is_nobodys_usage(site):
    who = site.subscriber("1 MB")
    who.move(MB)
    who.comes_to_be("habis")
    site.polls()
    for _ in range(3):
        who.move(10 * MB)
        site.polls(1)
    who.comes_to_use(MB)


def test_a_logged_in_host_is_charged_without_a_bypass(make_site):
    site = make_site({"policy": {"enforcement": "dry-run"}})
    who = site.subscriber("1 GB", wait=False, authorized=True)
    site.polls()
    who.move(9 * MB)
    who.comes_to_use(9 * MB)


# ---------------------------------------------------------------- binding


def test_what_flowed_before_a_binding_is_not_charged(site):
    who = site.someone()
    who.connect(authorized=True, down=900 * MB)
    site.polls()
    who.move(100 * MB)
    who.bind()
    who.credit("1 GB")
    who.comes_to_use(0)
    who.move(3)
    who.comes_to_use(3)


@pytest.fixture(scope="module")
def unpolled():
    site = Site(UNPOLLED)
    try:
        site.start()
        site.router.wait_prints(HOST, 1, mark=0)
        yield site
    finally:
        site.close()


def test_binding_reads_the_router_at_that_moment(unpolled):
    who = unpolled.someone()
    who.credit("1 GB")
    who.connect(authorized=True, down=900 * MB)
    who.bind()
    who.assert_used(0)
    who.move(5 * MB)
    assert who.unbind().expect(204).status == 204
    who.assert_used(5 * MB)


def test_unbinding_charges_the_old_owner_up_to_that_moment(unpolled):
    old, new = unpolled.someone(), unpolled.someone()
    for who in (old, new):
        who.credit("1 GB")
    old.connect(authorized=True)
    old.bind()
    old.move(7 * MB, 1)
    old.unbind().expect(204)
    old.assert_used(7 * MB + 1)
    assert old.get()["devices"] == []

    old.move(11 * MB)  # bound to nobody
    new.mac, new.address = old.mac, old.address
    new.bind()
    new.assert_used(0)
    new.move(13 * MB)
    new.unbind().expect(204)
    new.assert_used(13 * MB)
    old.assert_used(7 * MB + 1)


def test_a_device_bound_again_while_its_row_lives_is_not_charged_twice(site):
    who = site.subscriber("1 GB")
    who.move(300 * MB)
    who.comes_to_use(300 * MB)
    who.unbind().expect(204)
    site.polls()
    site.router.host(who.mac).authorized = True
    who.move(200 * MB)
    site.polls()
    who.bind()
    who.comes_to_use(300 * MB)
    who.move(4)
    who.comes_to_use(300 * MB + 4)


def test_moving_a_device_divides_its_traffic_between_the_owners(site):
    old = site.subscriber("1 GB")
    new = site.someone()
    new.credit("1 GB")
    old.move(20 * MB)
    old.unbind().expect(204)
    new.mac, new.address = old.mac, old.address
    new.bind()
    new.comes_to_be("active")
    site.polls()
    new.move(30 * MB)
    new.comes_to_use(30 * MB)
    old.comes_to_use(20 * MB)


def test_binding_with_the_router_away_takes_the_first_reading_as_baseline(own):
    who = own.someone()
    who.credit("1 GB")
    who.connect(authorized=True, down=70 * MB)
    own.router.down()
    who.bind()
    who.move(7 * MB)
    own.router.up()
    own.polls(timeout=90)
    who.assert_used(0)
    who.move(MB)
    who.comes_to_use(MB)


def test_unbinding_with_the_router_away_waits_and_is_shown_as_pending(own):
    who = own.subscriber("1 GB")
    who.move(MB)
    who.comes_to_use(MB)
    own.router.down()
    who.move(3 * MB)
    who.unbind().expect(200, 202, 204)
    assert who.device()["pending"], who.get()
    own.router.up()

    def unbound():
        assert who.get()["devices"] == [], who.get()

    eventually(unbound, timeout=90)
    who.comes_to_use(4 * MB)


# ---------------------------------------------------------------- rows that come and go


def test_a_row_replaced_by_one_with_a_larger_counter_is_charged_whole(site):
    who = site.subscriber("1 GB")
    who.move(40 * MB)
    who.comes_to_use(40 * MB)
    site.router.replace(who.mac, down=120 * MB)
    who.comes_to_use(160 * MB)


def test_a_row_replaced_by_one_with_the_same_counter_is_charged_whole(site):
    who = site.subscriber("1 GB")
    who.move(40 * MB, 3)
    who.comes_to_use(40 * MB + 3)
    site.router.replace(who.mac, down=40 * MB, up=3)
    who.comes_to_use(80 * MB + 6)


def test_a_younger_row_under_the_same_id_is_another_counter(site):
    who = site.subscriber("1 GB", age=7200)
    who.move(10 * MB)
    who.comes_to_use(10 * MB)
    site.router.replace(who.mac, down=25 * MB, same_id=True)
    who.comes_to_use(35 * MB)


def test_a_counter_that_went_back_is_charged_from_zero(site):
    who = site.subscriber("1 GB")
    who.move(50 * MB)
    who.comes_to_use(50 * MB)
    site.router.reset_counter(who.mac, down=8 * MB)
    who.comes_to_use(58 * MB)


def test_a_row_that_lives_on_is_the_same_counter_however_long(site):
    """Nothing is charged again just because time passes."""
    who = site.subscriber("1 GB", age=3 * 86_400 + 59)
    who.move(5 * MB)
    who.comes_to_use(5 * MB)
    site.polls(6)
    who.assert_used(5 * MB)


def test_a_device_that_leaves_and_returns_is_charged_for_both_stays(site):
    who = site.subscriber("1 GB")
    who.move(5 * MB)
    who.comes_to_use(5 * MB)
    site.router.disconnect(who.mac)
    site.polls()
    with site.router.lock:
        who.connect(age=0)
        who.move(3 * MB)
    who.comes_to_use(8 * MB)


def test_a_change_of_binding_that_starts_a_new_row_loses_nothing(own):
    own.router.binding_replaces_host = True
    who = own.subscriber("1 MB")
    own.polls()
    who.move(MB)
    who.comes_to_be("habis")
    who.credit("5 MB")
    who.comes_to_be("active")
    own.polls()
    who.move(2 * MB)
    who.comes_to_use(3 * MB)


# ---------------------------------------------------------------- reboots and restarts


def test_a_reboot_of_the_router_loses_nothing_that_was_read(own):
    who = own.subscriber("10 GB")
    who.move(80 * MB)
    who.comes_to_use(80 * MB)
    own.router.reboot()
    own.polls(timeout=60)
    who.connect(age=0)
    own.polls()
    who.move(6 * MB)
    who.comes_to_use(86 * MB)


def test_after_a_reboot_an_equal_id_with_a_larger_counter_is_another_counter(own):
    who = own.subscriber("10 GB")
    old = own.router.host(who.mac)
    who.move(80 * MB)
    who.comes_to_use(80 * MB)
    with own.router.lock:
        own.router.reboot()
        who.connect(age=0, id=old.id)
        who.move(100 * MB)
    own.polls(timeout=60)
    who.comes_to_use(180 * MB)


def test_log_ins_refused_by_a_booting_router_are_tried_again_soon(own):
    who = own.subscriber("1 GB")
    who.move(MB)
    who.comes_to_use(MB)
    own.router.reboot(refuse_logins=2)
    who.connect(age=0)
    own.polls(timeout=60)
    who.move(2 * MB)
    who.comes_to_use(3 * MB)
    assert own.router.refused_logins == 2


def test_traffic_while_the_daemon_is_away_is_charged_once(own):
    who = own.subscriber("1 GB")
    who.move(10 * MB)
    who.comes_to_use(10 * MB)
    assert own.agent.stop() == 0
    who.move(15 * MB)
    own.agent.start()
    who.comes_to_use(25 * MB, timeout=40)


def test_a_row_replaced_while_the_daemon_is_away_is_charged_whole(own):
    who = own.subscriber("1 GB")
    who.move(10 * MB)
    who.comes_to_use(10 * MB)
    own.agent.stop()
    own.router.replace(who.mac, down=30 * MB)
    own.agent.start()
    who.comes_to_use(40 * MB, timeout=40)


def test_traffic_while_the_router_is_out_of_reach_is_charged_afterwards(own):
    who = own.subscriber("1 GB")
    who.move(MB)
    who.comes_to_use(MB)
    own.router.down()
    who.move(9 * MB)
    who.assert_used(MB)
    own.router.up()
    who.comes_to_use(10 * MB, timeout=90)

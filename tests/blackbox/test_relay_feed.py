"""The feed that agents pull: ordered, complete, awake, and each site's own."""

from __future__ import annotations

import threading
import time

import pytest

from conftest import eventually
from midtrans import SERVER_KEY
from midtrans_notify import signed_with
from relay import MEMO, Tenant, memo_of

OTHER_KEY = "SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb"


def paid_orders(client, count: int, **more) -> list[str]:
    orders = [client.open(**more)["order_id"] for _ in range(count)]
    for order_id in orders:
        client.relay.gateway.pay(order_id)
    for order_id in orders:
        client.comes_to(order_id, "paid", 1)
    return orders


def test_a_feed_item_says_all_there_is_to_know(shared):
    body = shared.request("va_bni", 35_000)
    order_id = shared.post(body).expect(201).json["order_id"]
    shared.relay.gateway.pay(order_id)
    shared.comes_to(order_id, "paid", 1, [])
    item = next(e for e in shared.events(order_id) if e["effect"] == "credit")
    wanted = {"order_id": order_id, "request_id": body["request_id"], "status": "paid", "amount_rp": 35_000, "flags": []}
    assert {k: item[k] for k in wanted} == wanted, item
    assert item["event_id"] and item["at"].endswith("Z") and isinstance(item["seq"], int), item
    order = shared.order(order_id)
    assert order["paid_at"] and order["request_id"] == body["request_id"], order


MEMOS = [MEMO, " \t\n", '{"a" : 1 ,"b":"\\u00e9é"}', "字" * 600, "\u0000\u001f\u007f", "'; drop table orders; --", "x" * 4000]


@pytest.mark.parametrize("memo", MEMOS, ids=range(len(MEMOS)))
def test_a_memo_comes_back_to_the_byte(shared, memo):
    order_id = paid_orders(shared, 1, memo=memo)[0]
    for item in shared.events(order_id):
        assert memo_of(item) == memo
    assert shared.order(order_id)["memo"] == memo


def test_the_feed_is_read_in_pages_without_holes(relay, client):
    orders = paid_orders(client, 5)
    whole = client.events()
    assert sorted({e["order_id"] for e in whole}) == sorted(orders)
    for limit in (1, 2, 3):
        seen, after = [], 0
        while page := client.feed(after, limit=limit)["items"]:
            seen += page
            after = page[-1]["seq"]
        assert seen == whole, limit
    for n, item in enumerate(whole):
        assert client.feed(item["seq"])["items"] == whole[n + 1 :]
    assert client.feed(whole[-1]["seq"])["next"] == whole[-1]["seq"]


def test_the_feed_is_the_same_after_a_restart(relay, client):
    paid_orders(client, 3)
    before, epoch = client.events(), client.feed()["epoch"]
    relay.restart()
    assert (client.events(), client.feed()["epoch"]) == (before, epoch)
    relay.kill()
    relay.start()
    assert (client.events(), client.feed()["epoch"]) == (before, epoch)


def test_a_long_poll_wakes_when_a_customer_pays(shared):
    order_id = shared.open()["order_id"]
    after = max([e["seq"] for e in shared.events()], default=0)
    found, started = [], threading.Event()

    def wait():
        started.set()
        found.append((shared.feed(after, wait=20), time.monotonic()))

    thread = threading.Thread(target=wait)
    thread.start()
    started.wait()
    # It waits: an empty answer at once would be no long poll.
    thread.join(0.3)
    assert thread.is_alive(), found
    paid_at = time.monotonic()
    shared.relay.gateway.pay(order_id)
    thread.join(25)
    page, woken = found[0]
    assert order_id in {i["order_id"] for i in page["items"]}, page
    assert woken - paid_at < 3, f"woke {woken - paid_at:.1f} s after the payment"


def test_a_long_poll_ends_empty_when_nothing_happens(client):
    start = time.monotonic()
    page = client.feed(0, wait=1)
    assert page["items"] == [] and 0.8 < time.monotonic() - start < 5, page


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=0&limit=0", "after=0&limit=-1", "after=0&limit=x", "after=0&wait=-1", "after=0&wait=x", "after=99999999999999999999999"])
def test_a_malformed_feed_query_is_4xx(shared, query):
    reply = shared.call("GET", f"/v1/feed?{query}" + ("" if "wait" in query else "&wait=0"))
    assert 400 <= reply.status < 500, reply
    reply.is_problem()


def test_large_limits_and_waits_are_bounded_or_refused(shared):
    paid_orders(shared, 1)
    reply = shared.call("GET", "/v1/feed?after=0&wait=999999&limit=999999")
    assert reply.status in (200, 400, 422), reply


def test_many_sites_read_their_own_feeds_at_once(make_relay, gateway):
    names = [f"site-{n}" for n in range(6)]
    relay = make_relay(Tenant(sites={name: name * 6 for name in names}))
    clients = [relay.site(name) for name in names]
    orders = {c.name: [c.open()["order_id"] for _ in range(3)] for c in clients}
    found: dict[str, set] = {}

    def pull(client):
        seen, after, deadline = set(), 0, time.monotonic() + 25
        while len(seen) < 3 and time.monotonic() < deadline:
            page = client.feed(after, wait=5)
            seen |= {i["order_id"] for i in page["items"] if i["effect"] == "credit"}
            after = page["next"]
        found[client.name] = seen

    threads = [threading.Thread(target=pull, args=(c,)) for c in clients]
    for thread in threads:
        thread.start()
    for order_id in [o for row in zip(*orders.values(), strict=True) for o in row]:
        gateway.pay(order_id)
    for thread in threads:
        thread.join()
    assert found == {name: set(ids) for name, ids in orders.items()}


def test_a_reader_that_follows_closely_misses_nothing(client, gateway):
    """Sequence numbers appear in the order in which they are committed."""
    orders = [client.open()["order_id"] for _ in range(15)]
    seen, stop = [], threading.Event()

    def follow():
        after = 0
        while not stop.is_set() or client.feed(after)["items"]:
            page = client.feed(after, wait=1)
            seen.extend(page["items"])
            after = page["next"]

    reader = threading.Thread(target=follow)
    reader.start()
    payers = [threading.Thread(target=gateway.pay, args=(order_id,)) for order_id in orders]
    for thread in payers:
        thread.start()
    try:
        for order_id in orders:
            client.comes_to(order_id, "paid")
    finally:
        stop.set()
        reader.join()
    assert seen == client.events()
    client.assert_agrees()


# ---------------------------------------------------------------- keys


def test_a_rotated_key_is_still_accepted_in_signatures_and_no_longer_used(make_relay, gateway):
    relay = make_relay()
    client, merchant = relay.site(), gateway.merchants[0]
    order_id = client.open()["order_id"]
    relay.tenants[0].previous, relay.tenants[0].key = [SERVER_KEY], OTHER_KEY
    relay.write_config()
    relay.stop()  # it asks about open orders by itself: nobody asks while relay and gateway differ
    merchant.server_key, merchant.keys = OTHER_KEY, {OTHER_KEY}
    relay.start()
    gateway.notifier.tamper = signed_with(SERVER_KEY)
    gateway.pay(order_id)
    gateway.notifier.wait_idle()
    assert gateway.notifier.acknowledged(order_id), gateway.notifier.deliveries
    client.comes_to(order_id, "paid", 1, [])
    gateway.notifier.tamper = None
    assert relay.notification_url(client.open()["order_id"]) == relay.notification_url(order_id), "the secret is stable"
    assert all(c.status == 200 for c in gateway.calls), gateway.log()
    paid_orders(client, 1)


def test_a_key_that_is_no_longer_listed_is_refused(make_relay, gateway):
    relay = make_relay(Tenant(key=OTHER_KEY))
    gateway.merchants[0].server_key, gateway.merchants[0].keys = OTHER_KEY, {OTHER_KEY}
    client = relay.site()
    gateway.notifier.tamper = signed_with(SERVER_KEY)
    order_id = client.open()["order_id"]
    gateway.notifier.wait_idle()
    assert {r for d in gateway.notifier.deliveries for r in d.replies} == {401}, gateway.notifier.deliveries
    assert client.order(order_id)["status"] == "pending"


def test_a_wrong_key_is_a_clean_failure_that_ends_with_the_right_one(make_relay, gateway):
    relay = make_relay(Tenant(key=OTHER_KEY))
    client = relay.site()
    body = client.request()
    reply = client.post(body)
    assert 400 <= reply.status < 600 and reply.is_problem(), reply
    assert OTHER_KEY not in reply.text
    relay.tenants[0].key = SERVER_KEY
    relay.write_config()
    relay.restart()
    paid_orders(client, 1)


def test_no_key_and_no_token_is_in_any_log_or_answer(relay, client):
    order_id = paid_orders(client, 1)[0]
    texts = [relay.log_file.read_text(), client.call("GET", f"/v1/orders/{order_id}").text, client.call("GET", "/v1/feed?after=0&wait=0").text]
    texts.append(relay.cli_ok("check-config"))
    for text in texts:
        assert SERVER_KEY not in text and client.token not in text
    secret = relay.notification_url(order_id).rsplit("/", 1)[1]
    assert all(secret not in text for text in texts), "the secret of the notification address is shown"


# ---------------------------------------------------------------- asked for, cancelled, refreshed


def test_without_an_address_payments_are_found_by_asking(make_relay, gateway):
    client = make_relay(public=False).site()
    orders = [client.open(method)["order_id"] for method in ("qris", "va_bca")]
    snap = client.open("snap")["order_id"]
    assert all(not c.header("x-override-notification") for c in gateway.calls)
    for order_id in (*orders, snap):
        gateway.pay(order_id)
    for order_id in (*orders, snap):
        client.comes_to(order_id, "paid", 1, [], timeout=8)
    client.assert_agrees()


def test_a_refresh_asks_the_gateway_at_once(gateway, client):
    order_id = client.open()["order_id"]
    with gateway.notifier.mute():
        gateway.pay(order_id)
    order = client.refresh(order_id).expect(200).json
    assert (order["order_id"], order["status"]) == (order_id, "paid"), order
    client.comes_to(order_id, "paid", 1, [], timeout=3)


def test_a_snap_order_without_a_method_stays_open(client, gateway):
    order_id = client.open("snap")["order_id"]
    for _ in range(3):
        assert client.refresh(order_id).expect(200).json["status"] in ("created", "pending")
    gateway.pay(order_id, "va_bca")
    client.comes_to(order_id, "paid", 1, [])


@pytest.mark.parametrize("method", ["qris", "va_permata", "gopay", "va_mandiri"])
def test_a_cancel_is_done_at_the_gateway(shared, method):
    order_id = shared.open(method)["order_id"]
    assert shared.cancel(order_id).expect(200).json["status"] == "cancelled"
    assert shared.relay.gateway.payable(order_id) == []
    assert shared.cancel(order_id).expect(200, 409).status
    shared.comes_to(order_id, "cancelled", 0)


def test_a_cancel_of_what_was_paid_is_a_payment(gateway, client):
    order_id = client.open()["order_id"]
    with gateway.notifier.mute():
        gateway.pay(order_id)
    reply = client.cancel(order_id).expect(200, 409)
    assert reply.status == 409 or reply.json["status"] == "paid", reply
    client.comes_to(order_id, "paid", 1, [])


def test_a_lost_answer_to_a_cancel_is_asked_again(gateway, client):
    for kind, more in (("reset", {}), ("half", {}), ("html", {"status": 502}), ("reset", {"processed": False})):
        order_id = client.open()["order_id"]
        gateway.fault("cancel", kind, **more)
        reply = client.cancel(order_id)
        assert reply.status == 200 or reply.status in (502, 503, 504), reply
        if reply.status != 200:
            client.cancel(order_id).expect(200)
        client.comes_to(order_id, "cancelled", 0, timeout=10)
        assert gateway.payable(order_id) == []


def test_a_cancel_that_never_gets_through_leaves_the_order_open(gateway, client):
    order_id = client.open()["order_id"]
    gateway.fault("cancel", "html", status=503, processed=False, times=-1)
    gateway.fault("status", "html", status=503, processed=False, times=-1)
    reply = client.cancel(order_id)
    assert reply.status >= 400 or reply.json["status"] != "cancelled", reply
    gateway.faults.clear()
    gateway.pay(order_id)
    client.comes_to(order_id, "paid", 1)
    client.assert_agrees()


def test_a_snap_page_that_is_paid_after_a_cancel_goes_to_review(gateway, client):
    order_id = client.open("snap")["order_id"]
    assert client.cancel(order_id).expect(200).json["status"] == "cancelled"
    gateway.pay(order_id)
    client.comes_to(order_id, "review", 0, ["paid_after_cancel"])
    effects = [e["effect"] for e in client.events(order_id)]
    assert "review" in effects and "credit" not in effects, effects


def test_an_order_that_nobody_pays_expires(gateway, client):
    order_id = client.open(expires_in_s=900)["order_id"]
    gateway.expire(order_id)
    client.comes_to(order_id, "expired", 0, [])


def test_every_item_of_the_feed_agrees_with_the_gateway(shared):
    eventually(shared.assert_agrees, timeout=10)

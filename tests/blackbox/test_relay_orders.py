"""Opening a charge through the relay: once per request, with what the customer needs, seen by its site alone."""

from __future__ import annotations

import hashlib
import re
import threading
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest

from conftest import http
from midtrans import SERVER_KEY
from midtrans_books import Merchant
from midtrans_rules import ORDER_ID
from relay import METHODS, Tenant, customer_can_pay


def seconds_until(text: str) -> float:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    assert moment.utcoffset() == timedelta(0), f"not UTC: {text}"
    return (moment - datetime.now(timezone.utc)).total_seconds()


# ---------------------------------------------------------------- what is opened


@pytest.mark.parametrize("method", METHODS)
def test_a_core_order_carries_what_the_customer_needs(shared, method):
    order = shared.open(method, 25_000)
    assert order["method"] == method and order["flags"] == [] and order["status"] == "pending", order
    assert customer_can_pay(order), order
    tx = shared.relay.gateway.transaction(order["order_id"])
    assert (tx.method, tx.gross, tx.status) == (method, 25_000, "pending")
    numbers = tx.details.get("va_numbers") or [{}]
    shown = tx.details.get("permata_va_number") or tx.details.get("bill_key") or numbers[0].get("va_number")
    assert (order.get("va") or {}).get("number") == shown, (order, tx.details)
    assert shared.order(order["order_id"]) == order


def test_a_snap_order_carries_the_page(shared):
    order = shared.open("snap", 25_000)
    assert order["redirect_url"].startswith(shared.relay.gateway.url), order
    page = shared.relay.gateway.snaps["G000000001", order["order_id"]]
    assert page["gross"] == 25_000 and page["methods"], page
    assert shared.order(order["order_id"])["redirect_url"] == order["redirect_url"]


def test_mandiri_shows_the_biller_and_the_bill(shared):
    order = shared.open("va_mandiri")
    tx = shared.relay.gateway.transaction(order["order_id"])
    assert (order["va"]["biller_code"], order["va"]["number"]) == ("70012", tx.details["bill_key"]), order


def test_a_deeplink_is_passed_on_as_it_came(shared):
    order = shared.open("gopay")
    tx = shared.relay.gateway.transaction(order["order_id"])
    assert order["deeplink_url"] == f"gojek://gopay/merchanttransfer?tref={tx.transaction_id}", order


@pytest.mark.parametrize("method", ["qris", "gopay", "va_bca", "va_mandiri"])
def test_the_charge_lives_as_long_as_asked(shared, method):
    order = shared.open(method, expires_in_s=1800)
    assert shared.relay.gateway.transaction(order["order_id"]).life_s == 1800
    assert abs(seconds_until(order["expires_at"]) - 1800) < 15, order


@pytest.mark.parametrize("method", ["qris", "gopay", "va_bca", "snap"])
def test_what_the_gateway_leaves_out_is_made_up_for(make_relay, gateway, method):
    gateway.omit = {"qr_string", "expiry_time"}
    order = make_relay().site().open(method, expires_in_s=1200)
    assert customer_can_pay(order), order
    if method == "qris":
        assert order["qr_url"].endswith("qr-code") or order["qr_url"].endswith("qr-code-v2"), order
    assert abs(seconds_until(order["expires_at"]) - 1200) < 15, order


def test_the_gateway_is_asked_once_with_a_short_key_and_our_address(shared):
    order = shared.open(items=[{"name": "Paket", "price_rp": 4_000, "quantity": 2}, {"name": "Hutang", "price_rp": 2_000, "quantity": 1}])
    calls = shared.relay.gateway.made("charge", order["order_id"])
    assert len(calls) == 1, calls
    assert 1 <= len(calls[0].header("idempotency-key") or "") <= 46, calls[0].headers
    assert calls[0].header("x-override-notification").startswith(f"{shared.relay.url}/midtrans/notification/m1/")
    assert [(i["price"], i["quantity"]) for i in calls[0].body["item_details"]] == [(4_000, 2), (2_000, 1)]


def test_the_secret_is_long_and_the_same_for_every_order(shared):
    urls = {shared.relay.notification_url(shared.open(method)["order_id"]) for method in ("qris", "va_bca", "snap")}
    assert len(urls) == 1 and len(urls.pop().rsplit("/", 1)[1]) >= 16


def test_order_ids_have_one_length_end_in_a_letter_and_never_repeat(shared):
    ids = [shared.open(method)["order_id"] for method in ("qris", "va_bri", "snap", "gopay") for _ in range(3)]
    assert len(set(ids)) == len(ids) and len({len(i) for i in ids}) == 1, ids
    for id in ids:
        assert ORDER_ID.fullmatch(id) and re.fullmatch(r"[A-Za-z]", id[-1]), id


def test_no_customer_data_and_no_memo_go_to_the_gateway(shared):
    order = shared.open(memo="rahasia-4711")
    raw = shared.relay.gateway.made("charge", order["order_id"])[0].raw
    assert b"rahasia-4711" not in raw


def test_another_address_with_a_path_is_used_as_given(make_relay, gateway):
    tenant = Tenant(settings={"core_url": f"{gateway.url}/proxy/core", "snap_url": f"{gateway.url}/proxy/snap/v1"})
    client = make_relay(tenant).site()
    for method in ("qris", "snap"):
        client.open(method)
    assert all(call.path.startswith("/proxy/") for call in gateway.calls), [c.path for c in gateway.calls]


# ---------------------------------------------------------------- once


def test_the_same_request_is_the_same_order(shared):
    body = shared.request()
    first = shared.post(body).expect(201).json
    again = shared.post(body).expect(200, 201).json
    assert again["order_id"] == first["order_id"] and again["qr_string"] == first["qr_string"]
    assert len(shared.relay.gateway.made("charge", first["order_id"])) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"amount_rp": 20_000, "items": [{"name": "Paket", "price_rp": 20_000, "quantity": 1}]},
        {"method": "gopay"},
        {"memo": "lain"},
        {"items": [{"name": "Paket", "price_rp": 5_000, "quantity": 2}]},
    ],
)
def test_the_same_request_with_another_body_is_a_conflict(shared, change):
    body = shared.request()
    order = shared.post(body).expect(201).json
    before = len(shared.relay.gateway.transactions)
    assert shared.post({**body, **change}).expect(409).code
    assert len(shared.relay.gateway.transactions) == before
    assert shared.order(order["order_id"]) == order


def test_the_same_request_at_the_same_time_is_one_charge(shared):
    body, replies = shared.request(), []
    threads = [threading.Thread(target=lambda: replies.append(shared.post(body))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = {r.json["order_id"] for r in replies if r.status in (200, 201)}
    assert len(ids) == 1, [str(r) for r in replies]
    assert all(r.status in (200, 201, 409, 503) for r in replies), [str(r) for r in replies]
    assert len(shared.relay.gateway.made("charge", ids.pop())) == 1


def test_a_request_is_remembered_over_a_restart_and_after_payment(relay, client, gateway):
    body = client.request()
    order_id = client.post(body).expect(201).json["order_id"]
    gateway.pay(order_id)
    client.comes_to(order_id, "paid", credits=1)
    relay.restart()
    again = client.post(body).expect(200, 201).json
    assert (again["order_id"], again["status"]) == (order_id, "paid")
    assert len(gateway.made("charge")) == 1


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    "change",
    [
        {"amount_rp": 0}, {"amount_rp": -1}, {"amount_rp": 1.5}, {"amount_rp": "10000"}, {"amount_rp": None}, {"amount_rp": 10**18},
        {"method": "gold"}, {"method": ""}, {"method": None}, {"method": "va_bcda"},
        {"request_id": ""}, {"request_id": None}, {"request_id": 7}, {"request_id": "x" * 5000},
        {"items": "x"}, {"items": [{"name": "a", "price_rp": 9_999, "quantity": 1}]},
        {"items": [{"name": "a", "price_rp": 10_000, "quantity": 0}]}, {"items": [{"name": "", "price_rp": 10_000, "quantity": 1}]},
        {"items": [{"name": "a", "price_rp": 5_000, "quantity": 1}, {"name": "b", "price_rp": 5_000}]},
        {"items": [{"name": "a", "price_rp": 10_000.5, "quantity": 1}]},
        {"expires_in_s": 0}, {"expires_in_s": -5}, {"expires_in_s": "soon"}, {"expires_in_s": 10**12},
        {"memo": "m" * 4097},
    ],
)  # fmt: skip
def test_a_malformed_request_is_4xx_and_asks_nothing(shared, change):
    before = len(shared.relay.gateway.calls)
    reply = shared.post({**shared.request(), **change})
    assert 400 <= reply.status < 500, reply
    reply.is_problem()
    charges = [c for c in shared.relay.gateway.calls[before:] if c.operation in ("charge", "snap")]
    assert charges == [], charges


@pytest.mark.parametrize("field", ["request_id", "method", "amount_rp"])
def test_a_missing_field_is_named(shared, field):
    body = shared.request()
    del body[field]
    reply = shared.post(body).expect(400, 422)
    assert field in reply.text, reply


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"request_id":' * 2000])
def test_a_body_that_is_no_object_is_4xx(shared, raw):
    reply = shared.call("POST", "/v1/orders", raw=raw)
    assert 400 <= reply.status < 500, reply
    reply.is_problem()


def test_a_body_over_a_mebibyte_is_413(shared):
    shared.call("POST", "/v1/orders", raw=b'{"memo":"' + b"x" * (1 << 20) + b'"}').expect(413)


def test_names_that_are_too_long_for_the_gateway_do_not_stop_a_sale(shared):
    reply = shared.post(shared.request(items=[{"name": "Paket é " * 20, "price_rp": 10_000, "quantity": 1}]))
    assert reply.status == 201 or 400 <= reply.status < 500, reply


def test_a_memo_of_nearly_four_kibibytes_is_taken(shared):
    assert shared.open(memo="m" * 4090)["status"] == "pending"


def test_a_method_that_the_merchant_lacks_fails_cleanly(gateway, client):
    gateway.merchants[0].methods.discard("gopay")
    reply = client.post(client.request("gopay"))
    assert 400 <= reply.status < 600, reply
    reply.is_problem()
    assert gateway.payable() == [] and client.open("qris")


def test_a_refusal_inside_a_good_answer_is_a_refusal(gateway, client):
    gateway.errors_as_200 = True
    gateway.merchants[0].methods.discard("gopay")
    reply = client.post(client.request("gopay"))
    assert 400 <= reply.status < 600 and reply.is_problem(), reply


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("token", [None, "x", "é".encode().decode("latin-1"), "a" * 10_000])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/orders"), ("GET", "/v1/orders/x"), ("POST", "/v1/orders/x/cancel"), ("POST", "/v1/orders/x/refresh"), ("GET", "/v1/feed?after=0&wait=0"), ("POST", "/v1/health")],
)
def test_without_the_right_token_everything_is_401(shared, method, path, token):
    reply = shared.call(method, path, shared.request() if path == "/v1/orders" else None, token=token)
    assert reply.status in (401, 431) if token and len(token) > 100 else reply.status == 401, reply


def test_the_hash_of_the_token_is_not_a_token(shared):
    digest = hashlib.sha256(shared.token.encode()).hexdigest()
    assert shared.call("GET", "/v1/feed?after=0&wait=0", token=digest).status == 401


def test_sites_see_their_own_orders_alone(make_relay, gateway):
    relay = make_relay(Tenant(sites={"site-1": "a" * 48, "site-2": "b" * 48}))
    one, two = relay.site("site-1"), relay.site("site-2")
    body = one.request()
    mine, theirs = one.post(body).expect(201).json["order_id"], two.post(body).expect(201).json["order_id"]
    assert mine != theirs, "a request id belongs to its site"
    for method, tail in (("GET", ""), ("POST", "/cancel"), ("POST", "/refresh")):
        assert two.call(method, f"/v1/orders/{mine}{tail}").expect(404).code
    gateway.pay(mine)
    one.comes_to(mine, "paid", credits=1)
    assert {e["order_id"] for e in two.events()} <= {theirs}
    assert {e["order_id"] for e in one.events()} == {mine}


def test_merchants_use_their_own_keys(gateway, make_relay):
    other = "SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb"
    gateway.merchants.append(Merchant("G000000002", other))
    relay = make_relay(Tenant(), Tenant("m2", other, sites={"site-2": "c" * 48}))
    one, two = relay.site("site-1"), relay.site("site-2")
    first, second = one.open()["order_id"], two.open()["order_id"]
    assert gateway.transaction(first).merchant.server_key == SERVER_KEY
    assert gateway.transaction(second).merchant.server_key == other
    assert relay.notification_url(first) != relay.notification_url(second)
    for order_id, client in ((first, one), (second, two)):
        gateway.pay(order_id)
        client.comes_to(order_id, "paid", credits=1, flags=[])


@pytest.mark.parametrize("id", ["nobody", "00000000-0000-4000-8000-000000000000", "x" * 300, "..%2f..%2fapi", "%00", "é"])
def test_an_unknown_order_is_404(shared, id):
    for method, tail in (("GET", ""), ("POST", "/cancel"), ("POST", "/refresh")):
        reply = shared.call(method, f"/v1/orders/{quote(id, safe='%')}{tail}")
        assert reply.status in (404, 400, 422), reply


def test_the_relay_says_that_it_lives(shared):
    assert http("GET", f"{shared.relay.url}/api/ping").expect(200).json["status"] == "ok"
    assert http("GET", f"{shared.relay.url}/healthz").status == 200
    assert b"# " in http("GET", f"{shared.relay.url}/metrics").body

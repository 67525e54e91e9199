"""The Midtrans server itself: the official SDK must find what it expects, and faults must be what they say."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import midtransclient
import pytest
import requests
from midtransclient.error_midtrans import JSONDecodeError, MidtransAPIError

from midtrans import MERCHANT_ID, SERVER_KEY, Midtrans
from midtrans_books import Merchant
from midtrans_notify import doubled, dropped, edited, sign, signed_with

FIXTURES = Path(__file__).parent / "fixtures"
OTHER_KEY = "SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb"


@pytest.fixture
def gateway():
    with contextlib.closing(Midtrans()) as gateway:
        yield gateway
        assert gateway.violations == []


def sdk(gateway, kind=midtransclient.CoreApi, key=SERVER_KEY, **headers):
    client = kind(is_production=False, server_key=key, client_key="SB-Mid-client-TEST", custom_headers=headers)
    client.api_config.CORE_SANDBOX_BASE_URL = gateway.core_url
    client.api_config.SNAP_SANDBOX_BASE_URL = gateway.snap_url
    return client


BODIES = {
    "qris": {"payment_type": "qris", "qris": {"acquirer": "gopay"}},
    "gopay": {"payment_type": "gopay", "gopay": {"enable_callback": True, "callback_url": "https://kuota.example/k"}},
    "shopeepay": {"payment_type": "shopeepay", "shopeepay": {"callback_url": "https://kuota.example/k"}},
    "va_mandiri": {"payment_type": "echannel", "echannel": {"bill_info1": "Bayar:", "bill_info2": "Kuota"}},
    **{f"va_{b}": {"payment_type": "bank_transfer", "bank_transfer": {"bank": b}} for b in ("bca", "bni", "bri", "cimb", "permata")},
}


def body_of(method="qris", gross=10_000, order_id=None, **more):
    order_id = order_id or f"uji-{uuid.uuid4()}"
    return {"transaction_details": {"order_id": order_id, "gross_amount": gross}, **BODIES[method], **more}


def refused(code, act, *args, **kwargs) -> dict:
    with pytest.raises(MidtransAPIError) as caught:
        act(*args, **kwargs)
    body = caught.value.api_response_dict
    assert body["status_code"] == str(code), body
    return body


class Sink:
    """Somebody who is told."""

    def __init__(self, *replies: int):
        self.replies, self.bodies = list(replies), []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                sink.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(sink.replies.pop(0) if len(sink.replies) > 1 else sink.replies[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/n"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def sink(request):
    with contextlib.closing(Sink(*getattr(request, "param", (200,)))) as sink:
        yield sink


# ---------------------------------------------------------------- the official SDK


@pytest.mark.parametrize("method", BODIES)
def test_the_sdk_charges_with_every_method(gateway, method):
    answer = sdk(gateway).charge(body_of(method, 25_000))
    assert (answer["status_code"], answer["transaction_status"], answer["gross_amount"]) == ("201", "pending", "25000.00")
    assert answer["merchant_id"] == MERCHANT_ID and answer["currency"] == "IDR"
    actions = {a["name"] for a in answer.get("actions", [])}
    if method == "qris":
        assert actions == {"generate-qr-code", "generate-qr-code-v2"} and answer["qr_string"]
    elif method in ("gopay", "shopeepay"):
        assert "deeplink-redirect" in actions
    elif method == "va_mandiri":
        assert (answer["biller_code"], answer["payment_type"]) == ("70012", "echannel") and answer["bill_key"]
    elif method == "va_permata":
        assert answer["permata_va_number"] and answer["payment_type"] == "bank_transfer"
    else:
        assert answer["va_numbers"][0]["bank"] == method[3:]
    assert all(isinstance(v, (str, list)) for v in answer.values()), answer


def test_the_sdk_follows_a_payment_to_its_refund(gateway):
    core = sdk(gateway)
    order_id = core.charge(body_of())["order_id"]
    assert core.transactions.status(order_id)["status_code"] == "201"
    refused(412, core.transactions.refund, order_id, {"refund_key": "r1", "amount": 1_000})
    tx = gateway.pay(order_id)
    answer = core.transactions.status(tx.transaction_id)
    assert (answer["status_code"], answer["transaction_status"]) == ("200", "settlement") and answer["settlement_time"]
    assert answer["signature_key"] == sign(order_id, "200", "10000.00", SERVER_KEY)
    refused(412, core.transactions.cancel, order_id)
    part = core.transactions.refund(order_id, {"refund_key": "r1", "amount": 4_000, "reason": "uji"})
    assert (part["transaction_status"], part["refund_amount"]) == ("partial_refund", "4000.00")
    refused(406, core.transactions.refund, order_id, {"refund_key": "r1", "amount": 4_000})
    refused(414, core.transactions.refundDirect, order_id, {"refund_key": "r2", "amount": 6_001})
    whole = core.transactions.refundDirect(order_id, {"refund_key": "r2", "amount": 6_000})
    assert whole["transaction_status"] == "refund"
    assert [r["refund_amount"] for r in core.transactions.status(order_id)["refunds"]] == ["4000.00", "6000.00"]


def test_the_sdk_cancels_and_expires(gateway):
    core = sdk(gateway)
    first, second = (core.charge(body_of("va_bca"))["order_id"] for _ in "ab")
    assert core.transactions.cancel(first)["transaction_status"] == "cancel"
    assert core.transactions.status(first)["status_code"] == "200"
    refused(412, core.transactions.cancel, first)
    assert core.transactions.expire(second)["status_code"] == "407"
    answer = core.transactions.status(second)
    assert (answer["status_code"], answer["transaction_status"]) == ("407", "expire")
    refused(404, core.transactions.status, "nobody")


def test_the_sdk_opens_a_snap_page_that_is_unknown_until_a_method_is_picked(gateway):
    snap, core = sdk(gateway, midtransclient.Snap), sdk(gateway)
    body = {"transaction_details": {"order_id": "snap-1", "gross_amount": 5_000}, "enabled_payments": ["gopay", "bca_va"]}
    page = snap.create_transaction(body)
    assert set(page) == {"token", "redirect_url"} and page["token"] in page["redirect_url"]
    refused(404, core.transactions.status, "snap-1")
    refused(404, core.transactions.cancel, "snap-1")
    assert snap.create_transaction(body)["token"] != page["token"]
    gateway.pay("snap-1", "va_bca")
    assert snap.transactions.status("snap-1")["payment_type"] == "bank_transfer"
    with pytest.raises(MidtransAPIError) as caught:
        snap.create_transaction(body)
    assert caught.value.http_status_code == 400 and caught.value.api_response_dict["error_messages"]


def test_the_sdk_settles_a_challenge_either_way(gateway):
    snap, core = sdk(gateway, midtransclient.Snap), sdk(gateway)
    for order_id in ("c-1", "c-2"):
        snap.create_transaction({"transaction_details": {"order_id": order_id, "gross_amount": 5_000}})
        gateway.challenge(order_id)
        assert core.transactions.status(order_id)["fraud_status"] == "challenge"
    assert core.transactions.approve("c-1")["status_code"] == "200"
    assert core.transactions.status("c-1")["fraud_status"] == "accept"
    assert core.transactions.deny("c-2")["transaction_status"] == "deny"
    refused(412, core.transactions.approve, "c-2")


def test_the_sdk_reads_a_notification(gateway, sink):
    core = sdk(gateway, **{"X-Override-Notification": sink.url})
    order_id = core.charge(body_of())["order_id"]
    gateway.pay(order_id)
    gateway.notifier.wait_idle()
    assert sorted(b["transaction_status"] for b in sink.bodies) == ["pending", "settlement"]
    for body in sink.bodies:
        assert body["signature_key"] == sign(order_id, body["status_code"], body["gross_amount"], SERVER_KEY)
        assert core.transactions.notification(json.dumps(body))["transaction_status"] == "settlement"


def test_the_sdk_sees_the_code_inside_a_good_answer(gateway):
    gateway.errors_as_200 = True
    refused(404, sdk(gateway).transactions.status, "nobody")


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize("key", ["", OTHER_KEY, "SB-Mid-server-é"])
def test_another_key_is_denied(gateway, key):
    refused(401, sdk(gateway, key=key.encode("utf-8")).charge, body_of())


def details(order_id="a", gross=100, **more):
    return {"payment_type": "qris", "transaction_details": {"order_id": order_id, "gross_amount": gross}, **more}


def item(price=100, quantity=1, name="Kuota"):
    return {"price": price, "quantity": quantity, "name": name}


@pytest.mark.parametrize(
    "body",
    [
        details("x" * 51), details(""), details("a b"), details("a/b"), details("é"), details(7),
        details(gross=0), details(gross="100"), details(gross=100.0), details(gross=-5), details(gross=True),
        details(item_details=[item(), item()]), details(item_details=[item(name="n" * 51)]), details(item_details=[item(name="")]),
        details(item_details=[item(100, 0)]), details(item_details=[item(100.0)]), details(item_details=[]),
        details(customer_details={"first_name": "n" * 256}), details(custom_field1="n" * 256),
        details(custom_expiry={"expiry_duration": 0}), details(custom_expiry={"expiry_duration": 5, "unit": "fortnight"}),
        details(custom_expiry={"expiry_duration": 5, "order_time": "2026-03-01T10:00:00Z"}),
        {"payment_type": "echannel", "transaction_details": {"order_id": "a", "gross_amount": 1}},
        {**details(), "payment_type": "bank_transfer", "bank_transfer": {"bank": "bcda"}},
        {**body_of("va_bca"), "customer_details": {"first_name": "n" * 31}},
        {**body_of("va_bni"), "customer_details": {"phone": "62812"}},
        {**details(), "payment_type": "cash"}, {}, {"payment_type": "qris"},
    ],
)  # fmt: skip
def test_a_charge_that_breaks_a_rule_is_refused(gateway, body):
    refused(400, sdk(gateway).charge, body)
    assert gateway.transactions == []


def test_what_is_allowed_at_the_edge_is_accepted(gateway):
    body = details("-_~." + "x" * 46, 150, item_details=[item(100, 2, "n" * 50), item(-50)], custom_field1="x" * 255)
    assert sdk(gateway).charge({**body, "custom_expiry": {"expiry_duration": 20, "unit": "second"}})["status_code"] == "201"


def test_an_order_id_is_charged_once_while_it_lives(gateway):
    core = sdk(gateway)
    core.charge(body_of(order_id="sekali"))
    refused(406, core.charge, body_of(order_id="sekali"))
    core.transactions.cancel("sekali")
    first = gateway.transaction("sekali").transaction_id
    assert core.charge(body_of(order_id="sekali"))["transaction_id"] != first
    gateway.pay("sekali")
    refused(406, core.charge, body_of(order_id="sekali"))


def test_a_method_that_the_merchant_lacks_is_402(gateway):
    gateway.merchants[0].methods.discard("gopay")
    refused(402, sdk(gateway).charge, body_of("gopay"))


def test_virtual_accounts_are_not_refunded(gateway):
    core = sdk(gateway)
    for method in ("va_bca", "va_mandiri"):
        order_id = core.charge(body_of(method))["order_id"]
        gateway.pay(order_id)
        refused(412, core.transactions.refund, order_id, {"refund_key": "r"})
    order_id = core.charge(body_of("shopeepay"))["order_id"]
    gateway.pay(order_id)
    refused(414, core.transactions.refund, order_id, {"refund_key": "r", "amount": 1})


def test_wrong_headers_and_bad_json_are_refused(gateway):
    auth, url = (SERVER_KEY, ""), f"{gateway.core_url}/v2/charge"
    good = {"Content-Type": "application/json", "Accept": "application/json"}
    for headers, data, status in [
        ({**good, "Accept": "text/html"}, "{}", 403),
        ({**good, "Content-Type": "text/plain"}, "{}", 403),
        (good, "{", 413),
        (good, "[]", 413),
    ]:
        assert requests.post(url, data=data, headers=headers, auth=auth).status_code == status
    assert requests.get(url, headers=good, auth=auth).status_code == 405
    assert requests.get(f"{gateway.core_url}/elsewhere", headers=good, auth=auth).json()["error"] == "Not Found"


# ---------------------------------------------------------------- idempotency


def test_the_same_key_replays_the_stored_answer_whatever_the_body(gateway):
    core = sdk(gateway, **{"Idempotency-Key": "k" * 46})
    first = core.charge(body_of(gross=100))
    assert core.charge(body_of(gross=200)) == first
    assert core.transactions.cancel(first["order_id"]) == first, "a key is global across endpoints"
    assert gateway.transaction(first["order_id"]).status == "pending"


def test_errors_are_not_stored(gateway):
    core = sdk(gateway, **{"Idempotency-Key": "k"})
    refused(400, core.charge, body_of(gross=0))
    assert core.charge(body_of())["status_code"] == "201"


def test_a_long_key_is_ignored_and_noted(gateway):
    core = sdk(gateway, **{"Idempotency-Key": "k" * 47})
    core.charge(body_of(order_id="a"))
    refused(406, core.charge, body_of(order_id="a"))
    assert len(gateway.violations) == 2
    gateway.violations.clear()


def test_permata_knows_no_key(gateway):
    core = sdk(gateway, **{"Idempotency-Key": "k"})
    core.charge(body_of("va_permata", order_id="a"))
    refused(406, core.charge, body_of("va_permata", order_id="a"))


def test_a_key_that_is_still_running_is_202(gateway):
    core, answers = sdk(gateway, **{"Idempotency-Key": "k"}), []
    fault = gateway.fault("charge", "slow")
    thread = threading.Thread(target=lambda: answers.append(core.charge(body_of(order_id="a"))))
    thread.start()
    gateway.faults.wait_used(fault)
    while gateway.payable("a") == []:
        time.sleep(0.005)
    assert core.charge(body_of(order_id="a"))["status_code"] == "202"
    gateway.faults.clear()
    thread.join()
    assert core.charge(body_of(order_id="b")) == answers[0]


# ---------------------------------------------------------------- notifications


@pytest.mark.parametrize(
    ("sink", "tries"),
    [((200,), 1), ((500,), 2), ((503,), 5), ((404,), 3), ((400,), 3), ((401,), 6), ((502,), 6), ((302,), 1), ((503, 503, 200), 3)],
    indirect=["sink"],
)
def test_a_notification_is_tried_as_often_as_the_reply_allows(gateway, sink, tries):
    gateway.notifier.retry_after_s = 0.01
    sdk(gateway, **{"X-Override-Notification": sink.url}).charge(body_of())
    gateway.notifier.wait_idle()
    assert len(sink.bodies) == tries and len(gateway.notifier.acknowledged()) == (sink.replies == [200])


def test_a_refund_is_told_twice(gateway, sink):
    core = sdk(gateway, **{"X-Append-Notification": f"{sink.url}, {sink.url}2"})
    order_id = core.charge(body_of())["order_id"]
    gateway.pay(order_id)
    gateway.refund(order_id, 3_000)
    gateway.notifier.wait_idle()
    confirmed = [b["refunds"][0].get("bank_confirmed_at") is not None for b in sink.bodies if b.get("refunds")]
    assert sorted(confirmed) == [False, False, True, True], "to each of two URLs"


def test_notifications_are_held_dropped_doubled_edited_and_forged(gateway, sink):
    gateway.notifier.muted = True
    order_id = sdk(gateway, **{"X-Override-Notification": sink.url}).charge(body_of())["order_id"]
    gateway.notifier.muted, gateway.notifier.holding = False, True
    gateway.pay(order_id)
    gateway.force(order_id, "pending")
    gateway.notifier.release(backwards=True)
    assert [b["transaction_status"] for b in sink.bodies] == ["pending", "settlement"]
    for tamper, count in ((dropped, 0), (doubled, 2), (edited(currency="USD"), 1), (signed_with(OTHER_KEY), 1)):
        sink.bodies.clear()
        gateway.notifier.tamper = tamper
        gateway.force(order_id, "settlement")
        gateway.notifier.wait_idle()
        assert len(sink.bodies) == count, tamper
    assert sink.bodies[0]["signature_key"] == sign(order_id, "200", "10000.00", OTHER_KEY)


def test_the_signature_fits_the_given_vectors():
    for v in json.loads((FIXTURES / "midtrans_signatures.json").read_text())["vectors"]:
        made = sign(v["order_id"], v["status_code"], v["gross_amount"], v["server_key"])
        assert (made == v["signature_supplied"]) is v["expect_valid"], v["name"]


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("processed", [True, False])
@pytest.mark.parametrize("kind", ["reset", "half", "hang"])
def test_a_lost_answer_leaves_the_charge_as_said(gateway, kind, processed):
    if kind == "half" and not processed:
        return
    gateway.fault("charge", kind, processed=processed, seconds=0.05)
    with pytest.raises((requests.exceptions.RequestException, JSONDecodeError)):
        sdk(gateway).charge(body_of(order_id="a"))
    assert len(gateway.payable("a")) == processed
    if processed:
        assert sdk(gateway).transactions.status("a")["transaction_status"] == "pending"
    else:
        refused(404, sdk(gateway).transactions.status, "a")


def test_a_reset_is_a_reset_and_half_an_answer_is_half(gateway):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.wire.port)
    gateway.fault("*", "reset")
    with pytest.raises(ConnectionResetError):
        connection.request("GET", "/v2/a/status")
        connection.getresponse()
    connection.close()
    gateway.fault("*", "half")
    with pytest.raises(http.client.IncompleteRead):
        connection.request("GET", "/v2/a/status")
        connection.getresponse().read()


def test_faults_answer_as_said_and_as_often_as_said(gateway):
    core = sdk(gateway)
    gateway.fault("charge", "html", status=503, processed=False, times=2)
    for _ in range(2):
        with pytest.raises(JSONDecodeError):
            core.charge(body_of(order_id="a"))
    gateway.fault("charge", "json", status=429, body={"status_code": "429"}, processed=False)
    refused(429, core.charge, body_of(order_id="a"))
    gateway.fault("charge", "text", processed=False)
    with pytest.raises(JSONDecodeError):
        core.charge(body_of(order_id="a"))
    gateway.fault("charge", "json", status=200, body={"status_code": "402", "status_message": "x"}, processed=False)
    refused(402, core.charge, body_of(order_id="a"))
    gateway.fault("charge", "edit", edit={"gross_amount": "1.00", "status_code": 201}, order_id="a")
    assert core.charge(body_of(order_id="b"))["gross_amount"] == "10000.00"
    assert core.charge(body_of(order_id="a"))["gross_amount"] == "1.00"
    assert gateway.transaction("a").gross == 10_000
    assert [c.status for c in gateway.made("charge", "a")] == [503, 503, 429, 200, 200, 200]


def test_fields_may_be_left_out_and_the_truth_may_be_another(gateway):
    core = sdk(gateway)
    gateway.omit = {"qr_string", "expiry_time"}
    answer = core.charge(body_of(order_id="a"))
    assert not {"qr_string", "expiry_time"} & set(answer)
    gateway.on_charge = lambda tx: setattr(tx, "currency", "USD")
    assert core.charge(body_of(order_id="b"))["currency"] == "USD"
    assert core.transactions.status("b")["currency"] == "USD"
    gateway.status_answers["b"] = {"status_code": 407, "transaction_status": "expire"}
    assert core.transactions.status("b") == {"status_code": 407, "transaction_status": "expire"}


def test_the_fee_of_the_gateway_is_put_on_top(gateway):
    gateway.merchants[0].fee_rp = 71
    order_id = sdk(gateway).charge(body_of())["order_id"]
    gateway.pay(order_id)
    answer = sdk(gateway).transactions.status(order_id)
    assert answer["gross_amount"] == "10071.00"
    assert answer["metadata"]["extra_info"]["gross_amount_info"]["original_amount"] == "10000"


def test_merchants_do_not_see_each_other():
    with contextlib.closing(Midtrans(Merchant("G1", SERVER_KEY), Merchant("G2", OTHER_KEY))) as gateway:
        sdk(gateway).charge(body_of(order_id="sama"))
        refused(404, sdk(gateway, key=OTHER_KEY).transactions.status, "sama")
        assert sdk(gateway, key=OTHER_KEY).charge(body_of(order_id="sama"))["merchant_id"] == "G2"

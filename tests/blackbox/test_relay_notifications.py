"""Notifications as the gateway sends them, and as others would like to: what is answered, and what becomes of the order.

The sequences are those of `fixtures/midtrans_notifications.json`, moved onto orders that the
relay made itself. A status query answers as the highest-ranked notification so far that is
acknowledged, and at the end as `get_status_at_end` says.
"""

from __future__ import annotations

import json
import socket
import threading
import uuid
from pathlib import Path

import pytest

from conftest import eventually, http
from midtrans import MERCHANT_ID, SERVER_KEY
from midtrans_books import CODES, STATUS_CODES, Merchant
from midtrans_notify import doubled, edited, signed
from relay import OPEN, Tenant

CASES = {c["id"]: c for c in json.loads((Path(__file__).parent / "fixtures/midtrans_notifications.json").read_text())["cases"]}
VECTORS = json.loads((Path(__file__).parent / "fixtures/midtrans_signatures.json").read_text())["vectors"]
REPLAYED = [id for id in CASES if id not in ("unknown-order-late-commit", "ambiguous-charge")]
OTHER_KEY = "SB-Mid-server-TESTKEYbbbbbbbbbbbbbbb"
METHOD_OF = {"qris": "qris", "gopay": "gopay", "echannel": "va_mandiri", "bank_transfer": "va_permata", "credit_card": "snap"}
DEAD = ("deny", "failure", "cancel", "expire")
STATES = {
    "pending": "pending", "settlement": "paid", "expire": "expired", "cancel": "cancelled", "deny": "denied",
    "failure": "failed", "refund": "refunded", "partial_refund": "partially_refunded", "chargeback": "charged_back",
}  # fmt: skip


def rank(status: str) -> int:
    if status in DEAD:
        return 2
    return {"pending": 1, "capture": 3, "settlement": 3, "partial_refund": 4}.get(status, 5)


def send(url: str, body, raw: bytes | None = None):
    return http("POST", url, raw=json.dumps(body).encode() if raw is None else raw)


class Replay:
    """One case on an order of the relay."""

    def __init__(self, case: dict, client):
        self.case, self.client, self.gateway = case, client, client.relay.gateway
        kind = case["notifications"][0]["payment_type"]
        # Only on a Snap page does one order get a second transaction.
        self.method = "snap" if case["id"] == "deny-then-settle" else METHOD_OF[kind]
        with self.gateway.notifier.mute():
            self.id = client.open(self.method, case["order"]["amount"])["order_id"]
            if self.method == "snap":
                self.gateway.pick(self.id)
            if case["order"]["state"] == "cancelled":
                client.cancel(self.id).expect(200)
        self.url = client.relay.notification_url(self.id)
        self.bodies = self.moved()

    def moved(self) -> list[dict]:
        """The notifications with this order's ids, signed again unless the case is about that."""
        ids = {}
        out = []
        for n in self.case["notifications"]:
            first = self.gateway.transaction(self.id).transaction_id
            ids.setdefault(n["transaction_id"], str(uuid.uuid4()) if ids else first)
            body = {**n, "order_id": self.id, "transaction_id": ids[n["transaction_id"]], "merchant_id": MERCHANT_ID}
            good = signed(body, SERVER_KEY)
            if self.case["id"] == "bad-signature":
                last = good["signature_key"][-1]
                good["signature_key"] = good["signature_key"][:-1] + ("0" if last != "0" else "1")
            out.append(good)
        return out

    def status_says(self, body: dict, **fields) -> None:
        answer = {**body, **fields}
        status = answer["transaction_status"]
        code = answer["status_code"] if not fields else STATUS_CODES.get(status, CODES.get(status, "200"))
        if status in STATUS_CODES:
            code = STATUS_CODES[status]
        self.gateway.status_answers[self.id] = signed({**answer, "status_code": code}, SERVER_KEY)

    def run(self, stepwise: bool = True) -> None:
        top = None
        expected = self.case["expected"]
        for n, (body, reply) in enumerate(zip(self.bodies, expected["http_reply"], strict=True)):
            last = n == len(self.bodies) - 1
            if reply == 200 and (top is None or rank(body["transaction_status"]) >= rank(top["transaction_status"])):
                top = body
                self.status_says(top)
            for tx in self.gateway.transactions:
                if reply == 200 and tx.transaction_id == body["transaction_id"]:
                    tx.status = body["transaction_status"]
            if last and "get_status_at_end" in self.case:
                self.status_says(body, **self.case["get_status_at_end"])
            got = send(self.url, body)
            assert got.status == reply, f"notification {n}: expected {reply}: {got}"
            if stepwise and not last and top:
                self.client.comes_to(self.id, STATES[top["transaction_status"]])


@pytest.mark.parametrize("id", REPLAYED)
def test_a_sequence_of_notifications_has_its_effect(make_relay, gateway, id):
    case = CASES[id]
    tenant = Tenant(settings={"fee_imposition": bool(case["order"].get("fee_imposition_allowed"))})
    client = make_relay(tenant).site()
    replay = Replay(case, client)
    replay.run()
    expected = case["expected"]
    client.comes_to(replay.id, expected["final_state"], expected["credits"], expected["flags"])
    reversals = {"refund-partial-two": 2}.get(id, int(expected["effect"] == "reverse credit"))

    def reversed_as_often():
        events = client.events(replay.id)
        assert sum(e["effect"] == "reverse" for e in events) == reversals, events

    eventually(reversed_as_often, timeout=10)
    # Nothing more comes of it when the gateway is asked again.
    client.refresh(replay.id).expect(200)
    client.comes_to(replay.id, expected["final_state"], expected["credits"], expected["flags"])
    reversed_as_often()


@pytest.mark.parametrize("id", [i for i in REPLAYED if len(CASES[i]["notifications"]) > 1])
def test_a_sequence_at_once_ends_with_the_same_money(shared, id):
    replay = Replay(CASES[id], shared)
    replay.run(stepwise=False)
    expected = CASES[id]["expected"]
    if id == "reversal":
        # Whether the relay saw the money before it went back is a matter of moments.
        return eventually(lambda: _no_money(shared, replay.id))
    shared.comes_to(replay.id, expected["final_state"], expected["credits"])


def _no_money(client, order_id):
    order = client.order(order_id)
    assert order["status"] in ("reversed", "denied") and client.credits(order_id) == 0, order


def test_an_imposed_fee_goes_to_review_where_it_was_not_switched_on(shared):
    replay = Replay(CASES["amount-fee"], shared)
    replay.run()
    shared.comes_to(replay.id, "review", 0, ["amount_mismatch"])


def test_an_imposed_fee_is_believed_from_the_status_alone(make_relay):
    client = make_relay(Tenant(settings={"fee_imposition": True})).site()
    replay = Replay(CASES["amount-fee"], client)
    body = replay.bodies[0]
    replay.status_says({k: v for k, v in body.items() if k != "metadata"})
    assert send(replay.url, body).status == 200
    client.comes_to(replay.id, "review", 0, ["amount_mismatch"])


def test_a_notification_that_beats_the_answer_of_its_charge_is_applied(make_relay, gateway):
    client = make_relay().site()
    fault = gateway.fault("charge", "slow", seconds=3)
    body, replies = client.request(), []
    thread = threading.Thread(target=lambda: replies.append(client.post(body)))
    thread.start()
    gateway.faults.wait_used(fault)
    tx = eventually(lambda: only(gateway.payable()))
    gateway.pay(tx.order_id)
    gateway.notifier.wait_idle()
    assert len(gateway.notifier.acknowledged(tx.order_id)) == 2, gateway.notifier.deliveries
    gateway.faults.clear()
    thread.join()
    assert replies[0].status in (200, 201, 409), replies[0]
    client.comes_to(tx.order_id, "paid", 1, [])


def only(found: list):
    assert len(found) == 1, found
    return found[0]


# ---------------------------------------------------------------- not the gateway


@pytest.fixture
def target(shared):
    """An open order and a good settlement for it, which the gateway does not confirm."""
    order_id = shared.open()["order_id"]
    tx = shared.relay.gateway.transaction(order_id)
    body = tx.notification() | {"transaction_status": "settlement", "status_code": "200"}
    return order_id, shared.relay.notification_url(order_id), signed(body, SERVER_KEY)


def stays_open(client, order_id):
    # A notification that follows is digested: so were those before it.
    tx = client.relay.gateway.transaction(order_id)
    assert send(client.relay.notification_url(order_id), tx.notification()).status == 200
    order = client.refresh(order_id).expect(200).json
    assert order["status"] in OPEN and client.credits(order_id) == 0, order


def test_an_unconfirmed_settlement_sets_a_flag_and_nothing_else(shared, target):
    order_id, url, body = target
    assert send(url, body).status == 200
    shared.comes_to(order_id, "pending", 0, ["stale_or_forged"])


@pytest.mark.parametrize("signature", [v["signature_supplied"] for v in VECTORS if not v["expect_valid"]] + [None, 7, [], {}, "0" * 128, "é" * 64, "\u0000"])
def test_a_signature_that_is_none_is_401_or_400(shared, target, signature):
    order_id, url, body = target
    reply = send(url, {**body, "signature_key": signature})
    assert reply.status in (400, 401), reply
    stays_open(shared, order_id)


def test_a_signature_in_upper_case_is_401(shared, target):
    order_id, url, body = target
    assert send(url, {**body, "signature_key": body["signature_key"].upper()}).status == 401
    stays_open(shared, order_id)


def test_a_reformatted_amount_does_not_fit_its_signature(shared, target):
    order_id, url, body = target
    for amount in ("10000", "10000.0", "010000.00", " 10000.00"):
        assert send(url, {**body, "gross_amount": amount}).status in (400, 401)
    stays_open(shared, order_id)


@pytest.mark.parametrize("code", ["20", "2000", "", "abc", 200, None, "٢٠٠"])
def test_a_status_code_that_is_none_is_refused(shared, target, code):
    order_id, url, body = target
    reply = send(url, signed({**body, "status_code": code}, SERVER_KEY))
    assert reply.status in (400, 401), reply
    stays_open(shared, order_id)


@pytest.mark.parametrize("amount", ["1e4", "10000,00", "10000.5", "10000.001", "-10000.00", "", None, "9" * 40, "10.000"])
def test_an_amount_that_is_none_is_refused(shared, target, amount):
    order_id, url, body = target
    reply = send(url, signed({**body, "gross_amount": amount}, SERVER_KEY))
    assert reply.status in (400, 401), reply
    stays_open(shared, order_id)


@pytest.mark.parametrize("name", ["order_id", "status_code", "gross_amount", "signature_key", "transaction_status"])
def test_a_notification_without_a_field_is_refused(shared, target, name):
    order_id, url, body = target
    reply = send(url, {k: v for k, v in body.items() if k != name})
    assert reply.status in (400, 401) or (name == "transaction_status" and reply.status == 200), reply
    stays_open(shared, order_id)


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[]", b"7", b"\xff\xfe\x00", b"order_id=1&status_code=200", b"[" * 20_000])
def test_garbage_is_4xx(shared, target, raw):
    order_id, url, _ = target
    reply = send(url, None, raw)
    assert 400 <= reply.status < 500, reply
    stays_open(shared, order_id)


def test_a_body_over_the_limit_is_413(shared, target):
    order_id, url, body = target
    assert send(url, {**body, "custom_field1": "x" * (2 << 20)}).status == 413
    stays_open(shared, order_id)


def test_a_body_that_never_ends_holds_nobody_up(shared, target):
    order_id, url, _ = target
    path = url.split(str(shared.relay.port), 1)[1]
    with socket.create_connection(("127.0.0.1", shared.relay.port)) as stuck:
        stuck.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{{".encode())
        shared.relay.gateway.pay(order_id)
        shared.comes_to(order_id, "paid", 1, [])


def test_unknown_fields_are_accepted(shared, target):
    order_id, url, _ = target
    with shared.relay.gateway.notifier.mute():
        tx = shared.relay.gateway.pay(order_id)
    assert send(url, {**tx.notification(), "shiny": {"new": [1, None]}, "amount": 1.5}).status == 200
    shared.comes_to(order_id, "paid", 1, [])


def test_old_samples_without_currency_and_merchant_are_confirmed_by_the_status(shared, target):
    order_id, url, _ = target
    with shared.relay.gateway.notifier.mute():
        body = shared.relay.gateway.pay(order_id).notification()
    for name in ("currency", "merchant_id", "fraud_status", "settlement_time", "expiry_time"):
        body.pop(name, None)
    assert send(url, body).status == 200
    shared.comes_to(order_id, "paid", 1, [])


def test_statuses_in_capitals_mean_the_same(shared, target):
    order_id, url, _ = target
    gateway = shared.relay.gateway
    with gateway.notifier.mute():
        body = gateway.pay(order_id).notification() | {"transaction_status": "SETTLEMENT"}
    gateway.status_answers[order_id] = body
    assert send(url, body).status == 200
    shared.comes_to(order_id, "paid", 1, [])


@pytest.mark.parametrize("change", ["x", "", "{secret}x", "../m1/{secret}", "{SECRET}"])
def test_a_wrong_secret_is_not_found_or_not_allowed(shared, target, change):
    order_id, url, body = target
    base, secret = url.rsplit("/", 1)
    other = change.format(secret=secret, SECRET=secret.swapcase())
    if other == secret or other.startswith(".."):
        base, other = base.replace("/m1", "/m2"), secret
    reply = send(f"{base}/{other}", body)
    assert reply.status in (401, 404), reply
    stays_open(shared, order_id)


def test_a_notification_is_posted(shared, target):
    _, url, _ = target
    assert http("GET", url).status in (404, 405)


def test_a_signed_notification_of_an_unknown_order_is_kept(shared, target):
    _, url, body = target
    assert send(url, signed({**body, "order_id": "HS1-7777-A"}, SERVER_KEY)).status == 200
    assert "HS1-7777-A" not in {e["order_id"] for e in shared.events()}


def test_another_merchants_address_and_key_do_not_reach_an_order(gateway, make_relay):
    gateway.merchants.append(Merchant("G000000002", OTHER_KEY))
    relay = make_relay(Tenant(), Tenant("m2", OTHER_KEY, sites={"site-2": "c" * 48}))
    one, two = relay.site("site-1"), relay.site("site-2")
    order_id, other = one.open()["order_id"], two.open()["order_id"]
    body = gateway.transaction(order_id).notification() | {"transaction_status": "settlement", "status_code": "200"}
    for url, key in ((relay.notification_url(other), OTHER_KEY), (relay.notification_url(order_id), OTHER_KEY), (relay.notification_url(other), SERVER_KEY)):
        reply = send(url, signed(body, key))
        assert reply.status in (200, 401), reply
        assert reply.status == 401 or url == relay.notification_url(other), reply
    order = one.refresh(order_id).expect(200).json
    assert (order["status"], one.credits(order_id), two.events(order_id)) == ("pending", 0, []), order


def test_a_pending_signature_of_one_order_is_no_settlement_of_another(shared):
    """`X` + 201 + 20010000.00 hashes like `X201` + 200 + 10000.00."""
    order_id = shared.open()["order_id"]
    url = shared.relay.notification_url(order_id)
    body = shared.relay.gateway.transaction(order_id).notification()
    for cut in (1, 2, 3):
        tail, head = order_id[-cut:], order_id[:-cut]
        forged = signed({**body, "order_id": head, "status_code": tail + "200", "transaction_status": "settlement"}, SERVER_KEY)
        assert send(url, forged).status in (400, 401)
    stays_open(shared, order_id)


# ---------------------------------------------------------------- the gateway, badly connected


@pytest.mark.parametrize("how", ["doubled", "backwards", "dropped", "edited"])
def test_a_payment_counts_once_however_its_notifications_arrive(make_relay, gateway, how):
    client = make_relay().site()
    gateway.notifier.holding = how == "backwards"
    gateway.notifier.tamper = {"doubled": doubled, "edited": edited(transaction_status="pending")}.get(how)
    gateway.notifier.muted = how == "dropped"
    order_id = client.open()["order_id"]
    gateway.pay(order_id)
    if how == "backwards":
        gateway.notifier.release(backwards=True)
    if how in ("dropped", "edited"):
        client.refresh(order_id).expect(200)
    client.comes_to(order_id, "paid", 1, None if how == "edited" else [])
    client.assert_agrees()


def test_a_hundred_settlements_at_once_are_one_credit(shared):
    order_id = shared.open()["order_id"]
    url, gateway = shared.relay.notification_url(order_id), shared.relay.gateway
    with gateway.notifier.mute():
        body = gateway.pay(order_id).notification()
    replies = []
    threads = [threading.Thread(target=lambda: replies.extend(send(url, body).status for _ in range(10))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [200] * 100, replies
    shared.comes_to(order_id, "paid", 1, [])
    assert len(shared.events(order_id)) <= 3, shared.events(order_id)


def test_notifications_are_answered_while_the_gateway_answers_nothing(make_relay, gateway):
    client = make_relay().site()
    order_id = client.open()["order_id"]
    gateway.fault("status", "hang", times=-1)
    gateway.pay(order_id)
    gateway.notifier.wait_idle(timeout=5)
    assert [d.replies for d in gateway.notifier.deliveries if d.body["transaction_status"] == "settlement"] == [[200]]
    gateway.faults.clear()
    client.comes_to(order_id, "paid", 1, [], timeout=40)

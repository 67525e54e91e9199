"""A Midtrans server on loopback: Core, Snap and the customers who pay.

It follows the gateway's documentation as strictly as it can be read: every request rule is
checked, every answer is text, idempotency is as weak as documented, and notifications come
beside the answers. Tests steer it through `Midtrans`: customers pay, orders expire, money is
refunded, answers are lost or spoiled. Every request is recorded; what the gateway would
tolerate although the documentation forbids it is kept in `violations`.

Only the standard library; only loopback.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import urllib.parse
import uuid

import midtrans_rules as rules
from midtrans_books import DEAD, REFUNDABLE, Merchant, Transaction, channel_details, charge_answer, now, rupiah, stamp
from midtrans_notify import Notifier
from midtrans_rules import Refused
from midtrans_wire import Call, Fault, Faults, Reply, Wire

SERVER_KEY = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa"
MERCHANT_ID = "G000000001"
KEY_LENGTH_MAX = 46
KEY_LIFE_S = 300

ACTION = re.compile(r".*/v2/([^/]+)/(status|status/b2b|cancel|expire|approve|deny|refund|refund/online/direct)")


class Midtrans:
    """The gateway. All methods may be called from any thread."""

    def __init__(self, *merchants: Merchant):
        self.lock = threading.RLock()
        self.merchants = list(merchants) or [Merchant(MERCHANT_ID, SERVER_KEY)]
        self.transactions: list[Transaction] = []
        self.snaps: dict[tuple[str, str], dict] = {}  # (merchant, order id) -> what the page knows
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.omit: set[str] = set()  # fields a charge answers without, such as qr_string
        self.errors_as_200 = False  # errors come as HTTP 200 with the code inside
        self.on_charge = None  # sees and may change the transaction before anybody else does
        self.status_answers: dict[str, dict] = {}  # order id -> the body a status query gets
        self.stored: dict[tuple[str, str], tuple[float, Reply]] = {}
        self.running: set[tuple[str, str]] = set()
        self.faults = Faults()
        self.notifier = Notifier()
        self.wire = Wire(self._handle, self.faults)
        self.url = f"http://127.0.0.1:{self.wire.port}"

    def close(self) -> None:
        self.notifier.close()
        self.wire.close()

    @property
    def core_url(self) -> str:
        return self.url

    @property
    def snap_url(self) -> str:
        return f"{self.url}/snap/v1"

    # ---- requests

    def _handle(self, call: Call, send) -> None:
        self._read(call)
        with self.lock:
            self.calls.append(call)
        fault = self.faults.take(call)
        if fault and not fault.processed:
            return send(None, fault)
        key = self._usable_key(call)
        with self.lock:
            if key in self.running:
                call.outcome = "still running"
                return send(Reply(202, {"status_code": "202", "status_message": "The request is being processed"}), fault)
            kept = self.stored.get(key)
            if kept and time.monotonic() - kept[0] < KEY_LIFE_S:
                call.outcome = "replayed"
                return send(kept[1], fault)
            if key:
                self.running.add(key)
        try:
            reply = self._answer(call)
            if key and reply.succeeded:
                self.stored[key] = (time.monotonic(), reply)
            send(reply, fault, leaving=lambda: self.running.discard(key))
        finally:
            self.running.discard(key)

    def _read(self, call: Call) -> None:
        path = urllib.parse.urlsplit(call.path).path
        try:
            call.body = json.loads(call.raw) if call.raw else None
        except ValueError:
            call.body = None
        if path.endswith("/v2/charge") or path.endswith("/transactions"):
            call.operation = "charge" if path.endswith("charge") else "snap"
            details = call.body.get("transaction_details") if isinstance(call.body, dict) else None
            call.target = details.get("order_id") if isinstance(details, dict) else None
        elif match := ACTION.fullmatch(path):
            call.operation, call.target = match[2].split("/")[0], urllib.parse.unquote(match[1])
        with self.lock:
            call.order_id = next((t.order_id for t in self.transactions if t.transaction_id == call.target), call.target)

    def _usable_key(self, call: Call) -> tuple[str, str] | None:
        key = call.header("idempotency-key")
        if not key or call.method != "POST":
            return None
        if len(key) > KEY_LENGTH_MAX:
            self.violations.append(f"an Idempotency-Key of {len(key)} characters is ignored: {key}")
            return None
        if call.operation == "snap":
            return None  # documented for Core alone
        if call.operation == "charge" and b"permata" in call.raw:
            return None
        return (call.header("authorization") or "", key)

    def _answer(self, call: Call) -> Reply:
        try:
            merchant = self._authenticate(call)
            self._check_headers(call)
            with self.lock:
                return getattr(self, f"_{call.operation}", self._unknown)(merchant, call)
        except Refused as refused:
            call.outcome = f"{refused.code} {refused.message} {refused.problems}"
            if call.operation == "snap":
                return Reply(refused.code, {"error_messages": refused.problems or [refused.message]})
            body = {"status_code": str(refused.code), "status_message": refused.message, "id": str(uuid.uuid4())}
            if refused.problems:
                body["validation_messages"] = refused.problems
            return Reply(200 if self.errors_as_200 else refused.code, body)

    def _authenticate(self, call: Call) -> Merchant:
        kind, _, value = (call.header("authorization") or "").partition(" ")
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            user = password = ""
        for merchant in self.merchants:
            if kind.lower() == "basic" and user in merchant.keys and not password:
                return merchant
        raise Refused(401, "Access denied due to unauthorized transaction, please check client or server key")

    def _check_headers(self, call: Call) -> None:
        if "application/json" not in (call.header("accept") or ""):
            raise Refused(403, "Accept must be application/json")
        if not (call.header("content-type") or "").startswith("application/json"):
            if call.method == "POST":
                raise Refused(403, "Content-Type must be application/json")
            self.violations.append(f"no Content-Type: {call.method} {call.path}")
        wanted = "GET" if call.operation == "status" else "POST"
        if call.operation != "unknown" and call.method != wanted:
            raise Refused(405, "HTTP method is not allowed")
        if call.operation in ("charge", "snap") and not isinstance(call.body, dict):
            raise Refused(413, "The request cannot be processed due to malformed JSON")

    def _unknown(self, merchant: Merchant, call: Call) -> Reply:
        return Reply(404, {"timestamp": int(time.time() * 1000), "status": 404, "error": "Not Found", "path": call.path})

    def _latest(self, merchant: Merchant, id: str | None) -> Transaction | None:
        found = [t for t in self.transactions if t.merchant is merchant and id in (t.order_id, t.transaction_id)]
        return found[-1] if found else None

    def _existing(self, merchant: Merchant, call: Call) -> Transaction:
        tx = self._latest(merchant, call.target)
        if tx is None:
            raise Refused(404, "Transaction doesn't exist.")
        return tx

    # ---- Core and Snap

    def _charge(self, merchant: Merchant, call: Call) -> Reply:
        method = rules.core_method(call.body, self.violations)
        order_id, gross = rules.common(call.body)
        life = rules.life_s(call.body, method, "custom_expiry", "expiry_duration")
        urls = rules.notification_urls(call.header, self.violations)
        if method not in merchant.methods:
            raise Refused(402, "Payment channel is not activated.")
        earlier = self._latest(merchant, order_id)
        if earlier and earlier.status not in DEAD:
            raise Refused(406, "The request could not be completed due to a conflict: order_id has been used")
        tx = self._open(merchant, order_id, method, gross, urls, life, call.body)
        return Reply(200, charge_answer(tx, self.url, self.omit))

    def _open(self, merchant, order_id, method, gross, urls, life, body) -> Transaction:
        custom = {k: v for k, v in body.items() if k.startswith("custom_field")}
        urls = merchant.dashboard_urls if urls is None else urls
        tx = Transaction(merchant, order_id, method, gross, urls, life, custom, details=channel_details(method))
        if self.on_charge:
            self.on_charge(tx)
        self.transactions.append(tx)
        self._tell(tx)
        return tx

    def _snap(self, merchant: Merchant, call: Call) -> Reply:
        order_id, gross = rules.common(call.body)
        methods = rules.snap_methods(call.body)
        rules.life_s(call.body, methods[0], "expiry", "duration")
        earlier = self._latest(merchant, order_id)
        if earlier and earlier.status not in DEAD:
            raise Refused(400, "invalid", ["transaction_details.order_id has already been taken"])
        page = {
            "token": str(uuid.uuid4()),
            "gross": gross,
            "methods": [m for m in methods if m in merchant.methods],
            "urls": rules.notification_urls(call.header, self.violations),
            "body": call.body,
        }
        self.snaps[merchant.id, order_id] = page
        return Reply(201, {"token": page["token"], "redirect_url": f"{self.url}/snap/v4/redirection/{page['token']}"})

    def _status(self, merchant: Merchant, call: Call) -> Reply:
        said = self.status_answers.get(call.order_id)
        said = said or next((a for a in self.status_answers.values() if a.get("transaction_id") == call.target), None)
        if said and call.target in (call.order_id, said.get("transaction_id", call.target)):
            return Reply(200, said)
        return Reply(200, self._existing(merchant, call).status_answer())

    def _cancel(self, merchant: Merchant, call: Call) -> Reply:
        tx = self._existing(merchant, call)
        return self._end(tx, "cancel", "200", tx.status in ("pending", "authorize", "capture"))

    def _expire(self, merchant: Merchant, call: Call) -> Reply:
        tx = self._existing(merchant, call)
        return self._end(tx, "expire", "407", tx.status == "pending")

    def _deny(self, merchant: Merchant, call: Call) -> Reply:
        tx = self._existing(merchant, call)
        return self._end(tx, "deny", "200", (tx.status, tx.fraud) == ("capture", "challenge"))

    def _end(self, tx: Transaction, status: str, code: str, allowed: bool) -> Reply:
        if not allowed:
            raise Refused(412, "Transaction status cannot be updated.")
        self._move(tx, status)
        return Reply(200, {**tx.common(code), "status_message": f"Success, transaction is {status}"})

    def _approve(self, merchant: Merchant, call: Call) -> Reply:
        tx = self._existing(merchant, call)
        if (tx.status, tx.fraud) != ("capture", "challenge"):
            raise Refused(412, "Transaction status cannot be updated.")
        tx.fraud = "accept"
        self._move(tx, "capture")
        return Reply(200, {**tx.common("200"), "status_message": "Success, transaction is approved"})

    def _refund(self, merchant: Merchant, call: Call) -> Reply:
        tx, body = self._existing(merchant, call), call.body or {}
        amount, key = body.get("amount"), body.get("refund_key")
        if amount is not None and (not rules.is_int(amount) or amount < 1):
            raise Refused(400, "invalid", ["amount must be a whole number of at least 1"])
        if key is not None and not re.fullmatch(r"[A-Za-z0-9\-_]+", str(key)):
            raise Refused(400, "invalid", ["refund_key: letters, digits, - and _"])
        if key is None:
            self.violations.append(f"a refund without refund_key: {call.path}")
        refund = self._give_back(tx, amount, key, body.get("reason") or "")
        answer = {**tx.common("200"), "status_message": "Success, refund request is approved", "refund_key": refund["key"]}
        return Reply(200, {**answer, "refund_chargeback_id": refund["id"], "refund_amount": rupiah(refund["amount"])})

    def _give_back(self, tx: Transaction, amount, key, reason: str) -> dict:
        if any(r["key"] == key for r in tx.refunds):
            raise Refused(406, "Duplicate refund_key")
        if tx.method not in REFUNDABLE or tx.status not in ("settlement", "partial_refund"):
            raise Refused(412, "Transaction status cannot be updated.")
        left = tx.gross - tx.refunded
        amount = left if amount is None else amount
        if amount > left or (tx.method == "shopeepay" and amount != tx.gross):
            raise Refused(414, "Refund amount is invalid")
        refund = {"id": len(tx.refunds) + 1, "amount": amount, "key": key or f"auto-{uuid.uuid4()}", "reason": reason}
        tx.refunds.append(refund | {"at": stamp(now()), "confirmed": False})
        self._move(tx, "refund" if tx.refunded == tx.gross else "partial_refund")
        tx.refunds[-1]["confirmed"] = True
        self._tell(tx)
        return tx.refunds[-1]

    def _move(self, tx: Transaction, status: str) -> None:
        tx.status = status
        if status == "settlement":
            tx.settled = now()
        self._tell(tx)

    def _tell(self, tx: Transaction) -> None:
        self.notifier.send(tx.urls, tx.notification())

    # ---- customers, banks and the dashboard, as tests steer them

    def transaction(self, order_id: str) -> Transaction:
        """The latest transaction of an order."""
        with self.lock:
            found = [t for t in self.transactions if t.order_id == order_id]
            assert found, f"the gateway has no transaction of {order_id}; calls {self.log(order_id)}"
            return found[-1]

    def pick(self, order_id: str, method: str | None = None) -> Transaction:
        """The customer chooses a method on the Snap page."""
        with self.lock:
            merchant, page = next((m, self.snaps[m.id, order_id]) for m in self.merchants if (m.id, order_id) in self.snaps)
            method = method or page["methods"][0]
            assert method in page["methods"], f"{method} is not among {page['methods']}"
            life = rules.life_s(page["body"], method, "expiry", "duration")
            return self._open(merchant, order_id, method, page["gross"], page["urls"], life, page["body"])

    def pay(self, order_id: str, method: str | None = None) -> Transaction:
        """The customer pays what is open; on a Snap page with the chosen method."""
        with self.lock:
            if not any(t.order_id == order_id and t.status not in DEAD for t in self.transactions):
                if any(id == order_id for _, id in self.snaps):
                    self.pick(order_id, method)
            tx = self.transaction(order_id)
            assert tx.status == "pending", f"{order_id} cannot be paid, it is {tx.status}"
            self._impose_fee(tx)
            self._move(tx, "settlement")
            return tx

    @staticmethod
    def _impose_fee(tx: Transaction) -> None:
        fee = tx.merchant.fee_rp
        if fee:
            info = {"original_amount": tx.gross, "gross_amount": tx.gross + fee, "customer_imposed_payment_fee": fee}
            tx.metadata = {"extra_info": {"gross_amount_info": {k: str(v) for k, v in info.items()}}}
            tx.gross += fee

    def try_pay(self, order_id: str) -> bool:
        with self.lock:
            if self.transaction(order_id).status != "pending":
                return False
            self.pay(order_id)
            return True

    def settle(self, order_id: str) -> Transaction:
        """Settled whatever it was before: late, after an expiry, a cancel or a deny."""
        return self.force(order_id, "settlement")

    def force(self, order_id: str, status: str, **fields) -> Transaction:
        """Any status at all, and any other field, as the gateway's own truth."""
        with self.lock:
            tx = self.transaction(order_id)
            for name, value in fields.items():
                setattr(tx, name, value)
            self._move(tx, status)
            return tx

    def expire(self, order_id: str) -> Transaction:
        return self.force(order_id, "expire")

    def deny(self, order_id: str) -> Transaction:
        """Denied, or, when it was settled, taken back by the bank."""
        return self.force(order_id, "deny")

    def cancel(self, order_id: str) -> Transaction:
        return self.force(order_id, "cancel")

    def challenge(self, order_id: str) -> Transaction:
        with self.lock:
            if not any(t.order_id == order_id for t in self.transactions):
                page = next(page for (_, id), page in self.snaps.items() if id == order_id)
                self.pick(order_id, "card" if "card" in page["methods"] else None)
            return self.force(order_id, "capture", fraud="challenge")

    def refund(self, order_id: str, amount: int | None = None, key: str | None = None) -> Transaction:
        with self.lock:
            tx = self.transaction(order_id)
            self._give_back(tx, amount, key or f"dash-{uuid.uuid4()}", "dashboard")
            return tx

    def chargeback(self, order_id: str) -> Transaction:
        return self.force(order_id, "chargeback")

    # ---- faults and what tests look at

    def fault(self, operation: str, kind: str, **more) -> Fault:
        return self.faults.add(Fault(operation, kind, **more))

    def made(self, operation: str, order_id: str | None = None) -> list[Call]:
        with self.lock:
            return [c for c in self.calls if c.operation == operation and order_id in (None, c.order_id)]

    def log(self, order_id: str | None = None) -> list[str]:
        with self.lock:
            chosen = [c for c in self.calls if order_id in (None, c.order_id)]
            return [f"{c.operation} {c.target} -> {c.status} {c.outcome}".strip() for c in chosen[-40:]]

    def payable(self, *order_ids: str) -> list[Transaction]:
        """What a customer could still pay."""
        with self.lock:
            return [t for t in self.transactions if t.status == "pending" and (not order_ids or t.order_id in order_ids)]

    def payments(self) -> list[Transaction]:
        """Every transaction that holds a customer's money."""
        with self.lock:
            return [t for t in self.transactions if t.holds_money]

"""What the gateway remembers: merchants and transactions, and how it tells of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import midtrans_rules as rules
from midtrans_notify import signed

WIB = timezone(timedelta(hours=7))
DEAD = ("deny", "cancel", "expire", "failure")
# `status_code` of a notification, and where a status query says otherwise.
CODES = {"pending": "201", "authorize": "201", "expire": "202", "deny": "202", "cancel": "202", "failure": "202"}
STATUS_CODES = {"expire": "407", "cancel": "200"}
REFUNDABLE = ("qris", "gopay", "shopeepay", "card")


def now() -> datetime:
    return datetime.now(WIB).replace(microsecond=0)


def stamp(moment: datetime) -> str:
    return moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M:%S")


def rupiah(amount: int) -> str:
    return f"{amount}.00"


@dataclass(eq=False)
class Merchant:
    id: str
    server_key: str
    keys: set[str] = field(default_factory=set)  # what it may call with
    methods: set[str] = field(default_factory=lambda: {*rules.CORE_METHODS, "card"})
    dashboard_urls: list[str] = field(default_factory=list)
    fee_rp: int = 0  # automatic fee imposition

    def __post_init__(self):
        self.keys.add(self.server_key)


@dataclass(eq=False)
class Transaction:
    """One attempt to pay one order."""

    merchant: Merchant
    order_id: str
    method: str
    gross: int
    urls: list[str]
    life_s: int = 900
    custom: dict = field(default_factory=dict)
    transaction_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    currency: str = "IDR"
    status: str = "pending"
    fraud: str = "accept"
    made: datetime = field(default_factory=now)
    settled: datetime | None = None
    details: dict = field(default_factory=dict)  # VA numbers and the like
    refunds: list[dict] = field(default_factory=list)
    metadata: dict | None = None
    merchant_id: str | None = None

    @property
    def expires(self) -> datetime:
        return self.made + timedelta(seconds=self.life_s)

    @property
    def payment_type(self) -> str:
        if self.method == "va_mandiri":
            return "echannel"
        if self.method == "card":
            return "credit_card"
        return "bank_transfer" if self.method.startswith("va_") else self.method

    @property
    def refunded(self) -> int:
        return sum(r["amount"] for r in self.refunds)

    @property
    def holds_money(self) -> bool:
        """The customer's money is with the merchant, wholly or partly."""
        return self.status in ("settlement", "partial_refund") or (self.status == "capture" and self.fraud == "accept")

    def common(self, code: str) -> dict:
        body = {
            "status_code": code,
            "transaction_id": self.transaction_id,
            "order_id": self.order_id,
            "merchant_id": self.merchant_id or self.merchant.id,
            "gross_amount": rupiah(self.gross),
            "currency": self.currency,
            "payment_type": self.payment_type,
            "transaction_time": stamp(self.made),
            "transaction_status": self.status,
            "fraud_status": self.fraud,
        }
        if self.metadata:
            body["metadata"] = self.metadata
        return {**body, **self.custom}

    def told(self, message: str, code: str) -> dict:
        """The fields that a notification and a status query share."""
        body = {**self.common(code), "status_message": message, **self.details}
        body["expiry_time"] = stamp(self.expires)
        if self.settled:
            body["settlement_time"] = stamp(self.settled)
        if self.refunds:
            body["refund_amount"] = rupiah(self.refunded)
            body["refunds"] = [shown_refund(r) for r in self.refunds]
        if self.method == "qris":
            body["acquirer"] = "gopay"
            if self.settled:
                body |= {"issuer": "gopay", "transaction_type": "on-us"}
        return signed(body, self.merchant.server_key)

    def notification(self) -> dict:
        code = "201" if self.status == "capture" and self.fraud == "challenge" else CODES.get(self.status, "200")
        return self.told("midtrans payment notification", code)

    def status_answer(self) -> dict:
        code = "201" if self.status == "capture" and self.fraud == "challenge" else CODES.get(self.status, "200")
        return self.told("Success, transaction is found", STATUS_CODES.get(self.status, code))


def shown_refund(refund: dict) -> dict:
    shown = {
        "refund_chargeback_id": refund["id"],
        "refund_amount": rupiah(refund["amount"]),
        "created_at": refund["at"],
        "reason": refund["reason"],
        "refund_key": refund["key"],
        "refund_method": "api",
    }
    if refund["confirmed"]:
        shown["bank_confirmed_at"] = refund["at"]
    return shown


def number(prefix: str) -> str:
    return prefix + str(uuid.uuid4().int)[:11]


def channel_details(method: str) -> dict:
    """What the customer types: it is echoed in notifications too."""
    if method == "va_permata":
        return {"permata_va_number": number("85620")}
    if method == "va_mandiri":
        return {"biller_code": "70012", "bill_key": number("9")}
    if method.startswith("va_"):
        bank = method.removeprefix("va_")
        return {"va_numbers": [{"bank": bank, "va_number": number("9881")}], "payment_amounts": []}
    return {}


def charge_answer(tx: Transaction, base: str, omit: set[str]) -> dict:
    """The answer that opens a payment; all values are texts."""
    body = {**tx.common("201"), "status_message": "Transaction is created", "expiry_time": stamp(tx.expires)}
    body |= {k: v for k, v in tx.details.items() if k != "payment_amounts"}
    qr = f"{base}/v2/{tx.method}/{tx.transaction_id}"
    codes = [
        {"name": "generate-qr-code-v2", "method": "GET", "url": f"{qr}/qr-code-v2"},
        {"name": "generate-qr-code", "method": "GET", "url": f"{qr}/qr-code"},
    ]
    if tx.method == "qris":
        body |= {"acquirer": "gopay", "actions": codes, "qr_string": qr_text(tx)}
    elif tx.method == "gopay":
        more = [
            ("deeplink-redirect", "GET", f"gojek://gopay/merchanttransfer?tref={tx.transaction_id}"),
            ("get-status", "GET", f"{base}/v2/{tx.transaction_id}/status"),
            ("cancel", "POST", f"{base}/v2/{tx.transaction_id}/cancel"),
        ]
        body["actions"] = codes + [{"name": n, "method": m, "url": u} for n, m, u in more]
        body |= {"channel_response_code": "200", "channel_response_message": "Success", "qr_string": qr_text(tx)}
    elif tx.method == "shopeepay":
        url = f"https://wsa.wallet.airpay.co.id/universal-link/wallet/pay?deep_and_deferred=1&token={tx.transaction_id}"
        body["actions"] = [{"name": "deeplink-redirect", "method": "GET", "url": url}]
    return {k: v for k, v in body.items() if k not in omit}


def qr_text(tx: Transaction) -> str:
    return f"00020101021226620014COM.GO-JEK.WWW0118936009143{tx.transaction_id}5303360540{tx.gross}5802ID6304ABCD"

"""Puts Midtrans' own client library for Python, midtransclient, to the simulated gateway.

Usage: sim_midtrans_sdk.py CHECK CORE_URL SNAP_URL SERVER_KEY

CHECK names one function below. The Rust test `sim_midtrans` starts the gateway and calls this.
Exit code 0 means that the check held.
"""

import http.server
import json
import queue
import sys
import threading

import midtransclient
import requests
from midtransclient.error_midtrans import MidtransAPIError

CHARGES = {
    "qris": {"payment_type": "qris", "qris": {"acquirer": "gopay"}},
    "gopay": {"payment_type": "gopay", "gopay": {"enable_callback": True, "callback_url": "http://127.0.0.1/back"}},
    "shopeepay": {"payment_type": "shopeepay", "shopeepay": {"callback_url": "http://127.0.0.1/back"}},
    "echannel": {"payment_type": "echannel", "echannel": {"bill_info1": "Payment For:", "bill_info2": "Internet"}},
    **{
        bank: {"payment_type": "bank_transfer", "bank_transfer": {"bank": bank}}
        for bank in ("bca", "bni", "bri", "cimb", "permata")
    },
}


def equal(found, expected):
    """Compares, and shows both sides when they differ."""
    assert found == expected, f"\n   found {found!r}\nexpected {expected!r}"


class Merchant:
    """The library, its addresses turned to the simulated gateway."""

    def __init__(self, core_url, snap_url, server_key):
        self.core = midtransclient.CoreApi(is_production=False, server_key=server_key)
        self.snap = midtransclient.Snap(is_production=True, server_key=server_key)
        for client in (self.core, self.snap):
            config = client.api_config
            config.CORE_SANDBOX_BASE_URL = config.CORE_PRODUCTION_BASE_URL = core_url
            config.SNAP_SANDBOX_BASE_URL = config.SNAP_PRODUCTION_BASE_URL = snap_url
        self.transactions = self.core.transactions
        self.core_url = core_url

    def charge(self, order_id, method="qris", amount=10000):
        details = {"order_id": order_id, "gross_amount": amount}
        return self.core.charge({"transaction_details": details, **CHARGES[method]})

    def pay(self, charged):
        """The customer pays what was shown."""
        requests.post(f"{self.core_url}/simulator/{charged['transaction_id']}/pay").raise_for_status()

    def snap_order(self, order_id, **more):
        details = {"order_id": order_id, "gross_amount": 10000}
        return self.snap.create_transaction({"transaction_details": details, **more})


def refused(code, call, *arguments):
    """The call must raise what the library raises for a refusal, which is in the body or in HTTP's status."""
    try:
        call(*arguments)
    except MidtransAPIError as error:
        body = error.api_response_dict
        assert str(code) in (str(error.http_status_code), body.get("status_code")), error
        return body
    raise AssertionError(f"{call.__name__}{arguments!r} was not refused with {code}")


def charges(merchant):
    for method, asked in CHARGES.items():
        charged = merchant.charge(f"order-{method}", method)
        equal([charged[name] for name in ("status_code", "transaction_status", "fraud_status", "currency")],
              ["201", "pending", "accept", "IDR"])
        equal(charged["payment_type"], asked["payment_type"])
        equal(charged["gross_amount"], "10000.00")
        shown = merchant.transactions.status(f"order-{method}")
        equal(shown["transaction_id"], charged["transaction_id"])
        equal(merchant.transactions.status(charged["transaction_id"])["order_id"], f"order-{method}")
        merchant.pay(charged)
        equal(merchant.transactions.status(f"order-{method}")["transaction_status"], "settlement")


def states(merchant):
    merchant.charge("a")
    cancelled = merchant.transactions.cancel("a")
    equal((cancelled["status_code"], cancelled["transaction_status"]), ("200", "cancel"))
    equal(merchant.transactions.status("a")["status_code"], "200")
    merchant.charge("b", "bca")
    expired = merchant.transactions.expire("b")
    equal((expired["status_code"], expired["transaction_status"]), ("407", "expire"))
    equal(merchant.transactions.status("b")["status_code"], "407")
    again = merchant.charge("b", "bni")
    equal(again["status_code"], "201")
    merchant.pay(again)
    refused(412, merchant.transactions.cancel, "b")
    refused(412, merchant.transactions.expire, "b")


def refunds(merchant):
    charged = merchant.charge("a", "gopay")
    ask = {"refund_key": "r-1", "amount": 4000, "reason": "habis"}
    refused(412, merchant.transactions.refund, "a", ask)
    merchant.pay(charged)
    part = merchant.transactions.refund("a", ask)
    equal((part["status_code"], part["transaction_status"], part["refund_amount"]), ("200", "partial_refund", "4000.00"))
    refused(406, merchant.transactions.refund, "a", ask)
    refused(414, merchant.transactions.refund, "a", {"refund_key": "r-2", "amount": 6001})
    rest = merchant.transactions.refundDirect("a", {"refund_key": "r-2", "amount": 6000})
    equal(rest["transaction_status"], "refund")
    equal([one["refund_key"] for one in merchant.transactions.status("a")["refunds"]], ["r-1", "r-2"])
    account = merchant.charge("b", "bca")
    merchant.pay(account)
    refused(412, merchant.transactions.refund, "b", ask)


def challenges(merchant):
    for order, decide, status, fraud in (("a", "approve", "capture", "accept"), ("b", "deny", "deny", "deny")):
        merchant.charge(order)
        refused(412, getattr(merchant.transactions, decide), order)
        merchant.transactions.cancel(order)
        token = merchant.snap_order(order)["token"]
        page = f"{merchant.core_url}/snap/v4/redirection/{token}"
        requests.post(f"{page}/challenge/credit_card").raise_for_status()
        shown = merchant.transactions.status(order)
        equal((shown["transaction_status"], shown["fraud_status"]), ("capture", "challenge"))
        equal(getattr(merchant.transactions, decide)(order)["status_code"], "200")
        shown = merchant.transactions.status(order)
        equal((shown["transaction_status"], shown["fraud_status"]), (status, fraud))


def snap(merchant):
    order = merchant.snap_order("a", enabled_payments=["gopay", "bca_va"])
    equal((len(order["token"]), order["redirect_url"].endswith(order["token"])), (36, True))
    assert "exist" in refused(404, merchant.snap.transactions.status, "a")["status_message"]
    other = merchant.snap.create_transaction_token({"transaction_details": {"order_id": "a", "gross_amount": 10000}})
    assert other != order["token"]
    closed = requests.post(f"{order['redirect_url']}/pay/gopay")
    equal(closed.status_code, 409)
    requests.post(f"{merchant.core_url}/snap/v4/redirection/{other}/pay/gopay").raise_for_status()
    equal(merchant.snap.transactions.status("a")["transaction_status"], "settlement")
    body = refused(400, merchant.snap_order, "a")
    assert "taken" in body["error_messages"][0], body
    body = refused(400, merchant.snap.create_transaction, None)
    assert "is required" in body["error_messages"][0], body
    merchant.snap.api_config.server_key = "dummy"
    assert "unauthorized" in refused(401, merchant.snap_order, "b")["error_messages"][0]


def errors(merchant):
    refused(404, merchant.transactions.status, "nothing")
    merchant.charge("a")
    refused(406, merchant.charge, "a")
    assert "validation_messages" in refused(400, merchant.charge, "b", "qris", 0)
    refused(400, merchant.charge, "b/c")
    refused(402, merchant.charge, "b", "bri")
    assert "unexpected" in refused(500, merchant.core.charge, None)["status_message"]
    merchant.core.api_config.server_key = "invalidkey"
    refused(401, merchant.charge, "b")


def notification(merchant):
    heard = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.put(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/notification"
    merchant.core.api_config.custom_headers = {"X-Override-Notification": url}
    charged = merchant.charge("a")
    pending = heard.get(timeout=20)
    equal(merchant.transactions.notification(pending)["transaction_status"], "pending")
    merchant.pay(charged)
    settled = json.loads(heard.get(timeout=20))
    shown = merchant.transactions.notification(settled)
    names = ("transaction_status", "order_id", "gross_amount", "signature_key", "status_code", "settlement_time")
    equal([shown[name] for name in names], [settled[name] for name in names])


if __name__ == "__main__":
    globals()[sys.argv[1]](Merchant(*sys.argv[2:]))

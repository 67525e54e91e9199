"""What the gateway refuses: the request rules of Midtrans' Core and Snap APIs."""

from __future__ import annotations

import re

ORDER_ID = re.compile(r"[A-Za-z0-9\-_~.]{1,50}")
BANKS = ("bca", "bni", "bri", "cimb", "permata")
CORE_METHODS = ("qris", "gopay", "shopeepay", *(f"va_{bank}" for bank in BANKS), "va_mandiri")
# What Snap calls them in `enabled_payments`.
SNAP_NAMES = {
    "gopay": "gopay",
    "shopeepay": "shopeepay",
    "other_qris": "qris",
    "echannel": "va_mandiri",
    "credit_card": "card",
    **{f"{bank}_va": f"va_{bank}" for bank in BANKS},
}
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0700")
DAY_S = 86400
# Default and longest life of a charge, in seconds.
LIFE_S = {"qris": (900, 180 * DAY_S), "gopay": (900, 7 * DAY_S), "shopeepay": (900, 5 * DAY_S)}
VA_LIFE_S = (DAY_S, 180 * DAY_S)


class Refused(Exception):
    """An error answer: its code, its message and the single complaints."""

    def __init__(self, code: int, message: str, problems: list[str] | None = None):
        super().__init__(f"{code} {message} {problems or ''}")
        self.code, self.message, self.problems = code, message, problems or []


def is_int(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value, longest: int, shortest: int = 1) -> bool:
    return isinstance(value, str) and shortest <= len(value) <= longest


def refuse_if(problems: list[str]) -> None:
    if problems:
        raise Refused(400, "One or more parameters in the payload is invalid.", problems)


def notification_urls(header, violations: list[str]) -> list[str] | None:
    """The URLs of this transaction, None for the dashboard's."""
    for name in ("X-Override-Notification", "X-Append-Notification"):
        value = header(name)
        if value:
            urls = [u.strip() for u in value.split(",") if u.strip()]
            if len(urls) > 2:
                violations.append(f"{name} with {len(urls)} URLs")
            for url in urls:
                if not re.fullmatch(r"https?://[!-~]+", url):
                    violations.append(f"{name} is no URL: {url!r}")
            return urls[:2]
    return None


def common(body: dict) -> tuple[str, int]:
    """Order id and amount of a charge or a Snap transaction."""
    details = body.get("transaction_details")
    if not isinstance(details, dict):
        raise Refused(400, "transaction_details is required", ["transaction_details is required"])
    problems = []
    order_id, gross = details.get("order_id"), details.get("gross_amount")
    if not (isinstance(order_id, str) and ORDER_ID.fullmatch(order_id)):
        problems.append("transaction_details.order_id: 1 to 50 of A-Z a-z 0-9 - _ ~ .")
    if not is_int(gross) or gross < 1:
        problems.append("transaction_details.gross_amount must be a whole number of at least 1")
    problems += items(body.get("item_details"), gross) + customer(body.get("customer_details"))
    for field in ("custom_field1", "custom_field2", "custom_field3"):
        if field in body and not is_text(body[field], 255, 0):
            problems.append(f"{field}: at most 255 characters")
    refuse_if(problems)
    return order_id, gross


def items(given, gross) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list) or not given:
        return ["item_details must be a list"]
    problems, total = [], 0
    for item in given:
        if not isinstance(item, dict):
            return ["item_details: not an object"]
        if not is_int(item.get("price")) or not is_int(item.get("quantity")) or item["quantity"] < 1:
            return ["item_details: price and quantity are whole numbers, quantity at least 1"]
        if not is_text(item.get("name"), 50):
            problems.append("item_details.name: 1 to 50 characters")
        if "id" in item and not is_text(item["id"], 50):
            problems.append("item_details.id: at most 50 characters")
        total += item["price"] * item["quantity"]
    if total != gross:
        problems.append("transaction_details.gross_amount is not equal to the sum of item_details")
    return problems


def customer(given) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, dict):
        return ["customer_details must be an object"]
    names = ("first_name", "last_name", "email", "phone")
    return [f"customer_details.{n}: a text of at most 255" for n in names if n in given and not is_text(given[n], 255, 0)]


def core_method(body: dict, violations: list[str]) -> str:
    """Which of our methods a charge means."""
    kind = body.get("payment_type")
    if kind in ("qris", "gopay", "shopeepay"):
        options = body.get(kind, {})
        if not isinstance(options, dict):
            raise Refused(400, "invalid", [f"{kind} must be an object"])
        if kind == "qris" and options.get("acquirer", "gopay") not in ("gopay", "airpay shopee"):
            raise Refused(400, "invalid", ["qris.acquirer is unknown"])
        if kind == "gopay" and options.get("enable_callback") and not options.get("callback_url"):
            raise Refused(400, "invalid", ["gopay.callback_url is required"])
        return kind
    if kind == "permata":
        return "va_permata"
    if kind == "bank_transfer":
        return bank_transfer(body)
    if kind == "echannel":
        bill = body.get("echannel")
        if not isinstance(bill, dict) or not all(is_text(bill.get(f), 1000) for f in ("bill_info1", "bill_info2")):
            raise Refused(400, "invalid", ["echannel.bill_info1 and bill_info2 are required"])
        for field, longest in (("bill_info1", 10), ("bill_info2", 30)):
            if len(bill[field]) > longest:
                violations.append(f"echannel.{field} longer than {longest} is cut: {bill[field]!r}")
        return "va_mandiri"
    if kind == "credit_card":
        return "card"
    raise Refused(400, "invalid", [f"payment_type {kind!r} is unknown"])


def bank_transfer(body: dict) -> str:
    transfer = body.get("bank_transfer")
    if not isinstance(transfer, dict) or transfer.get("bank") not in BANKS:
        raise Refused(400, "invalid", ["bank_transfer.bank is unknown"])
    bank, problems = transfer["bank"], []
    details = body.get("customer_details") or {}
    if bank == "bca" and any(len(details.get(n) or "") > 30 for n in ("first_name", "last_name")):
        problems.append("customer_details: names of at most 30 characters for BCA")
    phone = details.get("phone")
    if bank == "bni" and phone and not (len(phone) <= 30 and re.fullmatch(r"(\+62|0)\d+", phone)):
        problems.append("customer_details.phone: +62 or 0 for BNI")
    recipient = (transfer.get("permata") or {}).get("recipient_name", "x")
    if bank == "permata" and not is_text(recipient, 20):
        problems.append("bank_transfer.permata.recipient_name: at most 20 characters")
    refuse_if(problems)
    return f"va_{bank}"


def life_s(body: dict, method: str, field: str, length: str) -> int:
    """Seconds a charge lives: `custom_expiry` of Core, `expiry` of Snap."""
    default, longest = LIFE_S.get(method, VA_LIFE_S)
    given = body.get(field)
    if given is None:
        return default
    if not isinstance(given, dict):
        raise Refused(400, "invalid", [f"{field} must be an object"])
    unit, count = given.get("unit", "minute"), given.get(length)
    start = given.get("order_time" if field == "custom_expiry" else "start_time")
    problems = []
    if unit not in UNITS and unit.rstrip("s") not in UNITS:
        problems.append(f"{field}.unit is unknown")
    if not is_int(count) or count < 1:
        problems.append(f"{field}.{length} must be a whole number of at least 1")
    if start is not None and not (isinstance(start, str) and TIME.fullmatch(start)):
        problems.append(f"{field}: a time is yyyy-MM-dd HH:mm:ss +0700")
    refuse_if(problems)
    seconds = count * UNITS.get(unit, UNITS.get(unit.rstrip("s"), 60))
    if not 20 <= seconds <= longest:
        raise Refused(400, "invalid", [f"{field}: 20 s to {longest} s for {method}"])
    return seconds


def snap_methods(body: dict) -> list[str]:
    given = body.get("enabled_payments")
    if given is None:
        return list(SNAP_NAMES.values())
    if not isinstance(given, list) or not given or not all(name in SNAP_NAMES for name in given):
        raise Refused(400, "invalid", [f"enabled_payments is invalid: {given!r}"])
    return [SNAP_NAMES[name] for name in given]

"""Bad input gets a clear error and changes nothing."""

from __future__ import annotations

import json
import random
import socket
import uuid

import pytest

from conftest import GB, http

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def shop(site):
    site.package = site.agent.package("Sepuluh", "10 GB", 100_000)
    site.who = site.someone("Korban uji")
    site.who.credit("1 GB")
    site.debt = site.who.post("/debts", {"amount": "1 GB", "advance": False, "due_date": "2099-01-31"}, 201)["id"]
    return site


@pytest.fixture
def unchanged(shop):
    """Users, packages and debts are after the test what they were before."""

    def picture():
        agent = shop.agent
        return agent.all("/users"), agent.all("/packages"), agent.all(f"{shop.who.path}/debts"), agent.all("/orders")

    before = picture()
    yield shop
    assert picture() == before, "bad input changed something"
    shop.agent.assert_alive()


# ---------------------------------------------------------------- values

BAD_AMOUNTS = [
    0, -1, -(2**63), 2**63, 2**64, 10**30, 1.5, True, [], {}, "", " ", "0", "0 GB", "-1 GB", "+-1 GB", "1e9 GB", "NaN", "inf",
    "1 XB", "GB", "1.2.3 GB", "1,2,3 GB", "1 GB GB", "99999999999999999999 GB", "1 GB\u0000", "１0 GB", "0x10", None,
]  # fmt: skip


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=repr)
@pytest.mark.parametrize("call", ["credits", "debts", "debits"])
def test_an_amount_that_is_none_is_refused(unchanged, call, amount):
    unchanged.who.call("POST", f"/{call}", {"amount": amount, "reason": "uji"}).expect(422)


@pytest.mark.parametrize("field", ["debt", "credit"])
@pytest.mark.parametrize("amount", [0, -1, "0 GB", "x", 10**30, True], ids=repr)
def test_a_reset_to_a_bad_amount_is_refused(unchanged, field, amount):
    unchanged.who.call("POST", "/reset", {field: amount, "reason": "uji"}).expect(422)


BAD_PACKAGES = [
    {},
    {"name": "X"},
    {"name": "", "quota": "1 GB", "days": 30, "price_rp": 1000},
    {"name": "X", "quota": "1 GB", "days": 30, "price_rp": -1},
    {"name": "X", "quota": "1 GB", "days": 30, "price_rp": 1.5},
    {"name": "X", "quota": "1 GB", "days": 30, "price_rp": "1000x"},
    {"name": "X", "quota": "1 GB", "days": 30, "price_rp": 10**20},
    {"name": "X", "quota": "1 GB", "days": -1, "price_rp": 1000},
    {"name": "X", "quota": "1 GB", "days": 10**12, "price_rp": 1000},
    {"name": "X", "quota": "0 GB", "days": 30, "price_rp": 1000},
    {"name": "X", "quota": "-5 GB", "days": 30, "price_rp": 1000},
    {"name": 5, "quota": "1 GB", "days": 30, "price_rp": 1000},
]


@pytest.mark.parametrize("body", BAD_PACKAGES, ids=json.dumps)
def test_a_bad_package_is_refused(unchanged, body):
    unchanged.agent.call("POST", "/packages", body).expect(422)


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "   "}, {"name": 5}, {"name": None}, {"name": "x" * 100_000}, {"phone": []}],
    ids=lambda b: json.dumps(b)[:40],
)  # fmt: skip
def test_a_bad_user_is_refused(unchanged, body):
    unchanged.agent.call("POST", "/users", body).expect(422)


@pytest.mark.parametrize(
    "mac", ["", "zz", "02:00:00:00:00", "02:00:00:00:00:00:00", "02:00:00:00:00:0G", 7, None, "ff:ff:ff:ff:ff:ff:", "*1"]
)
def test_a_bad_mac_is_refused(unchanged, mac):
    unchanged.who.call("POST", "/devices", {"mac": mac}).expect(422)


@pytest.mark.parametrize(
    "body",
    [
        {"expires_at": "yesterday"},
        {"expires_at": 5},
        {"expires_at": "2026-13-45T00:00:00Z"},
        {"overage": "sometimes"},
        {"debt_limit": "-1 GB"},
        {"exempt": "maybe"},
        {"active": 3},
    ],
    ids=json.dumps,
)
def test_a_bad_change_of_a_user_is_refused(unchanged, body):
    unchanged.agent.call("PATCH", unchanged.who.path, body).expect(422)


@pytest.mark.parametrize(
    "body",
    [
        {"amount": "1 GB", "due_date": "soon"},
        {"amount": "1 GB", "due_date": "2026-02-30"},
        {"amount": "1 GB", "debt_date": 7},
        {"amount": "1 GB", "price_rp": -1},
        {"amount": "1 GB", "price_rp": "many"},
        {"package_id": "x"},
        {},
    ],
    ids=json.dumps,
)
def test_a_bad_debt_is_refused(unchanged, body):
    unchanged.who.call("POST", "/debts", body).expect(422)


@pytest.mark.parametrize("rupiah", [0, -1, 1.5, "x", None, 10**20], ids=repr)
def test_a_bad_payment_is_refused(unchanged, rupiah):
    unchanged.who.call("POST", "/payments", {"amount_rp": rupiah, "method": "cash"}).expect(422)


def test_an_overpayment_is_refused(unchanged):
    assert unchanged.who.call("POST", "/payments", {"amount_rp": 10_000_000, "method": "cash"}).expect(409).code


def test_a_422_names_the_field(unchanged):
    for path, body, field in [
        ("/credits", {"amount": "-1 GB", "reason": "x"}, "amount"),
        ("/devices", {"mac": "zz"}, "mac"),
        ("/payments", {"amount_rp": -1, "method": "cash"}, "amount_rp"),
        ("/debts", {"amount": "1 GB", "due_date": "soon"}, "due_date"),
    ]:
        reply = unchanged.who.call("POST", path, body).expect(422)
        assert field in reply.text, f"does not name {field}: {reply}"


# ---------------------------------------------------------------- addresses of things

USER_CALLS = [
    ("GET", "", None),
    ("PATCH", "", {"name": "X"}),
    ("DELETE", "", None),
    ("GET", "/debts", None),
    ("GET", "/quote", None),
    ("GET", "/statement", None),
    ("GET", "/explain", None),
    ("POST", "/credits", {"amount": "1 GB", "reason": "x"}),
    ("POST", "/debits", {"amount": "1 GB", "reason": "x"}),
    ("POST", "/debts", {"amount": "1 GB"}),
    ("POST", "/devices", {"mac": "02:00:00:00:99:99"}),
    ("POST", "/reset", {"debt": "1 GB", "reason": "x"}),
    ("POST", "/block", {"reason": "x"}),
    ("POST", "/unblock", {}),
    ("POST", "/settlements", {"method": "cash"}),
    ("POST", "/payments", {"amount_rp": 1000, "method": "cash"}),
]


@pytest.mark.parametrize(("method", "tail", "body"), USER_CALLS, ids=[f"{c[0]} {c[1]}" for c in USER_CALLS])
def test_an_unknown_user_is_not_found_and_a_malformed_id_is_422(unchanged, method, tail, body):
    unchanged.agent.call(method, f"/users/{NOBODY}{tail}", body).expect(404)
    for bad in ("7", "not-a-uuid", NOBODY + "0", "%00"):
        unchanged.agent.call(method, f"/users/{bad}{tail}", body).expect(422)


def test_an_unknown_package_order_or_debt_is_not_found(unchanged):
    agent = unchanged.agent
    agent.call("PATCH", f"/packages/{NOBODY}", {"name": "X"}).expect(404)
    agent.call("DELETE", f"/packages/{NOBODY}").expect(404)
    agent.call("PATCH", "/packages/7", {"name": "X"}).expect(422)
    agent.call("GET", f"/orders/{uuid.uuid4()}").expect(404)
    unchanged.who.call("PATCH", f"/debts/{NOBODY}", {"due_date": "2099-01-01", "note": "x"}).expect(404)
    unchanged.who.call("POST", f"/debts/{NOBODY}/write-off", {"reason": "x"}).expect(404)
    unchanged.who.call("DELETE", "/devices/02:00:00:00:12:34").expect(404)


def test_an_unknown_path_is_a_problem_too(unchanged):
    for method in ("GET", "POST", "DELETE"):
        unchanged.agent.call(method, "/nonsense", {} if method == "POST" else None).expect(404)


def test_a_method_that_a_path_lacks_is_refused(unchanged):
    unchanged.agent.call("DELETE", "/status").expect(405, 404)
    unchanged.agent.call("PUT", unchanged.who.path, {}).expect(405, 404)
    unchanged.who.call("GET", "/reset").expect(405, 404)


# ---------------------------------------------------------------- bodies

BROKEN = [b"{", b"[", b'{"amount": }', b"\xff\xfe\x00", b'"text"', b"7", b"[]", b"{}x", b"[" * 50_000, b'{"a":' * 50_000, b"null",
          b'{"amount": "1 GB", "reason": "\xff"}', b"\x00" * 100]  # fmt: skip


@pytest.mark.parametrize("raw", BROKEN, ids=lambda b: repr(b[:12]))
@pytest.mark.parametrize("tail", ["/credits", "/purchases", "/reset", "/debts", "/block"])
def test_malformed_json_is_a_client_error(unchanged, tail, raw):
    reply = unchanged.who.call("POST", tail, raw=raw)
    assert 400 <= reply.status < 500, reply
    reply.is_problem()


def test_a_body_that_is_not_said_to_be_json_is_refused_or_read_as_json(unchanged):
    raw = b"amount=1&reason=x"
    reply = unchanged.who.call("POST", "/credits", raw=raw, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert 400 <= reply.status < 500, reply
    reply.is_problem()


def send_raw(shop, head: bytes, body_bytes: int) -> bytes:
    """A request by hand: the answer may come before the body is through."""
    with socket.create_connection(("127.0.0.1", shop.agent.admin_port), timeout=20) as sock:
        sock.sendall(head)
        try:
            for _ in range(body_bytes // 65536 + 1):
                sock.sendall(b" " * min(65536, body_bytes))
        except OSError:
            pass
        answer = b""
        try:
            while b"\r\n\r\n" not in answer or b"}" not in answer:
                chunk = sock.recv(65536)
                if not chunk:
                    break
                answer += chunk
        except OSError:
            pass
        return answer


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_one_mebibyte_is_too_large(unchanged, chunked):
    size = 4 * 1024 * 1024
    head = (
        f"POST /api/v1{unchanged.who.path}/credits HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {unchanged.agent.token}\r\n"
        "Content-Type: application/json\r\nConnection: close\r\n"
    )
    if chunked:
        head += f"Transfer-Encoding: chunked\r\n\r\n{size:x}\r\n"
    else:
        head += f"Content-Length: {size}\r\n\r\n"
    answer = send_raw(unchanged, head.encode(), size)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:600]
    assert b"application/problem+json" in answer.lower(), answer[:600]


def test_a_body_just_below_one_mebibyte_is_read(unchanged):
    raw = json.dumps({"amount": "x", "reason": "y" * (1024 * 1024 - 200)}).encode()
    assert len(raw) < 1024 * 1024
    unchanged.who.call("POST", "/credits", raw=raw).expect(422)


def test_half_a_request_hurts_nobody(unchanged):
    with socket.create_connection(("127.0.0.1", unchanged.agent.admin_port), timeout=5) as sock:
        sock.sendall(b"POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    with socket.create_connection(("127.0.0.1", unchanged.agent.admin_port), timeout=5) as sock:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200)
    assert unchanged.agent.ping() is not None


@pytest.mark.parametrize("query", ["limit=-1", "limit=0x", "limit=99999999999999999999", "after=%FF%00", "after=;drop", "limit=abc"])
def test_bad_paging_is_a_client_error_or_bounded(unchanged, query):
    reply = unchanged.agent.call("GET", f"/users?{query}")
    assert reply.status == 200 or 400 <= reply.status < 500, reply


def test_random_bodies_never_break_anything(unchanged):
    """Seeded noise in the shape of JSON against every call that takes a body."""
    noise = random.Random(20)
    names = ["amount", "reason", "mac", "method", "package_id", "debt", "credit", "price_rp", "name", "quota", "days", "amount_rp"]

    def value(depth=0):
        kinds = [None, True, -1, 0, 2**70, 1e308, "", "a\u0000b", "\U0001f4a3" * 50, "'; DROP TABLE entries; --", "-1 GB", "../../x"]
        if depth < 3 and noise.random() < 0.3:
            return [value(depth + 1) for _ in range(3)] if noise.random() < 0.5 else {"x": value(depth + 1)}
        return noise.choice(kinds)

    tails = ["/credits", "/debits", "/debts", "/devices", "/purchases", "/settlements", "/payments"]
    for _ in range(150):
        body = {noise.choice(names): value() for _ in range(noise.randint(0, 5))}
        tail = noise.choice(tails)
        reply = unchanged.who.call("POST", tail, body)
        assert 400 <= reply.status < 500, reply
        reply.is_problem()


# ---------------------------------------------------------------- rules


def test_a_fourth_device_is_refused(site):
    who = site.someone()
    for n in range(3):
        who.post("/devices", {"mac": f"02:88:00:00:00:0{n}"}, 201)
    assert who.call("POST", "/devices", {"mac": "02:88:00:00:00:03"}).expect(409).code
    assert len(who.get()["devices"]) == 3


def test_a_phone_or_log_in_name_belongs_to_one_user(site):
    for field, value in (("phone", "081299990000"), ("login", "kembar")):
        site.agent.post("/users", {"name": "Satu", field: value, "approved": True}, 201)
        before = len(site.agent.all("/users"))
        reply = site.agent.call("POST", "/users", {"name": "Dua", field: value, "approved": True})
        reply.expect(409, 422)
        assert len(site.agent.all("/users")) == before


def test_lists_page_without_loss_or_repetition(own):
    ids = {own.someone().id for _ in range(7)}
    seen, after = [], None
    for _ in range(20):
        page = own.agent.get("/users?limit=2" + (f"&after={after}" if after else ""))
        assert len(page["items"]) <= 2, page
        seen += [u["id"] for u in page["items"]]
        after = page.get("next")
        if not after:
            break
    assert sorted(seen) == sorted(ids)


def test_users_are_found_by_name_and_status(own):
    ani = own.someone("Ani Lestari")
    own.someone("Budi")
    ani.credit("1 GB")
    assert [u["id"] for u in own.agent.get("/users?q=lestari")["items"]] == [ani.id]
    assert [u["id"] for u in own.agent.get("/users?status=active")["items"]] == [ani.id]
    assert own.agent.get("/users?q=%25")["items"] == []


def test_a_deleted_user_leaves_and_its_past_stays(own):
    who = own.subscriber("1 GB")
    own.agent.call("DELETE", who.path).expect(204, 409)
    own.agent.verify()


def test_texts_come_back_as_they_went_in(own):
    for name in ("Ñandú <b>&amp;</b>", "'; DROP TABLE users; --", "日本語 🐎", "a\\b\"c"):
        assert own.someone(name).get()["name"] == name


def test_timestamps_are_utc_and_ids_are_uuids(own):
    import datetime as dt

    who = own.someone()
    package = own.agent.package("Sepuluh", "10 GB", 100_000)
    order = who.post("/purchases", {"package_id": package, "method": "cash"}, 201)
    for text in (who.get()["expires_at"], order["paid_at"]):
        moment = dt.datetime.fromisoformat(text)
        assert moment.utcoffset() == dt.timedelta(0), text
    for text in (who.id, package):
        assert str(uuid.UUID(text)) == text


def test_the_description_of_the_api_is_served(own):
    document = http("GET", own.agent.url + "/api/v1/openapi.json", headers={"Authorization": f"Bearer {own.agent.token}"})
    assert document.status == 200, document
    paths = document.json["paths"]
    wanted = ["/users/{id}/reset", "/users/{id}/purchases", "/users/{id}/settlements", "/packages", "/router/plan"]
    for path in wanted:
        assert any(p.endswith(path) or p.replace("{user}", "{id}").endswith(path) for p in paths), (path, sorted(paths))


def test_amounts_in_megabytes_are_strings_of_two_digits(own):
    who = own.someone()
    who.credit(GB + 5 * 1024)
    user = who.get()
    fields = [k for k in user if k.endswith("_mb")]
    assert fields, user
    for field in fields:
        assert isinstance(user[field], str) and len(user[field].rpartition(".")[2]) == 2, (field, user[field])
    assert user["credited_mb"] == "1024.00"  # 1024.0049 rounds down

"""Who may do what."""

from __future__ import annotations

import pytest

from conftest import GB, http

ROLES = ["viewer", "cashier", "operator", "owner"]


@pytest.fixture(scope="module")
def shop(site):
    site.package = site.agent.package("Sepuluh", "10 GB", 100_000)
    return site


# method, path after the user or absolute, body, least role
CALLS = [
    ("GET", "/users/{u}", None, "viewer"),
    ("GET", "/users", None, "viewer"),
    ("GET", "/packages", None, "viewer"),
    ("GET", "/users/{u}/statement", None, "viewer"),
    ("GET", "/users/{u}/explain", None, "viewer"),
    ("GET", "/users/{u}/quote", None, "viewer"),
    ("GET", "/orders", None, "viewer"),
    ("GET", "/status", None, "viewer"),
    ("GET", "/router/plan", None, "viewer"),
    ("POST", "/users/{u}/purchases", {"package_id": "{p}", "method": "cash"}, "cashier"),
    ("POST", "/users/{u}/debts/{d}/settlements", {"method": "cash"}, "cashier"),
    ("POST", "/users/{u}/payments", {"amount_rp": 1_000, "method": "cash"}, "cashier"),
    ("POST", "/users", {"name": "Baru", "phone": "08990000{n}"}, "operator"),
    ("PATCH", "/users/{u}", {"name": "Ganti"}, "operator"),
    ("POST", "/users/{u}/devices", {"mac": "02:77:00:00:00:{n}"}, "operator"),
    ("POST", "/users/{u}/credits", {"amount": "1 GB", "reason": "uji"}, "operator"),
    ("POST", "/users/{u}/block", {"reason": "uji"}, "operator"),
    ("POST", "/users/{u}/unblock", {"reason": "uji"}, "operator"),
    ("PATCH", "/users/{u}/debts/{d}", {"due_date": "2099-08-31", "note": "janji"}, "operator"),
    ("POST", "/users/{u}/debits", {"amount": "1 KB", "reason": "uji"}, "owner"),
    ("POST", "/users/{u}/debts/{d}/write-off", {"reason": "uji"}, "owner"),
    ("POST", "/packages", {"name": "P{n}", "quota": "1 GB", "days": 1, "price_rp": 1_000}, "owner"),
]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path", "body", "least"), CALLS, ids=[f"{c[0]} {c[1]}" for c in CALLS])
def test_a_call_is_open_from_its_least_role_up(shop, method, path, body, least, role):
    who = shop.someone()
    debt = who.post("/debts", {"amount": "1 GB", "advance": False, "price_rp": 10_000, "due_date": "2099-01-31"}, 201)["id"]

    def fill(value):
        if not isinstance(value, str):
            return value
        return value.format(u=who.id, d=debt, p=shop.package, n=f"{ROLES.index(role) + 10}")

    body = body and {k: fill(v) for k, v in body.items()}
    before = who.get()
    reply = shop.agent.call(method, fill(path), body, role=role)
    if ROLES.index(role) >= ROLES.index(least):
        reply.expect(200, 201, 202, 204)
    else:
        assert reply.expect(403).code
        assert who.get() == before, "a forbidden call changed something"


def test_a_cashier_sells_no_credit_beyond_the_limit(shop):
    who = shop.someone()
    who.call("POST", "/debts", {"amount": "1 GB"}, role="cashier").expect(403, 409)
    assert who.get()["debt_items_bytes"] == 0


def test_a_cashier_sells_on_credit_up_to_the_limit(make_site):
    site = make_site({"policy": {"cashier_credit_rp": 150_000}})
    package = site.agent.package("Sepuluh", "10 GB", 100_000)
    one, two = site.someone(), site.someone()
    one.call("POST", "/debts", {"package_id": package}, role="cashier").expect(201)
    two.call("POST", "/debts", {"package_id": package}, role="cashier").expect(403, 409)
    assert (one.get()["debt_items_bytes"], two.get()["debt_items_bytes"]) == (10 * GB, 0)


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer ", "Bearer wrong", "Basic cGVtaWxpazp4", "bearer \x7f", "Token {token}", "Bearer {token}x"]
)
def test_calls_without_a_good_token_are_unauthorized(shop, header):
    headers = {} if header is None else {"Authorization": header.format(token=shop.agent.token)}
    for method, path, body in [("GET", "/users", None), ("POST", "/users", {"name": "X"}), ("GET", "/status", None)]:
        reply = http(method, f"{shop.agent.url}/api/v1{path}", body=body, headers=headers)
        # A header that is not even text may be refused before anything can answer in the product's form.
        if not (header and "\x7f" in header and reply.status == 400):
            reply.expect(401)


def test_ping_and_health_need_no_log_in(shop):
    ping = shop.agent.ping()
    assert ping.json["status"] == "ok" and ping.json["version"], ping
    assert http("GET", shop.agent.url + "/healthz").status == 200
    assert http("GET", shop.agent.url + "/metrics").status == 200


def test_a_password_log_in_gives_a_guarded_cookie(shop):
    from conftest import OWNER_PASSWORD

    url = f"{shop.agent.url}/api/v1/login"
    good = http("POST", url, body={"username": "pemilik", "password": OWNER_PASSWORD}).expect(200)
    cookie = (good.headers.get("set-cookie") or "").lower()
    assert "httponly" in cookie and "samesite" in cookie, cookie
    pair = good.headers["set-cookie"].split(";")[0]
    http("GET", f"{shop.agent.url}/api/v1/users", headers={"Cookie": pair}).expect(200)
    for body in ({"username": "pemilik", "password": "salah"}, {"username": "nobody", "password": OWNER_PASSWORD}):
        http("POST", url, body=body).expect(401)
    http("POST", url, body={"username": "pemilik"}).expect(422)


def test_a_form_of_another_site_cannot_use_the_cookie(shop):
    from conftest import OWNER_PASSWORD

    login = http("POST", f"{shop.agent.url}/api/v1/login", body={"username": "pemilik", "password": OWNER_PASSWORD})
    pair = login.expect(200).headers["set-cookie"].split(";")[0]
    who = shop.someone()
    headers = {"Cookie": pair, "Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    url = f"{shop.agent.url}/api/v1{who.path}/credits"
    reply = http("POST", url, body={"amount": "1 GB", "reason": "x"}, headers=headers)
    assert 400 <= reply.status < 500, reply
    assert who.get()["credited_bytes"] == 0


def test_a_removed_admin_is_out(own):
    token = own.agent.make_admin("sementara", "operator")
    own.agent.tokens["sementara"] = token
    own.agent.call("GET", "/users", role="sementara").expect(200)
    own.agent.cli_ok("admin", "remove", "sementara")
    own.agent.call("GET", "/users", role="sementara").expect(401)


def test_tokens_survive_a_restart(own):
    token = own.agent.token_of("cashier")
    own.agent.stop()
    own.agent.start()
    assert own.agent.token_of("cashier") == token
    own.agent.call("GET", "/users", role="cashier").expect(200)

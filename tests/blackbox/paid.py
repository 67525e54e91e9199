"""A whole site with online payment: gateway, relay, uplink, agent, router, and customers who pay."""

from __future__ import annotations

import time

from conftest import GB, Answer, Site, Subscriber, eventually, merged
from midtrans import Midtrans
from relay import METHODS, OPEN, Relay
from uplink import Uplink

PACKAGE_BYTES = 10 * GB
PACKAGE_RP = 100_000


class PaidSite:
    def __init__(self, agent: dict | None = None, *, mode: str = "core", methods: list[str] | None = None, public: bool = True):
        self.gateway = Midtrans()
        self.relay = Relay(self.gateway, public=public)
        self.uplink = Uplink(lambda: self.relay.port)
        client = self.relay.site()
        payment = {
            "relay": {"url": self.uplink.url, "site": client.name, "token_file": self.relay.secret("site.token", client.token)},
            "payment": {"mode": mode, "methods": methods or METHODS},
        }
        self.client = client
        self.site = Site(merged(payment, agent or {}))
        self.agent = self.site.agent
        self.customers: list[Customer] = []

    def start(self) -> PaidSite:
        self.relay.start()
        return self.start_agent()

    def start_agent(self) -> PaidSite:
        self.agent.start()
        self.package = self.agent.package("Sepuluh", "10 GB", PACKAGE_RP)
        return self

    def close(self) -> None:
        self.site.close()
        self.uplink.close()
        self.relay.close()
        self.gateway.close()

    def comes_online(self, timeout: float = 40) -> None:
        def check():
            state = self.agent.get("/status")["relay"]
            assert state["state"] == "ok", f"{state}\n{self.agent.tail()}"

        eventually(check, timeout)

    # ---- customers and their orders

    def customer(self, amount=None, *, seen: bool = False) -> Customer:
        """A user; with a device that the router sees when `seen`."""
        plain = self.site.subscriber(amount) if seen else self.site.someone()
        if amount is not None and not seen:
            plain.credit(amount)
        who = Customer(self, plain)
        self.customers.append(who)
        return who

    def order(self, order_id: str) -> dict:
        return self.agent.get(f"/orders/{order_id}")

    def orders_of(self, who: Subscriber) -> list[dict]:
        return [o for o in self.agent.all("/orders") if o["user_id"] == who.id]

    def comes_to(self, order_id: str, status: str, flags=None, timeout: float = 30) -> dict:
        def check():
            order = self.order(order_id)
            told = f"{order}; gateway {self.gateway.log(order_id)}; relay {self.relayed(order_id)}"
            assert order["status"] == status, f"expected {status}: {told}"
            if flags is not None:
                assert set(order["flags"]) == set(flags), f"expected flags {flags}: {told}"
            return order

        return eventually(check, timeout, pause=0.1)

    def relayed(self, order_id: str):
        if not self.relay.alive:
            return "not running"
        return self.client.call("GET", f"/v1/orders/{order_id}").text[:600]

    def act(self, order_id: str, what: str, body=None, **more) -> Answer:
        return self.agent.call("POST", f"/orders/{order_id}/{what}", body, **more)

    # ---- agreement

    def assert_agrees(self) -> None:
        """The ledger verifies, and every customer has what was paid for, once."""
        self.agent.verify()
        orders = {o["id"]: o for o in self.agent.all("/orders")}
        payments: dict[str, int] = {}
        for tx in self.gateway.payments():
            order = orders.get(tx.order_id)
            assert order, f"{tx.order_id} was paid and is unknown here; gateway {self.gateway.log(tx.order_id)}"
            assert order["status"] == "paid", f"{order}; gateway {self.gateway.log(tx.order_id)}; relay {self.relayed(tx.order_id)}"
            payments[order["user_id"]] = payments.get(order["user_id"], 0) + 1
        for who in self.customers:
            expected = who.granted + payments.get(who.id, 0) * PACKAGE_BYTES
            credited = who.get()["credited_bytes"]
            assert credited == expected, f"{who.name} has {credited / GB} GB, paid for {expected / GB} GB: {self.orders_of(who)}"

    def settles(self, timeout: float = 45) -> None:
        eventually(self.assert_agrees, timeout, pause=0.25)


class Customer(Subscriber):
    """A user who buys online. `granted` is what else was credited."""

    def __init__(self, paid: PaidSite, plain: Subscriber):
        super().__init__(plain.site, plain.id, plain.name, plain.mac, plain.address)
        self.paid = paid
        self.granted = self.get()["credited_bytes"]

    def buy(self, method: str = "qris", **more) -> Answer:
        body = {"package_id": self.paid.package, "method": method, **more.pop("body", {})}
        return self.call("POST", "/purchases", body, **more)

    def orders(self, method: str = "qris", **more) -> dict:
        """An open online order for the package."""
        start = time.monotonic()
        order = self.buy(method, **more).expect(201).json
        assert time.monotonic() - start < 30, f"took {time.monotonic() - start:.1f} s"
        assert order["status"] in OPEN and order["amount_rp"] == PACKAGE_RP and order["user_id"] == self.id, order
        return order

    def settles_online(self, tail: str = "/settlements", method: str = "qris") -> dict:
        order = self.post(tail, {"method": method}, 201)
        assert order["status"] in OPEN, order
        return order

    def open_orders(self) -> list[dict]:
        return [o for o in self.paid.orders_of(self) if o["status"] in OPEN]

    def pays_cash(self, *statuses: int) -> Answer:
        reply = self.buy("cash").expect(*(statuses or (201,)))
        if reply.status == 201:
            self.granted += PACKAGE_BYTES
        return reply

    def assert_credited(self, packages: int) -> None:
        user = self.get()
        assert user["credited_bytes"] == packages * PACKAGE_BYTES, f"{user['credited_bytes'] / GB} GB: {self.paid.orders_of(self)}"

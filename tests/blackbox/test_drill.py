"""The drill with real processes: the machine dies, another one comes to life from what is on paper, takes the site over, and
the old one is switched on again. Once from the relay's vault, once from a bucket of a server that nobody here wrote."""

from __future__ import annotations

import contextlib
import json
import re
import time

import pytest

from bucket import BUCKET, REGION, Bucket
from conftest import MB, Agent, eventually, http, merged, shown
from paid import PACKAGE_BYTES, PaidSite
from routeros import BINDING, HOST, LISTS


@pytest.fixture(scope="module")
def bucket():
    with contextlib.closing(Bucket()) as bucket:
        yield bucket


@pytest.fixture
def agents():
    """Further machines beside the router of a site; they end with the test."""
    with contextlib.ExitStack() as stack:

        def make(paid: PaidSite) -> Agent:
            agent = Agent(paid.site.router, paid.agent.extra)
            stack.callback(agent.close)
            return agent

        yield make


def metric(agent: Agent, name: str) -> int:
    found = re.search(rf"^{name} (\d+)", http("GET", f"{agent.url}/metrics").text, re.MULTILINE)
    return int(found[1]) if found else 0


def sent_after(agent: Agent, moment: float) -> None:
    """A segment went to the server with everything of before this moment."""

    def check():
        at = metric(agent, "kuota_copy_tail_timestamp_seconds")
        assert at > moment, f"the tail was sent at {at}, not after {moment}\n{agent.tail()}"

    eventually(check, timeout=120, pause=0.25)


def rows(router) -> list[tuple]:
    """What the router has of ours, without numbers of rows."""
    return sorted(
        tuple(sorted((k, v) for k, v in row.items() if k != ".id"))
        for menu in (BINDING, LISTS)
        for row in router.snapshot(menu)
    )


class Vault:
    """Copies go to the relay."""

    def prepare(self, paid: PaidSite) -> None:
        paid.agent.extra = merged(paid.agent.extra, {"backup": {"target": "relay"}})

    def source(self, paid: PaidSite, kit: dict) -> tuple[list[str], str]:
        return ["--relay", paid.relay.url], kit["recovery_token"]


class OfBucket:
    """Copies go to a bucket."""

    def __init__(self, bucket: Bucket):
        self.bucket = bucket

    def prepare(self, paid: PaidSite) -> None:
        secret = paid.agent.dir / "s3.secret"
        secret.write_text(self.bucket.card.secret + "\n")
        secret.chmod(0o600)
        s3 = {"endpoint": self.bucket.url, "region": REGION, "key_id": self.bucket.card.id, "secret_file": str(secret)}
        paid.agent.extra = merged(paid.agent.extra, {"backup": {"target": f"s3://{BUCKET}/latihan", "s3": s3}})

    def source(self, paid: PaidSite, kit: dict) -> tuple[list[str], str]:
        place = ["--s3", f"s3://{BUCKET}/latihan", "--endpoint", self.bucket.url, "--region", REGION]
        return [*place, "--key-id", self.bucket.kit.id], self.bucket.kit.secret


@pytest.mark.slow
@pytest.mark.parametrize("place", ["vault", "bucket"])
def test_a_new_machine_has_everything_that_was_sent_and_the_old_one_stops(request, agents, place):
    where = Vault() if place == "vault" else OfBucket(request.getfixturevalue("bucket"))
    with contextlib.closing(PaidSite()) as paid:
        where.prepare(paid)
        paid.agent.write_config()
        paid.relay.start()
        old = paid.agent
        kit = json.loads(old.cli_ok("recovery-kit", "--json"))
        paid.start_agent()
        try:
            drill(paid, agents(paid), where, kit)
        finally:
            old.close()


def drill(paid: PaidSite, new: Agent, where, kit: dict) -> None:
    old, router = paid.agent, paid.site.router
    first = paid.customer(seen=True)
    first.pays_cash()
    first.comes_to_be("active")
    eventually(lambda: has_copy(old), timeout=120)

    # After the copy: another customer with a device, cash, an online payment, traffic, and an order that waits.
    second = paid.customer(seen=True)
    second.pays_cash()
    second.comes_to_be("active")
    order = first.orders()
    paid.gateway.pay(order["id"])
    paid.comes_to(order["id"], "paid")
    second.move(down=7 * MB)
    second.comes_to_use(7 * MB)
    waiting = second.orders("gopay")
    sent_after(old, time.time())
    old.kill()
    # Paid while the card is dead: the relay and the gateway alone know.
    paid.gateway.pay(waiting["id"])

    options, secret = where.source(paid, kit)
    file = new.dir / "salinan.age"
    fetched = new.cli("fetch-copy", *options, str(file), "--json", stdin=secret + "\n")
    assert fetched.returncode == 0, shown(fetched)
    assert json.loads(fetched.stdout)["segments"] >= 1, fetched.stdout
    key = new.dir / "key.txt"
    key.write_text(kit["secret_key"] + "\n")
    new.cli_ok("restore", str(file), "--key-file", str(key))
    new.verify()
    new.token = old.token
    before = rows(router)
    new.start()

    # Passive: it knows everything and changes nothing.
    router_reads(router)
    assert rows(router) == before
    refused = new.call("POST", f"/users/{first.id}/credits", {"amount": "1 GB", "reason": "uji"})
    assert (refused.status, refused.code) == (503, "site_passive"), refused
    assert new.get(f"/users/{second.id}")["remaining_bytes"] == PACKAGE_BYTES - 7 * MB
    assert new.get(f"/orders/{order['id']}")["status"] == "paid"

    taken = json.loads(new.cli_ok("take-over", "--json"))
    assert taken == {"taken_over": True, "instance": 2, "router": True, "relay": True}, taken
    paid.site.agent = paid.agent = new
    paid.comes_to(waiting["id"], "paid")
    first.pays_cash()
    router_reads(router)

    # The old machine is switched on with its card as it was, on other ports.
    old.write_config()
    mark, settled = router.mark(), rows(router)
    old.start()

    def fenced():
        health = http("GET", f"{old.url}/healthz")
        assert health.json.get("code") == "site_fenced", f"{health}\n{old.tail()}"
        return health

    health = eventually(fenced, timeout=60)
    assert "instance 2" in health.text, health
    router_reads(router)
    refused = old.call("POST", f"/users/{first.id}/credits", {"amount": "1 GB", "reason": "uji"})
    assert (refused.status, refused.code) == (503, "site_fenced"), refused
    router_reads(router)
    assert (router.writes(mark), rows(router)) == ([], settled)
    assert (old.data_dir / "passive").exists()
    old.stop()

    # Money is right on the new one: cash of before and after the copy and of after the take-over, and both online payments.
    assert first.get()["credited_bytes"] == 3 * PACKAGE_BYTES
    assert second.get()["credited_bytes"] == 2 * PACKAGE_BYTES
    second.move(down=1 * MB)
    second.comes_to_use(8 * MB)
    paid.settles()


def has_copy(agent: Agent) -> None:
    assert metric(agent, "kuota_copy_away_timestamp_seconds"), agent.tail()


def router_reads(router) -> None:
    """Whoever reads the router has read it some more times, and may have written."""
    router.wait_prints(HOST, 4, timeout=30)

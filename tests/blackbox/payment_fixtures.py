"""Fixtures of the payment tests: a gateway, relays on it, and whole sites that pay through them."""

from __future__ import annotations

import contextlib

import pytest

from midtrans import Midtrans
from paid import PaidSite
from relay import Relay


@pytest.fixture
def gateway():
    """A Midtrans server of one's own; at the end nothing forbidden was asked of it."""
    with contextlib.closing(Midtrans()) as gateway:
        yield gateway
        assert gateway.violations == []


@pytest.fixture
def make_relay(gateway):
    """A relay with a configuration of its own: `make_relay(Tenant(...), public=False)`."""
    with contextlib.ExitStack() as stack:

        def make(*tenants, start: bool = True, on: Midtrans | None = None, **more) -> Relay:
            relay = stack.enter_context(contextlib.closing(Relay(on or gateway, *tenants, **more)))
            return relay.start() if start else relay

        yield make


@pytest.fixture
def relay(make_relay) -> Relay:
    return make_relay()


@pytest.fixture
def client(relay):
    """The one site of a relay of one's own."""
    return relay.site()


@pytest.fixture(scope="module")
def shared():
    """One relay for a whole file; tests keep to their own orders."""
    with contextlib.closing(Midtrans()) as gateway, contextlib.closing(Relay(gateway)) as relay:
        relay.start()
        yield relay.site()
        assert gateway.violations == []


@pytest.fixture
def make_paid():
    """A whole site with online payment: `make_paid(agent={...}, mode="snap")`."""
    with contextlib.ExitStack() as stack:

        def make(**more) -> PaidSite:
            return stack.enter_context(contextlib.closing(PaidSite(**more))).start()

        yield make


@pytest.fixture
def paid(make_paid) -> PaidSite:
    return make_paid()


@pytest.fixture(scope="module")
def market():
    """One whole site for a file; tests keep to their own users."""
    with contextlib.closing(PaidSite()) as paid:
        yield paid.start()
        assert paid.gateway.violations == []

"""What agents report of themselves, and sites that the relay misses."""

from __future__ import annotations

import json
import time

import pytest

from conftest import eventually, http

REPORT = {"version": "9.9.9", "router": "ok", "entries": 12, "users": {"active": 3}, "of_tomorrow": [1.5]}


def test_a_report_is_answered_with_the_relays_time_and_how_far_the_clock_is_ahead(shared):
    sent_ms = int(time.time() * 1000)
    answer = shared.call("POST", "/v1/health", REPORT | {"clock_ms": sent_ms + 7_200_000}).expect(200).json
    assert 0 <= answer["now_ms"] - sent_ms < 30_000, answer
    assert answer["clock_ahead_ms"] == sent_ms + 7_200_000 - answer["now_ms"], answer
    assert shared.call("POST", "/v1/health", {}).expect(200).json["clock_ahead_ms"] is None


@pytest.mark.parametrize(
    "wrong",
    [{"version": "x" * 65}, {"router": "a\u0000b"}, {"entries": 2**53}, {"entries": -1}, {"clock_ms": 1.5}, {"users": 3}, {"users": {"fup": "1"}}],
)
def test_a_report_beyond_its_bounds_is_422(shared, wrong):
    reply = shared.call("POST", "/v1/health", REPORT | wrong).expect(422)
    reply.is_problem()


def test_a_report_of_more_than_four_kibibytes_is_413(shared):
    body = REPORT | {"more": ""}
    body["more"] = "x" * (4096 - len(json.dumps(body).encode()))
    assert len(json.dumps(body).encode()) == 4096
    shared.call("POST", "/v1/health", raw=json.dumps(body).encode()).expect(200)
    shared.call("POST", "/v1/health", raw=json.dumps(body | {"more": body["more"] + "x"}).encode()).expect(413).is_problem()


def test_the_relay_counts_sites_that_never_called(client):
    client.call("POST", "/v1/health", REPORT).expect(200)

    def check():
        lines = http("GET", f"{client.relay.url}/metrics").body.decode().splitlines()
        assert {"kuota_relay_sites 1", "kuota_relay_sites_silent 0", "kuota_relay_sites_never_seen 0"} <= set(lines), lines

    eventually(check, timeout=60)
    assert "9.9.9" not in client.relay.log_file.read_text("utf-8", "replace")

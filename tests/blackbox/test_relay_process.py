"""The relay as a program: configuration, exit codes, signals, copies."""

from __future__ import annotations

import hashlib
import re
import threading

import pytest

from conftest import eventually, shown
from midtrans import SERVER_KEY
from relay import Tenant


@pytest.fixture
def idle(make_relay):
    """A relay with a good configuration that is not running."""
    return make_relay(start=False)


def refused(relay, needle: str = "", command: str = "check-config"):
    done = relay.cli(command, timeout=10)
    assert done.returncode == 78, shown(done)
    assert needle in done.stdout + done.stderr, f"{needle!r} is not named: {shown(done)}"
    assert "panicked" not in done.stderr, shown(done)
    assert not relay.database.exists(), "something was started"


def test_a_good_configuration_is_shown_without_secrets(idle):
    done = idle.cli("check-config")
    assert done.returncode == 0, shown(done)
    text = done.stdout + done.stderr
    assert SERVER_KEY not in text and "m1" in done.stdout and "site-1" in done.stdout, shown(done)
    assert not idle.database.exists()


@pytest.mark.parametrize("command", ["run", "check-config"])
@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('environment = "sandbox"', 'environment = "moon"', "environment"),
        ('environment = "sandbox"', 'environment = "sandbox"\ncolour = "red"', "colour"),
        ("listen = ", "listn = ", "listn"),
        ('listen = "127.0.0.1', 'listen = "here', "listen"),
        ('database = "sqlite:', 'database = "mystery:', "database"),
        ("server_key_file = ", "# server_key_file = ", "server_key_file"),
        ("token_sha256_file = ", "# token_sha256_file = ", "token_sha256_file"),
        ("m1.key", "nobody.key", "server_key_file"),
        ("site-1.sha256", "nobody.sha256", "token_sha256_file"),
        ("previous_key_files = []", 'previous_key_files = ["/nonexistent/key"]', "previous_key_files"),
        ('core_url = "http', 'core_url = "gopher', "core_url"),
        ('public_url = "http', 'public_url = "gopher', "public_url"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(idle, old, new, key, command):
    text = idle.config_file.read_text()
    assert old in text, text
    idle.config_file.write_text(text.replace(old, new))
    refused(idle, key, command)


def test_a_missing_file_and_a_broken_one_exit_78(idle):
    idle.config_file.write_text("[[merchant\n")
    refused(idle)
    idle.config_file.unlink()
    refused(idle, str(idle.config_file))


@pytest.mark.parametrize("content", ["", "xyz", "a" * 63, "g" * 64])
def test_a_hash_that_is_none_exits_78(idle, content):
    (idle.dir / "site-1.sha256").write_text(content)
    refused(idle)


def test_an_empty_key_exits_78(idle):
    (idle.dir / "m1.key").write_text("\n")
    refused(idle)


def test_a_sandbox_key_in_production_is_noticed(idle):
    idle.config_file.write_text(idle.config_file.read_text().replace('environment = "sandbox"', 'environment = "production"'))
    done = idle.cli("check-config")
    assert done.returncode == 78 or "warn" in (done.stdout + done.stderr).lower(), shown(done)


def test_two_sites_or_merchants_of_one_name_exit_78(make_relay):
    relay = make_relay(Tenant(), Tenant("m1", sites={"site-2": "c" * 48}), start=False)
    refused(relay)
    relay = make_relay(Tenant(), Tenant("m2"), start=False)
    refused(relay)


def test_http_off_loopback_is_taken_with_a_warning(idle):
    idle.config_file.write_text(re.sub(r'public_url = ".*"', 'public_url = "http://relay.example:8443"', idle.config_file.read_text()))
    done = idle.cli("check-config")
    assert done.returncode == 0 and "warn" in (done.stdout + done.stderr).lower(), shown(done)


@pytest.mark.parametrize("args", [[], ["nonsense"], ["run", "--nonsense"], ["backup"], ["review", "nonsense"]])
def test_wrong_usage_exits_2(idle, args):
    done = idle.cli(*args, timeout=10)
    assert done.returncode == 2 and done.stderr.strip(), shown(done)


def test_help_and_version_exit_0(idle):
    for flag in ("--help", "--version"):
        done = idle.cli(flag)
        assert done.returncode == 0 and done.stdout.strip(), shown(done)


def test_site_token_prints_a_token_and_its_hash(idle):
    done = idle.cli("site-token")
    words = re.findall(r"[A-Za-z0-9_\-+/=]{20,}", done.stdout + done.stderr)
    hashes = {hashlib.sha256(word.encode()).hexdigest() for word in words}
    assert hashes & set(words), f"no token with its SHA-256: {shown(done)}"
    assert idle.cli_ok("site-token") != idle.cli_ok("site-token")


def test_secrets_with_line_ends_and_spaces_are_trimmed(make_relay, gateway):
    relay = make_relay(start=False)
    for name in ("m1.key", "site-1.sha256"):
        path = relay.dir / name
        path.write_text(f"  {path.read_text().strip()} \r\n\n")
    relay.start()
    assert relay.site().open()


# ---------------------------------------------------------------- signals


def test_sigterm_ends_it_within_five_seconds_while_an_agent_waits(relay, client):
    threading.Thread(target=_quietly, args=(client.call, "GET", "/v1/feed?after=0&wait=30"), daemon=True).start()
    eventually(lambda: client.feed())
    assert relay.stop() < 5


def test_sigterm_ends_it_within_five_seconds_while_the_gateway_hangs(relay, client, gateway):
    fault = gateway.fault("charge", "hang")
    threading.Thread(target=lambda: _quietly(client.post, client.request()), daemon=True).start()
    gateway.faults.wait_used(fault)
    assert relay.stop() < 5


def _quietly(act, *args):
    try:
        act(*args)
    except (AssertionError, OSError):
        pass


def test_a_second_relay_on_the_same_port_says_so(relay, make_relay):
    other = make_relay(start=False)
    other.port = relay.port
    other.write_config()
    done = other.cli("run", timeout=30)
    assert done.returncode not in (0, 2) and str(relay.port) in done.stderr, shown(done)
    assert "panicked" not in done.stderr
    relay.assert_alive()


# ---------------------------------------------------------------- the books


def paid_order(client, **more) -> str:
    order_id = client.open(**more)["order_id"]
    client.relay.gateway.pay(order_id)
    client.comes_to(order_id, "paid", 1)
    return order_id


def test_verify_finds_the_books_in_order(relay, client):
    paid_order(client)
    relay.cli_ok("verify")
    relay.stop()
    relay.cli_ok("verify")


def test_a_spoiled_store_is_not_served(relay, client):
    paid_order(client)
    relay.stop()
    raw = bytearray(relay.database.read_bytes())
    raw[4096:] = b"\x00" * (len(raw) - 4096)
    relay.database.write_bytes(raw)
    for name in ("-wal", "-shm"):
        (relay.dir / f"{relay.database.name}{name}").unlink(missing_ok=True)
    done = relay.cli("verify")
    assert done.returncode == 1 and "panicked" not in done.stderr, shown(done)
    done = relay.cli("run", timeout=20)
    assert done.returncode not in (0, 2) and "panicked" not in done.stderr, shown(done)


def test_a_copy_is_made_online_and_its_restore_begins_a_new_epoch(relay, client, gateway, tmp_path):
    first = paid_order(client)
    second = client.open("va_bca")["order_id"]
    copy = tmp_path / "relay.copy"
    relay.cli_ok("backup", str(copy))
    gateway.pay(second)
    client.comes_to(second, "paid", 1)
    epoch = client.feed()["epoch"]
    relay.stop()
    relay.cli_ok("restore", str(copy))
    relay.start()
    assert client.feed()["epoch"] != epoch
    client.comes_to(first, "paid", 1)
    # The copy knows the second as open; the gateway is asked and says what became of it.
    client.comes_to(second, "paid", 1, timeout=45)
    client.assert_agrees()
    relay.stop()
    relay.cli_ok("verify")


def test_a_copy_restored_twice_begins_two_epochs(relay, client, tmp_path):
    paid_order(client)
    relay.cli_ok("backup", str(tmp_path / "copy"))
    epochs = {client.feed()["epoch"]}
    for _ in range(2):
        relay.stop()
        relay.cli_ok("restore", str(tmp_path / "copy"))
        relay.start()
        epochs.add(client.feed()["epoch"])
    assert len(epochs) == 3, epochs


def test_a_restore_is_refused_while_it_runs_and_of_what_is_no_copy(relay, client, tmp_path):
    order_id = paid_order(client)
    relay.cli_ok("backup", str(tmp_path / "copy"))
    done = relay.cli("restore", str(tmp_path / "copy"))
    assert done.returncode == 1, shown(done)
    relay.assert_alive()
    relay.stop()
    (tmp_path / "bad").write_bytes(b"SQLite format 3\x00" + b"x" * 9000)
    for name in ("bad", "missing"):
        done = relay.cli("restore", str(tmp_path / name))
        assert done.returncode == 1 and "panicked" not in done.stderr, shown(done)
    relay.start()
    client.comes_to(order_id, "paid", 1)


def test_the_review_list_is_empty_and_then_names_what_waits(relay, client, gateway):
    order_id = client.open()["order_id"]
    assert order_id not in relay.cli_ok("review", "list")
    gateway.force(order_id, "settlement", gross=1)
    client.comes_to(order_id, "review", 0)
    assert order_id in relay.cli_ok("review", "list")
    # The relay only asks again: what the gateway says by now is taken.
    with gateway.notifier.mute():
        gateway.force(order_id, "settlement", gross=10_000)
    client.refresh(order_id).expect(200)
    assert client.credits(order_id) <= 1


def test_reconcile_asks_for_every_open_order(relay, client, gateway):
    orders = [client.open()["order_id"] for _ in range(3)]
    with gateway.notifier.mute():
        for order_id in orders:
            gateway.pay(order_id)
    relay.cli_ok("reconcile")
    for order_id in orders:
        client.comes_to(order_id, "paid", 1, [], timeout=10)

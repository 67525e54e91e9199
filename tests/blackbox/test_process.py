"""Configuration, exit codes, signals, and the store on disk."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import stat
import threading
import time

import pytest

from conftest import GB, MB, eventually, run_kuotad, shown

# ---------------------------------------------------------------- configuration


@pytest.fixture
def idle(make_site):
    """An agent with a good configuration that is not running."""
    return make_site(start=False).agent


def refused(agent, *needles: str, command: str = "run"):
    done = agent.cli(command, timeout=30)
    assert done.returncode == 78, shown(done)
    for needle in needles:
        assert needle in done.stderr, f"stderr does not name {needle!r}: {shown(done)}"
    assert "panicked" not in done.stderr, shown(done)
    assert not (agent.data_dir / "kuota.db").exists(), "something was started"


@pytest.mark.parametrize("command", ["run", "check-config"])
@pytest.mark.parametrize(
    ("section", "line", "key"),
    [
        ("", 'colour = "red"', "colour"),
        ("[router]", 'pol_interval = "1s"', "pol_interval"),
        ("[policy]", "fup = true", "fup"),
        ("[router.lists]", 'aktif = "x"', "aktif"),
        ("[nonsense]", "x = 1", "nonsense"),
    ],
)
def test_an_unknown_key_is_named(idle, section, line, key, command):
    text = idle.config_file.read_text()
    if not section:
        text = f"{line}\n{text}"
    elif section in text:
        text = text.replace(section, f"{section}\n{line}")
    else:
        text += f"\n{section}\n{line}\n"
    idle.config_file.write_text(text)
    refused(idle, key, command=command)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("router", "poll_interval", "true"),
        ("router", "poll_interval", '"soon"'),
        ("router", "poll_interval", '"0s"'),
        ("router", "tls", '"maybe"'),
        ("router", "username", "5"),
        ("admin", "listen", '"here"'),
        ("admin", "allowed_networks", '["300.1.1.1/8"]'),
        ("policy", "debt_limit", '"-1 GB"'),
        ("policy", "overage", '"sometimes"'),
        ("policy", "block_hour", '"25:00"'),
        ("policy", "debt_due", '"someday"'),
        ("policy", "max_devices_per_user", '"three"'),
        ("policy", "price_rounding_rp", "-5"),
        ("store", "commit_interval", "[]"),
        ("portal", "registration", '"free"'),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(idle, section, key, value):
    config = {k: dict(v) if isinstance(v, dict) else v for k, v in idle.config.items()}
    config.setdefault(section, {}).pop(key, None)
    from conftest import toml_document

    text = toml_document(config)
    text = text.replace(f"[{section}]", f"[{section}]\n{key} = {value}")
    idle.config_file.write_text(text)
    refused(idle, key)


def test_an_unknown_time_zone_is_a_configuration_error(idle):
    text = idle.config_file.read_text().replace("Asia/Jakarta", "Asia/Atlantis")
    idle.config_file.write_text(text)
    refused(idle, "timezone")


def test_debt_mode_needs_a_limit(idle):
    idle.config_file.write_text(idle.config_file.read_text() + '\n[policy]\noverage = "debt"\ndebt_limit = "0 MB"\n')
    refused(idle, "debt_limit")


def test_text_that_is_no_toml_is_a_configuration_error(idle):
    idle.config_file.write_text("[router\naddress = ")
    refused(idle)


def test_a_missing_file_is_a_configuration_error(idle):
    idle.config_file.unlink()
    refused(idle, str(idle.config_file))


@pytest.mark.parametrize("how", ["missing", "folder"])
def test_an_unreadable_password_file_is_a_configuration_error(idle, how):
    idle.password_file.unlink()
    if how == "folder":
        idle.password_file.mkdir()
    refused(idle, "password_file")


def test_check_config_prints_the_effective_configuration_without_secrets(idle):
    idle.password_file.write_text("sangat-rahasia-4711\n")
    done = idle.cli("check-config")
    assert done.returncode == 0, shown(done)
    assert "sangat-rahasia-4711" not in done.stdout + done.stderr
    for text in (idle.router.endpoint, "klient_aktif", "price_rounding_rp"):
        assert text in done.stdout, f"{text} is not shown: {shown(done)}"
    assert not (idle.data_dir / "kuota.db").exists()


def test_the_environment_overrides_the_file(idle):
    env = {"KUOTA__ROUTER__ADDRESS": "192.0.2.7:8728", "KUOTA__POLICY__PRICE_ROUNDING_RP": "500"}
    done = run_kuotad("--config", str(idle.config_file), "check-config", env=env)
    assert done.returncode == 0, shown(done)
    assert "192.0.2.7:8728" in done.stdout and "500" in done.stdout, shown(done)
    assert idle.router.endpoint not in done.stdout, shown(done)


def test_an_unknown_key_in_the_environment_is_an_error(idle):
    done = run_kuotad("--config", str(idle.config_file), "check-config", env={"KUOTA__ROUTER__ADRESS": "x"})
    assert done.returncode == 78 and "adress" in done.stderr.lower(), shown(done)


@pytest.mark.parametrize(
    "args", [[], ["nonsense"], ["run", "--nonsense"], ["--nonsense"], ["admin", "add"], ["admin", "add", "x", "--role", "king", "--password-stdin"]]
)
def test_wrong_usage_exits_2(idle, args):
    done = idle.cli(*args)
    assert done.returncode == 2, shown(done)
    assert done.stderr.strip(), "usage errors are explained on stderr"


def test_help_and_version_exit_0():
    for flag in ("--help", "--version"):
        done = run_kuotad(flag)
        assert done.returncode == 0 and done.stdout.strip(), shown(done)


def test_a_taken_port_is_a_failure_that_names_it(own, make_site):
    other = make_site(start=False).agent
    text = other.config_file.read_text().replace(f"127.0.0.1:{other.admin_port}", f"127.0.0.1:{own.agent.admin_port}")
    other.config_file.write_text(text)
    done = other.cli("run", timeout=30)
    assert done.returncode not in (0, 2), shown(done)
    assert str(own.agent.admin_port) in done.stderr and "panicked" not in done.stderr, shown(done)


def test_a_second_daemon_on_the_same_folder_is_refused(own, make_site):
    other = make_site(start=False).agent
    text = other.config_file.read_text().replace(str(other.data_dir), str(own.agent.data_dir))
    other.config_file.write_text(text)
    done = other.cli("run", timeout=30)
    assert done.returncode not in (0, 2), shown(done)
    own.agent.assert_alive()
    assert own.agent.call("GET", "/users").status == 200


# ---------------------------------------------------------------- signals


def terminated(agent) -> float:
    process, agent.process = agent.process, None
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(timeout=20)
    took = time.monotonic() - start
    assert code == 0, f"exit {code}:\n{agent.tail()}"
    assert took < 5, f"took {took:.1f} s"
    return took


def test_sigterm_stops_within_five_seconds_with_exit_0(own):
    own.subscriber("1 GB")
    terminated(own.agent)


def test_sigterm_stops_while_the_router_hangs(own):
    own.subscriber("1 GB")
    own.router.fault("hang", "*", "*", times=-1)
    eventually(lambda: _asked(own))
    terminated(own.agent)


def _asked(site):
    assert any(c.outcome == "hung" for c in site.router.since(0)), "not asked yet"


def test_sigterm_stops_while_the_router_is_away(own):
    own.router.down()
    eventually(lambda: _sessions(own, 0))
    terminated(own.agent)


def _sessions(site, count):
    assert site.router.session_count == count


def test_sigterm_stops_with_a_request_half_sent(own):
    import socket

    with socket.create_connection(("127.0.0.1", own.agent.admin_port)) as sock:
        sock.sendall(b"POST /api/v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        terminated(own.agent)


def test_what_was_read_is_committed_on_stop(make_site):
    site = make_site({"store": {"commit_interval": "1h"}})
    who = site.subscriber("1 GB")
    who.move(33 * MB)
    who.comes_to_use(33 * MB)
    terminated(site.agent)
    site.router.replace(who.mac, down=0)
    site.agent.start()
    who.comes_to_use(33 * MB)


def test_the_daemon_starts_with_the_router_away(make_site):
    site = make_site(start=False)
    site.router.down()
    site.start()
    who = site.someone()
    who.credit("1 GB")
    assert who.get()["credited_bytes"] == GB
    assert site.agent.get("/status")["router"]["state"] != "ok"
    site.router.up()
    eventually(lambda: _router_ok(site), timeout=90)


def _router_ok(site):
    status = site.agent.get("/status")
    assert status["router"]["state"] == "ok", status


def test_status_tells_the_parts_apart(own):
    eventually(lambda: _router_ok(own))
    status = own.agent.get("/status")
    for part in ("router", "relay", "store", "clock"):
        assert status[part]["state"] in ("ok", "degraded", "down", "off"), status
        assert {"since", "last_success", "last_error"} <= set(status[part]), status[part]
    assert status["relay"]["state"] == "off", status


# ---------------------------------------------------------------- killed


def test_a_kill_during_traffic_keeps_every_acknowledged_call(own):
    users = [own.subscriber("900 GB", wait=False) for _ in range(3)]
    for who in users:
        who.comes_to_be("active")
    stop = threading.Event()
    granted = {who.id: 900 * GB for who in users}

    def traffic():
        while not stop.is_set():
            for who in users:
                who.move(12_345, 678)
            stop.wait(0.005)

    def grants():
        with contextlib.suppress(AssertionError):
            while not stop.is_set():
                for who in users:
                    who.credit(1 * MB)
                    granted[who.id] += MB

    threads = [threading.Thread(target=traffic), threading.Thread(target=grants)]
    for t in threads:
        t.start()
    own.polls(4)
    own.agent.kill()
    stop.set()
    for t in threads:
        t.join()
    own.agent.verify()
    own.agent.start()
    for who in users:
        user = who.get()
        assert user["credited_bytes"] in (granted[who.id], granted[who.id] + MB), "a grant was lost or doubled"
        assert user["used_bytes"] <= own.router.moved[who.mac], user
    for who in users:
        who.comes_to_use(own.router.countable[who.mac], timeout=40)
    own.agent.verify()


# ---------------------------------------------------------------- the ledger


def busy_store(site) -> None:
    package = site.agent.package("Sepuluh", "10 GB", 100_000)
    who = site.subscriber("1 GB")
    who.move(5 * MB)
    who.comes_to_use(5 * MB)
    who.post("/purchases", {"package_id": package, "method": "cash"}, 201)
    who.post("/debts", {"amount": "2 GB"}, 201)
    who.post("/settlements", {"method": "cash"}, 200, 201)


def tamper(agent, *statements: str) -> int:
    """Edits the store by hand, around any guard it has; how many rows changed."""
    with contextlib.closing(sqlite3.connect(agent.data_dir / "kuota.db")) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        changed = sum(db.execute(s).rowcount for s in statements)
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return changed


def test_an_honest_ledger_verifies_running_and_stopped(own):
    busy_store(own)
    own.agent.verify()
    own.agent.stop()
    own.agent.verify()


def test_verify_does_not_change_an_honest_store(own):
    busy_store(own)
    own.agent.stop()
    own.agent.verify()
    own.agent.verify()
    own.agent.start()
    own.agent.verify()


PICK = "WHERE rowid = (SELECT {} FROM entries)"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET amount_bytes = amount_bytes + 1 " + PICK.format("min(rowid)"),
        "UPDATE entries SET amount_bytes = amount_bytes + 1 " + PICK.format("max(rowid)"),
        "UPDATE entries SET amount_bytes = amount_bytes - 1 " + PICK.format("min(rowid)"),
        "DELETE FROM entries " + PICK.format("min(rowid)"),
        "DELETE FROM entries " + PICK.format("max(rowid)"),
    ],
)
def test_a_tampered_ledger_does_not_verify(own, statement):
    busy_store(own)
    own.agent.stop()
    own.agent.verify()
    assert tamper(own.agent, statement) == 1
    done = own.agent.cli("ledger", "verify")
    assert done.returncode == 1, shown(done)
    assert "panicked" not in done.stderr and (done.stdout + done.stderr).strip(), shown(done)


def test_a_store_that_is_no_database_is_a_clear_failure(own):
    own.agent.stop()
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{own.agent.data_dir}/kuota.db{suffix}")
    (own.agent.data_dir / "kuota.db").write_bytes(b"not a database at all" * 500)
    for command in (["ledger", "verify"], ["run"]):
        done = own.agent.cli(*command, timeout=30)
        assert done.returncode not in (0, 2), shown(done)
        assert "panicked" not in done.stderr and done.stderr.strip(), shown(done)


def test_the_socket_is_for_owner_and_group(own):
    mode = os.stat(own.agent.data_dir / "kuotad.sock").st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o660, oct(mode)


def test_a_stale_socket_of_a_killed_daemon_is_no_obstacle(own):
    own.agent.kill()
    assert (own.agent.data_dir / "kuotad.sock").exists()
    own.agent.start()
    own.agent.cli_ok("admin", "list")


def test_no_secret_is_in_the_log(own):
    busy_store(own)
    log = own.agent.log_file.read_text()
    for secret in (own.router.password, own.agent.token):
        assert secret not in log

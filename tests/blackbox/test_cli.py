"""The operator's commands. The contract names the commands, not their arguments: where a test
guesses, it tries several spellings and is skipped when none is taken."""

from __future__ import annotations

import json

import pytest

from conftest import GB, eventually, shown
from routeros import LISTS


def first_taken(agent, *spellings: list[str]):
    """The first spelling that is not a usage error."""
    for args in spellings:
        done = agent.cli(*args)
        if done.returncode != 2:
            assert done.returncode == 0, shown(done) + f"\ndaemon:\n{agent.tail()}"
            return done
    pytest.skip(f"no spelling tried was taken: {spellings}")


def parsed(done):
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"not JSON: {shown(done)}") from None


def items(value):
    return value["items"] if isinstance(value, dict) else value


# ---------------------------------------------------------------- admins (spelled out by the contract)


def test_admins_can_be_made_before_the_first_start(make_site):
    site = make_site(start=False)
    token = site.agent.make_admin("awal", "owner")
    site.agent.token = token
    site.start()
    site.agent.call("GET", "/users").expect(200)


def test_a_token_takes_the_role_of_its_admin_or_a_lesser_one(own):
    agent = own.agent
    agent.make_admin("dua", "operator")
    agent.tokens["lesser"] = agent.cli_ok("admin", "token", "dua", "--role", "viewer").strip()
    agent.call("GET", "/users", role="lesser").expect(200)
    agent.call("POST", "/users", {"name": "X"}, role="lesser").expect(403)


def test_admins_are_listed(own):
    own.agent.make_admin("kasir-1", "cashier")
    done = own.agent.cli("admin", "list", "--json")
    assert done.returncode == 0, shown(done)
    assert "kasir-1" in done.stdout and "pemilik" in done.stdout, shown(done)
    parsed(done)


@pytest.mark.parametrize(("name", "stdin"), [("pemilik", "rahasia-yang-panjang-1\n"), ("baru", ""), ("baru", "\n")])
def test_an_admin_with_a_taken_name_or_no_password_is_refused(own, name, stdin):
    done = own.agent.cli("admin", "add", name, "--role", "owner", "--password-stdin", stdin=stdin)
    assert done.returncode in (1, 2), shown(done)
    assert "panicked" not in done.stderr, shown(done)


def test_a_token_for_nobody_is_refused_with_an_empty_stdout(own):
    done = own.agent.cli("admin", "token", "siapa")
    assert done.returncode == 1 and done.stdout.strip() == "", shown(done)


# ---------------------------------------------------------------- the router


def test_router_plan_prints_json_and_changes_nothing(make_site):
    site = make_site({"policy": {"enforcement": "dry-run"}})
    who = site.subscriber("1 GB", wait=False)
    site.polls()
    done = site.agent.cli("router-plan", "--json")
    assert done.returncode == 0, shown(done)
    parsed(done)
    assert who.address in done.stdout, shown(done)
    assert site.router.writes() == []


def test_router_plan_names_a_hand_made_difference(make_site):
    site = make_site({"router": {"poll_interval": "1h"}})
    who = site.someone()
    who.connect()
    who.bind()
    who.credit("1 GB")
    who.comes_to_be("active")
    # A reconciling that the calls above woke may still be on its way and heal the first difference.
    for _ in range(5):
        site.router.drop_row(LISTS, site.rows_of(who.address)[0])
        mark = site.router.mark()
        done = site.agent.cli("router-plan", "--json")
        if who.address in done.stdout:
            break
    assert done.returncode == 0 and who.address in done.stdout, shown(done)
    assert site.router.writes(mark) == []
    assert parsed(done) is not None


def test_router_plan_without_a_router_fails_clearly(own):
    own.router.down()
    done = own.agent.cli("router-plan", "--json")
    assert done.returncode in (0, 1) and "panicked" not in done.stderr, shown(done)
    if done.returncode == 1:
        assert done.stderr.strip() or done.stdout.strip(), shown(done)


def test_router_setup_prints_a_script_and_its_undoing(own):
    script = own.agent.cli_ok("router-setup")
    assert "klient_habis" in script and "/ip" in script, script[:500]
    assert own.agent.cli_ok("router-setup", "--remove").strip()
    assert own.router.password not in script


def test_doctor_prints_lines_and_json(own):
    done = own.agent.cli("doctor", "--json")
    assert done.returncode in (0, 1), shown(done)
    parsed(done)
    assert any(word in done.stdout for word in ("ok", "warn", "fail")), shown(done)
    assert own.router.password not in done.stdout


def test_doctor_fails_when_the_router_refuses(own):
    own.router.down()
    done = own.agent.cli("doctor")
    assert done.returncode == 1 and "panicked" not in done.stderr, shown(done)


# ---------------------------------------------------------------- users, packages, debts (arguments are guesses)


@pytest.mark.parametrize("running", [True, False])
def test_users_packages_and_debts_from_the_command_line(own, running):
    agent = own.agent
    if not running:
        assert agent.stop() == 0
    first_taken(agent, ["user", "add", "Sari", "--phone", "081234567890"], ["user", "add", "--name", "Sari"], ["user", "add", "Sari"])
    listed = items(parsed(first_taken(agent, ["user", "list", "--json"])))
    assert [u["name"] for u in listed] == ["Sari"], listed
    user = listed[0]["id"]
    assert parsed(first_taken(agent, ["user", "show", user, "--json"], ["user", "show", "--id", user, "--json"]))["id"] == user

    first_taken(
        agent,
        ["package", "add", "Sepuluh", "--quota", "10 GB", "--days", "30", "--price-rp", "100000"],
        ["package", "add", "Sepuluh", "--quota", "10 GB", "--days", "30", "--price", "100000"],
        ["package", "add", "Sepuluh", "10 GB", "30", "100000"],
        ["package", "add", "--name", "Sepuluh", "--quota", "10 GB", "--days", "30", "--price-rp", "100000"],
    )
    packages = items(parsed(first_taken(agent, ["package", "list", "--json"])))
    assert [(p["quota_bytes"], p["price_rp"], p["days"]) for p in packages] == [(10 * GB, 100_000, 30)], packages

    first_taken(
        agent,
        ["debt", "add", user, "5 GB"],
        ["debt", "add", user, "--amount", "5 GB"],
        ["debt", "add", "--user", user, "--amount", "5 GB"],
    )
    debts = items(parsed(first_taken(agent, ["debt", "list", user, "--json"], ["debt", "list", "--user", user, "--json"])))
    assert [d["amount_bytes"] for d in debts] == [5 * GB], debts
    shown_user = parsed(first_taken(agent, ["user", "show", user, "--json"], ["user", "show", "--id", user, "--json"]))
    assert (shown_user["credited_bytes"], shown_user["debt_items_bytes"]) == (5 * GB, 5 * GB), shown_user
    agent.verify()


def test_reset_from_the_command_line_is_the_classic_job(own):
    who = own.subscriber("1 GB")
    own.polls()
    who.move(GB)
    who.comes_to_be("habis")
    first_taken(
        own.agent,
        ["user", "reset", who.id, "--debt", "10 GB", "--reason", "uji"],
        ["user", "reset", who.id, "--debt", "10GB", "--reason", "uji", "--yes"],
    )
    user = who.get()
    assert (user["credited_bytes"], user["used_bytes"], user["debt_items_bytes"]) == (10 * GB, 0, 10 * GB), user
    who.comes_to_be("active", "bypassed")
    own.polls()
    who.assert_used(0)


def test_block_unblock_and_explain_from_the_command_line(own):
    who = own.subscriber("1 GB")
    first_taken(own.agent, ["user", "block", who.id, "--reason", "uji"], ["user", "block", who.id, "uji"])
    who.comes_to_be("blocked", "blocked")
    explained = parsed(first_taken(own.agent, ["user", "explain", who.id, "--json"]))
    assert "admin" in json.dumps(explained), explained
    first_taken(own.agent, ["user", "unblock", who.id], ["user", "unblock", who.id, "--reason", "uji"])
    who.comes_to_be("active", "bypassed")


def test_a_user_that_is_not_there_is_a_failure(own):
    done = own.agent.cli("user", "show", "00000000-0000-4000-8000-000000000000")
    assert done.returncode == 1 and "panicked" not in done.stderr and done.stderr.strip(), shown(done)


# ---------------------------------------------------------------- copies


def test_a_backup_restores_to_the_same_figures(own, make_site):
    who = own.subscriber("7 GB")
    who.move(12_345)
    who.comes_to_use(12_345)
    copy = str(own.agent.dir / "copy.db")
    own.agent.cli_ok("backup", copy)
    done = own.agent.cli("restore", copy)
    assert done.returncode == 1, f"restored under a running daemon: {shown(done)}"

    own.agent.stop()
    first_taken(own.agent, ["restore", copy], ["restore", copy, "--yes"])
    own.agent.verify()
    own.agent.start()
    user = who.get()
    assert (user["credited_bytes"], user["used_bytes"]) == (7 * GB, 12_345), user
    eventually(lambda: who.assert_listed("active"))


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "missing"])
def test_a_damaged_backup_is_refused_and_the_store_stays(own, damage):
    own.someone("Tetap")
    copy = own.agent.dir / "copy.db"
    own.agent.cli_ok("backup", str(copy))
    own.agent.stop()
    raw = copy.read_bytes()
    if damage == "missing":
        copy.unlink()
    else:
        copy.write_bytes({"cut": raw[: len(raw) // 2], "text": b"hello" * 1000, "empty": b""}[damage])
    done = own.agent.cli("restore", str(copy))
    assert done.returncode == 1 and done.stderr.strip() and "panicked" not in done.stderr, shown(done)
    own.agent.start()
    assert [u["name"] for u in own.agent.all("/users")] == ["Tetap"]


def test_the_api_streams_a_backup_that_is_a_database(own):
    import sqlite3

    who = own.someone()
    who.credit("1 GB")
    reply = own.agent.call("POST", "/backup").expect(200)
    path = own.agent.dir / "streamed.db"
    path.write_bytes(reply.body)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert db.execute("SELECT count(*) FROM entries").fetchone()[0] >= 1
    kinds = {row[1]: row[2].upper() for row in db.execute("PRAGMA table_info(entries)")}
    assert kinds["amount_bytes"] == "INTEGER", kinds

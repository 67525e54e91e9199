"""Puts an independent client, librouteros, to the simulated router.

Usage: sim_router_librouteros.py CHECK HOST PORT

CHECK names one function below. The Rust test `sim_router.rs` starts the router, prepares its rows and calls this.
Exit code 0 means that the check held.
"""

import sys

import librouteros
from librouteros.exceptions import ConnectionClosed, FatalError, MultiTrapError, TrapError
from librouteros.query import And, Key, Or

USER, PASSWORD = "agent", "rahasia"
ID, MAC, LIST, ADDRESS, COMMENT = Key(".id"), Key("mac-address"), Key("list"), Key("address"), Key("comment")


def refusal(call):
    """The words with which the router refuses a call."""
    try:
        tuple(call() or ())
    except (TrapError, MultiTrapError) as trap:
        return str(trap)
    raise AssertionError("the router did not refuse")


def equal(found, expected):
    """Compares, and shows both sides when they differ."""
    assert found == expected, f"\n   found {found!r}\nexpected {expected!r}"


def login(connect):
    api = connect(USER, PASSWORD)
    (resource,) = api.path("system", "resource")
    equal(resource["version"], "7.18.2 (stable)")
    equal(resource["uptime"], "1h")
    equal(refusal(lambda: connect(USER, "salah")), "invalid user name or password (6)")
    equal(refusal(lambda: connect("orang", PASSWORD)), "invalid user name or password (6)")
    try:
        tuple(api("/quit"))
        raise AssertionError("the session did not end")
    except (FatalError, ConnectionClosed) as end:
        assert "terminated" in str(end) or isinstance(end, ConnectionClosed), end


def queries(connect):
    lists = connect(USER, PASSWORD).path("ip", "firewall", "address-list")
    for name, last, comment in [("a", 1, "kuota:x"), ("a", 2, ""), ("b", 3, "kuota:y"), ("b", 4, "")]:
        lists.add(list=name, address=f"10.5.0.{last}", comment=comment)

    def last_digits(*query):
        return [row["address"][-1] for row in lists.select(ADDRESS).where(*query)]

    equal(last_digits(), ["1", "2", "3", "4"])
    equal(last_digits(LIST == "a"), ["1", "2"])
    equal(last_digits(LIST != "a"), ["3", "4"])
    equal(last_digits(And(LIST == "b", COMMENT == "kuota:y")), ["3"])
    equal(last_digits(Or(LIST == "a", ADDRESS == "10.5.0.4")), ["1", "2", "4"])
    equal(last_digits(ADDRESS.In("10.5.0.1", "10.5.0.4", "10.5.0.9")), ["1", "4"])
    equal(last_digits(["?comment"], LIST == "b"), ["3"])
    equal(last_digits(["?-comment"]), ["2", "4"])
    equal(last_digits(Key("disabled") == True), [])
    equal(list(lists.select(ID, LIST, COMMENT).where(ADDRESS == "10.5.0.2")), [{".id": "*2", "list": "a"}])
    # The whole row, flags as truths.
    first = next(iter(lists))
    equal(first["dynamic"], False)
    equal(set(first), {".id", "list", "address", "creation-time", "dynamic", "disabled", "comment"})


def edits(connect):
    api = connect(USER, PASSWORD)
    bindings = api.path("ip", "hotspot", "ip-binding")
    row = bindings.add(**{"mac-address": "02:00:00:ab:cd:ef", "type": "bypassed", "comment": "kuota:budi"})
    equal(row, "*1")
    (binding,) = bindings
    equal((binding["mac-address"], binding["type"], binding["disabled"]), ("02:00:00:AB:CD:EF", "bypassed", False))
    bindings.update(**{".id": row, "type": "blocked", "disabled": True})
    (binding,) = bindings
    equal((binding["type"], binding["disabled"]), ("blocked", True))
    tuple(bindings("enable", **{".id": row}))
    (binding,) = bindings
    equal(binding["disabled"], False)
    others = [bindings.add(address=f"10.5.0.{last}") for last in range(1, 4)]
    equal(others, ["*2", "*3", "*4"])
    bindings.remove(row, *others)
    equal(list(bindings), [])
    equal(bindings.add(address="10.5.0.1"), "*5")


def refusals(connect):
    api = connect(USER, PASSWORD)
    lists, bindings = api.path("ip", "firewall", "address-list"), api.path("ip", "hotspot", "ip-binding")
    users, leases = api.path("ip", "hotspot", "user"), api.path("ip", "dhcp-server", "lease")
    for path, cells, words in [
        (lists, {"list": "a", "address": "10.5.0.1"}, "failure: already have such entry"),
        (bindings, {"mac-address": "02:00:00:00:00:01"}, "failure: such client already exists"),
        (users, {"name": "budi"}, "failure: already have user with this name for this server"),
        (leases, {"address": "10.5.0.1"}, "failure: already have static lease with this IP address"),
    ]:
        path.add(**cells)
        equal(refusal(lambda: path.add(**cells)), words)
    equal(refusal(lambda: lists.remove("*99")), "no such item")
    equal(refusal(lambda: lists.add(list="a", address="bukan")), "invalid value for argument address")
    equal(refusal(lambda: lists.add(list="a", address="10.5.0.2", warna="x")), "unknown parameter warna")
    equal(refusal(lambda: bindings.add(type="open")), "input does not match any value of type")
    equal(refusal(lambda: api("/ip/hotspot/host/add")), "no such command prefix")
    equal(
        refusal(lambda: api("/ip/nonsense/print")),
        "no such command or directory (nonsense), no such command prefix",
    )
    # The session is well after all of it.
    equal(len(list(lists)), 1)


def many_hosts(connect):
    hosts = connect(USER, PASSWORD).path("ip", "hotspot", "host")
    rows = list(hosts.select(ID, MAC, Key("bytes-in"), Key("bytes-out"), Key("bypassed")))
    equal(len(rows), 10_000)
    equal(len({row[".id"] for row in rows}), 10_000)
    equal(len({row["mac-address"] for row in rows}), 10_000)
    for row in rows:
        assert row["bytes-in"] == 1 and row["bytes-out"] == 2 and row["bypassed"] is False, row
    equal(sum(1 for _ in hosts), 10_000)


def pipelined(connect):
    """Commands are sent without waiting; replies come in order, told apart by their tags."""
    api = connect(USER, PASSWORD)
    for tag in range(20):
        api.protocol.writeSentence("/ip/hotspot/host/print", "=.proplist=mac-address", f".tag={tag}")
    rows = {}
    for _ in range(20):
        word = "!re"
        while word != "!done":
            word, _ = sentence = api.protocol.readSentence()
            (tag,) = [words for words in sentence[1] if words.startswith(".tag=")]
            rows[tag] = rows.get(tag, 0) + (word == "!re")
    equal(rows, {f".tag={tag}": 3 for tag in range(20)})
    # Words of two and three length bytes, there and back.
    identity = api.path("system", "identity")
    for length in (127, 128, 16_383, 16_384, 40_000):
        identity.update(name="x" * length)
        equal([len(row["name"]) for row in identity], [length])
    identity.update(name="pos é")
    equal([row["name"] for row in identity], ["pos é"])


CHECKS = {check.__name__: check for check in (login, queries, edits, refusals, many_hosts, pipelined)}


def main():
    name, host, port = sys.argv[1:]

    def connect(username, password):
        return librouteros.connect(host, username, password, port=int(port), timeout=30, encoding="utf-8")

    CHECKS[name](connect)


if __name__ == "__main__":
    main()

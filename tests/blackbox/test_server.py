"""The router of this suite is itself faithful to the protocol."""

from __future__ import annotations

import socket
import threading

import pytest

from routeros import (
    BINDING,
    HOST,
    LEASE,
    LISTS,
    RESOURCE,
    Query,
    Router,
    Trap,
    Wire,
    duration,
    encode_length,
    encode_sentence,
)


class Client:
    """The least client that can look at replies word by word."""

    def __init__(self, router: Router, login: bool = True):
        self.sock = socket.create_connection(("127.0.0.1", router.port), timeout=5)
        self.wire = Wire(self.sock)
        if login:
            assert self.talk("/login", f"=name={router.user}", f"=password={router.password}") == [["!done"]]

    def talk(self, *words: str) -> list[list[str]]:
        self.sock.sendall(encode_sentence(list(words)))
        replies = []
        while not replies or replies[-1][0] not in ("!done", "!fatal"):
            replies.append(self.wire.sentence())
        return replies

    def rows(self, *words: str) -> list[dict[str, str]]:
        return [dict(w[1:].split("=", 1) for w in r[1:] if w[0] == "=") for r in self.talk(*words) if r[0] == "!re"]


@pytest.fixture
def router():
    router = Router()
    yield router
    router.down()


@pytest.mark.parametrize(
    ("length", "encoded"),
    [
        (0, "00"),
        (0x7F, "7f"),
        (0x80, "8080"),
        (0x3FFF, "bfff"),
        (0x4000, "c04000"),
        (0x200000, "e0200000"),
        (0x10000000, "f010000000"),
        (0xFFFFFFFF, "f0ffffffff"),
    ],
)
def test_lengths_are_encoded_as_in_the_manual(length, encoded):
    assert encode_length(length).hex() == encoded


def test_long_words_survive_the_way_there_and_back(router):
    client = Client(router)
    comment = "x" * 20_000
    client.talk(LISTS + "/add", "=list=a", "=address=10.0.0.1", f"=comment={comment}")
    assert client.rows(LISTS + "/print")[0]["comment"] == comment


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.9, "59s"), (3600, "1h"), (90_061, "1d1h1m1s"), (788_645, "1w2d3h4m5s")]
)
def test_durations_are_printed_as_the_router_does(seconds, text):
    assert duration(seconds) == text


def test_a_wrong_password_is_a_trap_then_done(router):
    client = Client(router, login=False)
    assert client.talk("/login", "=name=kuota", "=password=no") == [
        ["!trap", "=message=invalid user name or password (6)"],
        ["!done"],
    ]


def test_a_command_before_login_is_fatal(router):
    assert Client(router, login=False).talk(RESOURCE + "/print") == [["!fatal", "not logged in"]]


def test_quit_ends_the_session(router):
    assert Client(router).talk("/quit") == [["!fatal", "session terminated on request"]]


def test_every_sentence_of_a_reply_carries_the_tag(router):
    router.connect("02:00:00:00:00:01", "10.5.50.2")
    replies = Client(router).talk(HOST + "/print", "=.proplist=.id", ".tag=7")
    assert replies == [["!re", ".tag=7", "=.id=*1"], ["!done", ".tag=7"]]


def test_an_empty_print_says_so_or_not(router):
    client = Client(router)
    assert client.talk(HOST + "/print", ".tag=1") == [["!empty", ".tag=1"], ["!done", ".tag=1"]]
    router.empty_reply = False
    assert client.talk(HOST + "/print", ".tag=1") == [["!done", ".tag=1"]]


def test_a_proplist_of_unset_properties_gives_bare_rows(router):
    client = Client(router)
    client.talk(BINDING + "/add", "=mac-address=02:00:00:00:00:01", "=type=bypassed")
    assert client.talk(BINDING + "/print", "=.proplist=comment") == [["!re"], ["!done"]]


def test_an_add_returns_an_id_that_is_never_used_again(router):
    client = Client(router)
    first = client.talk(LISTS + "/add", "=list=a", "=address=10.0.0.1")
    assert first == [["!done", "=ret=*1"]]
    client.talk(LISTS + "/remove", "=.id=*1")
    assert client.talk(LISTS + "/add", "=list=a", "=address=10.0.0.1") == [["!done", "=ret=*2"]]
    assert client.talk(LISTS + "/remove", "=.id=*1")[0][-1] == "=message=no such item"


def test_duplicates_are_refused_in_the_router_words(router):
    client = Client(router)
    for path, words, text in [
        (LISTS, ["=list=a", "=address=10.0.0.1/32"], "failure: already have such entry"),
        (BINDING, ["=mac-address=02:00:00:00:00:01"], "failure: such client already exists"),
        (LEASE, ["=address=10.0.0.1"], "failure: already have static lease with this IP address"),
    ]:
        assert client.talk(path + "/add", *words)[0][0] == "!done"
        assert client.talk(path + "/add", *words) == [["!trap", f"=message={text}"], ["!done"]]
    assert [r["address"] for r in client.rows(LISTS + "/print")] == ["10.0.0.1"]


def test_bad_arguments_trap(router):
    client = Client(router)
    for words, text in [
        ([LISTS + "/add", "=list=a", "=address=10.0.0.1", "=colour=red"], "unknown parameter colour"),
        ([BINDING + "/add", "=mac-address=zz"], "invalid value for argument mac-address"),
        ([BINDING + "/add", "=type=vip"], "input does not match any value of type"),
        (["/ip/nonsense/print"], "no such command prefix"),
        ([HOST + "/add"], "no such command"),
    ]:
        replies = client.talk(*words)
        assert f"=message={text}" in replies[0] and replies[-1] == ["!done"], replies


def test_an_unknown_menu_may_trap_twice_before_done(router):
    router.two_traps = True
    assert [r[0] for r in Client(router).talk("/ip/nonsense/print")] == ["!trap", "!trap", "!done"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["?type=ether"], "ab"),
        (["?type=ether", "?type=vlan", "?#|"], "abc"),
        (["?type=ether", "?type=vlan", "?#|!"], "d"),
        (["?type=ether", "?comment"], "b"),
        (["?-comment"], "acd"),
        (["?comment="], "acd"),
        (["?>mtu=1400"], "ad"),
        (["?<mtu=1400"], "bc"),
        (["?=name=a"], "a"),
        (["?name=a", "?name=b", "?name=c", "?#||"], "abc"),
        (["?type=ether", "?#!", "?mtu=1500", "?#&"], "d"),
        (["?running=yes"], "a"),
    ],
)
def test_queries_follow_the_stack_of_the_manual(words, names):
    rows = [
        {"name": "a", "type": "ether", "mtu": "1500", "running": "true"},
        {"name": "b", "type": "ether", "mtu": "900", "comment": "x"},
        {"name": "c", "type": "vlan", "mtu": "1300"},
        {"name": "d", "type": "bridge", "mtu": "1500"},
    ]
    assert "".join(r["name"] for r in rows if Query(words).matches(r)) == names


def test_an_operator_without_operands_is_refused():
    with pytest.raises(Trap):
        Query(["?#|"]).matches({})


def test_host_flags_follow_the_binding(router):
    client = Client(router)
    router.connect("02:00:00:00:00:01", "10.5.50.2", authorized=True)
    row = client.rows(HOST + "/print")[0]
    assert (row["authorized"], row["bypassed"]) == ("true", "false")
    client.talk(BINDING + "/add", "=mac-address=02:00:00:00:00:01", "=type=bypassed")
    row = client.rows(HOST + "/print")[0]
    assert (row["authorized"], row["bypassed"]) == ("false", "true")
    client.talk(BINDING + "/set", "=.id=*2", "=type=blocked")
    assert client.rows(HOST + "/print")[0]["blocked"] == "true"


def test_only_bytes_that_flow_while_let_through_are_countable(router):
    host = router.connect("02:00:00:00:00:01", "10.5.50.2", down=5)
    router.add_row(BINDING, mac_address=host.mac, type="bypassed")
    router.move(host, down=7, up=1)
    assert (router.moved[host.mac], router.countable[host.mac]) == (13, 8)


def test_a_reboot_keeps_static_rows_and_cuts_sessions(router):
    client = Client(router)
    client.talk(LISTS + "/add", "=list=a", "=address=10.0.0.1")
    client.talk(LISTS + "/add", "=list=a", "=address=10.0.0.2", "=timeout=1h")
    router.connect("02:00:00:00:00:01", "10.5.50.2")
    router.reboot(refuse_logins=1)
    with pytest.raises(OSError):
        client.talk(LISTS + "/print")
    refused = Client(router, login=False)
    assert refused.talk("/login", "=name=kuota", "=password=router-secret")[0][0] == "!trap"
    client = Client(router)
    assert [r["address"] for r in client.rows(LISTS + "/print")] == ["10.0.0.1"]
    assert client.rows(HOST + "/print") == []
    assert client.rows(RESOURCE + "/print", "=.proplist=uptime")[0]["uptime"] in ("0s", "1s")


def test_a_lost_reply_was_executed(router):
    client = Client(router)
    router.fault("lost", LISTS, "add")
    with pytest.raises(OSError):
        client.talk(LISTS + "/add", "=list=a", "=address=10.0.0.1")
    assert len(router.snapshot(LISTS)) == 1
    assert router.commands[-1].outcome == "lost after ok"


def test_a_cut_print_ends_after_its_rows(router):
    for n in range(3):
        router.connect(f"02:00:00:00:00:0{n}", f"10.5.50.{n + 2}")
    router.fault("cut", HOST, rows=2)
    client = Client(router)
    client.sock.sendall(encode_sentence([HOST + "/print"]))
    assert [client.wire.sentence()[0] for _ in range(2)] == ["!re", "!re"]
    with pytest.raises(OSError):
        client.wire.sentence()


def test_down_refuses_and_up_answers_on_the_same_port(router):
    port = router.port
    router.down()
    with pytest.raises(OSError):
        Client(router)
    router.up()
    assert router.port == port
    Client(router)


def test_sessions_are_independent(router):
    router.fault("hang", HOST)
    hung, other = Client(router), Client(router)
    hung.sock.sendall(encode_sentence([HOST + "/print"]))
    router.wait_prints(HOST, 1, mark=0)
    done = threading.Event()
    threading.Thread(target=lambda: (other.talk(HOST + "/print"), done.set()), daemon=True).start()
    assert done.wait(5)


def test_another_client_understands_this_server(router):
    """Runs where `librouteros` is installed."""
    librouteros = pytest.importorskip("librouteros")
    from librouteros.exceptions import TrapError
    from librouteros.query import Key, Or

    router.connect("02:00:00:00:00:01", "10.5.50.2", down=2**40)
    api = librouteros.connect("127.0.0.1", username=router.user, password=router.password, port=router.port)
    assert next(iter(api(RESOURCE + "/print")))["uptime"].startswith("1d1h1m")
    assert list(api.path("ip", "hotspot", "host").select(Key("mac-address"), Key("bytes-out"))) == [
        {"mac-address": "02:00:00:00:00:01", "bytes-out": 2**40}
    ]
    lists = api.path("ip", "firewall", "address-list")
    ids = [lists.add(list=name, address="10.0.0.1") for name in ("a", "b", "c")]
    name = Key("list")
    assert [r["list"] for r in lists.select(name).where(Or(name == "a", name == "c"))] == ["a", "c"]
    lists.update(**{".id": ids[0], "comment": "kuota:x"})
    assert [r["comment"] for r in lists if "comment" in r] == ["kuota:x"]
    lists.remove(ids[1], ids[2])
    assert len(list(lists)) == 1
    with pytest.raises(TrapError, match="already have such entry"):
        lists.add(list="a", address="10.0.0.1")
    with pytest.raises(TrapError, match="no such command prefix"):
        list(api("/ip/nonsense/print"))
    assert list(api.path("ip", "dhcp-server", "lease")) == []
    api.close()

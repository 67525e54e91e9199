use std::net::Ipv4Addr;

use tokio::time::timeout;

use super::*;
use crate::domain::id::Mac;
use crate::sim::wire::read_sentence;
use crate::sim::{ConnectionMode, Rights, SimConfig, SimRouter, When};

const HOSTS: &str = "/ip/hotspot/host/print";
const PATIENCE: Duration = Duration::from_secs(20);

struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(router: &SimRouter) -> Self {
        Self(BufReader::new(TcpStream::connect(router.address()).await.unwrap()))
    }

    async fn logged_in(router: &SimRouter) -> Self {
        let mut client = Self::connect(router).await;
        assert_eq!(client.talk(&["/login", "=name=agent", "=password=rahasia"]).await, ["!done"]);
        client
    }

    async fn send(&mut self, words: &[&str]) {
        let mut bytes = Vec::new();
        put_sentence(&mut bytes, words.iter().copied());
        self.0.get_mut().write_all(&bytes).await.unwrap();
    }

    /// One sentence, its words with spaces between; `None` when the connection is over.
    async fn hear(&mut self) -> Option<String> {
        let words = timeout(PATIENCE, read_sentence(&mut self.0)).await.expect("the router answers in time");
        words.ok().flatten().map(|words| words.join(" "))
    }

    /// Sentences of one reply; `gone` at its end when the connection is over.
    async fn talk(&mut self, words: &[&str]) -> Vec<String> {
        self.send(words).await;
        let mut reply = Vec::new();
        loop {
            let sentence = self.hear().await;
            let last = sentence.as_ref().is_none_or(|s| s.starts_with("!done") || s.starts_with("!fatal"));
            reply.push(sentence.unwrap_or_else(|| "gone".to_owned()));
            if last {
                return reply;
            }
        }
    }
}

fn mac(n: u16) -> Mac {
    Mac::from_u64(0x0200_0000_0000 + u64::from(n))
}

async fn router(hosts: u16) -> SimRouter {
    router_with(SimConfig::default(), hosts).await
}

async fn router_with(config: SimConfig, hosts: u16) -> SimRouter {
    let router = SimRouter::start(config).await.unwrap();
    for n in 1..=hosts {
        let [high, low] = n.to_be_bytes();
        router.host_connect(mac(n), Ipv4Addr::new(10, 5, high, low));
    }
    router
}

/// The reply to a print of host ids under a fault.
async fn struck(hosts: u16, fault: Fault) -> (SimRouter, Vec<String>) {
    let router = router(hosts).await;
    let mut client = Client::logged_in(&router).await;
    router.fault(fault, When::next(HOSTS));
    let reply = client.talk(&[HOSTS, "=.proplist=.id", ".tag=t"]).await;
    (router, reply)
}

#[tokio::test]
async fn a_login_opens_the_session_and_a_wrong_one_is_refused() {
    let router = router(0).await;
    let mut client = Client::connect(&router).await;
    let refused = ["!trap .tag=1 =message=invalid user name or password (6)", "!done .tag=1"];
    assert_eq!(client.talk(&["/login", "=name=agent", "=password=x", ".tag=1"]).await, refused);
    assert_eq!(client.talk(&["/login", "=name=agent", "=password=rahasia"]).await, ["!done"]);
    assert_eq!(client.talk(&["/system/identity/print"]).await, ["!re =name=MikroTik", "!done"]);
    assert_eq!(client.talk(&["/quit"]).await, ["!fatal session terminated on request"]);
    assert_eq!(client.hear().await, None);
    assert_eq!(router.stats().logins_refused, 1);
    router.change_password("lain");
    let mut client = Client::connect(&router).await;
    assert_eq!(client.talk(&["/login", "=name=agent", "=password=rahasia"]).await.len(), 2);
}

#[tokio::test]
async fn before_the_login_any_command_is_fatal() {
    let router = router(0).await;
    let mut client = Client::connect(&router).await;
    assert_eq!(client.talk(&[HOSTS]).await, ["!fatal not logged in"]);
    assert_eq!(client.hear().await, None);
}

#[tokio::test]
async fn a_router_before_6_43_answers_a_plain_login_with_a_challenge() {
    let router = router_with(SimConfig { version: "6.42.1".to_owned(), ..SimConfig::default() }, 0).await;
    let mut client = Client::connect(&router).await;
    let reply = client.talk(&["/login", "=name=agent", "=password=rahasia", ".tag=1"]).await;
    assert!(reply[0].starts_with("!done .tag=1 =ret="), "{reply:?}");
    assert_eq!(client.talk(&["/system/resource/print"]).await, ["!fatal not logged in"]);
}

#[tokio::test]
async fn every_sentence_carries_the_tag_and_pipelined_commands_are_answered_in_order() {
    let router = router(2).await;
    let mut client = Client::logged_in(&router).await;
    for tag in 1..=8 {
        client.send(&[HOSTS, "=.proplist=.id", &format!(".tag={tag}")]).await;
    }
    for tag in 1..=8 {
        for sentence in ["!re .tag={} =.id=*1", "!re .tag={} =.id=*2", "!done .tag={}"] {
            assert_eq!(client.hear().await.unwrap(), sentence.replace("{}", &tag.to_string()));
        }
    }
    assert_eq!(router.stats().commands[HOSTS], 8);
}

#[tokio::test]
async fn an_empty_reply_says_so_since_7_18() {
    for (version, expected) in
        [("7.18", vec!["!empty .tag=1", "!done .tag=1"]), ("7.17.2", vec!["!done .tag=1"])]
    {
        let router = router_with(SimConfig { version: version.to_owned(), ..SimConfig::default() }, 0).await;
        let mut client = Client::logged_in(&router).await;
        assert_eq!(client.talk(&[HOSTS, ".tag=1"]).await, expected, "{version}");
        let count = client.talk(&[HOSTS, "=count-only="]).await;
        assert_eq!(count, ["!done =ret=0"], "{version}");
    }
}

#[tokio::test]
async fn rows_without_any_listed_column_come_bare() {
    let router = router(1).await;
    let mut client = Client::logged_in(&router).await;
    assert_eq!(client.talk(&[HOSTS, "=.proplist=comment"]).await, ["!re", "!done"]);
}

#[tokio::test]
async fn traps_come_before_done_and_two_of_them_for_an_unknown_menu() {
    let router = router(0).await;
    let mut client = Client::logged_in(&router).await;
    let reply = client.talk(&["/ip/nonsense/print", ".tag=9"]).await;
    let expected = [
        "!trap .tag=9 =category=0 =message=no such command or directory (nonsense)",
        "!trap .tag=9 =category=0 =message=no such command prefix",
        "!done .tag=9",
    ];
    assert_eq!(reply, expected);
}

#[tokio::test]
async fn an_addition_returns_its_id() {
    let router = router_with(SimConfig { rights: Rights::ReadWrite, ..SimConfig::default() }, 0).await;
    let mut client = Client::logged_in(&router).await;
    let add = ["/ip/firewall/address-list/add", "=list=a", "=address=10.5.0.1", ".tag=1"];
    assert_eq!(client.talk(&add).await, ["!done .tag=1 =ret=*1"]);
    router.fault(Fault::RetBeforeTag, When::next(add[0]));
    let other = ["/ip/firewall/address-list/add", "=list=b", "=address=10.5.0.1", ".tag=2"];
    assert_eq!(client.talk(&other).await, ["!done =ret=*2 .tag=2"]);
    assert_eq!(router.stats().writes, 2);
}

#[tokio::test]
async fn a_cancel_interrupts_an_endless_reply_and_the_session_goes_on() {
    let router = router(1).await;
    let mut client = Client::logged_in(&router).await;
    router.fault(Fault::EndlessReply, When::next(HOSTS));
    client.send(&[HOSTS, "=.proplist=.id", ".tag=T"]).await;
    assert_eq!(client.hear().await.unwrap(), "!re .tag=T =.id=*1");
    client.send(&["/cancel", "=tag=T", ".tag=C"]).await;
    let mut sentence = client.hear().await.unwrap();
    while sentence.starts_with("!re") {
        sentence = client.hear().await.unwrap();
    }
    assert_eq!(sentence, "!trap .tag=T =category=2 =message=interrupted");
    assert_eq!(client.hear().await.unwrap(), "!done .tag=C");
    assert_eq!(client.hear().await.unwrap(), "!done .tag=T");
    assert_eq!(client.talk(&[HOSTS, "=.proplist=.id"]).await, ["!re =.id=*1", "!done"]);
    assert_eq!(client.talk(&["/cancel", "=tag=T", ".tag=C"]).await, ["!done .tag=C"]);
}

#[tokio::test]
async fn cuts_come_where_they_were_ordered() {
    let rows = |n: usize| (1..=n).map(|id| format!("!re .tag=t =.id=*{id}"));
    let (_, reply) = struck(5, Fault::CutAfterRows(3)).await;
    assert_eq!(reply, rows(3).chain(["gone".to_owned()]).collect::<Vec<_>>());
    // A row is 4 + 7 + 8 bytes and the end of the sentence; the last byte of the second row is missing.
    let (_, reply) = struck(5, Fault::CutAfterBytes(2 * 20 - 1)).await;
    assert_eq!(reply, rows(1).chain(["gone".to_owned()]).collect::<Vec<_>>());
    let (_, reply) = struck(2, Fault::CutAfterBytes(1000)).await;
    assert_eq!(reply.len(), 3, "a shorter reply is not cut");
}

#[tokio::test]
async fn a_lost_reply_is_the_reply_of_a_command_that_was_executed() {
    let router = router(0).await;
    let mut client = Client::logged_in(&router).await;
    let add = ["/ip/firewall/address-list/add", "=list=a", "=address=10.5.0.1"];
    router.fault(Fault::LostReply, When::next(add[0]));
    assert_eq!(client.talk(&add).await, ["gone"]);
    assert_eq!(router.lists_of(Ipv4Addr::new(10, 5, 0, 1)), ["a"]);
}

#[tokio::test]
async fn ordered_traps_keep_the_command_from_being_executed() {
    let router = router(0).await;
    let mut client = Client::logged_in(&router).await;
    let add = ["/ip/firewall/address-list/add", "=list=a", "=address=10.5.0.1", ".tag=1"];
    router.fault(Fault::Trap("busy".to_owned()), When::next(add[0]));
    router.fault(Fault::TrapWithoutText, When::next(add[0]));
    assert_eq!(client.talk(&add).await, ["!trap .tag=1 =message=busy", "!done .tag=1"]);
    assert_eq!(client.talk(&add).await, ["!trap .tag=1", "!done .tag=1"]);
    assert_eq!(client.talk(&add).await, ["!done .tag=1 =ret=*1"]);
}

#[tokio::test]
async fn rows_come_twice_slowly_or_with_garbage() {
    let row = "!re .tag=t =.id=*1";
    let (_, reply) = struck(1, Fault::DuplicateRows).await;
    assert_eq!(reply, [row, row, "!done .tag=t"]);
    let (_, reply) = struck(1, Fault::Slow(Duration::from_millis(1))).await;
    assert_eq!(reply, [row, "!done .tag=t"]);
    let (_, reply) = struck(1, Fault::Trickle(Duration::from_micros(10))).await;
    assert_eq!(reply, [row, "!done .tag=t"]);
    let (_, reply) = struck(1, Fault::Garbage(vec![0xFF, 0xFE])).await;
    assert_eq!(reply, [row, "gone"], "the test's own client gives up at a control byte");
}

#[tokio::test]
async fn a_huge_word_announces_four_gibibytes() {
    let router = router(1).await;
    let mut client = Client::logged_in(&router).await;
    router.fault(Fault::HugeWord, When::next(HOSTS));
    client.send(&[HOSTS]).await;
    let mut head = [0; 6];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut head).await.unwrap();
    assert_eq!(head, [0xF0, 0xFF, 0xFF, 0xFF, 0xFF, b'x']);
}

#[tokio::test]
async fn a_hanging_command_is_taken_and_never_answered() {
    let router = router(1).await;
    let mut client = Client::logged_in(&router).await;
    router.fault(Fault::Hang, When::nth(HOSTS, 2));
    assert_eq!(client.talk(&[HOSTS]).await.len(), 2);
    client.send(&[HOSTS]).await;
    timeout(PATIENCE, router.served(HOSTS, 2)).await.unwrap();
    assert!(timeout(Duration::from_millis(50), read_sentence(&mut client.0)).await.is_err());
    router.cut_sessions();
    assert_eq!(client.hear().await, None);
}

#[tokio::test]
async fn connections_are_refused_hang_and_are_served_again_on_the_same_port() {
    let router = router(0).await;
    let mut open = Client::logged_in(&router).await;
    router.connections(ConnectionMode::Refuse).await;
    let refused = TcpStream::connect(router.address()).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(open.talk(&["/system/identity/print"]).await.len(), 2, "open sessions go on");
    router.connections(ConnectionMode::Hang).await;
    let mut hanging = Client::connect(&router).await;
    hanging.send(&["/login", "=name=agent", "=password=rahasia"]).await;
    assert!(timeout(Duration::from_millis(50), read_sentence(&mut hanging.0)).await.is_err());
    router.connections(ConnectionMode::Accept).await;
    Client::logged_in(&router).await;
    router.stop().await;
    assert_eq!(open.hear().await, None);
    assert_eq!(hanging.hear().await, None);
    assert!(TcpStream::connect(router.address()).await.is_err());
}

#[tokio::test]
async fn a_reboot_cuts_sessions_and_one_session_too_many_is_closed() {
    let router = router_with(SimConfig { sessions_max: 1, ..SimConfig::default() }, 1).await;
    let mut client = Client::logged_in(&router).await;
    let mut second = Client::connect(&router).await;
    assert_eq!(second.hear().await, None);
    assert_eq!(router.stats().sessions_total, 1);
    router.reboot();
    assert_eq!(client.hear().await, None);
    assert!(router.rows("/ip/hotspot/host").is_empty());
}

#[tokio::test]
async fn a_bad_sentence_ends_the_session_and_leaves_the_router_well() {
    let router = router(0).await;
    let mut client = Client::logged_in(&router).await;
    client.0.get_mut().write_all(&[0xF0, 0xFF, 0xFF, 0xFF, 0xFF]).await.unwrap();
    assert_eq!(client.hear().await, None);
    Client::logged_in(&router).await;
}

#[tokio::test]
async fn hands_edit_rows_without_being_counted_as_writes() {
    let router = router(1).await;
    let list = "/ip/firewall/address-list";
    let id =
        router.hand_add(list, &[("list", "a"), ("address", "10.5.0.1/32"), ("comment", "tetap")]).unwrap();
    let again = router.hand_add(list, &[("list", "a"), ("address", "10.5.0.1")]).unwrap_err();
    assert_eq!(again, "failure: already have such entry");
    router.hand_set(list, &id, &[("disabled", "yes")]).unwrap();
    assert_eq!(router.rows(list)[0]["disabled"], "true");
    router.hand_remove(list, &id).unwrap();
    assert_eq!(router.hand_remove(list, &id).unwrap_err(), "no such item");
    router.hand_set("/ip/hotspot/host", "*1", &[("bytes-in", "77"), ("uptime", "1h")]).unwrap();
    let host = &router.rows("/ip/hotspot/host")[0];
    assert_eq!((host["bytes-in"].as_str(), host["uptime"].as_str()), ("77", "1h"));
    assert_eq!(router.stats().writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_come_whole_while_counters_move() {
    let router = router(10_000).await;
    let mut client = Client::logged_in(&router).await;
    client.send(&[HOSTS, "=.proplist=.id,mac-address,uptime,bytes-in,bytes-out,bypassed"]).await;
    let mut rows = 0;
    loop {
        let sentence = client.hear().await.unwrap();
        if sentence == "!done" {
            break;
        }
        rows += 1;
        router.traffic(mac(rows), 1000, 100);
    }
    assert_eq!(rows, 10_000);
    assert!(router.stats().bytes_sent > 900_000);
}

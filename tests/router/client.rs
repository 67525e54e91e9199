//! The router client against a scripted router: real TCP where bytes matter, memory and a clock of its own where time
//! does.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kuota::domain::id::Mac;
use kuota::domain::listing::{BindingKind, Edit, Lease, List};
use kuota::domain::usage::RowId;
use kuota::routeros::client::{ClientConfig, Dial, Password, RouterClient, RouterStream};
use kuota::routeros::{EditOutcome, Router, RouterError, RouterIdentity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

const HOSTS: &str = "/ip/hotspot/host/print";
const LISTINGS: &str = "/ip/firewall/address-list/print";
const BINDINGS: &str = "/ip/hotspot/ip-binding/print";
const LEASES: &str = "/ip/dhcp-server/lease/print";
const IDENTITY: &str = "/system/identity/print";
const ADD_LISTING: &str = "/ip/firewall/address-list/add";
const WRONG_PASSWORD: &str = "invalid user name or password (6)";

/// A command as the router got it.
#[derive(Clone, Debug)]
struct Got {
    /// Which connection, from 1.
    connection: usize,
    path: String,
    words: Vec<String>,
    tag: String,
}

impl Got {
    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }
}

/// What the router does about a command.
enum Act {
    /// A sentence; the tag is added.
    Say(Vec<Vec<u8>>),
    /// Bytes as they are.
    Raw(Vec<u8>),
    /// Rows without end, so long apart.
    Flood(Duration),
    /// Nothing for so long.
    Wait(Duration),
    Close,
}

fn say(words: &[&str]) -> Act {
    Act::Say(words.iter().map(|word| word.as_bytes().to_vec()).collect())
}

fn done() -> Act {
    say(&["!done"])
}

fn trap(message: &str) -> Vec<Act> {
    vec![say(&["!trap", &format!("=message={message}")]), done()]
}

fn encode(words: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in words {
        if let Ok(length @ 0..=0x7F) = u8::try_from(word.len()) {
            out.push(length);
        } else {
            out.extend((u16::try_from(word.len()).unwrap() | 0x8000).to_be_bytes());
        }
        out.extend_from_slice(word);
    }
    out.push(0);
    out
}

/// The next sentence from the client.
async fn read_sentence(stream: &mut RouterStream) -> Option<Vec<String>> {
    let mut words = Vec::new();
    loop {
        let length = match stream.read_u8().await.ok()? {
            0 => return Some(words),
            short @ 1..=0x7F => usize::from(short),
            long @ 0x80..=0xBF => usize::from(long & 0x3F) << 8 | usize::from(stream.read_u8().await.ok()?),
            _ => panic!("the client writes no word of this length"),
        };
        let mut word = vec![0; length];
        stream.read_exact(&mut word).await.ok()?;
        words.push(String::from_utf8(word).unwrap());
    }
}

type Script = Arc<dyn Fn(&Got) -> Option<Vec<Act>> + Send + Sync>;

/// A router that follows a script; what the script leaves out it does as a healthy one would.
#[derive(Clone)]
struct Scripted {
    script: Script,
    log: Arc<Mutex<Vec<Got>>>,
    connections: Arc<AtomicUsize>,
}

impl Scripted {
    fn new(script: impl Fn(&Got) -> Option<Vec<Act>> + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), log: Arc::default(), connections: Arc::default() }
    }

    fn log(&self, path: &str) -> Vec<Got> {
        self.log.lock().unwrap().iter().filter(|got| got.path == path).cloned().collect()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn healthy(got: &Got) -> Vec<Act> {
        match got.path.as_str() {
            "/system/resource/print" => {
                vec![say(&["!re", "=uptime=1h2m3s", "=version=7.20 (stable)"]), done()]
            }
            path if path.ends_with("/print") => vec![say(&["!empty"]), done()],
            _ => vec![done()],
        }
    }

    async fn serve(self, mut stream: RouterStream) {
        let connection = self.connections.fetch_add(1, Ordering::SeqCst) + 1;
        while let Some(sentence) = read_sentence(&mut stream).await {
            let (mut tags, words): (Vec<_>, Vec<_>) =
                sentence[1..].iter().cloned().partition(|word| word.starts_with(".tag="));
            let got = Got { connection, path: sentence[0].clone(), words, tag: tags.remove(0) };
            self.log.lock().unwrap().push(got.clone());
            for act in (self.script)(&got).unwrap_or_else(|| Self::healthy(&got)) {
                if Self::act(&mut stream, &got.tag, act).await.is_none() {
                    return;
                }
            }
        }
    }

    async fn act(stream: &mut RouterStream, tag: &str, act: Act) -> Option<()> {
        match act {
            Act::Say(mut words) => {
                words.push(tag.as_bytes().to_vec());
                stream.write_all(&encode(&words)).await.ok()
            }
            Act::Raw(bytes) => stream.write_all(&bytes).await.ok(),
            Act::Wait(wait) => {
                tokio::time::sleep(wait).await;
                Some(())
            }
            Act::Flood(pause) => loop {
                stream.write_all(&encode(&[b"!re".to_vec(), b"=list=x".to_vec(), tag.into()])).await.ok()?;
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            },
            Act::Close => None,
        }
    }

    /// Over TCP, in real time.
    async fn over_tcp(&self) -> RouterClient {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(router.clone().serve(Box::new(stream)));
            }
        });
        RouterClient::spawn(ClientConfig::new(address, "agent", Password::from("secret-word")))
    }

    fn dial(&self) -> Dial {
        let router = self.clone();
        dial_memory(move |stream| router.clone().serve(stream))
    }

    /// In memory: for tests with a paused clock.
    fn in_memory(&self) -> RouterClient {
        RouterClient::spawn_over(config(), self.dial())
    }
}

/// Connections in memory; `serve` has the other end.
fn dial_memory<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(RouterStream) -> F + Send + Sync + 'static,
) -> Dial {
    Arc::new(move || {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(serve(Box::new(theirs)));
        Box::pin(async { Ok(Box::new(ours) as RouterStream) })
    })
}

fn config() -> ClientConfig {
    ClientConfig::new("router", "agent", Password::from("secret-word"))
}

fn mac(last: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, last])
}

fn host(i: u64, more: &[&str]) -> Act {
    let words = [
        "!re".to_owned(),
        format!("=.id=*{i:X}"),
        format!("=mac-address={}", Mac::from_u64(0x0200_0000_0000 + i)),
        "=uptime=1m".to_owned(),
        format!("=bytes-in={i}"),
        "=bytes-out=1000".to_owned(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
    say(&words)
}

/// A router that answers one menu command by `acts` and everything else as a healthy one.
fn only(path: &'static str, acts: impl Fn() -> Vec<Act> + Send + Sync + 'static) -> Scripted {
    Scripted::new(move |got| (got.path == path).then(&acts))
}

/// The same, but once: afterwards it is healthy.
fn once(path: &'static str, acts: Vec<Act>) -> Scripted {
    let acts = Mutex::new(Some(acts));
    Scripted::new(move |got| if got.path == path { acts.lock().unwrap().take() } else { None })
}

fn is_lost(error: &RouterError) -> bool {
    matches!(error, RouterError::Lost(_))
}

fn is_malformed(error: &RouterError) -> bool {
    matches!(error, RouterError::Malformed { .. })
}

fn add(i: u8) -> Edit {
    let owner = format!("user{i}");
    Edit::AddListing { list: List::Active, address: [10, 0, 0, i].into(), owner }
}

fn remove(id: &str) -> Edit {
    Edit::RemoveListing { row: RowId(id.to_owned()), address: None }
}

#[tokio::test]
async fn the_host_table_is_read_whole() {
    let router = only(HOSTS, || {
        vec![
            host(1, &["=address=10.0.0.1", "=to-address=10.1.0.1", "=authorized=true", "=bypassed=false"]),
            host(2, &["=address=10.0.0.2/32", "=to-address=0.0.0.0", "=bypassed=yes"]),
            host(3, &[]),
            done(),
        ]
    });
    let client = router.over_tcp().await;
    let table = client.read_hosts().await.unwrap();
    assert_eq!(table.uptime_s, 3723);
    assert!(table.span_s >= 1, "rounded up");
    assert_eq!(table.rows.iter().map(|r| r.bytes).collect::<Vec<_>>(), [1001, 1002, 1003]);
    assert_eq!(table.rows.iter().map(|r| r.counts).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(table.rows[0].seen_address(), Some([10, 1, 0, 1].into()));
    assert_eq!(table.rows[1].seen_address(), Some([10, 0, 0, 2].into()));
    assert_eq!(table.rows[2].seen_address(), None);
    assert_eq!((table.rows[0].uptime_s, &table.rows[0].row), (60, &RowId("*1".to_owned())));
    let health = client.health();
    assert!(health.connected);
    assert_eq!(health.commands, 2);
    assert_eq!(health.version.as_deref(), Some("7.20 (stable)"));
    let columns =
        "=.proplist=.id,mac-address,address,to-address,uptime,bytes-in,bytes-out,authorized,bypassed";
    assert!(router.log(HOSTS)[0].has(columns));
}

#[tokio::test]
async fn ten_thousand_rows_come_through() {
    let router = only(HOSTS, || (0..10_000).map(|i| host(i, &[])).chain([done()]).collect());
    let table = router.over_tcp().await.read_hosts().await.unwrap();
    assert_eq!(table.rows.len(), 10_000);
    assert_eq!(table.rows[9_999].bytes, 10_999);
}

#[tokio::test]
async fn a_refused_log_in_is_told_at_once_and_tried_once() {
    let router = only("/login", || trap(WRONG_PASSWORD));
    let client = router.over_tcp().await;
    for _ in 0..3 {
        let Err(RouterError::LoginRefused(text)) = client.read_hosts().await else { panic!("let in") };
        assert!(text.starts_with(WRONG_PASSWORD), "{text}");
    }
    assert_eq!(router.log("/login").len(), 1);
    let health = client.health();
    assert!(!health.connected);
    assert!(health.retry_in.unwrap() > Duration::from_mins(4));
    assert!(router.log("/login")[0].has("=password=secret-word"));
}

#[tokio::test]
async fn a_refusal_counts_even_if_the_router_hangs_up_on_it() {
    let router = only("/login", || vec![say(&["!trap", "=message=cannot log in"]), Act::Close]);
    let error = router.over_tcp().await.read_hosts().await.unwrap_err();
    assert_eq!(error, RouterError::LoginRefused("cannot log in".to_owned()));
}

#[tokio::test]
async fn only_a_refusal_that_says_so_is_a_wrong_password() {
    for text in ["std failure: timeout (13)", "failure: out of memory", "interrupted", ""] {
        let client = only("/login", move || trap(text)).over_tcp().await;
        let error = client.read_hosts().await.unwrap_err();
        assert!(is_lost(&error), "{text}: {error}");
        assert!(!error.to_string().contains("password"), "{text}: {error}");
        let wait = client.health().retry_in.unwrap_or_default();
        assert!(wait <= Duration::from_secs(2), "{text}: {wait:?}");
    }
    for text in [WRONG_PASSWORD, "cannot log in", "Invalid user name or password (6)"] {
        let client = only("/login", move || trap(text)).over_tcp().await;
        assert!(matches!(client.read_hosts().await, Err(RouterError::LoginRefused(_))), "{text}");
        assert!(client.health().retry_in.unwrap() > Duration::from_mins(4), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_in_that_the_router_could_not_finish_is_tried_again_in_seconds() {
    let router = once("/login", trap("std failure: timeout (13)"));
    let client = router.in_memory();
    assert!(client.read_hosts().await.is_err());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(client.read_hosts().await.is_ok());
}

#[tokio::test]
async fn a_router_that_cannot_tell_its_serial_number_now_is_no_other_router() {
    let router = once("/system/routerboard/print", trap("std failure: timeout (13)"));
    let client = router.over_tcp().await;
    let known = client.read_hosts().await.unwrap().identity;
    assert_eq!(known, None, "not the licence's id in place of the serial number");
}

#[tokio::test]
async fn a_challenge_comes_from_a_router_too_old() {
    let router = only("/login", || vec![say(&["!done", "=ret=0123456789abcdef0123456789abcdef"])]);
    let error = router.over_tcp().await.read_hosts().await.unwrap_err();
    assert_eq!(error.to_string(), "router refused /login: RouterOS before 6.43 is not supported");
}

#[tokio::test]
async fn a_trap_is_told_in_the_routers_words() {
    let acts = vec![
        say(&["!trap", "=category=1", "=message=not enough permissions (9)"]),
        say(&["!trap", "=message=another one"]),
        say(&["!re", "=.id=*1"]),
        done(),
    ];
    let client = once(HOSTS, acts).over_tcp().await;
    let error = client.read_hosts().await.unwrap_err();
    let message = "not enough permissions (9)".to_owned();
    assert_eq!(error, RouterError::Trap { command: HOSTS.to_owned(), message });
    assert!(client.read_hosts().await.is_ok(), "the connection lives");
    assert_eq!(client.health().commands, 4);
}

#[tokio::test]
async fn a_missing_menu_is_a_warning() {
    let router = Scripted::new(|got| {
        got.path.starts_with("/ip/hotspot/").then(|| {
            let mut acts = vec![say(&["!trap", "=message=no such command or directory (hotspot)"])];
            acts.extend(trap("no such command prefix"));
            acts
        })
    });
    let client = router.over_tcp().await;
    assert_eq!(client.read_hosts().await.unwrap().rows, []);
    for _ in 0..2 {
        assert_eq!(client.read_access().await.unwrap().bindings, []);
    }
    let warnings = ["the router has no /ip/hotspot/host", "the router has no /ip/hotspot/ip-binding"];
    assert_eq!(client.health().warnings, warnings);
}

#[tokio::test]
async fn a_table_cut_short_is_lost_and_nothing_comes_of_it() {
    let cut = encode(&[b"!re".to_vec(), b"=.id=*9".to_vec()]);
    for end in [Vec::new(), cut[..5].to_vec()] {
        let acts = vec![host(1, &[]), host(2, &[]), Act::Raw(end), Act::Close];
        let client = once(HOSTS, acts).over_tcp().await;
        let error = client.read_hosts().await.unwrap_err();
        assert!(is_lost(&error), "{error}");
        let health = client.health();
        assert!(!health.connected);
        assert!(health.retry_in.is_some());
        let RouterError::Lost(text) = client.read_access().await.unwrap_err() else { panic!("not lost") };
        assert!(text.contains("next attempt in"), "{text}");
    }
}

#[tokio::test]
async fn garbage_ends_the_connection_and_never_skips_a_row() {
    let untagged = encode(&[b"!re".to_vec(), b"=.id=*1".to_vec()]);
    let stranger = encode(&[b"!re".to_vec(), b"=.id=*1".to_vec(), b".tag=4000000000".to_vec()]);
    let rows = [
        ("bytes", Act::Raw(vec![0xFF; 64])),
        ("a word of 4 GiB", Act::Raw(vec![0xF0, 0xFF, 0xFF, 0xFF, 0xFF])),
        ("a sentence without words", Act::Raw(vec![0])),
        ("an unknown category", say(&["!new", "=.id=*1"])),
        ("a row without a tag", Act::Raw(untagged)),
        ("a row of no command", Act::Raw(stranger)),
        ("two tags", say(&["!re", ".tag=1"])),
        ("another protocol", Act::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())),
    ];
    for (what, garbage) in rows {
        let client = once(HOSTS, vec![host(1, &[]), garbage, done(), Act::Close]).over_tcp().await;
        let error = client.read_hosts().await.unwrap_err();
        assert!(is_lost(&error) || is_malformed(&error), "{what}: {error}");
        assert!(!client.health().connected, "{what}");
    }
}

#[tokio::test]
async fn the_routers_last_words_are_told() {
    let fatal = encode(&[b"!fatal".to_vec(), b"session terminated on request".to_vec()]);
    let client = once(HOSTS, vec![Act::Raw(fatal), Act::Close]).over_tcp().await;
    let why = "router ended the session: session terminated on request".to_owned();
    assert_eq!(client.read_hosts().await, Err(RouterError::Lost(why)));
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_unknown_by_itself() {
    let good = [
        "=.id=*1",
        "=mac-address=02:00:00:00:00:01",
        "=uptime=1m",
        "=bytes-in=1",
        "=bytes-out=1",
        "=address=10.0.0.1",
    ];
    let bad = [
        (0, "=.id="),
        (0, "=.id=*1,*2"),
        (1, "=mac-address=02:00:00"),
        (1, "=comment=no mac"),
        (2, "=uptime=never"),
        (2, "=uptime=soon"),
        (3, "=bytes-in=-1"),
        (3, "=bytes-in=18446744073709551616"),
        (3, "=bytes-in=18446744073709000000"),
        (3, "=bytes-in=4611686018427387904"),
        (4, "=comment=no bytes"),
        (5, "=authorized=maybe"),
        (5, "a word that is no attribute"),
    ];
    for (at, word) in bad {
        let mut words = good;
        words[at] = word;
        let row = say(&[&["!re"], &words[..]].concat());
        let client = once(HOSTS, vec![host(7, &[]), row, host(8, &[]), done()]).over_tcp().await;
        let table = client.read_hosts().await.unwrap();
        assert_eq!(
            table.rows.iter().map(|row| row.row.0.as_str()).collect::<Vec<_>>(),
            ["*7", "*8"],
            "{word}"
        );
        let [unread] = &table.unread[..] else { panic!("{word}: {:?}", table.unread) };
        assert_eq!(unread.row.is_some(), at != 0, "{word}");
        assert_eq!(unread.mac.is_some(), at != 1, "{word}");
        assert_eq!(unread.address.is_some(), at != 5, "{word}");
        let named = word.trim_start_matches('=').split('=').next().unwrap();
        assert!(named == "comment" || unread.what.contains(named), "{word}: {}", unread.what);
        assert!(client.health().connected);
    }
    let garbled = Act::Say(vec![
        b"!re".to_vec(),
        b"=.id=*1".to_vec(),
        b"=\xff=1".to_vec(),
        b"=mac-address=\xff".to_vec(),
    ]);
    let client = once(HOSTS, vec![garbled, say(&["!re"]), host(8, &[]), done()]).over_tcp().await;
    let table = client.read_hosts().await.unwrap();
    assert_eq!((table.rows.len(), table.unread.len()), (1, 2));
}

#[tokio::test]
async fn a_translated_address_that_makes_no_sense_is_not_the_other_one() {
    let row = host(7, &["=authorized=maybe", "=address=10.0.0.1", "=to-address=10.0.0"]);
    let client = once(HOSTS, vec![row, done()]).over_tcp().await;
    assert_eq!(client.read_hosts().await.unwrap().unread[0].address, None);
}

#[tokio::test]
async fn a_table_of_nonsense_is_no_table() {
    let rows = || (0..1001).map(|_| say(&["!re", "=.id=*1", "=disabled=perhaps"])).chain([done()]).collect();
    for path in [HOSTS, LISTINGS, BINDINGS] {
        let client = once(path, rows()).over_tcp().await;
        let (hosts, access) = (client.read_hosts().await.err(), client.read_access().await.err());
        let error = hosts.or(access);
        assert!(error.as_ref().is_some_and(is_malformed), "{path}: {error:?}");
        assert!(client.health().connected);
    }
}

#[tokio::test]
async fn rows_of_the_access_menus_that_make_no_sense_are_told_apart() {
    let router = Scripted::new(|got| {
        let mut acts = match got.path.as_str() {
            LISTINGS => vec![
                say(&["!re", "=list=klient_aktif", "=address=10.0.0.1", "=comment=kuota:budi"]),
                say(&["!re", "=.id=*2", "=list=klient_aktif", "=address=10.0.0.2", "=disabled=perhaps"]),
                say(&["!re", "=.id=*3", "=address=10.0.0.3", "=comment=kuota:ani"]),
                say(&["!re", "=list=bogon", "=address=10.0.0.4"]),
                say(&["!re", "=.id=*5", "=list=klient_aktif", "=address=10.0.0.5", "=comment=kuota:ani"]),
            ],
            BINDINGS => vec![
                say(&["!re", "=.id=*6", "=mac-address=02:00", "=comment=kuota:budi"]),
                say(&["!re", "=mac-address=02:00:00:00:00:01", "=comment=kuota:budi"]),
            ],
            LEASES => vec![say(&[
                "!re",
                "=mac-address=02:00:00:00:00:01",
                "=address=10.0.0.9",
                "=disabled=perhaps",
            ])],
            _ => return None,
        };
        acts.push(done());
        Some(acts)
    });
    let client = router.over_tcp().await;
    let access = client.read_access().await.unwrap();
    let owners: Vec<&str> = access.listings.iter().map(|row| row.owner.as_str()).collect();
    assert_eq!((owners, access.bindings.len(), access.leases.len()), (vec!["ani"], 0, 0));
    let addresses: Vec<_> =
        access.unread.listings.iter().map(|row| row.address.unwrap().octets()[3]).collect();
    assert_eq!(addresses, [1, 2, 3], "a row of a list that is not ours is nobody's business");
    let macs: Vec<_> = access.unread.bindings.iter().map(|row| row.mac).collect();
    assert_eq!(macs, [None, Some(mac(1))]);
    assert_eq!(access.unread.leases[0].mac, Some(mac(1)));
}

#[tokio::test]
async fn former_lists_are_read_for_our_rows_with_the_same_commands() {
    let router = Scripted::new(|got| {
        (got.path == LISTINGS).then(|| {
            vec![
                say(&["!re", "=.id=*1", "=list=lama", "=address=10.0.0.1", "=comment=kuota:budi"]),
                say(&["!re", "=.id=*2", "=list=lama", "=address=10.0.0.2", "=comment=kantor"]),
                say(&["!re", "=.id=*3", "=list=lain", "=address=10.0.0.3", "=comment=kuota:klien"]),
                done(),
            ]
        })
    });
    let client = router.over_tcp().await;
    client.look_under(vec!["lama".to_owned(), "klient_fup".to_owned()]);
    let access = client.read_access().await.unwrap();
    let [row] = &access.listings[..] else { panic!("{access:?}") };
    assert_eq!((row.row.0.as_str(), row.list, row.ours, row.owner.as_str()), ("*1", None, true, "budi"));
    let asked = &router.log(LISTINGS)[0];
    assert!(
        asked.has("?list=lama") && asked.has("?list=kuota_pemilik") && asked.has("?#|||||||"),
        "{asked:?}"
    );
    assert_eq!(client.health().commands, 3, "no round trip more");
}

#[tokio::test]
async fn rows_without_end_meet_the_cap() {
    for (rows, bytes) in [(500, u64::MAX), (u64::MAX, 10_000)] {
        let router = only(LISTINGS, || vec![Act::Flood(Duration::ZERO)]);
        let mut config = config();
        config.limits.reply_rows = rows;
        config.limits.reply_bytes = bytes;
        let client = RouterClient::spawn_over(config, router.dial());
        let error = client.read_access().await.unwrap_err();
        assert!(is_malformed(&error), "{error}");
        assert!(!client.health().connected);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_a_loss_within_ten_seconds() {
    let client = only(HOSTS, || vec![host(1, &[])]).in_memory();
    let before = Instant::now();
    let error = client.read_hosts().await.unwrap_err();
    assert_eq!(error, RouterError::Lost("no answer for 10s".to_owned()));
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_command_takes_a_minute_at_most_even_if_rows_trickle() {
    let client = only(LISTINGS, || vec![Act::Flood(Duration::from_secs(5))]).in_memory();
    let before = Instant::now();
    // These rows are of no list of ours: each of them is fine and none is kept.
    let error = client.read_access().await.unwrap_err();
    assert!(is_lost(&error), "{error}");
    assert_eq!(before.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn connecting_takes_five_seconds_at_most_and_a_log_in_ten() {
    let never: Dial = Arc::new(|| Box::pin(std::future::pending()));
    let client = RouterClient::spawn_over(config(), never);
    let before = Instant::now();
    let error = client.read_hosts().await.unwrap_err();
    assert_eq!(error, RouterError::Lost("cannot connect within 5s".to_owned()));
    assert_eq!(before.elapsed().as_secs(), 5);

    let client = only("/login", Vec::new).in_memory();
    let before = Instant::now();
    assert!(is_lost(&client.read_hosts().await.unwrap_err()));
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_done_with_a_value_before_its_tag_is_a_done() {
    let client = only(ADD_LISTING, || vec![say(&["!done", "=ret=*1A"])]).over_tcp().await;
    assert_eq!(client.apply(&[add(1)]).await, Ok(vec![EditOutcome::Done]));
}

#[tokio::test]
async fn every_edit_has_its_outcome() {
    let router = Scripted::new(|got| {
        let trapped = |words: &[&str]| Some(vec![say(words), done()]);
        match got.words.iter().find_map(|word| word.strip_prefix("=address=")) {
            Some("10.0.0.1") => trapped(&["!trap", "=message=failure: already have such entry"]),
            Some("10.0.0.2") => trapped(&["!trap"]),
            Some("10.0.0.3") => trapped(&["!trap", "=category=9", "=message=invalid value"]),
            _ => None,
        }
    });
    let client = router.over_tcp().await;
    let outcomes = client.apply(&[add(1), add(2), add(3), add(4)]).await.unwrap();
    let refused = |text: &str| EditOutcome::Refused(text.to_owned());
    let expected =
        [EditOutcome::AlreadySo, refused("no message given"), refused("invalid value"), EditOutcome::Done];
    assert_eq!(outcomes, expected);
    assert_eq!(client.health().commands, 4);
}

#[tokio::test]
async fn edits_are_the_commands_they_stand_for() {
    let router = Scripted::new(|_| None);
    let client = router.over_tcp().await;
    client.read_access().await.unwrap();
    let row = || RowId("*A".to_owned());
    let address = [10, 0, 0, 9].into();
    let edits = [
        Edit::RemoveBinding { row: row(), mac: None },
        remove("*B"),
        Edit::AddListing { list: List::Fup, address, owner: "budi\r\n!x".to_owned() },
        Edit::MoveListing { row: row(), list: List::Habis, address },
        Edit::EnableListing { row: row(), address },
        Edit::AddBinding { mac: mac(1), kind: BindingKind::Bypassed, owner: "budi".to_owned() },
        Edit::SetBinding { row: row(), kind: BindingKind::Blocked, mac: mac(1) },
    ];
    assert_eq!(client.apply(&edits).await.unwrap(), vec![EditOutcome::Done; 7]);
    let log = router.log.lock().unwrap();
    let sent: Vec<String> = log
        .iter()
        .filter(|got| !got.path.ends_with("/print") && got.path != "/login")
        .map(|got| format!("{} {}", got.path, got.words.join(" ")))
        .collect();
    let expected = [
        "/ip/hotspot/ip-binding/remove =.id=*A",
        "/ip/firewall/address-list/remove =.id=*B",
        "/ip/firewall/address-list/add =list=klient_fup =address=10.0.0.9 =comment=kuota:budi  !x",
        "/ip/firewall/address-list/set =.id=*A =list=klient_habis",
        "/ip/firewall/address-list/set =.id=*A =disabled=no",
        "/ip/hotspot/ip-binding/add =mac-address=02:00:00:00:00:01 =type=bypassed =comment=kuota:budi",
        "/ip/hotspot/ip-binding/set =.id=*A =type=blocked =disabled=no",
    ];
    assert_eq!(sent, expected);
}

/// A router that answers when nothing more has come for a second: what is open then is what was in flight.
async fn answer_in_batches(mut stream: RouterStream, seen: Arc<Mutex<Vec<Vec<String>>>>) {
    loop {
        let mut batch: Vec<Vec<String>> = Vec::new();
        loop {
            let timeouts = if batch.is_empty() { Duration::from_hours(1) } else { Duration::from_secs(1) };
            match tokio::time::timeout(timeouts, read_sentence(&mut stream)).await {
                Ok(Some(sentence)) => batch.push(sentence),
                Ok(None) => return,
                Err(_) => break,
            }
        }
        seen.lock().unwrap().push(batch.iter().map(|sentence| sentence[0].clone()).collect());
        for sentence in batch {
            let tag = sentence.iter().find(|word| word.starts_with(".tag=")).unwrap().clone().into_bytes();
            if sentence[0] == "/system/resource/print" {
                let row = [b"!re".to_vec(), b"=version=7".to_vec(), b"=uptime=1s".to_vec(), tag.clone()];
                stream.write_all(&encode(&row)).await.unwrap();
            }
            stream.write_all(&encode(&[b"!done".to_vec(), tag])).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn eight_are_in_flight_at_most_and_removals_are_over_before_additions() {
    let seen: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    let log = Arc::clone(&seen);
    let dial = dial_memory(move |stream| answer_in_batches(stream, Arc::clone(&log)));
    let client = RouterClient::spawn_over(config(), dial);
    client.read_access().await.unwrap();
    let mut edits: Vec<Edit> = (0..10).map(|i| remove(&format!("*{i}"))).collect();
    edits.extend((0..20).map(add));

    seen.lock().unwrap().clear();
    assert_eq!(client.apply(&edits).await.unwrap(), vec![EditOutcome::Done; 30]);
    let alone = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(alone.iter().map(Vec::len).max(), Some(8), "{alone:?}");
    let removals: Vec<usize> =
        alone.iter().map(|batch| batch.iter().filter(|path| path.ends_with("/remove")).count()).collect();
    assert_eq!(removals.iter().sum::<usize>(), 10);
    for (batch, removals) in alone.iter().zip(removals) {
        assert!(removals == 0 || removals == batch.len(), "additions beside removals: {batch:?}");
    }

    let (first, second) = tokio::join!(client.apply(&edits), client.apply(&edits));
    assert_eq!(first.unwrap().len() + second.unwrap().len(), 60);
    let both = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(both.iter().map(Vec::len).max(), Some(8), "{both:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_edit_stops_the_rest() {
    let router = Scripted::new(|got| got.has("=address=10.0.0.3").then(|| vec![Act::Close]));
    let client = router.in_memory();
    let edits: Vec<Edit> = (0..30).map(add).collect();
    assert!(is_lost(&client.apply(&edits).await.unwrap_err()));
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert!(router.log(ADD_LISTING).len() <= 12, "{}", router.log(ADD_LISTING).len());
}

#[tokio::test(start_paused = true)]
async fn row_ids_are_not_used_on_another_connection() {
    let router = once(HOSTS, vec![Act::Close]);
    let client = router.in_memory();
    assert!(is_lost(&client.apply(&[remove("*1")]).await.unwrap_err()), "nothing was read yet");
    client.read_access().await.unwrap();
    assert_eq!(client.apply(&[remove("*1")]).await, Ok(vec![EditOutcome::Done]));
    assert!(is_lost(&client.read_hosts().await.unwrap_err()));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(is_lost(&client.apply(&[remove("*2")]).await.unwrap_err()));
    assert!(client.health().connected, "there is a connection, but another one");
    client.read_access().await.unwrap();
    assert_eq!(client.apply(&[remove("*3")]).await, Ok(vec![EditOutcome::Done]));
    let removed = router.log("/ip/firewall/address-list/remove");
    assert_eq!(removed.iter().map(|got| got.words[0].as_str()).collect::<Vec<_>>(), ["=.id=*1", "=.id=*3"]);
}

/// Rows of the three access menus, ours and others'.
fn access_rows(got: &Got) -> Option<Vec<Act>> {
    let mut acts = match got.path.as_str() {
        LISTINGS => vec![
            say(&["!re", "=.id=*1", "=list=klient_aktif", "=address=10.0.0.1", "=comment=kuota:budi"]),
            Act::Say(vec![
                b"!re".to_vec(),
                b"=.id=*2".to_vec(),
                b"=list=klient_habis".to_vec(),
                b"=address=10.0.0.0/24".to_vec(),
                b"=comment=caf\xe9".to_vec(),
                b"=dynamic=true".to_vec(),
                b"=disabled=yes".to_vec(),
            ]),
            say(&["!re", "=.id=*3", "=list=bogon", "=address=10.0.0.1"]),
        ],
        BINDINGS => vec![
            say(&[
                "!re",
                "=.id=*4",
                "=mac-address=02:00:00:00:00:01",
                "=type=bypassed",
                "=comment=kuota:budi",
            ]),
            say(&["!re", "=.id=*5", "=address=10.0.0.7", "=to-address=10.1.0.7", "=type=odd"]),
        ],
        LEASES => vec![
            say(&["!re", "=mac-address=02:00:00:00:00:01", "=address=10.0.0.9", "=status=waiting"]),
            say(&["!re", "=mac-address=02:00:00:00:00:01", "=address=pool1", "=active-address=10.0.0.2"]),
            say(&["!re", "=mac-address=02:00:00:00:00:03", "=address=10.0.0.3", "=disabled=true"]),
            say(&["!re", "=mac-address=02:00:00:00:00:04", "=address=pool1"]),
        ],
        _ => return None,
    };
    acts.push(done());
    Some(acts)
}

#[tokio::test]
async fn access_is_read_with_what_is_ours_and_what_is_not() {
    let router = Scripted::new(access_rows);
    let client = router.over_tcp().await;
    let access = client.read_access().await.unwrap();
    let [ours, foreign] = &access.listings[..] else { panic!("{access:?}") };
    assert_eq!((ours.list, ours.address, ours.ours), (Some(List::Active), Some([10, 0, 0, 1].into()), true));
    assert_eq!(ours.owner, "budi");
    assert!(!ours.dynamic && !ours.disabled);
    assert_eq!((foreign.list, foreign.address, foreign.ours), (Some(List::Habis), None, false));
    assert!(foreign.dynamic && foreign.disabled);
    let [ours, foreign] = &access.bindings[..] else { panic!("{access:?}") };
    assert_eq!((ours.mac, ours.kind, ours.ours), (Some(mac(1)), BindingKind::Bypassed, true));
    assert_eq!((foreign.mac, foreign.kind, foreign.ours), (None, BindingKind::Regular, false));
    assert_eq!(foreign.address, Some([10, 1, 0, 7].into()));
    let lease = |address: [u8; 4]| Lease { mac: mac(1), address: address.into() };
    assert_eq!(access.leases, [lease([10, 0, 0, 2]), lease([10, 0, 0, 9])], "held ones first");
    let asked = &router.log(LISTINGS)[0];
    assert!(
        asked.has("?list=klient_aktif")
            && asked.has("?list=klient_blocked")
            && asked.has("?list=kuota_pemilik")
            && asked.has("?#||||||")
    );
    assert_eq!(client.health().commands, 3);
}

#[tokio::test(start_paused = true)]
async fn attempts_thin_out_to_one_a_minute_and_nobody_waits_for_them() {
    let tried: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let log = Arc::clone(&tried);
    let dial: Dial = Arc::new(move || {
        log.lock().unwrap().push(Instant::now());
        Box::pin(async { Err(std::io::ErrorKind::ConnectionRefused.into()) })
    });
    let client = RouterClient::spawn_over(config(), dial);
    for _ in 0..6000 {
        let before = Instant::now();
        assert!(is_lost(&client.read_hosts().await.unwrap_err()));
        assert!(before.elapsed() < Duration::from_millis(5));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let tried = tried.lock().unwrap();
    let waits: Vec<Duration> = tried.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits.len() >= 9 && waits.len() < 100, "{}", waits.len());
    for (n, wait) in waits.iter().enumerate() {
        // The asking itself is up to a tenth of a second late.
        let ceiling = Duration::from_secs(60.min(2 << n.min(10))) + Duration::from_millis(150);
        assert!(*wait >= Duration::from_secs(1) && *wait <= ceiling, "attempt {n} after {wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_quiet_connection_is_asked_for_a_sign_of_life() {
    let router = Scripted::new(|_| None);
    let client = router.in_memory();
    client.read_hosts().await.unwrap();
    tokio::time::sleep(Duration::from_secs(95)).await;
    assert_eq!(router.log(IDENTITY).len(), 4, "one at the log-in, three signs of life");
    assert!(client.health().connected);
    assert_eq!(client.health().commands, 2);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_stops_answering_is_noticed_and_tried_again_while_nobody_asks() {
    let asked = AtomicUsize::new(0);
    let router = Scripted::new(move |got| {
        // The log-in asks, too.
        (got.path == IDENTITY && asked.fetch_add(1, Ordering::SeqCst) > 0).then(Vec::new)
    });
    let client = router.in_memory();
    client.read_hosts().await.unwrap();
    tokio::time::sleep(Duration::from_secs(41)).await;
    assert!(!client.health().connected);
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert_eq!(router.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_booting_router_that_refuses_good_credentials_is_tried_again_soon() {
    let router = Scripted::new(|got| match (got.connection, got.path.as_str()) {
        (1, HOSTS) => Some(vec![Act::Close]),
        (2..=4, "/login") => Some(trap(WRONG_PASSWORD)),
        _ => None,
    });
    let client = router.in_memory();
    let before = Instant::now();
    while client.read_hosts().await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(before.elapsed() < Duration::from_secs(33));
    }
    assert_eq!(router.log("/login").len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_refused_log_in_is_tried_again_after_five_minutes_whether_anybody_asks_or_not() {
    for asks in [true, false] {
        let router = only("/login", || trap(WRONG_PASSWORD));
        let client = router.in_memory();
        assert!(client.read_hosts().await.is_err());
        for (seconds, attempts) in [(299, 1), (2, 2), (297, 2), (4, 3)] {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            if asks {
                assert!(matches!(client.read_hosts().await, Err(RouterError::LoginRefused(_))));
            }
            assert_eq!(router.log("/login").len(), attempts, "asks: {asks}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_router_that_goes_on_refusing_is_asked_seldom_five_minutes_after_the_loss() {
    let router = Scripted::new(|got| match (got.connection, got.path.as_str()) {
        (1, HOSTS) => Some(vec![Act::Close]),
        (2.., "/login") => Some(trap(WRONG_PASSWORD)),
        _ => None,
    });
    let client = router.in_memory();
    let attempts = async |minutes: u64| {
        let before = router.log("/login").len();
        let until = Instant::now() + Duration::from_mins(minutes);
        while Instant::now() < until {
            assert!(client.read_hosts().await.is_err());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        router.log("/login").len() - before
    };
    let soon = attempts(5).await;
    assert!((28..=300).contains(&soon), "{soon} in the five minutes of a boot");
    let later = attempts(60).await;
    assert!((11..=13).contains(&later), "{later} in the hour after");
}

#[tokio::test]
async fn the_log_in_tells_which_router_it_is() {
    let router = Scripted::new(|got| {
        let row = match got.path.as_str() {
            "/system/resource/print" => say(&["!re", "=uptime=1m", "=version=7.20", "=board-name=hEX S"]),
            IDENTITY => say(&["!re", "=name=Kafe Bu Sri\r\n"]),
            "/system/routerboard/print" => say(&["!re", "=serial-number=HEX0123ABCD"]),
            "/system/license/print" => say(&["!re", "=software-id=ABCD-1234"]),
            _ => return None,
        };
        Some(vec![row, done()])
    });
    let client = router.over_tcp().await;
    assert_eq!(client.health().identity, None);
    for _ in 0..2 {
        let table = client.read_hosts().await.unwrap();
        assert_eq!(table.identity.as_deref(), Some("serial number HEX0123ABCD"));
    }
    let text = |text: &str| Some(text.to_owned());
    let identity = RouterIdentity {
        name: text("Kafe Bu Sri"),
        board: text("hEX S"),
        serial: text("HEX0123ABCD"),
        software_id: text("ABCD-1234"),
    };
    assert_eq!(client.health().identity, Some(identity));
    for menu in [IDENTITY, "/system/routerboard/print", "/system/license/print"] {
        assert_eq!(router.log(menu).len(), 1, "{menu}: at the log-in only");
    }
    assert_eq!(client.health().commands, 4, "the log-in is not counted");
}

#[tokio::test]
async fn a_router_need_not_tell_which_one_it_is() {
    type Answers = &'static [(&'static str, &'static [&'static str])];
    const BOARD: &str = "/system/routerboard/print";
    const LICENSE: &str = "/system/license/print";
    let rows: [(Answers, Option<&str>); 4] = [
        (&[(BOARD, &["!trap", "=message=no such command prefix"])], None),
        (&[(BOARD, &["!trap", "=message=not enough permissions (9)"]), (LICENSE, &["!re"])], None),
        (
            &[(BOARD, &["!re", "=routerboard=false"]), (LICENSE, &["!re", "=system-id=6lR1ZP/utuJ"])],
            Some("software id 6lR1ZP/utuJ"),
        ),
        (&[(BOARD, &["!re", "=serial-number= "]), (LICENSE, &["!re", "=software-id="])], None),
    ];
    for (answers, identity) in rows {
        let router = Scripted::new(move |got| {
            let (_, words) = answers.iter().find(|(path, _)| *path == got.path)?;
            Some(vec![say(words), done()])
        });
        let client = router.over_tcp().await;
        assert_eq!(client.read_hosts().await.unwrap().identity.as_deref(), identity);
        assert_eq!(client.health().warnings, [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_password_is_tried_at_once() {
    let router = Scripted::new(|got| {
        (got.path == "/login" && !got.has("=password=good")).then(|| trap(WRONG_PASSWORD))
    });
    let password = Arc::new(Mutex::new("bad".to_owned()));
    let read = Arc::clone(&password);
    let mut config = config();
    config.password = Password::reloadable(move || read.lock().unwrap().clone());
    let client = RouterClient::spawn_over(config, router.dial());
    for _ in 0..2 {
        assert!(matches!(client.read_hosts().await, Err(RouterError::LoginRefused(_))));
    }
    "good".clone_into(&mut password.lock().unwrap());
    assert!(client.read_hosts().await.is_ok());
    assert_eq!(router.log("/login").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_harms_no_other() {
    let router = only(HOSTS, || vec![Act::Wait(Duration::from_secs(3)), host(1, &[]), done()]);
    let client = router.in_memory();
    let given_up = tokio::time::timeout(Duration::from_secs(1), client.read_hosts()).await;
    assert!(given_up.is_err());
    assert!(client.read_access().await.is_ok());
    assert_eq!(client.read_hosts().await.unwrap().rows.len(), 1);
    assert_eq!(router.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_reads_nothing_is_lost_too() {
    let dial: Dial = Arc::new(|| {
        // Room for less than one sentence, and nobody who reads at the other end.
        let (ours, theirs) = tokio::io::duplex(8);
        tokio::spawn(async move {
            let _open = theirs;
            std::future::pending::<()>().await;
        });
        Box::pin(async { Ok(Box::new(ours) as RouterStream) })
    });
    let client = RouterClient::spawn_over(config(), dial);
    let before = Instant::now();
    assert!(is_lost(&client.read_hosts().await.unwrap_err()));
    assert_eq!(before.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_closes_the_connection() {
    let router = Scripted::new(|_| None);
    let ended = Arc::new(tokio::sync::Notify::new());
    let (serve, end) = (router.clone(), Arc::clone(&ended));
    let dial = dial_memory(move |stream| {
        let (serve, end) = (serve.clone(), Arc::clone(&end));
        async move {
            serve.serve(stream).await;
            end.notify_one();
        }
    });
    let client = RouterClient::spawn_over(config(), dial);
    let other = client.clone();
    client.read_hosts().await.unwrap();
    drop(client);
    assert!(other.read_hosts().await.is_ok());
    drop(other);
    tokio::time::timeout(Duration::from_secs(1), ended.notified()).await.unwrap();
}

#[test]
fn the_password_is_never_printed() {
    let config = config();
    let printed = format!("{config:?} {:?}", config.password);
    assert!(!printed.contains("secret-word"), "{printed}");
    assert!(printed.contains("agent"));
}

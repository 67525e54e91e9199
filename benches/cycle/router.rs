//! What reading a router takes. The simulated router is a process of its own: nothing that it allocates is counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use kuota::domain::id::{Mac, UserId};
use kuota::routeros::Router;
use kuota::routeros::client::{ClientConfig, Password, RouterClient};
use kuota::sim::{SimConfig, SimRouter};
use uuid::Uuid;

use crate::Counts;
use crate::figures::Figure;

/// Rows of each table.
const ROWS: u32 = 1000;
/// Set for the process that is the router.
const CHILD: &str = "CYCLE_ROUTER";

pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Is the router until the bench ends.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let router = runtime.block_on(SimRouter::start(SimConfig::default())).unwrap();
    for n in 0..ROWS {
        let [_, a, b, c] = n.to_be_bytes();
        let (mac, address) = (Mac([2, 0, 0, a, b, c]), Ipv4Addr::from_bits(0x0a05_0001 + n));
        let comment = format!("kuota:{}", UserId(Uuid::from_u128(n.into())));
        let (mac_text, address_text) = (mac.to_string(), address.to_string());
        let listing = [("list", "klient_aktif"), ("address", &address_text), ("comment", &comment)];
        let binding = [("mac-address", mac_text.as_str()), ("type", "bypassed"), ("comment", &comment)];
        router.host_connect(mac, address);
        router.hand_add("/ip/firewall/address-list", &listing).unwrap();
        router.hand_add("/ip/hotspot/ip-binding", &binding).unwrap();
    }
    println!("{}", router.address());
    std::io::stdout().flush().unwrap();
    // The bench closes the pipe, or ends.
    let _ = std::io::stdin().read(&mut [0]);
}

pub fn figures(rounds: u32) -> Vec<Figure> {
    let this = std::env::current_exe().unwrap();
    let mut child = Command::new(this);
    let mut child = child.env(CHILD, "1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(async {
        let config = ClientConfig::new(address.trim(), "agent", Password::from("rahasia"));
        let client = RouterClient::spawn(config);
        let (mut hosts, mut access) = (Counts::default(), Counts::default());
        assert_eq!(client.read_hosts().await.unwrap().rows.len(), ROWS as usize);
        assert_eq!(client.read_access().await.unwrap().listings.len(), ROWS as usize);
        for _ in 0..rounds {
            hosts.count_async(client.read_hosts()).await.unwrap();
            access.count_async(client.read_access()).await.unwrap();
        }
        vec![
            hosts.of_each("hosts", "row of the host table read", ROWS * rounds),
            access.of_each("access", "listing, binding and lease read", ROWS * rounds),
        ]
    });
    drop(child.stdin.take());
    child.wait().unwrap();
    found
}

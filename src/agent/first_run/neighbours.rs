//! Routers on the same wire, found by MNDP: RouterOS answers a short broadcast on UDP port 5678 with a list of facts about
//! itself. Whatever answers is untrusted: it fills in a list to choose from, and nothing else.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

/// The port of the protocol.
const PORT: u16 = 5678;
/// How long answers are collected.
const COLLECT_MAX: Duration = Duration::from_millis(800);
/// A question: it makes RouterOS announce itself at once, instead of within a minute.
const QUESTION: [u8; 4] = [0; 4];
/// Routers that are listed.
const ROUTERS_MAX: usize = 8;
/// Datagrams that are read.
const DATAGRAMS_MAX: usize = 64;
/// The longest text of an answer that is shown.
const CHARS_MAX: usize = 60;

/// Types of facts. Source: what RouterOS sends, as Wireshark's dissector names it.
const IDENTITY: u16 = 5;
const VERSION: u16 = 7;
const PLATFORM: u16 = 8;
const BOARD: u16 = 12;

/// A router that announced itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Neighbour {
    /// The name that people gave it.
    pub identity: String,
    /// Its model.
    pub board: String,
    /// The version of RouterOS.
    pub version: String,
}

/// Asks, and collects who answers. A machine on which the port is taken, or without a network, finds nobody.
pub(super) async fn find() -> Vec<(Ipv4Addr, Neighbour)> {
    let any = SocketAddr::from(([0, 0, 0, 0], PORT));
    let Ok(socket) = UdpSocket::bind(any).await else { return Vec::new() };
    if socket.set_broadcast(true).is_err() {
        return Vec::new();
    }
    let _ = socket.send_to(&QUESTION, SocketAddr::from((Ipv4Addr::BROADCAST, PORT))).await;
    collect(&socket, Instant::now() + COLLECT_MAX).await
}

async fn collect(socket: &UdpSocket, until: Instant) -> Vec<(Ipv4Addr, Neighbour)> {
    let mut found: Vec<(Ipv4Addr, Neighbour)> = Vec::new();
    let mut datagram = [0; 1500];
    for _ in 0..DATAGRAMS_MAX {
        let Ok(Ok((length, from))) = timeout_at(until, socket.recv_from(&mut datagram)).await else { break };
        let (SocketAddr::V4(from), Some(neighbour)) = (from, parse(&datagram[..length])) else { continue };
        if found.len() < ROUTERS_MAX && !found.iter().any(|(address, _)| address == from.ip()) {
            found.push((*from.ip(), neighbour));
        }
    }
    found
}

/// Reads an announcement: a head of four bytes, then facts as type, length and value, numbers in network order. A fact that is
/// longer than the datagram, and one that is no text, is none. What does not say that it is a MikroTik is no router.
fn parse(datagram: &[u8]) -> Option<Neighbour> {
    let mut rest = datagram.get(4..)?;
    let (mut out, mut is_router) = (Neighbour::default(), false);
    while let Some((head, after)) = rest.split_first_chunk::<4>() {
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = after.get(..length)?;
        rest = &after[length..];
        match kind {
            IDENTITY => out.identity = text(value),
            VERSION => out.version = text(value),
            BOARD => out.board = text(value),
            PLATFORM => is_router = text(value) == "MikroTik",
            _ => {}
        }
    }
    is_router.then_some(out)
}

fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap();
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
    }

    fn announcement() -> Vec<u8> {
        let facts = [
            fact(1, &[2, 0, 0, 0, 0, 1]),
            fact(IDENTITY, b"Warung"),
            fact(VERSION, b"7.18.2 (stable)"),
            fact(PLATFORM, b"MikroTik"),
            fact(BOARD, b"hAP ax2"),
            fact(99, b""),
        ];
        [vec![0, 0, 1, 0], facts.concat()].concat()
    }

    #[test]
    fn an_announcement_is_read_and_every_part_of_one_is_no_router_or_the_same() {
        let whole = announcement();
        let neighbour = parse(&whole).unwrap();
        assert_eq!(
            (neighbour.identity.as_str(), neighbour.board.as_str(), neighbour.version.as_str()),
            ("Warung", "hAP ax2", "7.18.2 (stable)")
        );
        for length in 0..whole.len() {
            // A datagram that was cut must not panic; one that was cut inside a fact is nobody's.
            let part = parse(&whole[..length]);
            assert!(part.is_none_or(|part| part.identity == "Warung"), "{length}");
        }
    }

    #[test]
    fn what_lies_about_its_length_or_is_no_mikrotik_is_no_router() {
        let other = [vec![0; 4], fact(PLATFORM, b"Other"), fact(IDENTITY, b"x")].concat();
        assert_eq!(parse(&other), None);
        let mut long = [vec![0; 4], fact(PLATFORM, b"MikroTik")].concat();
        long.extend([0, 5, 0xff, 0xff, b'x']);
        assert_eq!(parse(&long), None);
        let odd = [vec![0; 4], fact(PLATFORM, b"MikroTik"), fact(IDENTITY, b"\x1b[31m\xff\n<b>")].concat();
        assert_eq!(parse(&odd).unwrap().identity, "[31m\u{fffd}<b>");
        let long = [vec![0; 4], fact(PLATFORM, b"MikroTik"), fact(IDENTITY, &[b'x'; 900])].concat();
        assert_eq!(parse(&long).unwrap().identity.len(), CHARS_MAX);
    }

    #[tokio::test]
    async fn answers_are_collected_once_for_each_address() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = socket.local_addr().unwrap();
        for datagram in [&b"junk"[..], &announcement(), &announcement()] {
            sender.send_to(datagram, to).await.unwrap();
        }
        let found = collect(&socket, Instant::now() + Duration::from_millis(300)).await;
        assert_eq!(found.iter().map(|(address, _)| *address).collect::<Vec<_>>(), [Ipv4Addr::LOCALHOST]);
    }
}

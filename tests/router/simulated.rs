//! An independent client, Python's librouteros, judges the simulated router: it would be of little use if it only
//! agreed with our own client.
#![cfg(feature = "sim")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use kuota::domain::id::Mac;
use kuota::sim::{SimConfig, SimRouter};

/// The interpreter of `KUOTA_TEST_PYTHON`, else the one that `scripts/test` prepares.
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("KUOTA_TEST_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| root.join(".venv/bin/python"));
    let ready = Command::new(&python).args(["-c", "import librouteros"]).output();
    assert!(
        ready.is_ok_and(|output| output.status.success()),
        "{} is no Python with librouteros: run scripts/test, which prepares one, or name one in KUOTA_TEST_PYTHON",
        python.display()
    );
    python
}

/// Runs one check of the Python script against a router with so many hosts.
async fn holds(check: &'static str, hosts: u16) {
    let python = python();
    let router = SimRouter::start(SimConfig::default()).await.expect("a free port");
    for n in 1..=hosts {
        let [high, low] = n.to_be_bytes();
        let mac = Mac([2, 0, 0, 0, high, low]);
        router.host_connect(mac, Ipv4Addr::new(10, 5, high, low));
        router.traffic(mac, 2, 1);
    }
    let address = router.address();
    let run = move || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/sim_router_librouteros.py");
        Command::new(python)
            .arg(script)
            .args([check, &address.ip().to_string(), &address.port().to_string()])
            .output()
            .expect("the interpreter ran a moment ago")
    };
    let output = tokio::task::spawn_blocking(run).await.expect("the check does not panic");
    assert!(output.status.success(), "{check}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(router.stats().sessions_total >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn librouteros_logs_in_and_is_refused_with_a_wrong_password() {
    holds("login", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn librouteros_prints_with_queries_and_proplists() {
    holds("queries", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn librouteros_adds_sets_and_removes() {
    holds("edits", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn librouteros_reads_refusals_in_the_words_of_the_router() {
    holds("refusals", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn librouteros_reads_ten_thousand_hosts() {
    holds("many_hosts", 10_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn librouteros_sends_commands_without_waiting() {
    holds("pipelined", 3).await;
}

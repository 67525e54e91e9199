//! The official client libraries judge the simulated gateway: it would be of little use if it only agreed with our
//! own client.

use std::path::{Path, PathBuf};
use std::process::Command;

use kuota::sim::midtrans::{MidtransSim, Options, SimMerchant};

use crate::support::{SERVER_KEY, options};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The interpreter of `KUOTA_TEST_PYTHON`, else the one that `scripts/test` prepares.
fn python() -> PathBuf {
    let named = std::env::var_os("KUOTA_TEST_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| root().join(".venv/bin/python"));
    let ready = Command::new(&python).args(["-c", "import midtransclient"]).output();
    assert!(
        ready.is_ok_and(|output| output.status.success()),
        "{} is no Python with midtransclient: run scripts/test, which prepares one, or name one in KUOTA_TEST_PYTHON",
        python.display()
    );
    python
}

/// Node, with what `scripts/test` installs beside the script.
fn node() -> PathBuf {
    let ready = Command::new("node").arg("--version").output();
    assert!(
        ready.is_ok_and(|output| output.status.success())
            && root().join("tests/node/node_modules/midtrans-client").is_dir(),
        "Node or tests/node/node_modules is missing: run scripts/test, which prepares them"
    );
    PathBuf::from("node")
}

/// Runs one check of both scripts, each against a gateway of its own.
async fn holds(check: &'static str, options: Options) {
    let scripts =
        [(python(), "tests/python/sim_midtrans_sdk.py"), (node(), "tests/node/sim_midtrans_sdk.js")];
    for (interpreter, script) in scripts {
        let sim = MidtransSim::start(options.clone()).await.expect("a free port");
        let urls = [sim.core_url(), sim.snap_url()];
        let run = move || {
            Command::new(interpreter)
                .arg(root().join(script))
                .arg(check)
                .args(urls)
                .arg(SERVER_KEY)
                .output()
                .expect("the interpreter ran a moment ago")
        };
        let output = tokio::task::spawn_blocking(run).await.expect("the check does not panic");
        assert!(output.status.success(), "{script} {check}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!sim.calls().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_libraries_charge_every_method() {
    holds("charges", options()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_libraries_cancel_and_expire() {
    holds("states", options()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_libraries_refund() {
    holds("refunds", options()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_libraries_decide_challenges() {
    holds("challenges", options()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_libraries_create_snap_orders() {
    holds("snap", options()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_libraries_see_errors_wherever_they_stand() {
    let mut merchant = SimMerchant::new("G123456789", SERVER_KEY);
    merchant.methods_off = vec!["bri".to_owned()];
    for errors_in_ok in [false, true] {
        let options = Options { merchants: vec![merchant.clone()], errors_in_ok, ..options() };
        holds("errors", options).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_libraries_follow_a_notification_to_its_transaction() {
    holds("notification", options()).await;
}

//! `adopt`: hotspot users of a live router become customers, and hotspot users again.

use std::fmt::Write as _;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::api::Api;
use super::failure::Failure;
use super::output::{self, Output};
use crate::domain::rfc3339::rfc3339;
use crate::domain::units::Bytes;
use crate::protocol::admin::adoption::{AccountStatus, AdoptionView, HandOver, HotspotAccountView};

/// The longest wait for the router to be changed: some commands for each of thousands of hotspot users.
const ANSWER_MAX: Duration = Duration::from_mins(15);

/// What to do with the hotspot users of the router.
#[derive(Debug, Subcommand)]
pub enum AdoptCommand {
    /// Show what each hotspot user is and which can become customers. Changes nothing.
    Observe,
    /// Make customers of them: in the books in one step, then on the router, where the hotspot users are disabled and never
    /// deleted. Run it again to finish what was interrupted.
    Take(WhichAccounts),
    /// Make them hotspot users again, with what is left of the quota. Refused where somebody bought or paid since.
    Undo(WhichAccounts),
}

/// Which hotspot users.
#[derive(Debug, Args)]
pub struct WhichAccounts {
    /// Only these, by name.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub only: Vec<String>,
}

pub(super) async fn run(command: AdoptCommand, api: &Api, output: Output) -> Result<(), Failure> {
    let (path, which) = match command {
        AdoptCommand::Observe => {
            let view: AdoptionView = api.get("/api/v1/adoption").await?;
            return output.answer(&view, text);
        }
        AdoptCommand::Take(which) => ("/api/v1/adoption/take", which),
        AdoptCommand::Undo(which) => ("/api/v1/adoption/undo", which),
    };
    output::complain("the router is read and changed; this takes a moment");
    let call = HandOver { only: which.only };
    let view: AdoptionView = api.post_within(path, &call, ANSWER_MAX).await?;
    output.answer(&view, text)
}

fn text(view: &AdoptionView) -> String {
    let mut out = String::new();
    for account in &view.accounts {
        let _ = writeln!(out, "{}", line(account));
    }
    let AdoptionView { adoptable, vouchers, refused, adopted, unfinished, done, missing, accounts: _ } = view;
    if !done.is_empty() {
        let _ = writeln!(out, "done: {}", done.join(", "));
    }
    if !missing.is_empty() {
        let _ = writeln!(out, "no longer on the router: {}", missing.join(", "));
    }
    let _ = write!(
        out,
        "{adoptable} can become customers, {vouchers} are unused vouchers, {refused} stay hotspot users, {adopted} are \
         customers"
    );
    if *unfinished > 0 {
        let _ = write!(out, ", {unfinished} are not finished: run the same again");
    }
    out
}

fn line(account: &HotspotAccountView) -> String {
    let status = match account.status {
        AccountStatus::Adoptable => "can be adopted",
        AccountStatus::Voucher => "unused voucher",
        AccountStatus::Refused => "stays",
        AccountStatus::Adopted => "customer",
        AccountStatus::Unfinished => "not finished",
    };
    let left = account
        .remaining_bytes
        .map_or_else(|| "unlimited".to_owned(), |bytes| format!("{} MB left", Bytes(bytes).to_mb_string()));
    let until =
        account.expires_at.as_ref().map(|at| format!(", until {}", rfc3339(at.0))).unwrap_or_default();
    let mut out = format!("{}: {status}; {left}{until}; {}", account.name, account.macs.join(" "));
    for reason in &account.reasons {
        let _ = write!(out, "\n  {}", reason.text);
    }
    if account.drops_uptime_limit {
        out.push_str("\n  its limit of time on the hotspot is not taken over");
    }
    out
}

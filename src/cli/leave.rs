//! `leave`: customers become plain hotspot users, and every row of ours leaves the router.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;

use super::api::Api;
use super::failure::Failure;
use super::output::{self, Output};
use crate::domain::rfc3339::rfc3339;
use crate::domain::units::Bytes;
use crate::protocol::admin::Empty;
use crate::protocol::admin::leave::{ComeBackView, LeaveView, LeaverView};

const PATH: &str = "/api/v1/leave";
/// The longest wait for the router to be changed: some commands for each of thousands of customers.
const ANSWER_MAX: Duration = Duration::from_mins(15);

/// How to leave.
#[derive(Debug, Args)]
pub struct LeaveArgs {
    /// Only show what would be done.
    #[arg(long, conflicts_with = "undo")]
    pub dry_run: bool,
    /// Come back: the customers are taken over again, and the router is kept in step again.
    #[arg(long)]
    pub undo: bool,
}

pub(super) async fn run(args: LeaveArgs, api: &Api, output: Output) -> Result<(), Failure> {
    if args.dry_run {
        let view: LeaveView = api.get(PATH).await?;
        return output.answer(&view, |view| text(view, "would become", "would be removed"));
    }
    output::complain("the router is read and changed; this takes a moment");
    if args.undo {
        let view: ComeBackView = api.post_within(&format!("{PATH}/undo"), &Empty {}, ANSWER_MAX).await?;
        return output.answer(&view, |view| {
            format!(
                "{} customers are taken over again. Run the script of \"kuotad router-setup\" on the router again",
                view.taken.len()
            )
        });
    }
    let view: LeaveView = api.post_within(PATH, &Empty {}, ANSWER_MAX).await?;
    output.answer(&view, |view| text(view, "are now", "were removed"))
}

fn text(view: &LeaveView, are: &str, removed: &str) -> String {
    let mut out = String::new();
    for leaver in &view.users {
        let _ = writeln!(out, "{}", line(leaver));
    }
    let _ = writeln!(
        out,
        "{} customers {are} hotspot users, {} rows of ours {removed}",
        view.users.len(),
        view.removed.len()
    );
    let _ = write!(out, "left for you, on the router:");
    for command in &view.by_hand {
        let _ = write!(out, "\n  {command}");
    }
    out
}

fn line(leaver: &LeaverView) -> String {
    let left = leaver
        .remaining_bytes
        .map_or_else(|| "unlimited".to_owned(), |bytes| format!("{} MB left", Bytes(bytes).to_mb_string()));
    let until = leaver.expires_at.as_ref().map(|at| format!(", until {}", rfc3339(at.0))).unwrap_or_default();
    let password = leaver.password.as_ref().map(|word| format!(", password {word}")).unwrap_or_default();
    let off = if leaver.disabled { ", disabled" } else { "" };
    let owes = if leaver.owes { ", owes (only the books know)" } else { "" };
    format!("{}: {}{password}; {left}{until}{off}{owes}", leaver.name, leaver.hotspot_user)
}

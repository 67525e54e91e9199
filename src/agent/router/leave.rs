//! Leaving: customers become plain hotspot users with what is left of their quota, and every row of ours leaves the router.
//!
//! As with adoption the store changes first, and with it the promise that nothing is rebuilt; the router follows, and the same
//! call finishes what was interrupted.

use std::collections::BTreeSet;

use super::adoption::{AdoptionError, conflict};
use super::cycle::RouterCycle;
use crate::agent::engine::{Actor, Engine, Leaver};
use crate::clock::Zone;
use crate::domain::adoption::{HandoverState, HotspotAccounts, HotspotUser};
use crate::domain::units::Timestamp;
use crate::routeros::{AccountEdit, NewAccount, Trace};

/// What leaving does, or did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaveReport {
    /// Every customer with the hotspot user that it becomes.
    pub leavers: Vec<Leaver>,
    /// Rows of ours that are removed.
    pub traces: Vec<Trace>,
    /// The owner left: nothing is changed on the router any more.
    pub has_left: bool,
}

impl RouterCycle {
    /// What leaving would do. Changes nothing.
    pub async fn plan_leaving(&self) -> Result<LeaveReport, AdoptionError> {
        let traces = self.router.read_traces().await?;
        let accounts = self.router.read_accounts().await?;
        let taken = names(&accounts);
        let plan = move |engine: &mut Engine| {
            let mut leavers = engine.leavers();
            leavers.extend(engine.plan_leaving(&taken));
            (leavers, engine.has_left())
        };
        let (leavers, has_left) = self.engine.call(plan).await?;
        Ok(LeaveReport { leavers, traces, has_left })
    }

    /// Makes hotspot users of all customers and removes every row of ours. Finishes what was interrupted.
    pub async fn leave(&self, actor: &Actor) -> Result<LeaveReport, AdoptionError> {
        let _handing_over = self.handing_over.lock().await;
        self.check_has_site().await?;
        if self.is_configured_dry() {
            let message = "policy.enforcement is dry-run: nothing of ours is on the router to be removed";
            return Err(conflict("dry_run", message.to_owned()));
        }
        let turn = self.reading_turn().await;
        let accounts = self.router.read_accounts().await?;
        let reading = turn.read().await?;
        let (by, taken) = (actor.clone(), names(&accounts));
        self.engine.call(move |engine| engine.leave(&by, &taken, &reading)).await??;
        drop(turn);
        self.set_left(true);
        let traces = self.finish_leaving(actor).await?;
        let leavers = self.engine.call(|engine| engine.leavers()).await?;
        Ok(LeaveReport { leavers, traces, has_left: true })
    }

    /// Takes leaving back: the customers are taken over again. Finishes what was interrupted.
    pub async fn come_back(&self, actor: &Actor) -> Result<Vec<String>, AdoptionError> {
        let _handing_over = self.handing_over.lock().await;
        self.check_has_site().await?;
        let by = actor.clone();
        self.engine.call(move |engine| engine.come_back(&by)).await??;
        self.set_left(false);
        self.check_enforcing()?;
        Ok(self.finish_taking(actor).await?.0)
    }

    async fn finish_leaving(&self, actor: &Actor) -> Result<Vec<Trace>, AdoptionError> {
        let (leavers, zone) = self.engine.call(|engine| (engine.leavers(), engine.zone().clone())).await?;
        let leavers: Vec<Leaver> =
            leavers.into_iter().filter(|leaver| leaver.record.state == HandoverState::Leaving).collect();
        let unfinished = |why: String| AdoptionError::Unfinished { left: leavers.len(), why };
        let lost = |error: &dyn std::fmt::Display| unfinished(error.to_string());
        let accounts = self.router.read_accounts().await.map_err(|error| lost(&error))?;
        let resets = resets(&leavers, &accounts);
        // A router without this command keeps its counters, and the limit is above them.
        self.router.change_accounts(&resets).await.map_err(|error| lost(&error))?;
        let accounts = self.router.read_accounts().await.map_err(|error| lost(&error))?;
        self.change(&edits(&leavers, &accounts, &zone)).await.map_err(unfinished)?;
        let accounts = self.router.read_accounts().await.map_err(|error| lost(&error))?;
        if let Some(leaver) = leavers.iter().find(|leaver| row_of(leaver, &accounts).is_none()) {
            return Err(unfinished(format!(
                "the router did not keep the hotspot user {}",
                leaver.record.name
            )));
        }
        // Customers have a way in of their own before ours goes.
        let traces = self.router.read_traces().await.map_err(|error| lost(&error))?;
        self.remove(&traces).await.map_err(unfinished)?;
        let handovers: Vec<u32> = leavers.iter().map(|leaver| leaver.record.no).collect();
        let by = actor.clone();
        self.engine.call(move |engine| engine.set_handovers(&by, &handovers, HandoverState::Left)).await??;
        Ok(traces)
    }

    async fn remove(&self, traces: &[Trace]) -> Result<(), String> {
        let outcomes = self.router.remove_traces(traces).await.map_err(|error| error.to_string())?;
        let refused = traces.iter().zip(outcomes).find_map(|(trace, outcome)| {
            Some(format!(
                "the router refuses to remove {} in {}: {}",
                trace.is,
                trace.menu,
                outcome.refusal()?
            ))
        });
        refused.map_or(Ok(()), Err)
    }
}

fn names(accounts: &HotspotAccounts) -> BTreeSet<String> {
    let users = accounts.users.iter().map(|user| user.name.clone());
    users.chain(accounts.unread.iter().map(|row| row.user.clone())).collect()
}

fn row_of<'a>(leaver: &Leaver, accounts: &'a HotspotAccounts) -> Option<&'a HotspotUser> {
    let record = &leaver.record;
    accounts.users.iter().find(|user| user.name == record.name && user.server == record.server)
}

/// Counters of hotspot users that were off begin again, so that the limit can be what is left.
fn resets(leavers: &[Leaver], accounts: &HotspotAccounts) -> Vec<AccountEdit> {
    let rows = leavers.iter().filter_map(|leaver| row_of(leaver, accounts));
    let counted = rows.filter(|user| user.disabled && user.bytes > 0);
    counted.map(|user| AccountEdit::ResetCounters(user.row.clone())).collect()
}

/// Hotspot users to make, and what those that are there already must become. A limit of 0 would be none, so somebody who has
/// nothing left gets one byte.
fn edits(leavers: &[Leaver], accounts: &HotspotAccounts, zone: &Zone) -> Vec<AccountEdit> {
    let (mut made, mut limits, mut comments, mut switches) = (vec![], vec![], vec![], vec![]);
    for leaver in leavers {
        let expiry = leaver.expires_at.map(|at| wall(zone, at)).unwrap_or_default();
        let Some(user) = row_of(leaver, accounts) else {
            let Some(password) = leaver.password.clone() else { continue };
            made.push(AccountEdit::Add(NewAccount {
                name: leaver.record.name.clone(),
                server: leaver.record.server.clone(),
                password,
                limit: leaver.remaining.map(|remaining| remaining.0.max(1)),
                comment: expiry,
                disabled: leaver.disabled,
            }));
            continue;
        };
        if !user.disabled {
            continue;
        }
        let limit = leaver.remaining.map(|remaining| user.bytes.saturating_add(remaining.0).max(1));
        if user.limit != limit {
            limits.push(AccountEdit::SetLimit { row: user.row.clone(), limit: limit.unwrap_or_default() });
        }
        if leaver.expires_at != leaver.record.expires_at {
            comments.push(AccountEdit::SetComment { row: user.row.clone(), comment: expiry });
        }
        if !leaver.disabled {
            switches.push(AccountEdit::Switch { row: user.row.clone(), disabled: false });
        }
    }
    [made, limits, comments, switches].concat()
}

/// A moment as panels write the end of days into comments.
fn wall(zone: &Zone, at: Timestamp) -> String {
    let local = zone.local(at);
    let (hour, minute) = (local.minute_of_day / 60, local.minute_of_day % 60);
    format!("{} {hour:02}:{minute:02}:00", local.date)
}

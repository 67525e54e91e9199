//! Adoption of a live router: what its hotspot users are, their way into the store, and their way back.
//!
//! Each way commits first and changes the router after. Whatever interrupts it, the same call finishes it: what is still to be
//! done is the state of each handover, compared with what the router shows.

use std::collections::{BTreeMap, BTreeSet};

use super::cycle::{CycleError, ReadingTurn, RouterCycle};
use crate::agent::engine::{
    Actor, Adoptee, Engine, EngineError, EngineGone, Handover, ImportedDevice, ImportedUser, NewUser,
    Reading, RowFinding,
};
use crate::domain::adoption::{
    self, Candidate, HandoverState, HotspotAccounts, HotspotUser, Obstacle, Surroundings, Verdict,
};
use crate::domain::id::UserId;
use crate::domain::listing::Edit;
use crate::domain::policy::{Settings, Transfer};
use crate::domain::text::quoted;
use crate::domain::units::{Bytes, Timestamp};
use crate::routeros::{AccountEdit, EditOutcome, RouterError};
use crate::store::HandoverRecord;

/// Why the ledger has the lines of an adoption.
const REASON: &str = "adopted from the router";
/// How often hotspot users and hosts are read until no byte flowed in between.
const ROUNDS_MAX: usize = 4;
/// Changes that are sent before the progress is noted.
const EDITS_AT_ONCE: usize = 64;
/// How often sessions and cookies are removed that come again.
const REMOVALS_MAX: usize = 4;

/// Why an adoption, or its way back, was not done or is not finished.
#[derive(Debug, thiserror::Error)]
pub enum AdoptionError {
    /// Nothing was changed: engine or router say no.
    #[error(transparent)]
    Cycle(#[from] CycleError),
    /// Nothing was changed.
    #[error("{message}")]
    Refused {
        /// The stable code of the API.
        code: &'static str,
        /// What is wrong and what to do.
        message: String,
    },
    /// The store is right and the router is not yet.
    #[error(
        "{left} hotspot users are still to be changed on the router: {why}; run the same again to finish it"
    )]
    Unfinished {
        /// So many.
        left: usize,
        /// What stopped it.
        why: String,
    },
}

macro_rules! through_cycle {
    ($($error:ty),+) => {
        $(impl From<$error> for AdoptionError {
            fn from(error: $error) -> Self {
                Self::Cycle(error.into())
            }
        })+
    };
}
through_cycle!(EngineError, EngineGone, RouterError);

/// One hotspot user of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountReport {
    /// What it is.
    pub candidate: Candidate,
    /// When its days end.
    pub expires_at: Option<Timestamp>,
    /// The customer that it became.
    pub user: Option<UserId>,
    /// How far its handover is.
    pub state: Option<HandoverState>,
}

/// Every hotspot user, and how many were handed over by this call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdoptionReport {
    /// In the router's order.
    pub accounts: Vec<AccountReport>,
    /// Names whose handover this call finished.
    pub done: Vec<String>,
    /// Names that the router has no more; somebody deleted them.
    pub missing: Vec<String>,
}

/// What one survey of the router found.
struct Survey {
    reports: Vec<AccountReport>,
    reading: Reading,
}

/// What the store knows about adoption.
struct Known {
    handovers: Vec<Handover>,
    devices_max: usize,
}

impl RouterCycle {
    /// What each hotspot user is. Changes nothing, here and on the router.
    pub async fn observe_accounts(&self, actor: &Actor) -> Result<AdoptionReport, AdoptionError> {
        let turn = self.reading_turn().await;
        let survey = self.survey(actor, &turn, None).await?;
        Ok(AdoptionReport { accounts: survey.reports, ..AdoptionReport::default() })
    }

    /// Makes customers of hotspot users, all that can be or those that are named: first in the store, in one commit, then on
    /// the router, where they are switched off and their cookies and sessions removed. Finishes what was interrupted.
    pub async fn take_accounts(
        &self,
        actor: &Actor,
        only: &BTreeSet<String>,
    ) -> Result<AdoptionReport, AdoptionError> {
        let _handing_over = self.handing_over.lock().await;
        self.check_has_site().await?;
        self.check_enforcing()?;
        let turn = self.reading_turn().await;
        let Survey { reports, reading } = self.survey(actor, &turn, Some(only)).await?;
        check_named(&reports, only)?;
        let adoptees: Vec<Adoptee> =
            reports.iter().filter(|report| is_wanted(report, only)).enumerate().map(adoptee).collect();
        if !adoptees.is_empty() {
            let actor = actor.clone();
            let adopted = self.engine.call(move |engine| engine.adopt(&actor, &adoptees, &reading)).await?;
            adopted.map_err(|error| in_words(error, |why| conflict("not_adoptable", why)))?;
        }
        drop(turn);
        let (done, missing) = self.finish_taking(actor).await?;
        let known = self.known().await?.handovers;
        let accounts = reports.into_iter().map(|report| with_handover(report, &known)).collect();
        Ok(AdoptionReport { accounts, done, missing })
    }

    /// Makes hotspot users of adopted customers again, all or those that are named. What is left of their quota is the limit.
    /// Finishes what was interrupted.
    pub async fn return_accounts(
        &self,
        actor: &Actor,
        only: &BTreeSet<String>,
    ) -> Result<AdoptionReport, AdoptionError> {
        let _handing_over = self.handing_over.lock().await;
        self.check_has_site().await?;
        self.check_enforcing()?;
        let turn = self.reading_turn().await;
        let known = self.known().await?.handovers;
        let named: BTreeSet<&str> = known.iter().map(|handover| handover.record.name.as_str()).collect();
        if let Some(name) = only.iter().find(|name| !named.contains(name.as_str())) {
            return Err(conflict("unknown_account", format!("no hotspot user {} was adopted", quoted(name))));
        }
        let is_taken = |state| matches!(state, HandoverState::Taking | HandoverState::Taken);
        let wanted = |handover: &&Handover| {
            is_taken(handover.record.state) && (only.is_empty() || only.contains(&handover.record.name))
        };
        let records: Vec<HandoverRecord> =
            known.iter().filter(wanted).map(|handover| handover.record.clone()).collect();
        if !records.is_empty() {
            let reading = turn.read().await?;
            let actor = actor.clone();
            let given = self.engine.call(move |engine| engine.give_back(&actor, &records, &reading)).await?;
            given.map_err(|error| in_words(error, |why| conflict("money_moved", why)))?;
        }
        drop(turn);
        let (done, missing) = self.finish_returning(actor).await?;
        let observed = self.observe_accounts(actor).await?;
        Ok(AdoptionReport { done, missing, ..observed })
    }

    /// Finishes on the router what was interrupted, in either direction. Returns whose handover ended.
    pub async fn finish_handovers(&self, actor: &Actor) -> Result<Vec<String>, AdoptionError> {
        let _handing_over = self.handing_over.lock().await;
        self.check_has_site().await?;
        self.check_enforcing()?;
        let (mut done, _) = self.finish_taking(actor).await?;
        done.extend(self.finish_returning(actor).await?.0);
        Ok(done)
    }

    /// Customers get in by bindings, which a dry run does not write, nor a machine that has not the site.
    pub(super) fn check_enforcing(&self) -> Result<(), AdoptionError> {
        self.check_not_passive()?;
        if self.has_left() {
            let message = "the owner left this site (kuotad leave); come back first: kuotad leave --undo";
            return Err(conflict("left", message.to_owned()));
        }
        if self.is_dry_run() {
            let message = "policy.enforcement is dry-run, so the router would let no adopted customer in; set it to \
                           \"on\" first";
            return Err(conflict("dry_run", message.to_owned()));
        }
        Ok(())
    }

    async fn known(&self) -> Result<Known, CycleError> {
        let known = |engine: &mut Engine| Known {
            handovers: engine.handovers(|state| match state {
                HandoverState::Taking | HandoverState::Taken | HandoverState::Returning => true,
                HandoverState::Returned | HandoverState::Leaving | HandoverState::Left => false,
            }),
            devices_max: engine.read_view().policy.max_devices_per_user as usize,
        };
        Ok(self.engine.call(known).await?)
    }

    /// Reads the router and judges every hotspot user. With `names` those (none named: all that can be adopted) are read
    /// until no byte flowed between the reading of their counters and that of the hosts, from which they are metered.
    async fn survey(
        &self,
        actor: &Actor,
        turn: &ReadingTurn<'_>,
        names: Option<&BTreeSet<String>>,
    ) -> Result<Survey, AdoptionError> {
        let known = self.known().await?;
        let adopted: BTreeSet<String> = known
            .handovers
            .iter()
            .filter(|handover| handover.record.state != HandoverState::Returning)
            .map(|handover| handover.record.name.clone())
            .collect();
        let mut round = 0;
        loop {
            round += 1;
            let access = self.router.read_access().await?;
            let before = self.router.read_accounts().await?;
            let reading = turn.read().await?;
            let after = match names {
                Some(_) => self.router.read_accounts().await?,
                None => before.clone(),
            };
            let around = Surroundings {
                hosts: &reading.hosts,
                bindings: &access.bindings,
                devices_max: known.devices_max,
                adopted: &adopted,
            };
            let mut candidates = adoption::judge(&after, &around);
            let is_settled = settle(&mut candidates, &before, &after, names);
            if is_settled || round >= ROUNDS_MAX {
                let reports = self.report(actor, candidates, &known.handovers).await?;
                return Ok(Survey { reports, reading });
            }
        }
    }

    /// Candidates with their customers, and with what the store says against those who could be adopted.
    async fn report(
        &self,
        actor: &Actor,
        candidates: Vec<Candidate>,
        known: &[Handover],
    ) -> Result<Vec<AccountReport>, AdoptionError> {
        let actor = actor.clone();
        let (mut reports, findings) = self
            .engine
            .call(move |engine| {
                let zone = engine.zone().clone();
                let reports: Vec<AccountReport> = candidates
                    .into_iter()
                    .map(|candidate| {
                        let expires_at = candidate.expires.and_then(|at| zone.instant(at));
                        AccountReport { candidate, expires_at, user: None, state: None }
                    })
                    .collect();
                let none = BTreeSet::new();
                let wanted = reports.iter().filter(|report| is_wanted(report, &none));
                let adoptees: Vec<Adoptee> = wanted.enumerate().map(adoptee).collect();
                let findings = engine.check_adoption(&actor, &adoptees)?;
                let names: Vec<String> = adoptees.into_iter().map(|adoptee| adoptee.name).collect();
                Ok::<_, AdoptionError>((reports, findings_by_name(findings, &names)))
            })
            .await??;
        for report in &mut reports {
            for why in findings.get(&report.candidate.name).into_iter().flatten() {
                report.candidate.refuse(Obstacle::OnFile(why.clone()));
            }
        }
        Ok(reports.into_iter().map(|report| with_handover(report, known)).collect())
    }

    /// Switches the hotspot users of new customers off and ends their sessions, once the customers get in by their bindings.
    /// Returns whose handover ended, and whose hotspot user is gone.
    pub(super) async fn finish_taking(
        &self,
        actor: &Actor,
    ) -> Result<(Vec<String>, Vec<String>), AdoptionError> {
        let taking = self.in_state(HandoverState::Taking).await?;
        if taking.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let unfinished = |why: String| AdoptionError::Unfinished { left: taking.len(), why };
        let lost = |error: AdoptionError| unfinished(error.to_string());
        self.let_in(&taking).await.map_err(lost)?;
        for _ in 0..REMOVALS_MAX {
            let accounts =
                self.router.read_accounts().await.map_err(|error| unfinished(error.to_string()))?;
            let edits = switching_off(&taking, &accounts);
            if edits.is_empty() {
                self.meter_once().await.map_err(|error| unfinished(error.to_string()))?;
                self.end_taking(actor, &taking, &accounts).await?;
                return Ok(named_and_missing(&taking, &accounts));
            }
            self.change(&edits).await.map_err(unfinished)?;
        }
        Err(unfinished("sessions and cookies come again".to_owned()))
    }

    /// Notes that the customers are taken over, with what the router counted for them in the end.
    async fn end_taking(
        &self,
        actor: &Actor,
        taking: &[Handover],
        accounts: &HotspotAccounts,
    ) -> Result<(), CycleError> {
        let counted = |handover: &Handover| {
            let bytes = row_of(handover, accounts).map(|user| Bytes(user.bytes));
            (handover.record.clone(), bytes)
        };
        let (actor, counted) = (actor.clone(), taking.iter().map(counted).collect::<Vec<_>>());
        Ok(self.engine.call(move |engine| engine.end_taking(&actor, &counted)).await??)
    }

    /// Writes the customers' bindings before their sessions end.
    async fn let_in(&self, taking: &[Handover]) -> Result<(), AdoptionError> {
        let enforced = self.enforce_now().await?;
        self.check_enforcing()?;
        let owners: BTreeSet<String> =
            taking.iter().filter_map(|handover| handover.user.map(|user| user.to_string())).collect();
        for (edit, outcome) in enforced.edits.iter().zip(&enforced.outcomes) {
            if let (Edit::AddBinding { mac, owner, .. }, EditOutcome::Refused(why)) = (edit, outcome)
                && owners.contains(owner)
            {
                let message = format!("the router refuses the binding of {mac}: {why}");
                return Err(conflict("router_refused", message));
            }
        }
        Ok(())
    }

    /// Sets what is left as the limit and switches the hotspot users on.
    async fn finish_returning(&self, actor: &Actor) -> Result<(Vec<String>, Vec<String>), AdoptionError> {
        let returning = self.in_state(HandoverState::Returning).await?;
        if returning.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let unfinished = |why: String| AdoptionError::Unfinished { left: returning.len(), why };
        let lost = |error: &dyn std::fmt::Display| unfinished(error.to_string());
        self.enforce_now().await.map_err(|error| lost(&error))?;
        self.check_enforcing().map_err(|error| lost(&error))?;
        let accounts = self.router.read_accounts().await.map_err(|error| lost(&error))?;
        let resets = counter_resets(&returning, &accounts);
        // A router without this command keeps its counters, and the limit is above them.
        self.router.change_accounts(&resets).await.map_err(|error| lost(&error))?;
        let accounts = self.router.read_accounts().await.map_err(|error| lost(&error))?;
        self.change(&switching_on(&returning, &accounts)).await.map_err(unfinished)?;
        self.set_state(actor, &returning, HandoverState::Returned).await?;
        Ok(named_and_missing(&returning, &accounts))
    }

    async fn in_state(&self, wanted: HandoverState) -> Result<Vec<Handover>, CycleError> {
        Ok(self.engine.call(move |engine| engine.handovers(|state| state == wanted)).await?)
    }

    async fn set_state(
        &self,
        actor: &Actor,
        handovers: &[Handover],
        state: HandoverState,
    ) -> Result<(), CycleError> {
        let (actor, keys) =
            (actor.clone(), handovers.iter().map(|handover| handover.record.no).collect::<Vec<_>>());
        Ok(self.engine.call(move |engine| engine.set_handovers(&actor, &keys, state)).await??)
    }

    /// Sends edits; the error is what the router refused, or why it was lost.
    pub(super) async fn change(&self, edits: &[AccountEdit]) -> Result<(), String> {
        self.handover_progress.begin(edits.len());
        let mut refused = None;
        for some in edits.chunks(EDITS_AT_ONCE) {
            let outcomes = self.router.change_accounts(some).await.map_err(|error| error.to_string())?;
            self.handover_progress.add(some.len());
            refused = refused.or(outcomes.into_iter().find_map(|outcome| match outcome {
                EditOutcome::Refused(why) => Some(why),
                EditOutcome::Done | EditOutcome::AlreadySo => None,
            }));
        }
        refused.map_or(Ok(()), |why| Err(format!("the router refuses: {why}")))
    }
}

pub(super) fn conflict(code: &'static str, message: String) -> AdoptionError {
    AdoptionError::Refused { code, message }
}

/// Findings in rows that nobody sees, in one message.
fn in_words(error: EngineError, refuse: impl FnOnce(String) -> AdoptionError) -> AdoptionError {
    match error {
        EngineError::Rows(findings) => {
            let messages: Vec<String> = findings.into_iter().map(|finding| finding.message).collect();
            refuse(format!("nothing was changed: {}", messages.join("; ")))
        }
        error => error.into(),
    }
}

/// Whether a report is about a hotspot user that can be adopted and is meant.
fn is_wanted(report: &AccountReport, only: &BTreeSet<String>) -> bool {
    let is_meant = only.is_empty() || only.contains(&report.candidate.name);
    is_meant && report.candidate.verdict == Verdict::Adoptable
}

/// Every name that was given must be one that can be adopted, or was.
fn check_named(reports: &[AccountReport], only: &BTreeSet<String>) -> Result<(), AdoptionError> {
    for name in only {
        let Some(report) = reports.iter().find(|report| report.candidate.name == *name) else {
            let message =
                format!("the router has no hotspot user {}; adopt observe lists them", quoted(name));
            return Err(conflict("unknown_account", message));
        };
        match &report.candidate.verdict {
            Verdict::Adoptable | Verdict::Adopted => {}
            Verdict::Voucher => {
                let message = format!("{name} is an unused voucher, which stays a hotspot user");
                return Err(conflict("not_adoptable", message));
            }
            Verdict::Refused(obstacles) => {
                let why: Vec<String> = obstacles.iter().map(Obstacle::to_string).collect();
                return Err(conflict(
                    "not_adoptable",
                    format!("{name} cannot be adopted: {}", why.join("; ")),
                ));
            }
        }
    }
    Ok(())
}

/// Puts what each used by the time of the hosts' reading. Whether no byte flowed around it, for those that are meant.
fn settle(
    candidates: &mut [Candidate],
    before: &HotspotAccounts,
    after: &HotspotAccounts,
    names: Option<&BTreeSet<String>>,
) -> bool {
    let mut is_settled = true;
    for candidate in candidates.iter_mut().filter(|candidate| candidate.verdict == Verdict::Adoptable) {
        let is_meant = names.is_some_and(|names| names.is_empty() || names.contains(&candidate.name));
        let used = adoption::used_between(before, after, &candidate.name);
        is_settled &= used.is_ok() || !is_meant;
        let (Ok(bytes) | Err(bytes)) = used;
        candidate.used = Bytes(bytes);
    }
    is_settled
}

/// The customer that a hotspot user becomes. More than the limit was never debt on the router.
fn adoptee((row, report): (usize, &AccountReport)) -> Adoptee {
    let candidate = &report.candidate;
    let (phone, login) = candidate.names();
    let credits = candidate.limit.unwrap_or_default();
    let quota = Transfer {
        credits,
        debits: candidate.used.min(credits),
        fup_base: credits,
        unlimited: candidate.limit.is_none(),
        reason: REASON.to_owned(),
    };
    let settings = Settings { expires_at: report.expires_at.map(Some), ..Settings::default() };
    let devices = candidate.macs.iter().map(|mac| ImportedDevice { mac: *mac, label: String::new() });
    Adoptee {
        name: candidate.name.clone(),
        server: candidate.server.clone(),
        used: candidate.used,
        user: ImportedUser {
            row,
            user: NewUser { name: candidate.name.trim().to_owned(), phone, login, settings },
            devices: devices.collect(),
            quota: Some(quota),
            debts: Vec::new(),
            admin_block: None,
            customer_note: None,
        },
    }
}

/// Findings of the import by the hotspot user's name, whose rows nobody sees.
fn findings_by_name(findings: Vec<RowFinding>, names: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in findings {
        let Some(name) = names.get(finding.row) else { continue };
        let other = finding.message.rsplit_once(" is in row ").and_then(|(what, row)| {
            let row = row.split(' ').next()?.parse::<usize>().ok()?;
            Some(format!("{what} is also what the hotspot user {} has", names.get(row.checked_sub(1)?)?))
        });
        out.entry(name.clone()).or_default().push(other.unwrap_or(finding.message));
    }
    out
}

fn with_handover(mut report: AccountReport, known: &[Handover]) -> AccountReport {
    let found = known.iter().rev().find(|handover| handover.record.name == report.candidate.name);
    if let Some(handover) = found {
        report.user = handover.user;
        report.state = Some(handover.record.state);
        if handover.record.state != HandoverState::Returning {
            report.candidate.verdict = Verdict::Adopted;
        }
    }
    report
}

/// The row of a handover's hotspot user.
fn row_of<'a>(handover: &Handover, accounts: &'a HotspotAccounts) -> Option<&'a HotspotUser> {
    let record = &handover.record;
    accounts.users.iter().find(|user| user.name == record.name && user.server == record.server)
}

/// Names of handovers, and those among them without a row.
fn named_and_missing(handovers: &[Handover], accounts: &HotspotAccounts) -> (Vec<String>, Vec<String>) {
    let name = |handover: &Handover| handover.record.name.clone();
    let missing = handovers.iter().filter(|handover| row_of(handover, accounts).is_none());
    (handovers.iter().map(name).collect(), missing.map(name).collect())
}

/// What is left to do for hotspot users that became customers: switched off first, for a cookie would log in again; then
/// without cookies; then without sessions. Rows of other names are never touched.
fn switching_off(taking: &[Handover], accounts: &HotspotAccounts) -> Vec<AccountEdit> {
    let names = || taking.iter().map(|handover| handover.record.name.as_str());
    let rows = taking.iter().filter_map(|handover| row_of(handover, accounts)).filter(|user| !user.disabled);
    let off = rows.map(|user| AccountEdit::Switch { row: user.row.clone(), disabled: true });
    let cookies = names().flat_map(|name| accounts.cookies_of(name));
    let cookies = cookies.map(|cookie| AccountEdit::RemoveCookie(cookie.row.clone()));
    let sessions = names().flat_map(|name| accounts.sessions_of(name));
    let sessions = sessions.map(|session| AccountEdit::RemoveSession(session.row.clone()));
    off.chain(cookies).chain(sessions).collect()
}

/// Counters to begin again at zero, so that the limit can be what is left. A hotspot user that is on was finished already,
/// and counts by itself.
fn counter_resets(returning: &[Handover], accounts: &HotspotAccounts) -> Vec<AccountEdit> {
    let rows = returning.iter().filter(|handover| handover.remaining.is_some());
    let rows = rows.filter_map(|handover| row_of(handover, accounts));
    let counted = rows.filter(|user| user.disabled && user.bytes > 0);
    counted.map(|user| AccountEdit::ResetCounters(user.row.clone())).collect()
}

/// Limits, then switches. The router counts a limit from its counters; a limit of 0 would be none, so somebody who has
/// nothing left gets one byte.
///
/// A hotspot user that is on was finished by an earlier call, or a person switched it on. What this program set is never
/// above what is left and the counters together; the limit from before the adoption is, and gives way.
fn switching_on(returning: &[Handover], accounts: &HotspotAccounts) -> Vec<AccountEdit> {
    let rows: Vec<(&Handover, &HotspotUser)> =
        returning.iter().filter_map(|handover| Some((handover, row_of(handover, accounts)?))).collect();
    let off = || rows.iter().filter(|(_, user)| user.disabled);
    let limits = rows.iter().filter_map(|(handover, user)| {
        let limit = user.bytes.saturating_add(handover.remaining?.0).max(1);
        let is_right = match user.limit {
            Some(found) if user.disabled => found == limit,
            Some(found) => found <= limit,
            None => false,
        };
        (!is_right).then(|| AccountEdit::SetLimit { row: user.row.clone(), limit })
    });
    let on = off().map(|(_, user)| AccountEdit::Switch { row: user.row.clone(), disabled: false });
    limits.chain(on).collect()
}

#[cfg(test)]
#[path = "adoption_tests.rs"]
mod tests;

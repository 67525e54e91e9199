//! Leaving: every customer becomes a hotspot user of the router, and the agent changes nothing there any more.

use std::collections::BTreeSet;

use super::Engine;
use super::actor::Actor;
use super::error::EngineError;
use super::handover::{LEAVE_EVENT, Leaver};
use super::reading::Reading;
use crate::domain::access::Status;
use crate::domain::adoption::HandoverState;
use crate::domain::id::UserId;
use crate::domain::units::Bytes;
use crate::store::{HandoverRecord, UserRecord};
use crate::tools::digest::of_parts;

/// Longest name of a hotspot user that is made of a customer's.
const NAME_CHARS_MAX: usize = 60;
/// Letters and digits that nobody confuses.
const LETTERS: &[u8; 30] = b"23456789abcdefghjkmnpqrstvwxyz";
/// Characters of a password: forty-nine bits.
const PASSWORD_CHARS: usize = 10;

impl Engine {
    /// Whether the owner left: nothing is changed on the router.
    pub fn has_left(&self) -> bool {
        self.state.left
    }

    /// The customers who would become hotspot users, and those who are about to. `taken` are the names on the router.
    pub fn plan_leaving(&self, taken: &BTreeSet<String>) -> Vec<Leaver> {
        let records = self.records_of_leaving(taken);
        records.iter().filter_map(|record| self.leaver(record)).collect()
    }

    /// Customers who are about to become hotspot users, or did, in the order of their handovers.
    pub fn leavers(&self) -> Vec<Leaver> {
        let wanted = |record: &&HandoverRecord| match record.state {
            HandoverState::Leaving | HandoverState::Left => true,
            HandoverState::Taking
            | HandoverState::Taken
            | HandoverState::Returning
            | HandoverState::Returned => false,
        };
        self.state.handovers.values().filter(wanted).filter_map(|record| self.leaver(record)).collect()
    }

    /// Begins to leave, in one commit: from here on nothing is rebuilt on the router.
    pub fn leave(
        &mut self,
        actor: &Actor,
        taken: &BTreeSet<String>,
        reading: &Reading,
    ) -> Result<(), EngineError> {
        self.begin()?;
        self.absorb(reading);
        let records = self.records_of_leaving(taken);
        let ((), changes) = self.draft_at(actor, "", Some(reading), |act| {
            act.draft.audit("site.leave", "router", format!("{} customers", records.len()));
            act.draft.set_left(true);
            for record in records {
                act.draft.put_handover(record);
            }
            Ok(())
        })?;
        self.take_over(changes)
    }

    /// Takes leaving back, in one commit: customers are taken over again, as when they were adopted.
    pub fn come_back(&mut self, actor: &Actor) -> Result<(), EngineError> {
        self.begin()?;
        let ((), changes) = self.draft(actor, "", |act| {
            act.draft.audit("site.come_back", "router", String::new());
            act.draft.set_left(false);
            for record in act.draft.state.handovers.values() {
                if matches!(record.state, HandoverState::Leaving | HandoverState::Left) {
                    act.draft.put_handover(HandoverRecord { state: HandoverState::Taking, ..record.clone() });
                }
            }
            Ok(())
        })?;
        self.take_over(changes)
    }

    /// A handover for every active customer who has none on the way: the one that brought the customer here, the one of an
    /// earlier leaving, or a new one under a name that is free.
    fn records_of_leaving(&self, taken: &BTreeSet<String>) -> Vec<HandoverRecord> {
        let mut names = taken.clone();
        names.extend(self.state.handovers.values().map(|record| record.name.clone()));
        let mut out = Vec::new();
        for user in self.state.users.values().filter(|user| user.account.approved && user.account.active) {
            let mut own = self.state.handovers.values().rev().filter(|record| record.user_no == user.no);
            // One that somebody deleted on the router is made anew, under a name of its own.
            let known = own.find(|record| {
                let is_made = record.event.starts_with(LEAVE_EVENT);
                is_made || (record.state != HandoverState::Returned && taken.contains(&record.name))
            });
            if let Some(record) = known {
                if !matches!(record.state, HandoverState::Leaving | HandoverState::Left) {
                    out.push(HandoverRecord { state: HandoverState::Leaving, ..record.clone() });
                }
                continue;
            }
            let name = free_name(user, &names);
            names.insert(name.clone());
            out.push(HandoverRecord {
                no: 0,
                user_no: user.no,
                name,
                server: "all".to_owned(),
                state: HandoverState::Leaving,
                event: format!("{LEAVE_EVENT}{}", user.account.id),
                used: Bytes::ZERO,
                expires_at: user.account.expires_at,
                at: self.state.wall,
            });
        }
        out
    }

    fn leaver(&self, record: &HandoverRecord) -> Option<Leaver> {
        let user = self.state.users.get(&record.user_no)?;
        let account = &user.account;
        let is_made = record.event.starts_with(LEAVE_EVENT);
        Some(Leaver {
            record: record.clone(),
            user: account.id,
            customer: user.name.clone(),
            remaining: (!account.unlimited).then(|| account.balance.remaining()),
            expires_at: account.expires_at,
            disabled: match account.access.status {
                Status::Blocked | Status::Expired | Status::Inactive => true,
                Status::Active | Status::Unlimited | Status::Fup | Status::Habis => false,
            },
            owes: !account.total_debt().is_zero() || !account.open_items().is_empty(),
            password: is_made.then(|| self.password_of(account.id)),
        })
    }

    /// A password that only this site's store can make.
    fn password_of(&self, user: UserId) -> String {
        let secret = self.site_secret().bytes();
        let digest =
            of_parts([&secret[..], b"hotspot user of a customer who leaves", user.to_string().as_bytes()]);
        let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
        digest.iter().take(PASSWORD_CHARS).map(letter).collect()
    }
}

/// The customer's log-in name, phone number or name, as a hotspot user's name that nobody has.
fn free_name(user: &UserRecord, taken: &BTreeSet<String>) -> String {
    let plain = |text: &str| -> String {
        let kept = text
            .trim()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || ".@_+-".contains(c) { c } else { '-' });
        kept.take(NAME_CHARS_MAX).collect()
    };
    let phone = user.phone.as_deref().map(|phone| phone.replace([' ', '-', '.', '(', ')'], ""));
    let name = user.login.as_deref().or(phone.as_deref()).unwrap_or(&user.name);
    let name = Some(plain(name)).filter(|name| name.chars().any(|c| c.is_ascii_alphanumeric()));
    let name = name.unwrap_or_else(|| format!("pelanggan-{}", user.no));
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name)
}

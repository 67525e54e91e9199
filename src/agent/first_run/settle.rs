//! What of the answers belongs into the store. The set-up ends with the settings on the disk; the next start opens the store and
//! enters the rest here, the owner last: while there is none, a start that was cut off is made up for by the next one.

use std::path::Path;

use serde::Serialize;

use super::record::{Answers, DeviceAnswer, PackageAnswer, Record, Stage};
use super::recovery;
use crate::agent::engine::{
    Actor, Command, Done, EngineError, EngineGone, Key, NewDevice, NewPackage, NewUser, View,
};
use crate::agent::site::{RestoredHere, Site, SiteError};
use crate::clock::rfc3339;
use crate::domain::id::Mac;
use crate::domain::policy::Settings;
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::store::{AdminRecord, Role, SecondFactor, StoreError};
use crate::tools::digest;

/// Why the answers could not be entered.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The engine refused.
    #[error("the answers of the set-up could not be entered: {0}")]
    Engine(#[from] EngineError),
    /// The engine stopped.
    #[error(transparent)]
    Gone(#[from] EngineGone),
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How the data came from a copy by the set-up's pages, for the desk. A record that cannot be read says nothing.
pub fn restored(data_dir: &Path) -> Option<RestoredHere> {
    Record::load(data_dir).ok()??.restored()
}

/// Enters what a finished set-up left. Does nothing otherwise.
pub async fn settle(site: &Site) -> Result<(), SettleError> {
    let data_dir = &site.config.data_dir;
    let record = Record::load(data_dir).unwrap_or_else(|error| {
        // A machine with an owner needs it no more, and without one it is not this start that comes.
        tracing::warn!(%error, "first-run.json cannot be read");
        None
    });
    if record.is_some() {
        recovery::state::remove_left(data_dir);
    }
    let Some(record) = record.filter(|record| record.stage == Stage::Entering) else { return Ok(()) };
    let Some(owner) = record.answers.owner.clone() else { return Ok(()) };
    let source =
        record.claiming.claim.as_ref().map_or_else(|| "daemon".into(), |claim| claim.address.to_string());
    let actor = Actor { name: owner.name.clone(), role: Role::Owner, source };
    for (no, package) in record.answers.packages.iter().flatten().enumerate() {
        add_package(site, &actor, no, package).await;
    }
    if let Some(device) = &record.answers.device {
        add_device(site, &actor, device).await;
    }
    let admin = AdminRecord {
        name: owner.name,
        role: Role::Owner,
        password_hash: owner.password_hash,
        created_at: site.clock.now(),
        second_factor: SecondFactor::default(),
    };
    let claimed = claimed(&record);
    site.engine()
        .call(move |engine| -> Result<(), SettleError> {
            engine.note(&actor, "first_run.claim", &actor.source, claimed)?;
            if engine.store_mut().add_admin(&admin)? {
                engine.note(&actor, "admin.add", &admin.name, admin.role.name().to_owned())?;
            }
            Ok(())
        })
        .await??;
    if let Err(error) = close(data_dir, record) {
        tracing::warn!(%error, "first-run.json could not be closed; the next start finds the owner there");
    }
    Ok(())
}

/// When and how the machine was claimed, for the audit.
fn claimed(record: &Record) -> String {
    record.claiming.claim.as_ref().map_or_else(String::new, |claim| {
        let at = rfc3339(Timestamp(claim.at_ms));
        let how = match claim.proof {
            super::claim::Proof::Code => "code on the boot partition",
            super::claim::Proof::PowerCut => "power cut",
        };
        format!("{at}, {how}")
    })
}

/// Forgets the answers. The claim stays on record.
fn close(data_dir: &Path, record: Record) -> std::io::Result<()> {
    Record { stage: Stage::Done, answers: Answers::default(), ..record }.save(data_dir)
}

/// Entered once, however often the start is cut off.
fn key(what: &str, content: &str) -> Key {
    Key { id: format!("first-run/{what}"), content_hash: digest::of_parts([content]) }
}

/// An answer as the record has it.
fn content(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).unwrap_or_default()
}

/// A package that is refused is missing afterwards and can be added at the desk: it is no reason not to start.
async fn add_package(site: &Site, actor: &Actor, no: usize, package: &PackageAnswer) {
    let new = NewPackage {
        name: package.name.clone(),
        quota: package.quota_bytes.map(Bytes),
        days: package.days,
        price: Rupiah(package.price_rp),
        active: true,
    };
    let key = key(&format!("package/{no}"), &content(package));
    report(site.submit(actor.clone(), Command::AddPackage(new), Some(key)).await, "a package");
}

/// Binding a device reads the router, which may not answer at this moment.
async fn add_device(site: &Site, actor: &Actor, device: &DeviceAnswer) {
    let Ok(mac) = device.mac.parse::<Mac>() else { return };
    let user = NewUser { name: device.name.clone(), phone: None, login: None, settings: Settings::default() };
    let key = key("user", &content(device));
    let done =
        report(site.submit(actor.clone(), Command::AddUser(user), Some(key)).await, "the first customer");
    if let Some(View::User(user)) = done.as_ref().and_then(Done::view) {
        let bound = site.submit(actor.clone(), Command::Bind(NewDevice::of(user.id, mac)), None).await;
        report(bound, "the first customer's device");
    }
}

fn report(outcome: Result<Done, SiteError>, what: &'static str) -> Option<Done> {
    outcome.inspect_err(|error| tracing::warn!(%error, what, "an answer of the set-up was not entered")).ok()
}

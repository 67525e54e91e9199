//! A device that the router has and the store has not is released.

use super::action::{FormAction, Work, always};
use super::form_spec::FormSpec;
use crate::agent::console::orphans::PLACE;
use crate::agent::console::texts::orphans::OrphanWords;
use crate::agent::engine::Command;
use crate::domain::id::Mac;
use crate::store::Role;
use crate::web::Problem;

/// What can be done with such a device, besides binding it.
pub(crate) const ORPHAN_ACTIONS: &[FormAction<Mac>] = &[FormAction {
    segment: "lepas",
    title: |l| OrphanWords::of(l).do_release,
    role: Role::Operator,
    is_grave: true,
    fits: always,
    spec: |context, engine| {
        let mac = context.subject;
        engine.read_view().orphan(mac).ok_or_else(|| Problem::not_found("orphan"))?;
        Ok(FormSpec { about: mac.to_string(), home: PLACE.to_owned(), ..FormSpec::default() })
    },
    work: |submission| Ok(Work::CommandContext(Command::ReleaseOrphan(submission.context.subject))),
}];

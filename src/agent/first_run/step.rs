//! The steps in their order.

use super::record::Record;
use super::texts::StepWords;

/// One page of questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Name,
    Owner,
    Router,
    Network,
    Script,
    Checks,
    Policy,
    Packages,
    Device,
    Kit,
    Finish,
}

impl Step {
    /// All, in order.
    pub const ALL: [Self; 11] = [
        Self::Name,
        Self::Owner,
        Self::Router,
        Self::Network,
        Self::Script,
        Self::Checks,
        Self::Policy,
        Self::Packages,
        Self::Device,
        Self::Kit,
        Self::Finish,
    ];

    /// Its stable name in the record.
    pub fn id(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Owner => "owner",
            Self::Router => "router",
            Self::Network => "network",
            Self::Script => "script",
            Self::Checks => "checks",
            Self::Policy => "policy",
            Self::Packages => "packages",
            Self::Device => "device",
            Self::Kit => "kit",
            Self::Finish => "finish",
        }
    }

    /// Its page.
    pub fn path(self) -> &'static str {
        match self {
            Self::Name => "/mulai/nama",
            Self::Owner => "/mulai/pemilik",
            Self::Router => "/mulai/router",
            Self::Network => "/mulai/jaringan",
            Self::Script => "/mulai/skrip",
            Self::Checks => "/mulai/periksa",
            Self::Policy => "/mulai/aturan",
            Self::Packages => "/mulai/paket",
            Self::Device => "/mulai/perangkat",
            Self::Kit => "/mulai/kit",
            Self::Finish => "/mulai/selesai",
        }
    }

    /// Its title.
    pub fn title(self, words: &StepWords) -> &'static str {
        match self {
            Self::Name => words.name,
            Self::Owner => words.owner,
            Self::Router => words.router,
            Self::Network => words.network,
            Self::Script => words.script,
            Self::Checks => words.checks,
            Self::Policy => words.policy,
            Self::Packages => words.packages,
            Self::Device => words.test_device,
            Self::Kit => words.kit,
            Self::Finish => words.finish,
        }
    }

    /// Whether the set-up cannot be finished without it.
    pub fn is_needed(self) -> bool {
        match self {
            Self::Name | Self::Owner | Self::Router | Self::Network => true,
            Self::Script
            | Self::Checks
            | Self::Policy
            | Self::Packages
            | Self::Device
            | Self::Kit
            | Self::Finish => false,
        }
    }

    fn place(self) -> usize {
        Self::ALL.iter().position(|step| *step == self).unwrap_or_default()
    }

    /// Its number, from one.
    pub fn number(self) -> usize {
        self.place() + 1
    }

    /// The one before it.
    pub fn before(self) -> Option<Self> {
        Self::ALL.get(self.place().checked_sub(1)?).copied()
    }

    /// The one after it; the last one stays.
    pub fn after(self) -> Self {
        Self::ALL.get(self.place() + 1).copied().unwrap_or(self)
    }

    fn is_done(self, record: &Record) -> bool {
        record.answers.done.iter().any(|id| id == self.id())
    }

    /// Notes that it was done or passed over.
    pub fn note(self, record: &mut Record) {
        if !self.is_done(record) {
            record.answers.done.push(self.id().to_owned());
        }
    }
}

/// Where the set-up goes on: the first step that was neither done nor passed over.
pub(super) fn first_open(record: &Record) -> Step {
    Step::ALL.into_iter().find(|step| !step.is_done(record)).unwrap_or(Step::Finish)
}

/// Steps that are needed and were not done.
pub(super) fn missing(record: &Record) -> Vec<Step> {
    Step::ALL.into_iter().filter(|step| step.is_needed() && !step.is_done(record)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_up_goes_on_at_the_first_step_that_was_not_done() {
        let mut record = Record::default();
        let needed = Step::ALL.into_iter().filter(|step| step.is_needed()).count();
        assert_eq!((first_open(&record), missing(&record).len()), (Step::Name, needed));
        for step in Step::ALL {
            assert_eq!(first_open(&record), step);
            step.note(&mut record);
            step.note(&mut record);
        }
        assert_eq!((first_open(&record), missing(&record)), (Step::Finish, Vec::new()));
        assert_eq!(record.answers.done.len(), Step::ALL.len());
    }
}

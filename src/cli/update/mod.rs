//! `update`: installs the next version from the repository, and comes back to the one before if it does not work.
//!
//! A unit of root runs this, never the daemon. An update is a [`Journal`] of steps, each of which can be done again after
//! a power cut: copy the stopped daemon's store and close the gate ([`gate`]), install, try, then open the gate, or put
//! package and copy back first. What is decided and why is in decision 0041.

mod decide;
mod journal;
mod packages;
mod report;
mod trial;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use self::decide::decide;
use self::journal::{Journal, Step};
use self::packages::Packages;
use self::trial::Health;
use super::failure::Failure;
use super::output::{Output, complain};
use crate::agent::config::Config;
use crate::agent::http::update::{REQUEST_FILE, report as last_report};
use crate::clock::{Clock, SystemClock};
use crate::protocol::admin::update::{
    CandidateView, LastUpdateView, UpdateDecision, UpdateOutcome, UpdateReportView,
};
use crate::protocol::admin::values::Instant;
use crate::settings::parse_duration;
use crate::store::{FILE, Reader, backup, gate};

/// The flags of `update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Show what is installed, what there is and whether it would be installed; change nothing.
    #[arg(long, conflicts_with_all = ["now", "resume"])]
    check: bool,
    /// Also install a version that is younger than three days, or over a metered connection.
    #[arg(long, conflicts_with = "resume")]
    now: bool,
    /// Only finish an update that was interrupted, if there is one.
    #[arg(long)]
    resume: bool,
    /// Where packages, the copy of the store and the progress are kept.
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/kuota-update")]
    state_dir: PathBuf,
    /// How long the new version may take until everything works that worked before.
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = parse_duration)]
    trial: Duration,
}

/// `update`.
pub(super) async fn run(args: &UpdateArgs, config: &Config, output: Output) -> Result<(), Failure> {
    let updater = Updater {
        packages: Packages::new(args.state_dir.join("packages")),
        state_dir: args.state_dir.clone(),
        data_dir: config.data_dir.clone(),
        trial: args.trial,
    };
    if args.check {
        let report = updater.check(args.now)?;
        return output.answer(&report, report::found);
    }
    updater.prepare()?;
    let _lock = updater.lock()?;
    let interrupted = Journal::load(&updater.state_dir).map_err(|error| at(&updater.state_dir, &error))?;
    let report = match interrupted {
        Some(journal) => updater.finish(journal).await?,
        None if args.resume => return Ok(()),
        None => match updater.update(args.now).await? {
            Updated::Not(report) => return output.answer(&report, report::found),
            Updated::Tried(report) => report,
        },
    };
    let Some(last) = &report.last else { return output.answer(&report, report::found) };
    let sentence = report::ended(last);
    output.answer(&report, |_| sentence.clone())?;
    match last.outcome {
        UpdateOutcome::Updated => Ok(()),
        UpdateOutcome::CameBack | UpdateOutcome::Kept => Err(Failure::said(sentence)),
    }
}

/// What `update` did.
enum Updated {
    /// Nothing.
    Not(UpdateReportView),
    /// It tried a version.
    Tried(UpdateReportView),
}

/// Where things are.
struct Updater {
    packages: Packages,
    state_dir: PathBuf,
    data_dir: PathBuf,
    /// The longest trial.
    trial: Duration,
}

impl Updater {
    /// What is there, and what is to be done with it.
    fn check(&self, must: bool) -> Result<UpdateReportView, Failure> {
        let installed = packages::installed().map_err(Failure::said)?;
        let candidate = packages::newer_than(&installed).map_err(Failure::said)?;
        let now = SystemClock::new().now();
        let last = last_report(&self.data_dir).and_then(|report| report.last);
        let decision = decide(candidate.as_ref(), last.as_ref(), now, packages::is_metered(), must);
        Ok(UpdateReportView { checked_at: Instant(now), installed, candidate, decision, last })
    }

    fn prepare(&self) -> Result<(), Failure> {
        let folder = self.state_dir.join("packages");
        std::fs::create_dir_all(&folder).map_err(|error| at(&folder, &error))?;
        // What the page asked for is being done.
        match std::fs::remove_file(self.data_dir.join(REQUEST_FILE)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(&self.data_dir, &error)),
            _ => Ok(()),
        }
    }

    /// Held while this process updates; another one is refused.
    fn lock(&self) -> Result<std::fs::File, Failure> {
        let path = self.state_dir.join("lock");
        let file = std::fs::File::create(&path).map_err(|error| at(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => {
                Err(Failure::said("another update is under way; wait for it"))
            }
            Err(std::fs::TryLockError::Error(error)) => Err(at(&path, &error)),
        }
    }

    async fn update(&self, must: bool) -> Result<Updated, Failure> {
        packages::refresh().map_err(Failure::said)?;
        let report = self.check(must)?;
        self.publish(&report);
        let version = match &report.candidate {
            Some(CandidateView { version, .. }) if report.decision == UpdateDecision::Install => version,
            _ => return Ok(Updated::Not(report)),
        };
        let journal = self.plan(&report.installed, version).await?;
        self.finish(journal).await.map(Updated::Tried)
    }

    /// Everything that can fail without anything having been changed.
    async fn plan(&self, from: &str, to: &str) -> Result<Journal, Failure> {
        let unchanged = |why: &dyn std::fmt::Display| Failure::said(format!("{why}; nothing was changed"));
        packages::finish_interrupted().map_err(|error| unchanged(&error))?;
        packages::check_installable(to).map_err(|error| unchanged(&error))?;
        let from_package = self.packages.fetch(from).map_err(|error| {
            unchanged(&format!("the package of version {from}, to come back to, cannot be had: {error}"))
        })?;
        let to_package = self.packages.fetch(to).map_err(|error| unchanged(&error))?;
        let before = if packages::is_running() {
            // A daemon that does not even answer may need the update most.
            Some(trial::health(&self.data_dir).await.map_or_else(|_| Health::NOTHING, |(_, health)| health))
        } else {
            None
        };
        let (from, to) = (from.to_owned(), to.to_owned());
        Ok(Journal { next: Step::Copy, from, to, from_package, to_package, before, why: None })
    }

    /// Goes through the steps that are left, and reports.
    async fn finish(&self, mut journal: Journal) -> Result<UpdateReportView, Failure> {
        let outcome = loop {
            journal.save(&self.state_dir).map_err(|error| at(&self.state_dir, &error))?;
            match self.step(&journal).await? {
                Next::Step(next) => journal.next = next,
                Next::GoBack(why) => {
                    complain(&format!("{why}; going back to version {}", journal.from));
                    journal.next = Step::GoBack;
                    journal.why = Some(why);
                }
                Next::End(outcome) => break outcome,
            }
        };
        let Journal { from, to, why, .. } = journal;
        let mut report = self.check(false)?;
        report.last = Some(LastUpdateView { from, to, outcome, why, at: Instant(SystemClock::new().now()) });
        self.publish(&report);
        Journal::end(&self.state_dir).map_err(|error| at(&self.state_dir, &error))?;
        self.packages.keep_only(&report.installed);
        Ok(report)
    }

    async fn step(&self, journal: &Journal) -> Result<Next, Failure> {
        match journal.next {
            Step::Copy => self.copy(journal),
            Step::Install => Ok(self.install(journal)),
            Step::Try => self.attempt(journal).await,
            Step::GoBack => self.go_back(journal),
            Step::Resume => self.resume(journal).await,
        }
    }

    fn copy(&self, journal: &Journal) -> Result<Next, Failure> {
        let copied = packages::stop()
            .map_err(Failure::said)
            .and_then(|()| gate::close(&self.data_dir).map_err(|error| at(&self.data_dir, &error)))
            .and_then(|()| copy_store(&self.data_dir, &self.copy_file()));
        let Err(failure) = copied else { return Ok(Next::Step(Step::Install)) };
        gate::open(&self.data_dir).map_err(|error| at(&self.data_dir, &error))?;
        if journal.before.is_some() {
            packages::start().map_err(Failure::said)?;
        }
        Journal::end(&self.state_dir).map_err(|error| at(&self.state_dir, &error))?;
        Err(Failure::said(format!("{}; nothing was changed", failure.text())))
    }

    fn install(&self, journal: &Journal) -> Next {
        // A daemon that was started without a gate may have acknowledged something since the copy.
        if !gate::is_closed(&self.data_dir) {
            return Next::Step(Step::Copy);
        }
        // A boot may have started the version before; it would pass for the new one.
        let installed = packages::stop()
            .and_then(|()| packages::finish_interrupted())
            .and_then(|()| packages::install(&journal.to_package));
        match installed {
            Ok(()) => Next::Step(Step::Try),
            Err(error) => Next::GoBack(error.to_string()),
        }
    }

    async fn attempt(&self, journal: &Journal) -> Result<Next, Failure> {
        let Some(before) = journal.before else {
            gate::open(&self.data_dir).map_err(|error| at(&self.data_dir, &error))?;
            return Ok(Next::End(UpdateOutcome::Updated));
        };
        let worked = match packages::start() {
            Ok(()) => trial::wait(&self.data_dir, &journal.to, before, self.trial).await,
            Err(error) => Err(error.to_string()),
        };
        match worked {
            Ok(()) => {
                gate::open(&self.data_dir).map_err(|error| at(&self.data_dir, &error))?;
                Ok(Next::End(UpdateOutcome::Updated))
            }
            Err(why) => Ok(Next::GoBack(why)),
        }
    }

    fn go_back(&self, journal: &Journal) -> Result<Next, Failure> {
        // What the new version acknowledged after it opened the gate itself must stay.
        if !gate::take(&self.data_dir).map_err(|error| at(&self.data_dir, &error))? {
            return Ok(Next::End(UpdateOutcome::Kept));
        }
        let went = packages::stop()
            .and_then(|()| packages::finish_interrupted().or(Ok(())))
            .and_then(|()| packages::install(&journal.from_package))
            .map_err(Failure::said)
            .and_then(|()| put_back(&self.data_dir, &self.copy_file()));
        went.map_err(|failure| {
            Failure::said(format!(
                "version {} could not be brought back: {}; mend that and run kuotad update --resume; until then nothing \
                 can be changed",
                journal.from,
                failure.text()
            ))
        })?;
        Ok(Next::Step(Step::Resume))
    }

    async fn resume(&self, journal: &Journal) -> Result<Next, Failure> {
        gate::open(&self.data_dir).map_err(|error| at(&self.data_dir, &error))?;
        if let Some(before) = journal.before {
            packages::start().map_err(Failure::said)?;
            if let Err(why) = trial::wait(&self.data_dir, &journal.from, before, self.trial).await {
                complain(&format!("version {} is back, but not as before: {why}", journal.from));
            }
        }
        Ok(Next::End(UpdateOutcome::CameBack))
    }

    fn copy_file(&self) -> PathBuf {
        self.state_dir.join("before-update.db")
    }

    /// For the daemon's pages and metrics. An update does not fail for it.
    fn publish(&self, report: &UpdateReportView) {
        if let Err(error) = report::save(report, &self.data_dir) {
            complain(&format!("{}: {error}", self.data_dir.display()));
        }
    }
}

/// What follows a step.
enum Next {
    Step(Step),
    GoBack(String),
    End(UpdateOutcome),
}

fn at(path: &Path, error: &std::io::Error) -> Failure {
    let hint = if error.kind() == std::io::ErrorKind::PermissionDenied { "; run this as root" } else { "" };
    Failure::said(format!("{}: {error}{hint}", path.display()))
}

/// A proven copy of the store of a stopped daemon. A folder without a store needs none.
fn copy_store(data_dir: &Path, to: &Path) -> Result<(), Failure> {
    backup::remove(to);
    if !data_dir.join(FILE).exists() {
        return Ok(());
    }
    let part = to.with_extension("part");
    let reader = Reader::open(data_dir).map_err(Failure::said)?;
    reader.copy_to(&part, &mut |_| {}).map_err(Failure::said)?;
    backup::publish(&part, to).map_err(Failure::said)
}

fn put_back(data_dir: &Path, copy: &Path) -> Result<(), Failure> {
    if !copy.exists() {
        return Ok(());
    }
    let stamp = backup::stamp(SystemClock::new().now());
    backup::put_back(data_dir, copy, &stamp).map(drop).map_err(Failure::said)
}

//! What the console knows of sites: how each is, its figures, and the order in which a person should look at them. Without words
//! and without HTTP.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::state::ConsoleState;
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::health::ReportText;
use crate::relay::directory::DirectoryEntries;
use crate::relay::health::{SitePresence, presences};
use crate::relay::store::StoredDirectory;
use crate::relay::store::directory::{MerchantEntry, SiteEntry, SiteState};
use crate::relay::store::overview::{FIGURES_SITES_MAX, Income, SiteFigures};
use crate::web::Problem;

/// A clock that differs by this much is worth a look.
const CLOCK_WRONG_MS: u64 = 120_000;
/// Days of income that a site's page shows.
const INCOME_DAYS: usize = 14;

/// Where an entry is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptIn {
    /// The configuration's file, where it is changed by hand.
    File,
    /// The database.
    Database,
}

impl KeptIn {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "configuration",
            Self::Database => "database",
        }
    }
}

/// A site as it is listed.
#[derive(Clone, Debug)]
pub(super) struct ConsoleSite {
    /// What it is.
    pub entry: SiteEntry,
    /// Where it is kept.
    pub kept_in: KeptIn,
    /// When it was added to the database.
    pub added_at: Option<Timestamp>,
}

/// How a site is, the one word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SiteCondition {
    /// It calls, and nothing waits for anybody.
    Well,
    /// It calls, and somebody should look.
    ToLookAt,
    /// It called once and calls no more.
    Silent,
    /// It never called.
    NeverSeen,
    /// Its calls are refused.
    Disabled,
    /// It is gone for good.
    Removed,
}

impl SiteCondition {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::ToLookAt => "attention",
            Self::Silent => "silent",
            Self::NeverSeen => "never_seen",
            Self::Disabled => "disabled",
            Self::Removed => "removed",
        }
    }
}

/// Everything that is known of a site.
#[derive(Clone, Debug)]
pub(super) struct SiteOverview {
    /// The site.
    pub site: ConsoleSite,
    /// When it called and what it reported.
    pub presence: SitePresence,
    /// Its orders and its money of the day.
    pub figures: SiteFigures,
}

impl SiteOverview {
    /// Items of its feed that its agent has not asked for; `None`: nobody knows after which it asked.
    pub fn lag(&self) -> Option<u64> {
        self.presence.feed_after.map(|after| self.figures.last_seq.saturating_sub(after))
    }

    /// Whether it is enabled and called once and calls no more.
    pub fn is_silent(&self) -> bool {
        self.site.entry.state == SiteState::Enabled && self.presence.silent_since.is_some()
    }

    /// Whether it is enabled and never called.
    pub fn is_never_seen(&self) -> bool {
        self.site.entry.state == SiteState::Enabled && self.presence.last_seen_at.is_none()
    }

    /// Whether it is enabled and something waits for a person, or its agent reports a fault.
    pub fn is_to_look_at(&self) -> bool {
        let is_enabled = self.site.entry.state == SiteState::Enabled;
        is_enabled
            && (self.figures.reviews > 0 || self.lag().is_some_and(|lag| lag > 0) || self.reports_fault())
    }

    fn reports_fault(&self) -> bool {
        let Some(report) = &self.presence.report else { return false };
        let is_bad = |state: &Option<ReportText>| state.as_ref().is_some_and(|state| state.as_str() != "ok");
        let is_clock_wrong = report.clock_ahead_ms.is_some_and(|ms| ms.unsigned_abs() >= CLOCK_WRONG_MS);
        is_bad(&report.report.router) || is_bad(&report.report.store) || is_clock_wrong
    }

    /// The one word for it.
    pub fn condition(&self) -> SiteCondition {
        match self.site.entry.state {
            SiteState::Removed => SiteCondition::Removed,
            SiteState::Disabled => SiteCondition::Disabled,
            SiteState::Enabled if self.is_never_seen() => SiteCondition::NeverSeen,
            SiteState::Enabled if self.is_silent() => SiteCondition::Silent,
            SiteState::Enabled if self.is_to_look_at() => SiteCondition::ToLookAt,
            SiteState::Enabled => SiteCondition::Well,
        }
    }
}

/// Money of one day.
#[derive(Clone, Debug)]
pub(super) struct DayIncome {
    /// When it began.
    pub from: Timestamp,
    /// The money.
    pub income: Income,
}

/// Merchants and sites of file and database at one moment.
pub(super) struct ConsoleDirectory {
    file: Arc<DirectoryEntries>,
    /// Those of the database.
    pub stored: StoredDirectory,
}

/// A merchant as it is listed.
pub(super) struct ConsoleMerchant {
    /// What it is.
    pub entry: MerchantEntry,
    /// Where it is kept.
    pub kept_in: KeptIn,
    /// Keys from before that are still accepted.
    pub previous_keys: usize,
    /// Why its key cannot be used.
    pub key_fault: Option<String>,
    /// Its sites.
    pub sites: usize,
}

impl ConsoleDirectory {
    pub async fn read(state: &ConsoleState) -> Result<Self, Problem> {
        let stored = state.relay.store.directory().await?;
        Ok(Self { file: state.relay.directory.file().await, stored })
    }

    /// Every site, the removed left out, by id. Where both have an id, the file's counts.
    pub fn sites(&self) -> Vec<ConsoleSite> {
        let mut sites = self.every_site();
        sites.retain(|site| site.entry.state != SiteState::Removed);
        sites
    }

    /// The same with those that were removed.
    fn every_site(&self) -> Vec<ConsoleSite> {
        let of_file = self.file.sites.iter().map(|entry| ConsoleSite {
            entry: entry.clone(),
            kept_in: KeptIn::File,
            added_at: None,
        });
        let in_file: BTreeSet<&str> = self.file.sites.iter().map(|site| site.id.as_str()).collect();
        let of_database = self.stored.sites.iter().filter(|site| !in_file.contains(site.entry.id.as_str()));
        let of_database = of_database.map(|site| ConsoleSite {
            entry: site.entry.clone(),
            kept_in: KeptIn::Database,
            added_at: Some(site.created_at),
        });
        let mut sites: Vec<ConsoleSite> = of_file.chain(of_database).collect();
        sites.sort_by(|a, b| a.entry.id.cmp(&b.entry.id));
        sites
    }

    /// A site, also one that was removed.
    pub fn site(&self, id: &str) -> Result<ConsoleSite, Problem> {
        let found = self.every_site().into_iter().find(|site| site.entry.id == id);
        found.ok_or_else(|| Problem::not_found("site"))
    }

    /// Every merchant, by id.
    pub fn merchants(&self, state: &ConsoleState) -> Vec<ConsoleMerchant> {
        let cipher = state.relay.directory.cipher();
        let sites = self.sites();
        let count = |id: &str| sites.iter().filter(|site| site.entry.merchant == id).count();
        let in_file = |id: &str| self.file.merchants.iter().any(|listed| listed.entry.id == id);
        let of_file = self.file.merchants.iter().map(|listed| ConsoleMerchant {
            previous_keys: listed.keys.as_ref().map_or(0, |keys| keys.previous_keys.len()),
            key_fault: listed.keys.as_ref().err().cloned(),
            sites: count(&listed.entry.id),
            entry: listed.entry.clone(),
            kept_in: KeptIn::File,
        });
        let of_database = self.stored.merchants.iter().filter(|stored| !in_file(&stored.entry.id));
        let of_database = of_database.map(|stored| ConsoleMerchant {
            previous_keys: stored.keys.len().saturating_sub(1),
            key_fault: stored.keys.first().and_then(|sealed| cipher.open(&stored.entry.id, sealed).err()),
            sites: count(&stored.entry.id),
            entry: stored.entry.clone(),
            kept_in: KeptIn::Database,
        });
        let mut merchants: Vec<ConsoleMerchant> = of_file.chain(of_database).collect();
        merchants.sort_by(|a, b| a.entry.id.cmp(&b.entry.id));
        merchants
    }

    /// Ids of the merchants that a site can be added to.
    pub fn merchant_ids(&self) -> Vec<String> {
        let of_file = self.file.merchants.iter().map(|listed| listed.entry.id.clone());
        let of_database = self.stored.merchants.iter().map(|stored| stored.entry.id.clone());
        of_file.chain(of_database).collect::<BTreeSet<String>>().into_iter().collect()
    }
}

/// What is known of these sites, in their order; money of the day.
pub(super) async fn overviews(
    state: &ConsoleState,
    sites: Vec<ConsoleSite>,
) -> Result<Vec<SiteOverview>, Problem> {
    let ids: Vec<String> = sites.iter().map(|site| site.entry.id.clone()).collect();
    let presences = presences(&state.relay, &ids).await?;
    let since = state.day_start();
    let mut figures = Vec::with_capacity(ids.len());
    for ids in ids.chunks(FIGURES_SITES_MAX) {
        figures.extend(state.relay.store.site_figures(ids, since).await?);
    }
    let whole = sites.into_iter().zip(presences).zip(figures);
    Ok(whole.map(|((site, presence), figures)| SiteOverview { site, presence, figures }).collect())
}

/// Puts sites into the order in which a person should look at them: silent ones, those with reviews, those behind, then by name.
pub(super) fn sort_by_need(sites: &mut [SiteOverview]) {
    let need = |site: &SiteOverview| {
        let is_behind = site.lag().is_some_and(|lag| lag > 0);
        (!site.is_silent(), site.figures.reviews == 0, !is_behind)
    };
    sites.sort_by(|a, b| need(a).cmp(&need(b)).then_with(|| a.site.entry.id.cmp(&b.site.entry.id)));
}

/// Whether a site's name or its merchant's has this text in it, however it is written.
pub(super) fn matches(site: &ConsoleSite, text: &str) -> bool {
    let text = text.to_lowercase();
    site.entry.id.to_lowercase().contains(&text) || site.entry.merchant.to_lowercase().contains(&text)
}

/// A site's money of the last days, today last, by the console's midnights.
pub(super) async fn income_by_day(state: &ConsoleState, site: &str) -> Result<Vec<DayIncome>, Problem> {
    let mut starts = Vec::with_capacity(INCOME_DAYS);
    let mut date = state.zone.local(state.now()).date;
    for _ in 0..INCOME_DAYS {
        starts.push(state.zone.day_start(date));
        date = date.yesterday().unwrap_or(date);
    }
    let (ids, mut later, mut days) = ([site.to_owned()], Income::default(), Vec::with_capacity(INCOME_DAYS));
    for from in starts {
        let since = state.relay.store.site_figures(&ids, from).await?;
        let since = since.first().map(|figures| figures.income).unwrap_or_default();
        days.push(DayIncome { from, income: less(since, later) });
        later = since;
    }
    days.reverse();
    Ok(days)
}

/// Money since a moment without that since a later one. What was paid between both questions is in the next answer.
fn less(since: Income, later: Income) -> Income {
    Income {
        paid: since.paid.saturating_sub(later.paid),
        paid_rp: Rupiah(since.paid_rp.0.saturating_sub(later.paid_rp.0)),
        returned_rp: Rupiah(since.returned_rp.0.saturating_sub(later.returned_rp.0)),
    }
}

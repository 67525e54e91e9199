//! The overview: every site, those that need a person first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::menu::SITES;
use super::overview::{ConsoleDirectory, SiteOverview, matches, overviews, sort_by_need};
use super::session::OperatorSession;
use super::state::{ConsoleState, PageAnswer};
use super::texts::{ConsoleWords, say};
use crate::domain::role::Role;
use crate::domain::units::{Rupiah, Timestamp};
use crate::protocol::admin::page::{Cursor, List, PageLimit, given};
use crate::relay::store::directory::SiteState;
use crate::relay::store::overview::Income;
use crate::tools::percent;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html};
use crate::web::Query;

/// Longest text that is searched for.
const SEARCH_CHARS_MAX: usize = 64;

/// Longest text of a report in a row: fifty rows of the longest make no large page.
const REPORTED_CHARS_MAX: usize = 12;

/// Which sites a chip shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SiteChip {
    All,
    Silent,
    ToLookAt,
    Disabled,
    NeverSeen,
}

impl SiteChip {
    const ALL: [Self; 5] = [Self::All, Self::Silent, Self::ToLookAt, Self::Disabled, Self::NeverSeen];

    /// Its value in an address.
    const fn value(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Silent => "diam",
            Self::ToLookAt => "perlu-dilihat",
            Self::Disabled => "nonaktif",
            Self::NeverSeen => "belum-pernah",
        }
    }

    const fn word(self, words: &ConsoleWords) -> &'static str {
        match self {
            Self::All => words.chip_all,
            Self::Silent => words.chip_silent,
            Self::ToLookAt => words.chip_look,
            Self::Disabled => words.chip_disabled,
            Self::NeverSeen => words.chip_never,
        }
    }

    fn shows(self, site: &SiteOverview) -> bool {
        match self {
            Self::All => true,
            Self::Silent => site.is_silent(),
            Self::ToLookAt => site.is_to_look_at(),
            Self::Disabled => site.site.entry.state == SiteState::Disabled,
            Self::NeverSeen => site.is_never_seen(),
        }
    }
}

/// `GET /`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SitesQuery {
    q: String,
    tampil: String,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

/// A chip for its template.
struct ChipView {
    href: String,
    name: &'static str,
    count: String,
    is_chosen: bool,
}

/// A site for its template.
struct SiteRow {
    href: String,
    id: String,
    merchant: String,
    condition: Badge,
    last_seen: String,
    router: Option<Badge>,
    version: String,
    clock: String,
    open: String,
    paid: String,
    income: Rupiah,
    returned: Option<String>,
    reviews: String,
    lag: String,
}

/// Sums of all sites.
struct SitesSums {
    income: Rupiah,
    paid: String,
    returned: Option<String>,
    silent: String,
    reviews: String,
}

#[derive(Template)]
#[template(path = "relay/sites.html")]
struct SitesPage {
    frame: Frame,
    layout: Layout,
    w: &'static ConsoleWords,
    sums: SitesSums,
    chips: Vec<ChipView>,
    rows: Vec<SiteRow>,
    next: Option<String>,
    is_later: bool,
    total: String,
    may_add: bool,
}

pub(super) async fn show(
    State(state): State<Arc<ConsoleState>>,
    session: OperatorSession,
    Query(query): Query<SitesQuery>,
) -> PageAnswer {
    let q: String = query.q.trim().chars().take(SEARCH_CHARS_MAX).collect();
    let chip = SiteChip::ALL.into_iter().find(|chip| chip.value() == query.tampil).unwrap_or(SiteChip::All);
    let all = ConsoleDirectory::read(&state).await?.sites();
    let sites_len = all.len() as u64;
    let all = overviews(&state, all).await?;
    let (locale, w, now) = (session.locale().clone(), session.words(), state.now());
    let sums = sums(&locale, w, &all);
    let mut found: Vec<SiteOverview> = all.into_iter().filter(|site| matches(&site.site, &q)).collect();
    let chips = SiteChip::ALL.map(|known| ChipView {
        href: address(&q, known, None),
        name: known.word(w),
        count: locale.count(found.iter().filter(|site| known.shows(site)).count() as u64),
        is_chosen: known == chip,
    });
    found.retain(|site| chip.shows(site));
    sort_by_need(&mut found);
    let shown = locale.count(found.len() as u64);
    let List { items, next } = List::of_all(found, PageLimit::default(), query.after);
    let (frame, mut layout) = session.layout(w.sites, SITES);
    if let Some(search) = &mut layout.search {
        search.value.clone_from(&q);
    }
    html(&SitesPage {
        frame,
        layout,
        w,
        sums,
        chips: chips.into(),
        rows: items.iter().map(|site| row(&locale, w, site, now)).collect(),
        next: next.map(|after| address(&q, chip, Some(&after))),
        is_later: query.after.is_some(),
        total: fill(w.of_total, &[&shown, &locale.count(sites_len)]),
        may_add: session.may(Role::Operator),
    })
}

fn address(q: &str, chip: SiteChip, after: Option<&str>) -> String {
    let q = Some(q).filter(|q| !q.is_empty()).map(|q| format!("q={}", percent::value(q)));
    let chip = Some(chip.value()).filter(|value| !value.is_empty()).map(|value| format!("tampil={value}"));
    let after = after.map(|after| format!("after={after}"));
    let pairs: Vec<String> = [q, chip, after].into_iter().flatten().collect();
    if pairs.is_empty() { SITES.to_owned() } else { format!("{SITES}?{}", pairs.join("&")) }
}

fn sums(locale: &Locale, w: &ConsoleWords, all: &[SiteOverview]) -> SitesSums {
    let income = all.iter().fold(Income::default(), |sum, site| sum + site.figures.income);
    SitesSums {
        income: income.paid_rp,
        paid: locale.count(income.paid),
        returned: returned(w, income),
        silent: locale.count(all.iter().filter(|site| site.is_silent()).count() as u64),
        reviews: locale.count(all.iter().map(|site| site.figures.reviews).sum()),
    }
}

/// What went back, where anything did.
pub(super) fn returned(w: &ConsoleWords, income: Income) -> Option<String> {
    (income.returned_rp.0 > 0).then(|| fill(w.returned, &[&income.returned_rp.to_string()]))
}

fn row(locale: &Locale, w: &ConsoleWords, site: &SiteOverview, now: Timestamp) -> SiteRow {
    let SiteOverview { site: listed, presence, figures } = site;
    let report = presence.report.as_ref();
    let count = |n: u64| locale.count(n);
    let router = report.and_then(|report| report.report.router.as_ref());
    let version = report.and_then(|report| report.report.version.as_ref());
    SiteRow {
        href: format!("/lokasi/{}", percent::segment(&listed.entry.id)),
        id: listed.entry.id.clone(),
        merchant: listed.entry.merchant.clone(),
        condition: say::condition(w, site.condition()),
        last_seen: presence.last_seen_at.map(|at| say::ago(locale, at, now)).unwrap_or_default(),
        router: router.map(|state| say::router(w, state, REPORTED_CHARS_MAX)),
        version: version
            .map(|version| say::shortened(&say::reported(version), REPORTED_CHARS_MAX))
            .unwrap_or_default(),
        clock: report
            .and_then(|report| report.clock_ahead_ms)
            .map(|ms| say::clock(locale, ms))
            .unwrap_or_default(),
        open: count(figures.open_orders),
        paid: count(figures.income.paid),
        income: figures.income.paid_rp,
        returned: returned(w, figures.income),
        reviews: count(figures.reviews),
        lag: site.lag().map(count).unwrap_or_default(),
    }
}

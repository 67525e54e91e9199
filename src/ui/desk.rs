//! Pages behind a log-in: what surrounds each, and what becomes of a request that goes wrong where no page is.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::Response;

use super::catalogue::words;
use super::flash::Flash;
use super::icon::Icon;
use super::layout::{self, PageDefaults};
use crate::web::Problem;

words! {
    /// Texts around every page behind a log-in.
    DeskWords {
        menu: "Menu", "Menu";
        more: "Lainnya", "More";
        search: "Cari", "Search";
        log_out: "Keluar", "Log out";
        print: "Cetak", "Print";
    }
}

/// What surrounds every page behind a log-in, in addition to its frame.
pub(crate) struct Layout {
    /// The texts around the content.
    pub words: &'static DeskWords,
    /// The menu: beside the page on wide screens, and the tabs of the bar below it on phones.
    pub menu: Vec<TabGroup>,
    /// The page with the tabs that are not in the bar.
    pub more: Option<Tab>,
    /// The search box.
    pub search: Option<SearchBox>,
    /// Who is logged in.
    pub who: String,
    /// What its forms carry.
    pub token: String,
    /// What was done just before.
    pub told: Option<Flash>,
}

/// Tabs that belong together.
pub(crate) struct TabGroup {
    /// What they are about; empty for none.
    pub name: &'static str,
    /// The tabs.
    pub tabs: Vec<Tab>,
}

impl TabGroup {
    /// Whether a phone shows all of it in the bar.
    pub fn is_in_bar(&self) -> bool {
        self.tabs.iter().all(|tab| tab.is_in_bar)
    }
}

/// A tab for its template.
pub(crate) struct Tab {
    pub path: &'static str,
    pub name: &'static str,
    pub icon: Icon,
    /// Whether the page belongs to it.
    pub is_here: bool,
    /// Whether it is in the bar of a phone, which has room for five.
    pub is_in_bar: bool,
}

/// The search box of every page.
pub(crate) struct SearchBox {
    /// The page with what was found.
    pub path: &'static str,
    /// What it finds.
    pub hint: &'static str,
    /// What was searched for.
    pub value: String,
}

/// The pages of one listener.
pub(crate) struct DeskPages {
    /// How its pages are.
    pub defaults: PageDefaults,
    /// What is below this path is for programs, which get problems as they are.
    pub calls: &'static str,
}

/// Around everything on the listener: what goes wrong where no page is - an address that does not exist, a call that
/// took too long - is a page for a browser.
pub(crate) async fn for_people(State(desk): State<Arc<DeskPages>>, request: Request, next: Next) -> Response {
    let house = &desk.defaults;
    let is_call = request.uri().path().starts_with(desk.calls);
    let page_request =
        house.page_request(&request).filter(|_| !is_call && layout::is_for_people(request.headers()));
    if let Some(again) =
        page_request.as_ref().and_then(|page_request| layout::in_other_language(&page_request.uri))
    {
        return again;
    }
    if let Some(page_request) = &page_request
        && let Some(page) = house.refusal(page_request).await
    {
        return page;
    }
    let response = next.run(request).await;
    if let Some(problem) = response.extensions().get::<Problem>() {
        (house.noticed)(problem);
    }
    if let Some(on) = page_request.as_ref().and_then(|page_request| house.led_on(page_request, &response)) {
        return on;
    }
    let Some((page_request, problem)) = page_request.zip(response.extensions().get::<Problem>().cloned())
    else {
        return response;
    };
    match problem.status().as_u16() {
        401 => layout::see_other(&entrance(&page_request.uri)),
        _ => house.troubled(&page_request, problem, response.headers().clone()).await,
    }
}

/// The log-in that leads back to a page.
pub(crate) fn entrance(uri: &Uri) -> String {
    if uri.path() == "/" { "/masuk".to_owned() } else { format!("/masuk?ke={}", uri.path()) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::DeskWords::ALL);
    }
}

//! Pages as answers: in the reader's language, with a strict content policy; problems become pages too.

use std::pin::Pin;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE,
    WWW_AUTHENTICATE, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::assets::{Assets, Links};
use super::catalogue::words;
use super::desk::Layout;
use super::locale::Locale;
use super::refused::{FormSender, Refused, RefusedForms, names_refusal};
use crate::clock::Zone;
use crate::ui::language::Language;
use crate::web::{Peer, Problem, limits};

/// The cookie with a reader's language.
const LANGUAGE_COOKIE: &str = "kuota_lang";
/// The parameter that changes it.
const LANGUAGE_PARAM: &str = "bahasa";

/// Everything from our own address and nothing else: no inline script or style, no frame, no foreign request.
pub(crate) const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

words! {
    /// Texts of the layout of every page.
    FrameWords {
        skip: "Langsung ke isi", "Skip to content";
        language: "English", "Bahasa Indonesia";
        source: "Perangkat lunak bebas (AGPL-3.0)", "Free software (AGPL-3.0)";
        home: "Halaman utama", "Home";
        optional: "boleh kosong", "optional";
        not_found: "Halaman tidak ditemukan", "Page not found";
        not_found_text: "Alamat ini tidak ada, atau isinya sudah dihapus.", "There is nothing at this address, or it was removed.";
        refused: "Tidak dapat dilakukan", "This cannot be done";
        forbidden: "Tidak diizinkan", "Not allowed";
        no_role: "Peran Anda tidak mengizinkan ini. Mintalah kepada pemilik.", "Your role does not allow this. Ask the owner.";
        stale_form: "Formulir ini sudah kedaluwarsa atau tidak dibuat oleh halaman ini. Buka lagi halaman formulirnya, lalu isi ulang.",
            "The form is too old or was not made by this page. Open the form's page again and fill it in once more.";
        no_network: "Alamat Anda tidak diizinkan membuka halaman ini.", "Your address may not open this page.";
        too_many: "Terlalu sering", "Too many attempts";
        too_many_text: "Silakan tunggu sebentar, lalu coba lagi.", "Please wait a moment and try again.";
        slowed: "Terlalu sering. Silakan tunggu sebentar, lalu coba lagi.", "Too many attempts. Please wait a moment and try again.";
        failed: "Ada gangguan", "Something failed";
        failed_text: "Tidak ada yang berubah. Silakan coba lagi sebentar lagi.", "Nothing was changed. Please try again in a moment.";
        about: "Tentang kuota", "About kuota";
        about_text: "kuota {0} adalah perangkat lunak bebas di bawah lisensi GNU AGPL versi 3. Anda berhak mendapat kode sumbernya.",
            "kuota {0} is free software under the GNU AGPL, version 3. You are entitled to its source code.";
        about_ask: "Mintalah kode sumber kepada pengelola hotspot ini.", "Ask whoever runs this hotspot for the source code.";
        about_where: "Kode sumber:", "Source code:";
    }
}

/// Defaults of a site's pages.
#[derive(Clone)]
pub(crate) struct PageDefaults {
    /// For readers who did not choose.
    pub language: Language,
    /// The site's zone.
    pub zone: Zone,
    /// What every page has of its site.
    pub site: Arc<SiteLook>,
    /// Renders a problem.
    pub complain: Complain,
    /// Returns what surrounds an error page for whoever is logged in.
    pub surround: Surround,
    /// Returns why nothing can be changed at present.
    pub hindrance: Hindrance,
    /// Called for every problem in an answer.
    pub noticed: Arc<dyn Fn(&Problem) + Send + Sync>,
    /// Forms that were refused.
    pub refused: Arc<RefusedForms>,
    /// The cookie with a session's secret; empty where there are no sessions.
    pub session_cookie: &'static str,
}

/// How a site looks to whoever opens its pages.
pub(crate) struct SiteLook {
    /// Its name.
    pub name: String,
    /// The files of its pages, in its colour.
    pub assets: Arc<Assets>,
}

/// Returns in one sentence why nothing can be changed at present; `None` when writing works.
pub(crate) type Hindrance = Arc<dyn Fn(Language) -> Option<String> + Send + Sync>;

/// Returns what surrounds the pages of whoever sent a request; `None` for somebody who is not logged in.
pub(crate) type Surround = Arc<dyn Fn(PageRequest) -> Surroundings + Send + Sync>;

/// What surrounds a page, once it is known.
pub(crate) type Surroundings = Pin<Box<dyn Future<Output = Option<Layout>> + Send>>;

/// For pages without a log-in.
pub(crate) fn nothing_around() -> Surround {
    Arc::new(|_| Box::pin(std::future::ready(None)))
}

/// Renders a problem as a page.
pub(crate) type Complain = Arc<dyn Fn(&PageRequest, &Problem) -> Result<Response, Problem> + Send + Sync>;

/// The request of a page: language, origin and address.
#[derive(Clone)]
pub(crate) struct PageRequest {
    /// The formats of amounts and dates.
    pub locale: Locale,
    /// The peer of the request.
    pub peer: Peer,
    /// The page's address, without the host.
    pub uri: Uri,
    /// What every page has of its site.
    pub site: Arc<SiteLook>,
    /// Why nothing can be changed at present.
    pub hindrance: Option<String>,
    /// The refusal of a form that the page shows.
    pub refused: Option<Arc<Refused>>,
    /// The secret of the browser's session, whether it is known or not.
    pub session: Option<String>,
    /// What surrounds an error page.
    pub around: Option<Arc<Layout>>,
    /// The browser that sends a form, which is led on by a redirect whatever becomes of it.
    sender: Option<FormSender>,
}

impl<S: Send + Sync> FromRequestParts<S> for PageRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::internal)
    }
}

/// What every page begins and ends with.
pub(crate) struct Frame {
    /// The page's name.
    pub title: String,
    /// The formats of amounts and dates.
    pub locale: Locale,
    /// The texts around the content.
    pub words: &'static FrameWords,
    /// What every page has of its site.
    site: Arc<SiteLook>,
    /// This page in the other language.
    pub other_language: String,
    /// Why nothing can be changed at present.
    pub hindrance: Option<String>,
}

impl Frame {
    /// The site's name.
    pub fn site(&self) -> &str {
        &self.site.name
    }

    /// The files of the page.
    pub fn links(&self) -> &Links {
        &self.site.assets.links
    }
}

impl PageRequest {
    /// The frame of a page with that name.
    pub fn frame(&self, title: impl Into<String>) -> Frame {
        let locale = self.locale.clone();
        let other = match locale.language {
            Language::Indonesian => "en",
            Language::English => "id",
        };
        let query = without_language(self.uri.query().unwrap_or_default());
        let and = if query.is_empty() { "" } else { "&" };
        let other_language = format!("{}?{query}{and}{LANGUAGE_PARAM}={other}", self.uri.path());
        let words = FrameWords::of(locale.language);
        let (site, hindrance) = (Arc::clone(&self.site), self.hindrance.clone());
        Frame { title: title.into(), locale, words, site, other_language, hindrance }
    }
}

/// A page as an answer.
pub(crate) fn html(page: &impl Template) -> Result<Response, Problem> {
    page_with(StatusCode::OK, page)
}

/// A page with another status than 200.
pub(crate) fn page_with(status: StatusCode, page: &impl Template) -> Result<Response, Problem> {
    let text = page.render().map_err(|error| {
        tracing::error!(%error, "a page could not be written");
        Problem::internal()
    })?;
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    Ok((status, headers, text).into_response())
}

/// Sends the browser on, by GET, to an address of ours.
pub(crate) fn see_other(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
}

/// Puts language and problems-as-pages around a router of pages.
pub(crate) fn around<S: Clone + Send + Sync + 'static>(pages: Router<S>, house: PageDefaults) -> Router<S> {
    pages.layer(from_fn_with_state(Arc::new(house), page_request))
}

async fn page_request(State(house): State<Arc<PageDefaults>>, mut request: Request, next: Next) -> Response {
    if let Some(again) = in_other_language(request.uri()) {
        return again;
    }
    let Some(page_request) = house.page_request(&request) else { return Problem::internal().into_response() };
    if let Some(page) = house.refusal(&page_request).await {
        return page;
    }
    request.extensions_mut().insert(page_request.clone());
    let response = next.run(request).await;
    if let Some(problem) = response.extensions().get::<Problem>() {
        (house.noticed)(problem);
    }
    if let Some(on) = house.led_on(&page_request, &response) {
        return on;
    }
    match response.extensions().get::<Problem>().cloned() {
        Some(problem) => house.troubled(&page_request, problem, response.headers().clone()).await,
        None => response,
    }
}

impl PageDefaults {
    /// The page request of an HTTP request; `None` when its peer is unknown.
    pub fn page_request(&self, request: &Request) -> Option<PageRequest> {
        let peer = request.extensions().get::<Peer>().copied()?;
        let language = remembered(request.headers()).unwrap_or(self.language);
        let locale = Locale { language, zone: self.zone.clone() };
        let hindrance = (self.hindrance)(language);
        let uri = request.uri().clone();
        let session = cookie(request.headers(), self.session_cookie);
        let sender = FormSender::new(peer, session);
        let is_form = request.method() == Method::POST;
        let refused = if is_form { None } else { self.refused.find(&sender, &uri) };
        let sender = Some(sender).filter(|_| is_form && is_for_people(request.headers()));
        let site = Arc::clone(&self.site);
        let session = session.map(str::to_owned);
        Some(PageRequest { locale, peer, uri, site, hindrance, refused, session, around: None, sender })
    }

    /// The page of a refused form that no other page shows among its own content, when its address is loaded.
    pub async fn refusal(&self, page_request: &PageRequest) -> Option<Response> {
        let problem = page_request.refused.as_ref()?.as_page()?.clone();
        let headers = problem.clone().into_response().headers().clone();
        let mut page = self.troubled(page_request, problem, headers).await;
        limits::quiet(page.headers_mut());
        Some(page)
    }

    /// The redirect of a browser whose form was refused, to the page that says so. Without it the browser would offer
    /// to send the form again whenever its reader goes back.
    pub fn led_on(&self, page_request: &PageRequest, answer: &Response) -> Option<Response> {
        let PageRequest { sender, uri, .. } = page_request;
        let to = match sender {
            Some(sender) => self.refused.lead_on(sender, uri, answer)?,
            // What was refused is forgotten, and forms are all that this address takes.
            None if answer.status() == StatusCode::METHOD_NOT_ALLOWED && names_refusal(uri) => "/".to_owned(),
            None => return None,
        };
        let mut on = see_other(&to);
        limits::quiet(on.headers_mut());
        Some(on)
    }

    /// The page of a problem in place of its answer, which had these headers.
    pub async fn troubled(
        &self,
        page_request: &PageRequest,
        problem: Problem,
        headers: HeaderMap,
    ) -> Response {
        let around = (self.surround)(page_request.clone()).await;
        // The error page describes the problem of the request itself.
        let page_request = &PageRequest {
            hindrance: (self.hindrance)(page_request.locale.language),
            around: around.map(Arc::new),
            ..page_request.clone()
        };
        kept((self.complain)(page_request, &problem).unwrap_or_else(IntoResponse::into_response), headers)
    }
}

/// Whether a browser requests a page, rather than a program data.
pub(crate) fn is_for_people(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

/// A redirect to the same page when the address asks for a language; the browser stores the language.
pub(crate) fn in_other_language(uri: &Uri) -> Option<Response> {
    chosen(uri.query()?).map(|language| choose(uri, language))
}

fn chosen(query: &str) -> Option<Language> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == LANGUAGE_PARAM).and_then(|(_, value)| language(value))
}

fn language(tag: &str) -> Option<Language> {
    match tag {
        "id" => Some(Language::Indonesian),
        "en" => Some(Language::English),
        _ => None,
    }
}

fn without_language(query: &str) -> String {
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(LANGUAGE_PARAM));
    others.collect::<Vec<_>>().join("&")
}

/// Stores the language and redirects to the same page.
fn choose(uri: &Uri, language: Language) -> Response {
    let tag = if language == Language::English { "en" } else { "id" };
    let query = without_language(uri.query().unwrap_or_default());
    // A path that begins with two slashes would be another host.
    let path = format!("/{}", uri.path().trim_start_matches('/'));
    let to = if query.is_empty() { path } else { format!("{path}?{query}") };
    let mut response = see_other(&to);
    let cookie = format!("{LANGUAGE_COOKIE}={tag}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
    if let Ok(cookie) = cookie.parse() {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn remembered(headers: &HeaderMap) -> Option<Language> {
    language(cookie(headers, LANGUAGE_COOKIE)?)
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

#[derive(Template)]
#[template(path = "pages/problem.html")]
struct ProblemPage {
    frame: Frame,
    text: String,
}

/// The same for somebody who is logged in.
#[derive(Template)]
#[template(path = "console/problem.html")]
struct DeskProblemPage {
    frame: Frame,
    layout: Arc<Layout>,
    text: String,
}

/// A page with the other headers of a problem's answer, such as when to retry.
fn kept(mut page: Response, headers: HeaderMap) -> Response {
    for (name, value) in headers {
        let Some(name) = name else { continue };
        let is_of_body = [CONTENT_TYPE, CONTENT_LENGTH, WWW_AUTHENTICATE].contains(&name);
        if !is_of_body && !page.headers().contains_key(&name) {
            page.headers_mut().insert(name, value);
        }
    }
    page
}

/// A problem as a page. Its text is English unless a page has a better one.
pub(crate) fn complain(page_request: &PageRequest, problem: &Problem) -> Result<Response, Problem> {
    complain_with(page_request, problem, None)
}

/// The same, with a sentence that replaces the general one for an upstream that does not answer.
pub(crate) fn complain_with(
    page_request: &PageRequest,
    problem: &Problem,
    sentence: Option<&str>,
) -> Result<Response, Problem> {
    let words = FrameWords::of(page_request.locale.language);
    let detail = problem.detail().to_owned();
    let forbidden = match problem.code() {
        "role" => words.no_role.to_owned(),
        "form_token" | "cross_site" => words.stale_form.to_owned(),
        "network" => words.no_network.to_owned(),
        _ => detail.clone(),
    };
    let (title, text) = match problem.status().as_u16() {
        404 | 405 => (words.not_found, words.not_found_text.to_owned()),
        401 | 403 => (words.forbidden, forbidden),
        429 => (words.too_many, words.too_many_text.to_owned()),
        500.. => (words.failed, sentence.unwrap_or(words.failed_text).to_owned()),
        _ => (words.refused, detail),
    };
    let frame = page_request.frame(title);
    match &page_request.around {
        Some(layout) => {
            let layout = Arc::clone(layout);
            page_with(problem.status(), &DeskProblemPage { frame, layout, text })
        }
        None => page_with(problem.status(), &ProblemPage { frame, text }),
    }
}

#[derive(Template)]
#[template(path = "pages/about.html")]
struct AboutPage {
    frame: Frame,
    text: String,
    source_url: String,
}

/// The same for somebody who is logged in.
#[derive(Template)]
#[template(path = "console/about.html")]
struct DeskAboutPage {
    frame: Frame,
    layout: Layout,
    text: String,
    source_url: String,
}

/// The name of the program and the address of its source, which its licence requires of every server.
pub(crate) fn about(
    page_request: &PageRequest,
    around: Option<Layout>,
    source_url: &str,
) -> Result<Response, Problem> {
    let frame = page_request.frame(FrameWords::of(page_request.locale.language).about);
    let text = super::catalogue::fill(frame.words.about_text, &[env!("CARGO_PKG_VERSION")]);
    let source_url = source_url.to_owned();
    match around {
        Some(layout) => html(&DeskAboutPage { frame, layout, text, source_url }),
        None => html(&AboutPage { frame, text, source_url }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::assets;
    use super::*;

    fn page_request(uri: &'static str) -> PageRequest {
        let zone = Zone::named("Asia/Jakarta").unwrap();
        let locale = Locale { language: Language::Indonesian, zone };
        PageRequest {
            locale,
            peer: Peer::Local,
            uri: Uri::from_static(uri),
            site: Arc::new(SiteLook { name: "Warung".into(), assets: Assets::of(assets::COLOUR) }),
            hindrance: None,
            refused: None,
            session: None,
            around: None,
            sender: None,
        }
    }

    #[test]
    fn the_other_language_is_the_same_page() {
        assert_eq!(page_request("/beli").frame("x").other_language, "/beli?bahasa=en");
        assert_eq!(page_request("/a?t=1&bahasa=id&b=2").frame("x").other_language, "/a?t=1&b=2&bahasa=en");
        super::super::catalogue::check(FrameWords::ALL);
    }

    #[test]
    fn choosing_a_language_never_leaves_this_host() {
        let to = |uri: &'static str| {
            let response = choose(&Uri::from_static(uri), Language::English);
            response.headers()[LOCATION].to_str().unwrap().to_owned()
        };
        assert_eq!(to("/beli?bahasa=en"), "/beli");
        assert_eq!(to("//evil.example/x?bahasa=en&a=1"), "/evil.example/x?a=1");
    }
}

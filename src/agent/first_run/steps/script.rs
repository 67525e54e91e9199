//! The script of the router: a line to paste with its QR code, the text itself, and the address from which the router fetches it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;

use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::router_login::agent_login;
use crate::agent::first_run::state::{FirstRun, RouterLogin};
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{Answer, StepPage, go_on};
use crate::agent::router::site_plan::{endpoint, site_plan};
use crate::ui::layout::see_other;
use crate::ui::qr;
use crate::web::{Peer, Problem};

/// The name of the file on the router.
const FILE: &str = "kuota.rsc";
/// Where the claimant downloads it.
pub(in crate::agent::first_run) const DOWNLOAD: &str = "/mulai/kuota.rsc";
/// Where the router fetches it.
pub(in crate::agent::first_run) const FETCH: &str = "/mulai/router/{token}";

/// The script with the agent's password; `None` before the step of the router.
fn script(run: &FirstRun) -> Result<Option<String>, Problem> {
    let Some(login) = agent_login(run) else { return Ok(None) };
    let loaded = run.loaded(&FirstRun::layer(&run.record()));
    let config = loaded.map_err(|error| Problem::conflict("answers", error.to_string()))?.config;
    Ok(Some(site_plan(&config, None).script_with_password(login.password.expose())))
}

/// The line for the router's terminal.
fn line(run: &FirstRun) -> Result<String, Problem> {
    let loaded = run.loaded(&FirstRun::layer(&run.record()));
    let config = loaded.map_err(|error| Problem::conflict("answers", error.to_string()))?.config;
    let (host, _) = endpoint(&config.portal.public_url);
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let token = run.script_link().token(run.clock.uptime())?;
    let port = run.port;
    Ok(format!(
        "/tool fetch url=\"http://{host}:{port}/mulai/router/{token}\" dst-path={FILE}; :delay 1s; /import file-name={FILE}; \
         /file remove [find where name={FILE}]"
    ))
}

/// `GET /mulai/skrip`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let Some(script) = script(&run)? else { return Ok(see_other(Step::Router.path())) };
    let page = StepPage::new(&run, &claimant, Step::Script);
    let (words, line) = (page.words, line(&run)?);
    let picture = qr::svg(&line, words.script_line);
    page.about(words.script_text)
        .about(words.script_winbox)
        .about(words.script_app)
        .copy(words.script_line, line)
        .qr(picture)
        .link(DOWNLOAD, words.script_download)
        .copy(words.script_whole, script)
        .submit(Some(words.script_done))
        .answer()
}

/// `POST /mulai/skrip`: the owner ran it. Whether that worked is checked by the next step.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, _: StepForm) -> Answer {
    go_on(&run, Step::Script, |_| ())
}

fn file(text: String) -> axum::response::Response {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"kuota.rsc\""),
    ];
    (headers, text).into_response()
}

/// `GET /mulai/kuota.rsc`: the script for the claimant.
pub(in crate::agent::first_run) async fn download(State(run): State<Arc<FirstRun>>, _: Claimant) -> Answer {
    script(&run)?.map(file).ok_or_else(|| Problem::not_found("script"))
}

/// Whether a peer is the router whose log-in was tested.
async fn is_router(login: &RouterLogin, peer: Peer) -> bool {
    let Peer::Network(address) = peer else { return false };
    let known = tokio::net::lookup_host(login.address.to_string()).await;
    known.is_ok_and(|mut known| known.any(|known| known.ip().to_canonical() == address.to_canonical()))
}

/// `GET /mulai/router/{token}`: the script for the router, once. A token that somebody saw on the owner's screen is of no use at
/// another address.
pub(in crate::agent::first_run) async fn fetch(
    State(run): State<Arc<FirstRun>>,
    Path(token): Path<String>,
    Extension(peer): Extension<Peer>,
) -> Answer {
    let now = run.clock.uptime();
    if !run.script_link().is_good(&token, now) {
        return Err(Problem::not_found("script"));
    }
    let Some(login) = agent_login(&run) else { return Err(Problem::not_found("script")) };
    if !is_router(&login, peer).await {
        let from: Option<IpAddr> = match peer {
            Peer::Network(address) => Some(address),
            Peer::Local => None,
        };
        tracing::warn!(?from, "somebody who is not the router asked for the router's script");
        return Err(Problem::forbidden("not_the_router", "only the router may fetch this script"));
    }
    let script = script(&run)?.ok_or_else(|| Problem::not_found("script"))?;
    run.script_link().end();
    Ok(file(script))
}

//! The listener of the set-up. It takes the place of desk and portal while there is no owner: no store is open, no router is
//! asked unless the owner's form says which, and every other page leads to the set-up.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::claim::Claiming;
use super::machine::Machine;
use super::record::{Record, Stage};
use super::state::FirstRun;
use super::{claim_page, gate, recovery, steps};
use crate::agent::config::files::is_default;
use crate::agent::config::{Config, LoadedConfig};
use crate::clock::Clock;
use crate::protocol::admin::status::HealthView;
use crate::settings::Environment;
use crate::store::{Reader, Role, StoreError};
use crate::ui::assets::Assets;
use crate::ui::layout::{self, PageDefaults, SiteLook, see_other};
use crate::web::serve as web_serve;
use crate::web::{Problem, limits};

/// How often the time is counted while nobody asks for a page.
const TICK: Duration = Duration::from_secs(5);
/// From the last page to the end of the set-up: the page is sent first.
const FINISH_PAUSE: Duration = Duration::from_secs(1);

/// A daemon that nobody has claimed.
pub struct Unclaimed {
    path: PathBuf,
    env: Environment,
    config: Config,
    record: Record,
}

impl Unclaimed {
    /// Looks whether the machine waits for its owner: there is none in the store, and the configuration decides nothing, like
    /// the package's own. A configuration or a store that cannot be read is not decided here; the start
    /// that follows says what is wrong.
    pub fn find(path: &Path, env: &Environment) -> Option<Self> {
        let config = Config::load(path, env).ok().filter(|_| is_default(path))?;
        if has_owner(&config.data_dir) != Some(false) {
            return None;
        }
        let record = match Record::load(&config.data_dir) {
            Ok(record) => record.unwrap_or_default(),
            Err(error) => {
                tracing::error!(%error, "first-run.json cannot be read; the set-up needs the file on the boot partition");
                Record { claiming: Claiming::closed(), ..Record::default() }
            }
        };
        let is_open = record.stage == Stage::Open;
        is_open.then(|| Self { path: path.to_owned(), env: env.clone(), config, record })
    }
}

/// Whether the store of a data folder has an owner; `None` where that cannot be told.
fn has_owner(data_dir: &Path) -> Option<bool> {
    match Reader::open(data_dir) {
        Ok(store) => Some(store.admins().ok()?.iter().any(|admin| admin.role == Role::Owner)),
        Err(StoreError::Folder { source, .. }) if source.kind() == io::ErrorKind::NotFound => Some(false),
        Err(_) => None,
    }
}

/// Serves the set-up until it is finished or `stop` turns true. Returns whether it was finished, so that the daemon starts
/// again. A machine that was set up in a terminal meanwhile counts as finished.
pub async fn serve(
    unclaimed: Unclaimed,
    machine: Machine,
    clock: Arc<dyn Clock>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<bool> {
    let Unclaimed { path, env, config, mut record } = unclaimed;
    if machine.boot().is_none() {
        tracing::warn!(
            "the kernel does not name its boots: only a code on the boot partition claims this machine"
        );
        record.claiming = record.claiming.into_closed();
    }
    make_data_dir(&config.data_dir)?;
    recovery::state::remove_left(&config.data_dir);
    let listener = TcpListener::bind(config.admin.listen).await?;
    let address = listener.local_addr()?;
    let limits = Arc::new(config.clone()).desk_limits();
    let mut run = FirstRun::new(path, env, config, machine, record, clock);
    run.port = address.port();
    let run = Arc::new(run);
    run.count_time(run.machine.boot().as_ref());
    tracing::info!(%address, "nobody has claimed this machine: set-up listens");
    let (close, closing) = watch::channel(false);
    let mut serving = tokio::spawn(web_serve::serve(listener, routes(&run), limits, closing));
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let mut finished = run.finished();
    let is_finished = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => false,
        _ = finished.wait_for(|finished| *finished) => {
            tokio::time::sleep(FINISH_PAUSE).await;
            true
        }
        () = keep_time(&run) => true,
    };
    // A signal that came while the last page was sent stops the daemon all the same.
    let is_finished = is_finished && !*stop.borrow();
    if !is_finished {
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    }
    run.count_time(run.machine.boot().as_ref());
    close.send_replace(true);
    if tokio::time::timeout(FINISH_PAUSE, &mut serving).await.is_err() {
        serving.abort();
    }
    Ok(is_finished)
}

/// The package makes the folder with its own user; elsewhere it is made here.
fn make_data_dir(data_dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o750).create(data_dir)
}

/// Counts the time and feeds the service manager's watchdog, until somebody has set the machine up in a terminal.
async fn keep_time(run: &FirstRun) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut had_owner = false;
    loop {
        ticks.tick().await;
        run.count_time(run.machine.boot().as_ref());
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        let has_owner = has_owner(&run.config.data_dir) == Some(true);
        // "kuotad setup" makes the owner first and the configuration last: it gets a tick for that.
        let is_claimed = !is_default(&run.path) || has_owner && had_owner;
        had_owner = has_owner;
        if is_claimed && LoadedConfig::load_all(&run.path, &run.env).is_ok() {
            tracing::info!("this machine was set up in a terminal");
            return;
        }
    }
}

fn routes(run: &Arc<FirstRun>) -> Router {
    let defaults = page_defaults(run);
    let pages = Router::new()
        .route("/", get(claim_page::show))
        .route("/mulai/klaim", post(claim_page::press))
        .route("/mulai/kode", post(claim_page::take_by_code))
        .route("/tentang", get(claim_page::about))
        .merge(steps::routes())
        .merge(recovery::routes())
        .merge(defaults.site.assets.routes());
    let admit = from_fn_with_state(Arc::clone(run), gate::admit);
    let upload = layout::around(recovery::upload_route(), defaults.clone());
    let upload = upload.with_state(Arc::clone(run)).layer(admit.clone());
    let all = layout::around(pages, defaults)
        .route("/healthz", get(healthz))
        .with_state(Arc::clone(run))
        .fallback(elsewhere);
    limits::bound_for(all.layer(admit), recovery::call_max).merge(limits::unbound(upload))
}

fn page_defaults(run: &FirstRun) -> PageDefaults {
    let site = SiteLook { name: "kuota".to_owned(), assets: Assets::of(run.config.colour) };
    PageDefaults {
        language: run.config.language,
        zone: run.config.timezone.clone(),
        site: Arc::new(site),
        complain: Arc::new(layout::complain),
        surround: layout::nothing_around(),
        hindrance: Arc::new(|_| None),
        noticed: Arc::new(|_| ()),
        refused: Arc::default(),
        session_cookie: gate::COOKIE.name,
    }
}

/// `GET /healthz`: the daemon is well, and waits for its owner.
async fn healthz(State(_): State<Arc<FirstRun>>) -> impl IntoResponse {
    Json(HealthView { status: "unclaimed".to_owned(), code: None, detail: None })
}

/// Pages of the desk lead to the set-up; programs are told why there is no API.
async fn elsewhere(request: Request) -> Response {
    if layout::is_for_people(request.headers()) && request.method() == axum::http::Method::GET {
        return see_other("/");
    }
    let detail = "this machine has no owner yet: open it in a browser, or run kuotad setup";
    Problem::unavailable("unclaimed", detail).into_response()
}

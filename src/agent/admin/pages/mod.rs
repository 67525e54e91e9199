//! The owner's desk as pages: the API's calls for people with a browser. A page asks the same engine as the API does,
//! and every change is asked once, shown before it is made, and told after.
//!
//! | file | what it is |
//! |---|---|
//! | `seat` | who sits at the desk, and forms that only our own pages can send |
//! | `entrance` | logging in and out |
//! | `words` | the texts |
//! | `say` | the rules' words as people read them |
//! | `deeds` | everything that can be done, by one way |
//! | `office` | the dashboard, payments, the drawer, the router, reports, and what is on record |

mod deeds;
mod entrance;
mod office;
mod say;
mod seat;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};

use super::desk::{Answer, Desk};
use crate::agent::pages::{Visit, assets, frame};
pub(super) use deeds::News;

/// Every page of the desk.
pub(super) fn routes(desk: &Arc<Desk>) -> Router<Arc<Desk>> {
    let pages = Router::new()
        .route("/masuk", get(entrance::show).post(entrance::enter))
        .route("/keluar", post(entrance::leave))
        .route("/tentang", get(about))
        .merge(deeds::people())
        .merge(office::routes())
        .merge(assets::routes());
    frame::around(pages, desk.site.house())
}

async fn about(State(desk): State<Arc<Desk>>, visit: Visit) -> Answer {
    frame::about(&visit, &desk.site.config.source_url)
}

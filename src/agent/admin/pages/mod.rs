//! The owner's desk as pages: the API's calls for people with a browser. A page asks the same engine as the API does,
//! and every change is asked once, shown before it is made, and told after.
//!
//! | file | what it is |
//! |---|---|
//! | `seat` | who sits at the desk, and forms that only our own pages can send |
//! | `entrance` | logging in and out |
//! | `words` | the texts |
//! | `dashboard` | how things are |
//! | `people` | customers, what they owe, packages, receipts |
//! | `say` | the rules' words as people read them |
//! | `deeds` | everything that can be done, by one way |

mod dashboard;
mod deeds;
mod entrance;
mod people;
mod say;
mod seat;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};

use super::desk::{Answer, Desk};
use crate::agent::pages::frame::House;
use crate::agent::pages::{Visit, assets, frame};
use crate::web::Problem;
pub(super) use deeds::News;

/// Every page of the desk.
pub(super) fn routes(desk: &Arc<Desk>) -> Router<Arc<Desk>> {
    let pages = Router::new()
        .route("/", get(dashboard::show))
        .route("/masuk", get(entrance::show).post(entrance::enter))
        .route("/keluar", post(entrance::leave))
        .route("/tentang", get(about))
        .merge(deeds::people())
        .merge(people::routes())
        .merge(assets::routes());
    let house = House { complain: Arc::new(complain), ..desk.site.house() };
    frame::around(pages, house)
}

/// Problems in the reader's language, where there is a sentence for their code.
fn complain(visit: &Visit, problem: &Problem) -> Answer {
    let text = say::refusal(visit.locale.language, problem);
    frame::complain(visit, &Problem::new(problem.status(), problem.code(), text))
}

async fn about(State(desk): State<Arc<Desk>>, visit: Visit) -> Answer {
    frame::about(&visit, &desk.site.config.source_url)
}

//! The owner's desk as pages: the API's calls for people with a browser. A page asks the same engine as the API does,
//! and every change is asked once, shown before it is made, and told after.
//!
//! | file | what it is |
//! |---|---|
//! | `seat` | who sits at the desk, and forms that only our own pages can send |
//! | `entrance` | logging in and out |
//! | `words` | the texts |
//! | `people` | customers, what they owe, packages, receipts |
//! | `say` | the rules' words as people read them |
//! | `deeds` | everything that can be done, by one way |
//! | `office` | the dashboard, payments, the drawer, the router, reports, and what is on record |

mod deeds;
mod entrance;
mod office;
mod people;
mod say;
mod seat;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};

use super::desk::{Answer, Desk};
use crate::agent::pages::frame::House;
use crate::agent::pages::{Visit, assets, frame};
use crate::agent::run::Site;
use crate::web::Problem;
pub(super) use deeds::News;

/// Every page of the desk.
pub(super) fn routes(desk: &Arc<Desk>) -> Router<Arc<Desk>> {
    let pages = Router::new()
        .route("/masuk", get(entrance::show).post(entrance::enter))
        .route("/keluar", post(entrance::leave))
        .route("/tentang", get(about))
        .merge(deeds::people())
        .merge(office::routes())
        .merge(people::routes())
        .merge(assets::routes());
    frame::around(pages, house(&desk.site))
}

/// How the desk's pages are by default.
pub(super) fn house(site: &Site) -> House {
    House { complain: Arc::new(complain), ..site.house() }
}

/// Problems in the reader's language, where there is a sentence for their code.
fn complain(visit: &Visit, problem: &Problem) -> Answer {
    let text = say::refusal(visit.locale.language, problem);
    let sentence = say::sentence(visit.locale.language, problem);
    frame::complain_with(visit, &Problem::new(problem.status(), problem.code(), text), sentence)
}

/// Around everything on the listener: what goes wrong where no page is - an address that does not exist, a call that
/// took too long - is a page for whoever looks with a browser.
pub(super) async fn for_people(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let is_call = request.uri().path().starts_with("/api/");
    let visit = house.visit(&request).filter(|_| !is_call && frame::is_for_people(request.headers()));
    if let Some(again) = visit.as_ref().and_then(|visit| frame::in_other_language(&visit.uri)) {
        return again;
    }
    let response = next.run(request).await;
    if let Some(problem) = response.extensions().get::<Problem>() {
        (house.noticed)(problem);
    }
    let Some((visit, problem)) = visit.zip(response.extensions().get::<Problem>()) else { return response };
    match problem.status().as_u16() {
        401 => frame::see_other(&seat::entrance(&visit.uri)),
        _ => house.troubled(&visit, problem, &response),
    }
}

async fn about(State(desk): State<Arc<Desk>>, visit: Visit) -> Answer {
    frame::about(&visit, &desk.site.config.source_url)
}

//! `router-plan`: shows what reconciling would change now.

use super::api::Api;
use super::failure::Failure;
use super::output::{Output, outline};
use crate::protocol::admin::router::PlanView;

pub(super) async fn run(api: &Api, output: Output) -> Result<(), Failure> {
    let plan: PlanView = api.get("/api/v1/router/plan").await?;
    output.answer(&plan, |plan| {
        if plan.edits.is_empty() && plan.conflicts.is_empty() {
            "the router is as it should be".to_owned()
        } else {
            format!("{} changes would be sent\n{}", plan.edits.len(), outline(plan))
        }
    })
}

//! `router-plan`: shows what reconciling would change now.

use serde_json::Value;

use super::api::Api;
use super::failure::Failure;
use super::output::{Output, outline};

pub(super) async fn run(api: &Api, output: Output) -> Result<(), Failure> {
    let plan = api.get("/api/v1/router/plan").await?;
    output.answer(&plan, |plan| match plan["edits"].as_array() {
        Some(edits) if edits.is_empty() && is_empty(&plan["conflicts"]) => {
            "the router is as it should be".to_owned()
        }
        Some(edits) => {
            let mut out = format!("{} changes would be sent\n", edits.len());
            out.push_str(&outline(plan));
            out
        }
        None => outline(plan),
    })
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

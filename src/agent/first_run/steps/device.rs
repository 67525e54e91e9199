//! A first customer with a device that the router shows, to try everything on. It may be left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;

use super::router::client;
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::record::DeviceAnswer;
use crate::agent::first_run::router_login::login;
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{
    Answer, StepPage, choice_field, go_on, refuse, text_field, words_of,
};
use crate::domain::id::Mac;
use crate::protocol::admin::values::Name;
use crate::routeros::Router;

/// Devices that are listed.
const DEVICES_MAX: usize = 50;

/// MAC addresses on the hotspot with what people know them by; none where the router does not answer.
async fn devices(run: &FirstRun) -> Vec<(String, String)> {
    let Some(login) = login(run).await else { return Vec::new() };
    let Ok(router) = client(&run.config, &login) else { return Vec::new() };
    let Ok(hosts) = router.read_hosts().await else { return Vec::new() };
    let names = router.read_names().await.unwrap_or_default();
    let row = |row: &crate::domain::usage::HostRow| {
        let address = row.seen_address().map(|address| address.to_string());
        let parts = [names.get(&row.mac).cloned(), address, Some(row.mac.to_string())];
        (row.mac.to_string(), parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    };
    hosts.rows.iter().take(DEVICES_MAX).map(row).collect()
}

/// `GET /mulai/perangkat`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let page = StepPage::new(&run, &claimant, Step::Device);
    let words = page.words;
    let devices = devices(&run).await;
    let page = page.about(words.device_text);
    if devices.is_empty() {
        return page.about(words.no_device).link(Step::Device.path(), words.check_again).answer();
    }
    let known = run.record().answers.device;
    let none = (String::new(), words.device_none.to_owned());
    let options: Vec<(String, String)> = std::iter::once(none).chain(devices).collect();
    let options: Vec<(&str, &str)> =
        options.iter().map(|(mac, name)| (mac.as_str(), name.as_str())).collect();
    let (name, mac) = known.map_or((words.device_customer.to_owned(), String::new()), |d| (d.name, d.mac));
    let mut device = choice_field("mac", words.device, &options, &mac);
    device.is_required = false;
    page.field(device).field(text_field("name", words.device_name, name)).answer()
}

/// `POST /mulai/perangkat`.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, words_of(&sent));
    let Some(mac) = form.text("mac") else {
        return go_on(&run, Step::Device, |record| record.answers.device = None);
    };
    let mac = mac.parse::<Mac>();
    let name = serde_json::from_value::<Name>(form.text("name").unwrap_or_default().into());
    match (mac, name) {
        (Ok(mac), Ok(Name(name))) => go_on(&run, Step::Device, |record| {
            record.answers.device = Some(DeviceAnswer { name, mac: mac.to_string() });
        }),
        (mac, _) => {
            let field = if mac.is_err() { "mac" } else { "name" };
            Ok(refuse(form, BTreeMap::from([(field, words.device_unfit.to_owned())])))
        }
    }
}

//! A customer who asked for help has been answered.

use std::sync::Arc;

use super::action::{FormAction, Work, always, operation};
use super::form_spec::FormSpec;
use crate::agent::console::help::PLACE;
use crate::agent::console::texts::help::HelpDeskWords;
use crate::agent::http::state::AppState;
use crate::domain::id::Mac;
use crate::store::Role;
use crate::ui::flash::Flash;

/// What can be done with a request.
pub(crate) const HELP_ACTIONS: &[FormAction<Mac>] = &[FormAction {
    segment: "selesai",
    title: |l| HelpDeskWords::of(l).do_answer,
    role: Role::Cashier,
    is_grave: false,
    fits: always,
    spec: |context, engine| {
        let mac = context.subject;
        let owner = engine.read_view().user_with(mac).map(|user| user.name.clone());
        let about = owner.unwrap_or_else(|| mac.to_string());
        Ok(FormSpec { about, home: PLACE.to_owned(), ..FormSpec::default() })
    },
    work: |submission| {
        let mac = submission.context.subject;
        let work = operation(async move |app: Arc<AppState>, actor| {
            let site = Arc::clone(&app.site);
            app.read(move |engine| Ok(site.help.answer(engine, &actor, mac)?)).await?;
            Ok(Flash::default())
        });
        let will = HelpDeskWords::of(submission.context.locale.language).answer_will;
        Ok(Work::Operation(vec![will.to_owned()], work))
    },
}];

//! `/panel/fleet`: one change of the schema for every hotel, begun, followed and steered.

mod list;
mod new;
mod part;
mod run;
mod steer;
mod tenants;
mod texts;

use hotelhub_http::endpoint::{Endpoint, Routes};

use super::GATE;

/// Adds the pages.
pub(super) fn register<R: Routes>(scope: &mut R) {
    Endpoint::at("/fleet").get(GATE.behind(list::list_runs)).register(scope);
    Endpoint::at("/fleet/new")
        .get(GATE.behind(new::show_form))
        .post(GATE.behind(new::begin))
        .register(scope);
    let of_run = |rest| Endpoint::at(&format!("/fleet/{{id}}{rest}"));
    of_run("").get(GATE.behind(run::show_run)).register(scope);
    of_run("/events").get(GATE.behind(run::follow_run)).register(scope);
    of_run("/tenants").get(GATE.behind(tenants::list_tenants)).register(scope);
    of_run("/resume").post(GATE.behind(steer::resume)).register(scope);
    of_run("/cancel").post(GATE.behind(steer::cancel)).register(scope);
    of_run("/set-aside").post(GATE.behind(steer::set_aside)).register(scope);
}

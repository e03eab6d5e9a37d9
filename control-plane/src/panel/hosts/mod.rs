//! `/panel/hosts`: the database servers, how full they are, and what is done to them.

mod change;
mod list;
mod part;
mod show;
mod steer;
mod texts;

use hotelhub_http::endpoint::{Endpoint, Routes};

use super::GATE;

/// Adds the pages.
pub(super) fn register<R: Routes>(scope: &mut R) {
    Endpoint::at("/hosts").get(GATE.behind(list::list_hosts)).register(scope);
    Endpoint::at("/hosts/new")
        .get(GATE.behind(change::show_new))
        .post(GATE.behind(change::add))
        .register(scope);
    let of_host = |rest| Endpoint::at(&format!("/hosts/{{host}}{rest}"));
    of_host("").get(GATE.behind(show::show_host)).register(scope);
    of_host("/events").get(GATE.behind(show::follow_host)).register(scope);
    of_host("/edit")
        .get(GATE.behind(change::show_edit))
        .post(GATE.behind(change::edit))
        .register(scope);
    of_host("/remove")
        .get(GATE.behind(steer::confirm_removal))
        .post(GATE.behind(steer::remove))
        .register(scope);
    of_host("/{action}").post(GATE.behind(steer::steer)).register(scope);
}

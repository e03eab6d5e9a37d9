//! `/panel/tenants`: hotels are found, made, looked at, and steered.

mod act;
mod action;
mod list;
mod new;
mod proof;
mod show;
mod texts;

use hotelhub_http::endpoint::{Endpoint, Routes};

use super::GATE;

/// Adds the pages.
pub(super) fn register<R: Routes>(scope: &mut R) {
    Endpoint::at("/tenants").get(GATE.behind(list::list_tenants)).register(scope);
    Endpoint::at("/tenants/suggestions").get(GATE.behind(list::suggest_tenants)).register(scope);
    Endpoint::at("/tenants/new")
        .get(GATE.behind(new::show_form))
        .post(GATE.behind(new::create_tenant))
        .register(scope);
    Endpoint::at("/tenants/{tenant}").get(GATE.behind(show::show_tenant)).register(scope);
    Endpoint::at("/tenants/{tenant}/actions/{action}")
        .get(GATE.behind(act::confirm))
        .post(GATE.behind(act::act))
        .register(scope);
}

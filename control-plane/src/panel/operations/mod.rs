//! `/panel/operations`: the provisioner's long work, listed, and followed step by step.

mod figures;
mod list;
pub(super) mod progress;
mod show;
mod texts;

use hotelhub_http::endpoint::{Endpoint, Routes};

pub(super) use self::texts::OperationTexts;
use super::GATE;

/// Adds the pages.
pub(super) fn register<R: Routes>(scope: &mut R) {
    Endpoint::at("/operations").get(GATE.behind(list::list_operations)).register(scope);
    Endpoint::at("/operations/{id}").get(GATE.behind(show::show_operation)).register(scope);
    let events = Endpoint::at("/operations/{id}/events");
    events.get(GATE.behind(show::follow_operation)).register(scope);
}

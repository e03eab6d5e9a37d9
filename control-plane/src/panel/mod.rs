//! The vendor's panel: pages for the vendor's own people.
//!
//! A page does nothing that the API could not, under the same permissions. Every page works without
//! its script, which only makes it quicker.

mod choice;
mod error;
mod fleet;
mod heaps;
mod home;
mod hosts;
mod hotel_answers;
mod hotel_jobs;
mod hotel_retry;
mod login;
mod operations;
mod pauses;
mod retry;
mod shell;
mod states;
mod tenants;
mod texts;
mod typed;

use actix_web::{
    guard::{self, GuardContext},
    web::{self, Redirect, ServiceConfig},
};
use hotelhub_http::{assets::Asset, endpoint::Endpoint, login_gate::LoginGate};
use url::Url;

pub(crate) use self::error::{error_page, is_of_the_panel};

const PANEL: &str = "/panel";
/// Where one begins.
const HOME: &str = "/panel";
/// Where the vendor's people log in.
const LOGIN: &str = "/panel/login";
/// Everybody who has no session is sent there.
const GATE: LoginGate = LoginGate(LOGIN);

/// What only the panel's pages need.
const STYLE: Asset = Asset { name: "panel.css", content: include_str!("../../assets/panel.css") };
const SCRIPT: Asset = Asset { name: "panel.js", content: include_str!("../../assets/panel.js") };

/// Adds the routes. They answer on the panel's own host and nowhere else, and there no other page
/// does: register them first.
pub(crate) fn register(app: &mut ServiceConfig, panel: &Url) {
    STYLE.register(app);
    SCRIPT.register(app);
    let host = panel.host_str().unwrap_or_default();
    app.service(web::scope(PANEL).guard(guard::Host(host)).configure(add_pages));
    app.service(
        web::scope("")
            .guard(guard::All(guard::Host(host)).and(guard::fn_guard(is_of_another_page)))
            .service(Redirect::new("/", HOME).see_other()),
    );
}

/// Whether an address is neither of the panel nor of a program or a style sheet.
fn is_of_another_page(it: &GuardContext<'_>) -> bool {
    let path = it.head().uri.path();
    path == "/" || path == "/signup" || path.starts_with("/signup/")
}

fn add_pages(scope: &mut ServiceConfig) {
    Endpoint::at("").get(GATE.behind(home::show_home)).register(scope);
    scope.service(Redirect::new("/", HOME).see_other());
    Endpoint::at("/login").get(login::show_login).post(login::log_in).register(scope);
    Endpoint::at("/logout").post(GATE.behind(login::log_out)).register(scope);
    tenants::register(scope);
    operations::register(scope);
    fleet::register(scope);
    hosts::register(scope);
    Endpoint::at("/jobs").get(GATE.behind(heaps::list_heaps)).register(scope);
    Endpoint::at("/jobs/retry")
        .get(GATE.behind(retry::count_jobs))
        .post(GATE.behind(retry::retry_jobs))
        .register(scope);
    Endpoint::at("/job-pauses")
        .get(GATE.behind(pauses::list_pauses))
        .post(GATE.behind(pauses::pause_jobs))
        .register(scope);
    Endpoint::at("/job-pauses/{id}/resume").post(GATE.behind(pauses::resume_jobs)).register(scope);
    let of_hotel = |rest| Endpoint::at(&format!("/tenants/{{tenant}}/jobs{rest}"));
    of_hotel("").get(GATE.behind(hotel_jobs::list_jobs)).register(scope);
    of_hotel("/retry")
        .get(GATE.behind(hotel_retry::count_jobs))
        .post(GATE.behind(hotel_retry::retry_jobs))
        .register(scope);
    of_hotel("/{job_id}/retry").post(GATE.behind(hotel_jobs::retry_job)).register(scope);
    of_hotel("/{job_id}/cancel").post(GATE.behind(hotel_jobs::cancel_job)).register(scope);
}

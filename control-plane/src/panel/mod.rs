//! The vendor's panel: pages for the vendor's own people.
//!
//! A page does nothing that the API could not, under the same permissions. Every page works without
//! its script, which only makes it quicker.

mod audit;
mod backups;
mod choice;
mod domain_texts;
mod domains;
mod error;
mod fleet;
mod home;
mod hosts;
mod hotel_domains;
mod jobs;
mod login;
mod operations;
mod people;
mod refusals;
mod shell;
mod states;
mod support;
mod tenants;
mod texts;
mod typed;

use actix_web::{
    guard::{self, GuardContext},
    web::{self, Redirect, ServiceConfig},
};
use hotelhub_http::{
    assets::Asset,
    endpoint::{Endpoint, Routes},
    login_gate::LoginGate,
};
use url::Url;

pub(crate) use self::error::{error_page, is_of_the_panel};

const PANEL: &str = "/panel";
/// Where one begins.
const HOME: &str = "/panel";
/// Where the vendor's people log in.
const LOGIN: &str = "/panel/login";
/// Everybody who has no session is sent there.
const GATE: LoginGate = LoginGate {
    login: LOGIN,
    first: &[("PASSWORD_CHANGE_REQUIRED", ACCOUNT), ("TOTP_ENROLMENT_REQUIRED", ACCOUNT)],
};
/// Where one's own password and second factor are.
const ACCOUNT: &str = "/panel/account";

/// What only the panel's pages need.
const STYLE: Asset = Asset { name: "panel.css", content: include_str!("../../assets/panel.css") };
const SCRIPT: Asset = Asset { name: "panel.js", content: include_str!("../../assets/panel.js") };

/// Adds the routes. They answer on the panel's own host and nowhere else, and there no other page
/// does: register them first.
pub(crate) fn register(app: &mut ServiceConfig, panel: &Url) {
    STYLE.register(app);
    SCRIPT.register(app);
    let host = panel.host_str().unwrap_or_default();
    app.service(
        web::scope(PANEL)
            .guard(guard::Host(host))
            .configure(add_redirects)
            .configure(add_pages::<ServiceConfig>),
    );
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

fn add_redirects(scope: &mut ServiceConfig) {
    scope.service(Redirect::new("/", HOME).see_other());
}

fn add_pages<R: Routes>(scope: &mut R) {
    Endpoint::at("").get(GATE.behind(home::show_home)).register(scope);
    Endpoint::at("/login").get(login::show_login).post(login::log_in).register(scope);
    Endpoint::at("/login/code").post(login::send_code).register(scope);
    Endpoint::at("/logout").post(GATE.behind(login::log_out)).register(scope);
    tenants::register(scope);
    backups::register(scope);
    operations::register(scope);
    fleet::register(scope);
    hosts::register(scope);
    jobs::register(scope);
    people::register(scope);
    audit::register(scope);
    support::register(scope);
    Endpoint::at("/domains").get(GATE.behind(domains::list_domains)).register(scope);
    let of_domains = |rest| Endpoint::at(&format!("/tenants/{{tenant}}/domains{rest}"));
    of_domains("")
        .get(GATE.behind(hotel_domains::list_domains))
        .post(GATE.behind(hotel_domains::claim_domain))
        .register(scope);
    of_domains("/{domain}/verify").post(GATE.behind(hotel_domains::verify_domain)).register(scope);
    of_domains("/{domain}/primary").post(GATE.behind(hotel_domains::prefer_domain)).register(scope);
    of_domains("/{domain}/release")
        .get(GATE.behind(hotel_domains::ask_release))
        .post(GATE.behind(hotel_domains::release_domain))
        .register(scope);
}

#[cfg(test)]
mod tests {
    use hotelhub_http::endpoint::RouteList;

    use super::*;

    /// The tests of the roles open every page of this list: one that is not in it is not there.
    #[test]
    fn every_page_is_listed() {
        let mut routes = RouteList::default();
        add_pages(&mut routes);
        let lines = routes.0.into_iter().flat_map(|(path, methods)| {
            let methods = methods.into_iter().filter(|it| *it != "HEAD");
            methods.map(move |method| format!("{method} {PANEL}{path}"))
        });
        insta::assert_snapshot!("pages", lines.collect::<Vec<_>>().join("\n"));
    }
}

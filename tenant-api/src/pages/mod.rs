//! The pages for people: log in, see today's arrivals and what can be sold, book, look up, cancel.
//!
//! A page does nothing that the API could not: it reads and writes through the same desk, under
//! the same permissions. Every page works without a script; there is none.

mod ask;
mod audit;
mod booking;
mod error;
mod exports;
mod faults;
mod front_desk;
mod jobs;
mod links;
mod login;
mod nights;
mod offers;
mod reservation;
mod reservations;
mod setup;
mod shell;
mod support;
mod texts;
mod typed;
mod words;

use actix_web::web::ServiceConfig;
use hotelhub_http::{assets::DESIGN, endpoint::Endpoint, login_gate::LoginGate};

pub(crate) use self::error::error_page;

/// Everybody who has no session is sent there.
const GATE: LoginGate = LoginGate { login: "/login", first: &[] };

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    DESIGN.register(app);
    shell::FRONT_DESK.register(app);
    Endpoint::at("/login").get(login::show_login).post(login::log_in).register(app);
    Endpoint::at("/logout").post(login::log_out).register(app);
    Endpoint::at("/").get(GATE.behind(front_desk::show_front_desk)).register(app);
    Endpoint::at("/setup/room-types").post(GATE.behind(setup::add_room_type)).register(app);
    Endpoint::at("/setup/rooms").post(GATE.behind(setup::add_rooms)).register(app);
    Endpoint::at("/setup/rates").post(GATE.behind(setup::set_rates)).register(app);
    Endpoint::at("/book")
        .get(GATE.behind(booking::show_booking))
        .post(GATE.behind(booking::book_room))
        .register(app);
    Endpoint::at("/jobs").get(GATE.behind(jobs::list_jobs)).register(app);
    Endpoint::at("/jobs/retry").post(GATE.behind(jobs::retry_jobs)).register(app);
    Endpoint::at("/jobs/{job_id}/retry").post(GATE.behind(jobs::retry_job)).register(app);
    Endpoint::at("/jobs/{job_id}/cancel").post(GATE.behind(jobs::cancel_job)).register(app);
    Endpoint::at("/audit").get(GATE.behind(audit::list_entries)).register(app);
    Endpoint::at("/audit/export").get(GATE.behind(audit::export)).register(app);
    Endpoint::at("/exports")
        .get(GATE.behind(exports::list_exports))
        .post(GATE.behind(exports::ask_for_export))
        .register(app);
    Endpoint::at("/exports/{export_id}/bundle")
        .get(GATE.behind(exports::download_export))
        .register(app);
    let support = |rest| Endpoint::at(&format!("/support-access{rest}"));
    support("").get(GATE.behind(support::show_support_access)).register(app);
    support("/standing").post(GATE.behind(support::set_standing)).register(app);
    support("/leave").post(GATE.behind(support::leave)).register(app);
    support("/{id}/allow").post(GATE.behind(support::allow)).register(app);
    support("/{id}/refuse").post(GATE.behind(support::refuse)).register(app);
    support("/{id}/end").post(GATE.behind(support::end)).register(app);
    Endpoint::at("/support/{link}").get(support::show_entry).post(support::enter).register(app);
    Endpoint::at("/reservations").get(GATE.behind(reservations::list_reservations)).register(app);
    Endpoint::at("/reservations/{reservation_id}")
        .get(GATE.behind(reservation::show_reservation))
        .register(app);
    Endpoint::at("/reservations/{reservation_id}/cancel")
        .post(GATE.behind(reservation::cancel_reservation))
        .register(app);
}

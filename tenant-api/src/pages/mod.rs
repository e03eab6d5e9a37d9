//! The pages for people: log in, see today's arrivals and what can be sold, book, look up, cancel.
//!
//! A page does nothing that the API could not: it reads and writes through the same desk, under
//! the same permissions. Every page works without a script; there is none.

mod ask;
mod booking;
mod error;
mod faults;
mod form;
mod front_desk;
mod links;
mod login;
mod login_gate;
mod nights;
mod offers;
mod reservation;
mod reservations;
mod setup;
mod shell;
mod texts;
mod typed;
mod words;

use actix_web::web::ServiceConfig;
use hotelhub_http::{assets::DESIGN, endpoint::Endpoint};

pub(crate) use self::error::error_page;
use self::login_gate::behind_login;

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    DESIGN.register(app);
    shell::FRONT_DESK.register(app);
    Endpoint::at("/login").get(login::show_login).post(login::log_in).register(app);
    Endpoint::at("/logout").post(login::log_out).register(app);
    Endpoint::at("/").get(behind_login(front_desk::show_front_desk)).register(app);
    Endpoint::at("/setup/room-types").post(behind_login(setup::add_room_type)).register(app);
    Endpoint::at("/setup/rooms").post(behind_login(setup::add_rooms)).register(app);
    Endpoint::at("/setup/rates").post(behind_login(setup::set_rates)).register(app);
    Endpoint::at("/book")
        .get(behind_login(booking::show_booking))
        .post(behind_login(booking::book_room))
        .register(app);
    Endpoint::at("/reservations").get(behind_login(reservations::list_reservations)).register(app);
    Endpoint::at("/reservations/{reservation_id}")
        .get(behind_login(reservation::show_reservation))
        .register(app);
    Endpoint::at("/reservations/{reservation_id}/cancel")
        .post(behind_login(reservation::cancel_reservation))
        .register(app);
}

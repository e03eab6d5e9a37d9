//! Every route of the hotel's program.

use actix_web::{HttpResponse, web::ServiceConfig};
use hotelhub_http::endpoint::Endpoint;

use crate::{
    audit, auth, availability, domains, exports, guests, jobs, openapi, pages, properties, rates,
    reservations, room_types, rooms, support,
};

/// Adds all routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    auth::register(app);
    properties::register(app);
    room_types::register(app);
    rooms::register(app);
    rates::register(app);
    availability::register(app);
    guests::register(app);
    reservations::register(app);
    jobs::register(app);
    audit::register(app);
    support::register(app);
    exports::register(app);
    domains::allow::register(app);
    domains::challenge::register(app);
    Endpoint::at("/openapi.json").get(show_openapi).register(app);
    pages::register(app);
}

async fn show_openapi() -> HttpResponse {
    HttpResponse::Ok().json(openapi::document())
}

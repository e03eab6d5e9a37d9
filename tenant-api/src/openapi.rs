//! The API in full, for programs: `/openapi.json`.

use hotelhub_http::{answer::Meta, error::ErrorBody};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use crate::{
    audit, auth, availability, domains, exports, guests, jobs, properties, rates, reservations,
    room_types, rooms,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "HotelHub hotel API",
        description = "Every answer is `{success, data, meta}` or `{success, error}`. Every write \
            takes an `Idempotency-Key`: a repeat with the same body gets the stored answer. \
            Amounts are whole rupiah."
    ),
    paths(
        auth::log_in, auth::refresh, auth::log_out, auth::show_me,
        properties::list_properties, properties::create_property, properties::show_property,
        room_types::list_room_types, room_types::create_room_type,
        rooms::list_rooms, rooms::create_room,
        rates::list_rates, rates::set_rates,
        availability::search_availability,
        guests::list_guests, guests::create_guest, guests::show_guest,
        reservations::list_reservations, reservations::book_reservation,
        reservations::show_reservation, reservations::cancel_reservation,
        jobs::routes::list_jobs, jobs::routes::summarize_jobs, jobs::routes::show_job, jobs::routes::retry_job, jobs::routes::cancel_job,
        jobs::routes::retry_jobs,
        exports::list_exports, exports::ask_for_export, exports::show_export,
        exports::download_export,
    audit::export_audit_log, audit::list_audit_entries, audit::verify_audit_log, domains::allow::allow_certificate,
    ),
    components(schemas(ErrorBody, Meta)),
    security(("bearer" = [])),
    modifiers(&BearerTokens),
)]
struct Document;

struct BearerTokens;

impl Modify for BearerTokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

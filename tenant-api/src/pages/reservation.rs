//! `/reservations/{id}`: one reservation, and its cancellation.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Path, Query},
};
use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use hotelhub_core::{ids::ReservationId, sql};
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
};
use serde::Deserialize;

use super::{
    front_desk::choose,
    links,
    nights::{self, NightRow},
    shell::{Shell, render},
    texts::Texts,
    words,
};
use crate::{
    access::{Permission, Purpose},
    desk::Desk,
    guests,
    prices::NightPrice,
    properties::{self, Property},
    reservations::{self, Reservation},
    site::database_failed,
};

/// Where the reservation is, and what was just done to it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShowQuery {
    property: String,
    done: String,
}

/// The cancellation as the page sends it.
#[derive(Debug, Deserialize)]
pub(super) struct CancelForm {
    property: String,
    /// The version that was seen.
    version: i32,
    #[serde(default)]
    reason: String,
}

struct Found {
    property: Property,
    reservation: Reservation,
    nights: Vec<(NaiveDate, NightPrice)>,
    email: String,
}

#[derive(Template)]
#[template(path = "pages/reservation.html")]
struct Page {
    shell: Shell,
    property: Property,
    it: Reservation,
    state: &'static str,
    arrival: String,
    departure: String,
    email: String,
    made: String,
    cancelled: Option<String>,
    nights: Vec<NightRow>,
    total: String,
    done: Option<&'static str>,
    refusal: Option<&'static str>,
    /// Why it cannot be cancelled; `None` if it can.
    cannot_cancel: Option<&'static str>,
    key: String,
}

/// Shows a reservation.
pub(super) async fn show_reservation(
    req: HttpRequest,
    desk: Desk,
    path: Path<ReservationId>,
    query: Query<ShowQuery>,
) -> ApiResult<HttpResponse> {
    show(&req, &desk, *path, &query, (StatusCode::OK, None)).await
}

/// Cancels a reservation, unless it has changed since the page was made.
pub(super) async fn cancel_reservation(
    req: HttpRequest,
    desk: Desk,
    path: Path<ReservationId>,
    form: PageForm<CancelForm>,
) -> ApiResult<HttpResponse> {
    let id = path.into_inner();
    let PageForm { value: CancelForm { property, version, reason }, repeat } = form;
    let at = property.parse().ok().ok_or_else(|| ApiError::not_found("property"))?;
    let cancelled = desk
        .write_from_page(Permission::ReservationWrite, Purpose::Service, &repeat, async |change| {
            reservations::cancel(change, at, id, Some(version), reason.trim()).await?;
            Ok(links::reservation(at, id, "cancelled"))
        })
        .await;
    match cancelled {
        Ok(next) => Ok(next),
        Err(error) => {
            let t = Texts::of(hotelhub_http::language::Language::of(&req));
            let Some(why) = reason_not(t, error.code()) else { return Err(error) };
            let query = ShowQuery { property, done: String::new() };
            show(&req, &desk, id, &query, (error.status(), Some(why))).await
        }
    }
}

async fn show(
    req: &HttpRequest,
    desk: &Desk,
    id: ReservationId,
    query: &ShowQuery,
    (status, refusal): (StatusCode, Option<&'static str>),
) -> ApiResult<HttpResponse> {
    let shell = Shell::inside(req, desk).await?;
    let found = desk
        .read_as(Permission::ReservationRead, async |db, now| {
            find(db, now, id, &query.property).await
        })
        .await?;
    let done = match query.done.as_str() {
        "booked" => Some(shell.t.booked),
        "booked_with_mail" => Some(shell.t.booked_with_mail),
        "cancelled" => Some(shell.t.cancelled),
        _ => None,
    };
    render(req, status, &page(shell, found, done, refusal))
}

async fn find(
    db: &impl sql::Query,
    now: DateTime<Utc>,
    id: ReservationId,
    property: &str,
) -> ApiResult<Found> {
    let properties = properties::list(db, now).await.map_err(database_failed)?;
    let property = choose(&properties, property)?.clone();
    let found = reservations::find(db, property.id, id).await.map_err(database_failed)?;
    let reservation = found.ok_or_else(|| ApiError::not_found("reservation"))?;
    let nights = reservations::nights(db, id).await.map_err(database_failed)?;
    let contact = guests::contact(db, reservation.guest).await.map_err(database_failed)?;
    let email = contact.map(|(email, _)| email).unwrap_or_default();
    Ok(Found { property, reservation, nights, email })
}

fn page(
    shell: Shell,
    found: Found,
    done: Option<&'static str>,
    refusal: Option<&'static str>,
) -> Page {
    let Found { property, reservation: it, nights, email } = found;
    let allowed = it.may_cancel(property.business_date);
    let cannot_cancel = match allowed {
        _ if !shell.may(Permission::ReservationWrite) => Some(shell.t.cannot_cancel_role),
        Ok(()) => shell.forbids(Purpose::Service),
        Err(why) => reason_not(shell.t, why.code()),
    };
    let zone: Tz = property.time_zone.parse().unwrap_or(Tz::UTC);
    let moment = |at: DateTime<Utc>| words::moment(at, zone, shell.language);
    Page {
        state: words::state(shell.t, it.state),
        arrival: words::day(it.arrival, shell.language),
        departure: words::day(it.departure, shell.language),
        made: moment(it.created_at),
        cancelled: it.cancelled_at.map(moment),
        nights: nights::rows(nights, shell.language),
        total: shell.language.rupiah(it.total),
        key: fresh_key(),
        // Addresses of guests are for people who see guests.
        email: if shell.may(Permission::GuestRead) { email } else { String::new() },
        shell,
        property,
        it,
        done,
        refusal,
        cannot_cancel,
    }
}

/// What to say about a refused cancellation; `None` if it is no affair of this page.
fn reason_not(t: &Texts, code: &str) -> Option<&'static str> {
    match code {
        "CANCEL_NOT_ALLOWED_UNLESS_CONFIRMED" => Some(t.cannot_cancel_state),
        "CANCEL_NOT_ALLOWED_AFTER_ARRIVAL" => Some(t.cannot_cancel_late),
        "STALE_VERSION" => Some(t.changed_meanwhile),
        _ => None,
    }
}

//! `/api/v1/properties/{property_id}/reservations`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::IF_MATCH},
    web::{Path, Query, ServiceConfig},
};
use chrono::{DateTime, NaiveDate, Utc};
use hotelhub_core::{
    ids::{GuestId, PropertyId, ReservationId, RoomTypeId},
    money::Rupiah,
};
use hotelhub_http::{
    answer::Answer,
    body::JsonBody,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    model::{Action, BookedNight, Reservation, ReservationState},
    service::{self, BookError, Booking, CancelError},
    store::{self, ListFilter},
};
use crate::{
    access::{Permission, Purpose},
    availability::{NightBody, Party, Stay},
    desk::Desk,
    guests::{NewGuest, NewGuestBody},
    paging, properties,
    site::database_failed,
};

const PATH: &str = "/api/v1/properties/{property_id}/reservations";

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at(PATH).get(list_reservations).post(book_reservation).register(app);
    Endpoint::at(&format!("{PATH}/{{reservation_id}}")).get(show_reservation).register(app);
    Endpoint::at(&format!("{PATH}/{{reservation_id}}/cancel"))
        .post(cancel_reservation)
        .register(app);
}

/// A stay to be booked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BookBody {
    #[schema(value_type = uuid::Uuid)]
    room_type_id: RoomTypeId,
    /// First night.
    arrival: NaiveDate,
    /// The day after the last night.
    departure: NaiveDate,
    adults: i32,
    #[serde(default)]
    children: i32,
    guest: NewGuestBody,
    #[serde(default)]
    notes: String,
}

/// Why a stay is cancelled.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelBody {
    #[serde(default)]
    reason: String,
}

/// Which reservations.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReservationsQuery {
    state: Option<ReservationState>,
    /// The day of arrival.
    arrival: Option<NaiveDate>,
    /// Part of the guest's name, or the code.
    q: Option<String>,
    cursor: Option<String>,
    /// 1 to 200; 50 if left out.
    limit: Option<i64>,
}

/// A reservation in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReservationSummary {
    #[schema(value_type = uuid::Uuid)]
    id: ReservationId,
    /// What the guest is told.
    code: String,
    state: ReservationState,
    #[schema(value_type = uuid::Uuid)]
    guest_id: GuestId,
    guest_name: String,
    #[schema(value_type = uuid::Uuid)]
    room_type_id: RoomTypeId,
    room_type_name: String,
    arrival: NaiveDate,
    departure: NaiveDate,
    adults: i32,
    children: i32,
    notes: String,
    /// Rupiah for the whole stay, service charge and tax included.
    #[schema(value_type = i64)]
    total_idr: Rupiah,
    /// For `If-Match`.
    version: i32,
    created_at: DateTime<Utc>,
    cancelled_at: Option<DateTime<Utc>>,
}

impl From<Reservation> for ReservationSummary {
    fn from(it: Reservation) -> Self {
        Self {
            id: it.id,
            code: it.code,
            state: it.state,
            guest_id: it.guest,
            guest_name: it.guest_name,
            room_type_id: it.room_type,
            room_type_name: it.room_type_name,
            arrival: it.arrival,
            departure: it.departure,
            adults: it.adults,
            children: it.children,
            notes: it.notes,
            total_idr: it.total,
            version: it.version,
            created_at: it.created_at,
            cancelled_at: it.cancelled_at,
        }
    }
}

/// A reservation with its nights and what can be done with it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReservationBody {
    #[serde(flatten)]
    summary: ReservationSummary,
    nights: Vec<NightBody>,
    actions: Vec<Action>,
}

impl ReservationBody {
    fn new(it: Reservation, nights: Vec<BookedNight>, business_date: NaiveDate) -> Self {
        let actions = it.actions(business_date);
        let nights =
            nights.into_iter().map(|(stay_date, price)| NightBody { stay_date, price }).collect();
        Self { summary: it.into(), nights, actions }
    }
}

/// Lists reservations, the newest first.
#[utoipa::path(get, path = "/api/v1/properties/{property_id}/reservations", tag = "reservations",
    params(("property_id" = uuid::Uuid, Path), ReservationsQuery), responses(
    (status = 200, body = Answer<Vec<ReservationSummary>>), (status = 401, body = ErrorBody),
))]
pub(crate) async fn list_reservations(
    desk: Desk,
    path: Path<PropertyId>,
    query: Query<ReservationsQuery>,
) -> ApiResult<HttpResponse> {
    let query = query.into_inner();
    let limit = paging::limit(query.limit)?;
    let filter = ListFilter {
        state: query.state,
        arrival: query.arrival,
        text: query.q.filter(|it| !it.is_empty()),
        after: paging::read_cursor(query.cursor.as_deref())?,
    };
    let mut found = desk
        .read(Permission::ReservationRead, async |db| {
            store::list(db, *path, &filter, limit + 1).await.map_err(database_failed)
        })
        .await?;
    let next = paging::cut(&mut found, limit, |it| (it.created_at, it.id))?;
    let found: Vec<ReservationSummary> = found.into_iter().map(ReservationSummary::from).collect();
    Ok(Answer::page(found, next, None).ok())
}

/// Shows one reservation.
#[utoipa::path(get, path = "/api/v1/properties/{property_id}/reservations/{reservation_id}",
    tag = "reservations",
    params(("property_id" = uuid::Uuid, Path), ("reservation_id" = uuid::Uuid, Path)), responses(
    (status = 200, body = Answer<ReservationBody>), (status = 404, body = ErrorBody),
))]
pub(crate) async fn show_reservation(
    desk: Desk,
    path: Path<(PropertyId, ReservationId)>,
) -> ApiResult<HttpResponse> {
    let (property, id) = path.into_inner();
    let body = desk
        .read_as(Permission::ReservationRead, async |db, now| {
            let found = store::find(db, property, id).await.map_err(database_failed)?;
            let found = found.ok_or_else(|| ApiError::not_found("reservation"))?;
            let nights = store::nights(db, id).await.map_err(database_failed)?;
            let today = properties::today(db, property, now).await;
            let today = today.map_err(database_failed)?.unwrap_or(found.arrival);
            Ok(ReservationBody::new(found, nights, today))
        })
        .await?;
    Ok(Answer::new(body).ok())
}

/// Books a room. The guest gets a confirmation by mail, if there is an address.
#[utoipa::path(post, path = "/api/v1/properties/{property_id}/reservations", tag = "reservations",
    params(("property_id" = uuid::Uuid, Path)), request_body = BookBody, responses(
    (status = 201, body = Answer<ReservationBody>),
    (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody, description = "`SOLD_OUT`"),
    (status = 422, body = ErrorBody),
))]
pub(crate) async fn book_reservation(
    desk: Desk,
    path: Path<PropertyId>,
    body: JsonBody<BookBody>,
) -> ApiResult<HttpResponse> {
    let JsonBody { value, repeat } = body;
    let stay = Stay::new(value.arrival, value.departure)?;
    let party = Party::new(value.adults, value.children)?;
    let guest = NewGuest::check(value.guest)?;
    if value.notes.chars().count() > 2_000 {
        return Err(ApiError::invalid("notes", "needs 2,000 characters at most"));
    }
    desk.write(
        Permission::ReservationWrite,
        Purpose::NewBusiness,
        &repeat,
        StatusCode::CREATED,
        async |change| {
            let booking = Booking {
                property: *path,
                room_type: value.room_type_id,
                stay,
                party,
                guest: &guest,
                notes: value.notes.trim(),
                source: "api",
            };
            let booked = service::book(change, booking).await?;
            service::confirm_by_mail(change, &booked, &guest).await?;
            let nights = store::nights(change.tx, booked.id).await.map_err(database_failed)?;
            Ok(ReservationBody::new(booked, nights, stay.arrival))
        },
    )
    .await
}

/// Cancels a reservation; its nights can be sold again at once.
#[utoipa::path(post, path = "/api/v1/properties/{property_id}/reservations/{reservation_id}/cancel",
    tag = "reservations",
    params(("property_id" = uuid::Uuid, Path), ("reservation_id" = uuid::Uuid, Path),
        ("If-Match" = Option<String>, Header, description = "The version that was seen.")),
    request_body = CancelBody, responses(
    (status = 200, body = Answer<ReservationSummary>),
    (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
    (status = 412, body = ErrorBody, description = "`STALE_VERSION`"),
))]
pub(crate) async fn cancel_reservation(
    req: HttpRequest,
    desk: Desk,
    path: Path<(PropertyId, ReservationId)>,
    body: JsonBody<CancelBody>,
) -> ApiResult<HttpResponse> {
    let (property, id) = path.into_inner();
    let version = asked_version(&req)?;
    let JsonBody { value, repeat } = body;
    desk.write(
        Permission::ReservationWrite,
        Purpose::Service,
        &repeat,
        StatusCode::OK,
        async |change| {
            let cancelled =
                service::cancel(change, property, id, version, value.reason.trim()).await?;
            Ok(ReservationSummary::from(cancelled))
        },
    )
    .await
}

fn asked_version(req: &HttpRequest) -> ApiResult<Option<i32>> {
    let Some(header) = req.headers().get(IF_MATCH) else { return Ok(None) };
    header
        .to_str()
        .ok()
        .and_then(|it| it.trim_matches('"').parse().ok())
        .map(Some)
        .ok_or_else(|| ApiError::malformed("If-Match needs the `version` that was seen"))
}

impl From<BookError> for ApiError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::NoSuchRoomType => Self::not_found("room type"),
            BookError::ArrivalPassed => {
                Self::invalid("arrival", "needs to be the property's business day or later")
            }
            BookError::TooManyGuests => {
                Self::invalid("adults", "are more than the room type takes; book two rooms")
            }
            BookError::NoRate => Self::refused(
                StatusCode::CONFLICT,
                "NO_RATE",
                "at least one night has no rate; set one first",
            ),
            BookError::SoldOut => Self::refused(
                StatusCode::CONFLICT,
                "SOLD_OUT",
                "no room of this type is left on at least one night; see the availability",
            ),
            BookError::NoCode => Self::internal(error),
            BookError::Database(cause) => database_failed(cause),
        }
    }
}

impl From<CancelError> for ApiError {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NoSuchReservation => Self::not_found("reservation"),
            CancelError::Stale { .. } => Self::refused(
                StatusCode::PRECONDITION_FAILED,
                "STALE_VERSION",
                format!("{error}; look at it again"),
            ),
            CancelError::Refused(why) => {
                Self::refused(StatusCode::CONFLICT, why.code(), why.advice())
            }
            CancelError::Database(cause) => database_failed(cause),
        }
    }
}

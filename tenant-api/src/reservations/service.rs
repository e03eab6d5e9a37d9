//! Booking and cancelling.

use hotelhub_core::ids::{PropertyId, ReservationId, RoomTypeId};
use rand::RngExt;
use serde_json::json;
use tokio_postgres::Error;

use super::{
    model::{CannotCancel, Reservation},
    store::{self, NewReservation},
};
use crate::{
    availability::{Party, Stay, offers},
    desk::Change,
    guests::{self, NewGuest},
    properties, room_types,
    worker::kinds::reservation_confirmation::ReservationConfirmation,
};

/// Letters and digits that nobody confuses on the phone.
const CODE_ALPHABET: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const CODE_LENGTH: usize = 6;
/// 887 million codes: a hotel that needs a fifth draw has other worries.
const CODE_DRAWS: usize = 5;

/// What is to be booked.
pub(crate) struct Booking<'a> {
    pub(crate) property: PropertyId,
    pub(crate) room_type: RoomTypeId,
    pub(crate) stay: Stay,
    pub(crate) party: Party,
    pub(crate) guest: &'a NewGuest,
    pub(crate) notes: &'a str,
    /// `front_desk` or `api`.
    pub(crate) source: &'static str,
}

/// Why nothing was booked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BookError {
    #[error("there is no such property or room type")]
    NoSuchRoomType,
    #[error("the arrival is before the business day")]
    ArrivalPassed,
    #[error("the room is too small for so many")]
    TooManyGuests,
    #[error("a night has no rate")]
    NoRate,
    #[error("no room is left on at least one night")]
    SoldOut,
    #[error("no free reservation code was drawn")]
    NoCode,
    #[error("read or write the booking")]
    Database(#[from] Error),
}

/// Books one room: takes the capacity, writes guest, reservation, nights and event, and asks for
/// the confirmation mail. All of it stands once the caller commits, or none.
pub(crate) async fn book(
    change: &Change<'_>,
    booking: Booking<'_>,
) -> Result<Reservation, BookError> {
    let tx = change.tx;
    let Booking { property, room_type, stay, party, guest, notes, source } = booking;
    let business_date = properties::today(tx, property, change.now).await?;
    let business_date = business_date.ok_or(BookError::NoSuchRoomType)?;
    let mut found = offers(tx, property, stay, Some(room_type)).await?;
    let offer = found.pop().ok_or(BookError::NoSuchRoomType)?;
    if stay.arrival < business_date {
        return Err(BookError::ArrivalPassed);
    }
    if party.adults > offer.max.adults || party.children > offer.max.children {
        return Err(BookError::TooManyGuests);
    }
    let prices = offer.prices().ok_or(BookError::NoRate)?;

    if store::count_capacity(tx, room_type, stay).await? < stay.nights() {
        room_types::hold(tx, property, room_type).await?;
        store::insert_missing_capacity(tx, room_type, stay).await?;
    }
    let taken = store::take_capacity(tx, room_type, stay).await?;
    if i64::try_from(taken) != Ok(stay.nights()) {
        return Err(BookError::SoldOut);
    }

    guests::insert(tx, guest, change.now).await?;
    let reservation = NewReservation {
        id: ReservationId::generate(),
        property,
        guest: guest.id(),
        room_type,
        rate_plan: offer.rate_plan,
        stay,
        party,
        source,
        notes,
        created_by: change.person,
        created_at: change.now,
    };
    insert_under_a_free_code(change, &reservation).await?;
    store::insert_nights(tx, reservation.id, &prices).await?;
    store::insert_event(tx, reservation.id, change, "booked", &json!({ "source": source })).await?;
    store::find(tx, property, reservation.id).await?.ok_or(BookError::NoSuchRoomType)
}

async fn insert_under_a_free_code(
    change: &Change<'_>,
    reservation: &NewReservation<'_>,
) -> Result<(), BookError> {
    for _ in 0..CODE_DRAWS {
        if store::insert(change.tx, &draw_code(), reservation).await? {
            return Ok(());
        }
    }
    Err(BookError::NoCode)
}

fn draw_code() -> String {
    let mut rng = rand::rng();
    let draw = || CODE_ALPHABET.get(rng.random_range(0..CODE_ALPHABET.len())).copied();
    std::iter::repeat_with(draw).take(CODE_LENGTH).flatten().map(char::from).collect()
}

/// Why nothing was cancelled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CancelError {
    #[error("there is no such reservation")]
    NoSuchReservation,
    #[error("the reservation has changed since version {asked}; it is at {found}")]
    Stale { asked: i32, found: i32 },
    #[error("the reservation cannot be cancelled")]
    Refused(CannotCancel),
    #[error("read or write the reservation")]
    Database(#[from] Error),
}

/// Cancels a reservation and gives its nights back.
pub(crate) async fn cancel(
    change: &Change<'_>,
    property: PropertyId,
    id: ReservationId,
    version: Option<i32>,
    reason: &str,
) -> Result<Reservation, CancelError> {
    let tx = change.tx;
    let found = store::find_for_update(tx, property, id).await?;
    let found = found.ok_or(CancelError::NoSuchReservation)?;
    if let Some(asked) = version.filter(|it| *it != found.version) {
        return Err(CancelError::Stale { asked, found: found.version });
    }
    let business_date = properties::today(tx, property, change.now).await?;
    let business_date = business_date.ok_or(CancelError::NoSuchReservation)?;
    found.may_cancel(business_date).map_err(CancelError::Refused)?;

    let stay = Stay { arrival: found.arrival, departure: found.departure };
    store::return_capacity(tx, found.room_type, stay).await?;
    store::mark_cancelled(tx, id, change.now).await?;
    store::insert_event(tx, id, change, "cancelled", &json!({ "reason": reason })).await?;
    store::find(tx, property, id).await?.ok_or(CancelError::NoSuchReservation)
}

/// Asks for the confirmation mail, if the guest can get one.
pub(crate) async fn confirm_by_mail(
    change: &Change<'_>,
    reservation: &Reservation,
    guest: &NewGuest,
) -> hotelhub_http::error::ApiResult<()> {
    if !guest.has_email() {
        return Ok(());
    }
    let mail = ReservationConfirmation {
        property_id: reservation.property,
        reservation_id: reservation.id,
    };
    change.enqueue(&mail, &reservation.id.to_string()).await
}

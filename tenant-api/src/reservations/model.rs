//! What a reservation is, and what can be done with it in each state.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use hotelhub_core::{
    ids::{GuestId, PropertyId, ReservationId, RoomTypeId},
    money::Rupiah,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::prices::NightPrice;

/// Where a reservation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReservationState {
    /// Promised.
    Confirmed,
    /// The guest is here.
    InHouse,
    /// The guest has left.
    CheckedOut,
    /// Taken back.
    Cancelled,
    /// The guest never came.
    NoShow,
}

/// A text that is no state.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a state of a reservation")]
pub(crate) struct UnknownReservationState(String);

impl ReservationState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::InHouse => "in_house",
            Self::CheckedOut => "checked_out",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }
}

impl FromStr for ReservationState {
    type Err = UnknownReservationState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Confirmed, Self::InHouse, Self::CheckedOut, Self::Cancelled, Self::NoShow]
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or_else(|| UnknownReservationState(text.to_owned()))
    }
}

/// A promised stay.
#[derive(Clone, Debug)]
pub(crate) struct Reservation {
    pub(crate) id: ReservationId,
    pub(crate) property: PropertyId,
    /// What the guest is told.
    pub(crate) code: String,
    pub(crate) guest: GuestId,
    pub(crate) guest_name: String,
    pub(crate) room_type: RoomTypeId,
    pub(crate) room_type_name: String,
    pub(crate) arrival: NaiveDate,
    pub(crate) departure: NaiveDate,
    pub(crate) adults: i32,
    pub(crate) children: i32,
    pub(crate) state: ReservationState,
    pub(crate) notes: String,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) cancelled_at: Option<DateTime<Utc>>,
    /// Rupiah for the whole stay.
    pub(crate) total: Rupiah,
}

/// The price of one night of a reservation.
pub(crate) type BookedNight = (NaiveDate, NightPrice);

/// Something that can be done with a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Action {
    /// `cancel`.
    name: &'static str,
    allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Why a reservation cannot be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CannotCancel {
    /// The stay has begun, ended or been cancelled already.
    NotConfirmed,
    /// The night of arrival is over: it is a no-show now.
    ArrivalPassed,
}

impl CannotCancel {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NotConfirmed => "CANCEL_NOT_ALLOWED_UNLESS_CONFIRMED",
            Self::ArrivalPassed => "CANCEL_NOT_ALLOWED_AFTER_ARRIVAL",
        }
    }

    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::NotConfirmed => "only a confirmed reservation can be cancelled",
            Self::ArrivalPassed => "the arrival has passed: record a no-show instead",
        }
    }
}

impl Reservation {
    /// Whether it can be cancelled on this business day.
    pub(crate) fn may_cancel(&self, business_date: NaiveDate) -> Result<(), CannotCancel> {
        if self.state != ReservationState::Confirmed {
            Err(CannotCancel::NotConfirmed)
        } else if self.arrival < business_date {
            Err(CannotCancel::ArrivalPassed)
        } else {
            Ok(())
        }
    }

    /// What can be done with it on this business day, and why not the rest.
    pub(crate) fn actions(&self, business_date: NaiveDate) -> Vec<Action> {
        let cancel = self.may_cancel(business_date);
        vec![Action {
            name: "cancel",
            allowed: cancel.is_ok(),
            reason: cancel.err().map(CannotCancel::code),
        }]
    }
}

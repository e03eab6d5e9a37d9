//! Offers: a kind of room for a stay, with what stands in the way of selling it.

use std::ops::RangeInclusive;

use chrono::{Datelike as _, NaiveDate};
use hotelhub_core::{
    ids::{RatePlanId, RoomTypeId},
    money::Rupiah,
};
use hotelhub_http::error::{ApiError, ApiResult};
use serde::Serialize;
use utoipa::ToSchema;

use crate::prices::NightPrice;

const LONGEST_STAY: i64 = 365;

/// Nights outside these years are typing mistakes, and far ones no database can hold.
const YEARS: RangeInclusive<i32> = 2000..=2100;

/// Refuses a date that no hotel sells.
pub(crate) fn require_bookable(field: &'static str, date: NaiveDate) -> ApiResult<()> {
    if YEARS.contains(&date.year()) {
        return Ok(());
    }
    Err(ApiError::invalid(field, "needs to be in the years 2000 to 2100"))
}

/// The nights from arrival to before departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    pub(crate) arrival: NaiveDate,
    pub(crate) departure: NaiveDate,
}

impl Stay {
    pub(crate) fn new(arrival: NaiveDate, departure: NaiveDate) -> ApiResult<Self> {
        require_bookable("arrival", arrival)?;
        require_bookable("departure", departure)?;
        match (departure - arrival).num_days() {
            1..=LONGEST_STAY => Ok(Self { arrival, departure }),
            _ => Err(ApiError::invalid("departure", "needs to be 1 to 365 days after arrival")),
        }
    }

    pub(crate) fn nights(self) -> i64 {
        (self.departure - self.arrival).num_days()
    }
}

/// Who stays in one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) adults: i32,
    pub(crate) children: i32,
}

impl Party {
    pub(crate) fn new(adults: i32, children: i32) -> ApiResult<Self> {
        if !(1..=20).contains(&adults) {
            return Err(ApiError::invalid("adults", "needs to be between 1 and 20"));
        }
        if !(0..=20).contains(&children) {
            return Err(ApiError::invalid("children", "needs to be between 0 and 20"));
        }
        Ok(Self { adults, children })
    }
}

/// Why an offer cannot be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Obstacle {
    /// No room is left on at least one night.
    SoldOut,
    /// At least one night has no rate.
    NoRate,
    /// The room is too small for so many.
    TooManyGuests,
}

/// One night of an offer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfferNight {
    pub(crate) stay_date: NaiveDate,
    /// May be below zero where an OTA sold more than there is.
    pub(crate) left: i64,
    /// `None`: the night has no rate.
    pub(crate) price: Option<NightPrice>,
}

/// A kind of room for a stay.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) room_type: RoomTypeId,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) max: Party,
    pub(crate) rate_plan: RatePlanId,
    pub(crate) nights: Vec<OfferNight>,
}

impl Offer {
    /// Rooms that are left on every night.
    pub(crate) fn left(&self) -> i64 {
        self.nights.iter().map(|it| it.left).min().unwrap_or_default().max(0)
    }

    /// The prices of all nights, if each has one.
    pub(crate) fn prices(&self) -> Option<Vec<(NaiveDate, NightPrice)>> {
        self.nights.iter().map(|it| it.price.map(|price| (it.stay_date, price))).collect()
    }

    /// What all nights cost together.
    pub(crate) fn total(&self) -> Option<Rupiah> {
        Some(self.prices()?.into_iter().map(|(_, it)| it.total()).sum())
    }

    /// What stands in the way of booking it for `party`.
    pub(crate) fn obstacles(&self, party: Party) -> Vec<Obstacle> {
        let too_many = party.adults > self.max.adults || party.children > self.max.children;
        [
            (self.left() == 0).then_some(Obstacle::SoldOut),
            self.prices().is_none().then_some(Obstacle::NoRate),
            too_many.then_some(Obstacle::TooManyGuests),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

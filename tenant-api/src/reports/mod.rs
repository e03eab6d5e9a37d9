//! What the owners of a hotel are told about it, in figures.

mod store;

use hotelhub_core::{ids::UserId, money::Rupiah};
pub(crate) use store::{find_day, find_language, list_readers};

/// What a day was like in one property. A reservation is a room; those that were cancelled or whose
/// guest did not come do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DayFigures {
    pub(crate) arrivals: i64,
    pub(crate) departures: i64,
    /// Rooms with guests in the night of that day.
    pub(crate) in_house: i64,
    /// Rooms that could be sold in that night.
    pub(crate) available: i64,
    /// The prices of that night, without tax and service.
    pub(crate) room_revenue: Rupiah,
}

impl DayFigures {
    /// Rooms with guests among those that could be sold, in whole percent.
    pub(crate) fn occupancy(&self) -> Option<i64> {
        (self.available > 0).then(|| (self.in_house * 100 + self.available / 2) / self.available)
    }
}

/// Somebody who gets the report of the day.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) email: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn occupancy_is_rounded_and_a_hotel_without_rooms_has_none() {
        let of = |in_house, available| {
            let room_revenue = Rupiah::new(0);
            DayFigures { arrivals: 0, departures: 0, in_house, available, room_revenue }.occupancy()
        };
        assert_eq!(of(2, 3), Some(67));
        assert_eq!(of(0, 3), Some(0));
        assert_eq!(of(0, 0), None);
    }
}

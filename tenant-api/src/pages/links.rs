//! Addresses of our own pages, with what they are asked for.

use hotelhub_core::ids::{PropertyId, ReservationId, RoomTypeId};
use url::form_urlencoded::Serializer;

use super::ask::Ask;

fn link(path: &str, pairs: &[(&str, String)]) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    format!("{path}?{}", query.finish())
}

/// The front desk with the forms to set the hotel up, after one of them was sent.
pub(super) fn set_up(property: PropertyId, done: &str) -> String {
    // Once there are rates there is something to sell, and the forms give way.
    let open = if done == "rates" { "" } else { "1" };
    let pairs =
        [("property", property.to_string()), ("setup", open.to_owned()), ("done", done.to_owned())];
    link("/", &pairs)
}

/// The front desk, looking for a stay.
pub(super) fn search(property: PropertyId, ask: Ask) -> String {
    link("/", &stay_pairs(property, ask))
}

/// The page to book a room.
pub(super) fn book(property: PropertyId, room_type: RoomTypeId, ask: Ask) -> String {
    let mut pairs = stay_pairs(property, ask);
    pairs.push(("room_type", room_type.to_string()));
    link("/book", &pairs)
}

/// The page of a reservation, after `done` was done to it.
pub(super) fn reservation(property: PropertyId, id: ReservationId, done: &str) -> String {
    let pairs = [("property", property.to_string()), ("done", done.to_owned())];
    link(&format!("/reservations/{id}"), &pairs)
}

/// A page of the list of reservations.
pub(super) fn reservations(property: PropertyId, filters: &[(&str, String)]) -> String {
    let mut pairs = vec![("property", property.to_string())];
    pairs.extend_from_slice(filters);
    link("/reservations", &pairs)
}

/// The jobs in some state, after `done` was done to so many.
pub(super) fn jobs(state: &str, done: &str, count: i64) -> String {
    let pairs =
        [("state", state.to_owned()), ("done", done.to_owned()), ("count", count.to_string())];
    link("/jobs", &pairs)
}

/// The next page of the jobs in some state.
pub(super) fn more_jobs(state: &str, cursor: String) -> String {
    link("/jobs", &[("state", state.to_owned()), ("cursor", cursor)])
}

fn stay_pairs(property: PropertyId, ask: Ask) -> Vec<(&'static str, String)> {
    vec![
        ("property", property.to_string()),
        ("arrival", ask.stay.arrival.to_string()),
        ("departure", ask.stay.departure.to_string()),
        ("adults", ask.party.adults.to_string()),
        ("children", ask.party.children.to_string()),
    ]
}

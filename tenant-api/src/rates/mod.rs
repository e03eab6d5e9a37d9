//! Nightly rates: what a night in a kind of room costs. A night without a rate is not for sale.

mod routes;
mod store;

pub(crate) use routes::{__path_list_rates, __path_set_rates, SetRatesBody, register, set};

//! The price of each night as rows of a table.

use chrono::NaiveDate;
use hotelhub_http::language::Language;

use super::words;
use crate::prices::NightPrice;

/// One night.
pub(super) struct NightRow {
    pub(super) day: String,
    pub(super) base: String,
    pub(super) service: String,
    pub(super) tax: String,
    pub(super) total: String,
}

pub(super) fn rows(nights: Vec<(NaiveDate, NightPrice)>, language: Language) -> Vec<NightRow> {
    let row = |(date, price): (NaiveDate, NightPrice)| NightRow {
        day: words::day(date, language),
        base: language.rupiah(price.base_idr),
        service: language.rupiah(price.service_idr),
        tax: language.rupiah(price.tax_idr),
        total: language.rupiah(price.total()),
    };
    nights.into_iter().map(row).collect()
}

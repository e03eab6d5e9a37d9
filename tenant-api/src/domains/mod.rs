//! A hotel's names: which may have a certificate, and which one people are led to.

pub(crate) mod allow;
pub(crate) mod challenge;
mod primary;

pub(crate) use self::primary::primary_address;

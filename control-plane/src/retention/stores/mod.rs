//! Reads and writes what is on record of retentions.

pub(super) mod notices;
pub(super) mod plans;

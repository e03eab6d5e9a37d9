//! Queries on the vendor's people beside those of logins and sessions.

pub(super) mod second_factor;
pub(super) mod users;

//! What becomes of a churned tenant's data when its time is over: the platform deletes it by itself.
//!
//! The data is kept for 90 days after the end of the relation. Two weeks before its deletion the owner
//! is told by mail; nothing is deleted before a mail server has taken that letter so long ago. One that
//! was not taken is asked for anew each week, and the vendor's people see whose it is. A super
//! administrator can hold the deletion back with a reason; once that is taken back the owner is told anew.

mod letter;
pub(crate) mod model;
mod notice;
mod reaper;
pub(crate) mod routes;
mod service;
mod stores;

use chrono::TimeDelta;

pub(crate) use self::{
    model::{Retention, UntoldOwner},
    notice::DeletionNotice,
    reaper::Reaper,
    service::{hold, list_untold, release, require_not_held},
    stores::plans::find,
};

/// How long a churned tenant's data is kept for it to come back, or to fetch it.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(90);
/// How long before its deletion the owner is told.
const NOTICE: TimeDelta = TimeDelta::days(14);
/// A mail server that is there takes a letter within that.
const ON_ITS_WAY: TimeDelta = TimeDelta::hours(1);

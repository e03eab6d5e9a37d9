//! The kinds of jobs that this program does. A kind is one file.

mod clean_up;
mod open_business_day;
mod report_day;
pub(crate) mod reservation_confirmation;

use std::sync::Arc;

use hotelhub_core::clock::Clock;
use hotelhub_jobs::kind::{Kind, Words};

use self::reservation_confirmation::ReservationConfirmation;
pub(super) use self::{
    clean_up::CleanUp, open_business_day::OpenBusinessDay, report_day::ReportDay,
};
use super::{HotelJob, Mailer, Registry};
use crate::config::Addresses;

/// What kinds that send mail need.
pub(crate) struct MailTools {
    pub(crate) clock: Clock,
    pub(crate) mailer: Mailer,
    pub(crate) addresses: Addresses,
}

/// What people read of the kind with this name.
pub(crate) fn words_of(kind: &str) -> Option<&'static Words> {
    KINDS.iter().find(|it| it.name == kind).map(|it| &it.words)
}

/// Every kind that hotels see.
const KINDS: &[&Kind] =
    &[ReservationConfirmation::KIND, ReportDay::KIND, OpenBusinessDay::KIND, CleanUp::KIND];

/// The kinds of hotels' jobs.
pub(crate) fn all(mail: Arc<MailTools>) -> Registry {
    let clock = Arc::new(mail.clock.clone());
    Registry::default()
        .with::<ReservationConfirmation>(Arc::clone(&mail))
        .with::<ReportDay>(mail)
        .with::<OpenBusinessDay>(Arc::clone(&clock))
        .with::<CleanUp>(clock)
}

//! From a ticket to a job that is done.

mod dispatch;
pub(crate) mod kinds;
mod mailer;
mod outcome;
mod upkeep;

pub(crate) use dispatch::Dispatch;
pub(crate) use kinds::Kinds;
pub(crate) use mailer::Mailer;

//! Background work: the row is the truth, the message is only a ticket.
//!
//! A job is a row of the table `jobs` in the database it concerns, written in the transaction that
//! causes it. RabbitMQ carries tickets that name the row and nothing else, so a ticket that comes
//! twice, late or never loses nothing: a duplicate finds the row taken, a missing one is found by
//! the next tick. What holds, in the order a job lives:
//!
//! - [`rows::enqueue`] is part of the caller's transaction. Dies the process after the commit, the
//!   row is `ready` and the next tick relays it.
//! - [`relay`] publishes tickets with confirms and only then calls the rows `queued`. Dies it between,
//!   the row is still `ready`: a second ticket, harmless.
//! - [`rows::claim`] is one statement that compares and swaps, with a lease and a fence on the
//!   database's clock: one holder at a time. What the hotel may not do now is held.
//! - The outcome is written only while the fence still stands, together with the job's own effect
//!   in that database. The ticket is acknowledged last.

pub mod address;
pub mod batches;
pub mod broker;
pub mod class;
pub mod consumer;
pub mod depth;
pub mod hints;
pub mod kind;
pub mod outcome;
pub mod peers;
mod presence;
pub mod relay;
pub mod retention;
pub mod rows;
pub mod schedules;
pub mod smtp;
pub mod ticket;
pub mod topology;
pub mod transport;
pub mod verdict;
pub mod wait;

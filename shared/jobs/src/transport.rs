//! What carries tickets, as small as it can be: RabbitMQ does it for many hotels; one process with
//! one hotel could do it with a queue in memory, since every ticket can be made again from its row.
//!
//! A transport takes tickets ([`Transport`]) and brings each one to a [`HandleTicket`] at least once,
//! and does with it what [`Settled`] says. It may bring a ticket twice, late, or, if it lost
//! everything, not at all.

use std::{fmt::Debug, future::Future, pin::Pin};

use crate::{broker::PublishError, hints::Hint, ticket::Ticket, wait::WaitQueue};

/// A boxed future, so that a transport can be chosen when a program starts.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Takes tickets.
pub trait Transport: Debug + Send + Sync + 'static {
    /// Whether it is worth trying now.
    fn is_connected(&self) -> bool;

    /// Takes a ticket for its class. After an error it is not known whether it has it.
    fn publish<'a>(&'a self, ticket: &'a Ticket) -> Boxed<'a, Result<(), PublishError>>;

    /// Lets a ticket wait before it comes to its class.
    fn park<'a>(
        &'a self,
        ticket: &'a Ticket,
        wait: WaitQueue,
    ) -> Boxed<'a, Result<(), PublishError>>;

    /// Tells whoever sends ticks when one is wanted next. May be lost.
    fn hint<'a>(&'a self, hint: &'a Hint) -> Boxed<'a, Result<(), PublishError>>;

    /// Whether a worker lives.
    fn look_for<'a>(&'a self, worker: &'a str) -> Boxed<'a, Presence>;
}

/// What is known of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It lives.
    Here,
    /// It does not.
    Gone,
    /// That cannot be said now.
    Unknown,
}

/// A ticket that was brought.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// What it says.
    pub ticket: Ticket,
    /// Somebody had it before and did not settle it.
    pub again: bool,
}

/// What is to happen with a ticket that was looked at.
#[derive(Debug)]
pub enum Settled {
    /// It has served.
    Finished,
    /// It is to come again after a wait.
    Again(WaitQueue),
    /// The same, and it still says that somebody had it before.
    StillAgain(WaitQueue),
    /// It is to come to somebody else at once: nothing was begun here.
    Back,
    /// It is none of ours: put it aside with this reason.
    SetAside(String),
}

/// Does what a ticket asks for. Whatever it did is committed when it returns.
pub trait HandleTicket: Send + Sync + 'static {
    /// Looks at one ticket.
    fn handle(&self, delivered: Delivered) -> Boxed<'_, Settled>;
}

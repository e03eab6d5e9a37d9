//! Outside systems that jobs call: how often they may be called, and what happens while they do not
//! answer.
//!
//! All of it costs no try. What is known of a peer stands in the hotel's own database, in the
//! transaction that claims a job or ends a try ([`admission`], [`breaker`]); what all hotels share
//! is watched by each process ([`fleet`]).

pub mod admission;
pub mod breaker;
pub mod fleet;
pub mod shared;

use std::time::Duration;

/// An outside system.
#[derive(Debug)]
pub struct Peer {
    /// As stored, e.g. `channex`.
    pub name: &'static str,
    /// What it allows one property of one hotel.
    pub per_property: Option<Budget>,
    /// What it allows all hotels together: they share one key of it.
    pub shared: Option<Budget>,
}

/// So many calls in any window of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many calls.
    pub calls: u32,
    /// In how long.
    pub window: Duration,
}

/// What a claim is told about its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may be called; the call is counted.
    Call,
    /// Its budget is spent, or it said when to come back: not before this time is over.
    Wait(Duration),
    /// It does not answer this hotel.
    Down,
    /// It answers hardly any hotel: nobody calls before this time is over.
    DownForAll(Duration),
}

//! The ways in which a network fails.

use std::time::Duration;

/// What goes wrong, until it is told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Every chunk arrives so much later.
    Delay(Duration),
    /// What is sent this way does not arrive, nor does the end of the connection; the sockets stay
    /// open. What was sent arrives when the fault is over.
    BlackHole(Way),
    /// Who listens this way is told that nothing more comes; the other way is open. A connection
    /// that met this fault keeps it.
    HalfClose(Way),
    /// Connections are reset, and new ones refused.
    Refuse,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From clients to the server.
    ToUpstream,
    /// From the server to clients.
    ToClient,
    /// Both.
    Both,
}

impl Way {
    /// Tells whether a fault on this way is met by what goes `there`.
    pub(super) fn concerns(self, there: Self) -> bool {
        self == Self::Both || self == there
    }
}

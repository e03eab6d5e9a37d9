//! The ways in which a mail server fails its clients.

use serde::{Deserialize, Serialize};

/// What goes wrong, until it is told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Nobody listens on the port: connections are refused.
    Refuse,
    /// Every message is answered with 451, try again later.
    TryLater,
    /// Every message is answered with 550, for good.
    Reject,
    /// A whole message is taken and never answered: the client hangs. Nothing is kept.
    Hang,
    /// A whole message is taken and kept, and answered only when the fault is over.
    Hold,
    /// A whole message is taken **and kept**, then the connection drops before the answer: the
    /// client cannot know that it was delivered.
    DropAfterDelivery,
}

//! What our programs keep to when they call each other over HTTP.

use std::time::Duration;

/// How long a program that answers keeps a connection open on which nothing is asked.
pub const KEPT_OPEN: Duration = Duration::from_secs(5);

/// How long a connection may have been idle on which something is asked again.
///
/// A request that meets the end of its connection is lost, and nobody knows whether it was heard. So
/// one is taken no more three seconds before the other side ends it: either of the two may be late.
pub const USED_AGAIN: Duration = Duration::from_secs(2);

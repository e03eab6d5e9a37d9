//! The pieces of the harness that break things, and those that see what became of it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever a helper of a test does not find stops the test"
)]

mod broker;
mod fleet;
mod ledger;
mod proxy;

use std::time::Duration;

/// For what takes milliseconds on an idle machine.
const SOON: Duration = Duration::from_secs(60);

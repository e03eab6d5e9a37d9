//! The job system under faults: real servers, real workers, and what is left in the tables when
//! everything has come to its end.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever a helper of a test does not find stops the test"
)]
#![expect(clippy::print_stdout, reason = "how long recovery took is read by a person")]

mod breaker;
mod broker_faults;
mod broker_restarts;
mod cancelling;
mod crashes;
mod databases;
mod duplicates;
mod fairness;
mod garbage;
mod ground;
mod hotel;
mod nets;
mod partitions;
mod peers;
mod poison;
mod protocol;
mod retries;
mod rows;
mod shared_budget;
mod silent_peers;
mod size;
mod stopping;
mod times;

use std::time::Duration;

/// For what takes milliseconds, and seldom some seconds, on an idle machine.
const SOON: Duration = Duration::from_secs(90);
/// Until every job has come to its end, on a machine with much else to do.
const END: Duration = Duration::from_secs(300);

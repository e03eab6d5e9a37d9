//! The provisioner as a process, on real database servers: killed at every point, starved,
//! doubled, and with what it made looked at from the inside.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever a helper of a test does not find should stop the test"
)]

mod access_rows;
mod backup_faults;
mod backup_kills;
mod backups;
mod bucket;
mod carried_files;
mod content;
mod deleting;
mod failing;
mod fleet;
mod fleet_ground;
mod fleet_killing;
mod gates;
mod ground;
mod importing;
mod isolation;
mod killing;
mod latency;
mod migrating;
mod move_ends;
mod move_kills;
mod moving;
mod pool;
mod pool_killing;
mod remembering;
mod rescue_kills;
mod restoring;
mod sharing;
mod shelf;
mod storm;
mod two_hosts;
mod waiting;
mod writer;

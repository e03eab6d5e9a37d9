//! How big the fault tests are: minutes with every change, or the whole plan (`JOBS_CHAOS=full`).

use platform_tests::settings::setting;

/// How much of each fault.
pub(crate) struct Size {
    /// Hotels of the fleet where many matter.
    pub(crate) hotels: usize,
    /// Workers that are killed, and how often one of them is.
    pub(crate) workers: usize,
    pub(crate) kills: usize,
    /// Jobs with an effect in the hotel's own database, and with one outside, while workers die.
    pub(crate) local_jobs: usize,
    pub(crate) peer_jobs: usize,
    /// How often the broker dies.
    pub(crate) broker_kills: usize,
    /// How long the network swallows everything, in seconds, by worker.
    pub(crate) holes: &'static [u64],
    /// Rows that nobody published, in each hotel.
    pub(crate) unpublished: usize,
    /// Jobs of one hotel that is busier than all others.
    pub(crate) noisy_jobs: usize,
    /// The most workers at a time.
    pub(crate) most_workers: usize,
    /// Jobs that fail and are tried again.
    pub(crate) retries: usize,
    /// Walks through the protocol of claims.
    pub(crate) walks: u32,
}

const USUAL: Size = Size {
    hotels: 20,
    workers: 4,
    kills: 20,
    local_jobs: 2_000,
    peer_jobs: 300,
    broker_kills: 2,
    holes: &[5, 45],
    unpublished: 10,
    noisy_jobs: 5_000,
    most_workers: 12,
    retries: 200,
    walks: 96,
};

const FULL: Size = Size {
    hotels: 50,
    workers: 4,
    kills: 200,
    local_jobs: 10_000,
    peer_jobs: 2_000,
    broker_kills: 20,
    holes: &[5, 45, 120],
    unpublished: 20,
    noisy_jobs: 100_000,
    most_workers: 32,
    retries: 20_000,
    walks: 5_000,
};

/// The size of this run.
pub(crate) fn size() -> &'static Size {
    match setting("JOBS_CHAOS").as_deref() {
        Some("full") => &FULL,
        _ => &USUAL,
    }
}

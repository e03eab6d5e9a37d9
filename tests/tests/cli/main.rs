//! The operators' command line, run as a person runs it: against the real control plane, and
//! against database servers that are set well and badly.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever a helper of a test does not find should stop the test"
)]

mod after;
mod doctor;
mod domains;
mod ground;
mod help;
mod jobs;
mod leaving;
mod operator;
mod second_factor;
mod session;
mod support;
mod vendor;

//! The control plane as processes on a real database: signup by page and by API, the vendor's API,
//! the route feed, the welcome mail, and what bad input gets.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever a helper of a test does not find should stop the test"
)]

mod envelope;
mod epoch;
mod events;
mod feed;
mod ground;
mod mail;
mod pages;
mod published;
mod races;
mod replica;
mod signup;
mod vendor;

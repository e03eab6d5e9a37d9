//! The platform in a real browser: a hotel signs up, is set up and takes its first booking; the same
//! without scripts; a mail that failed is sent again, by the hotel and by the vendor; support is let in.
//! Every page on the way is checked for barriers with axe-core.
//!
//! Needs `chromium`, `chromium-driver` and `npm` (which fetches axe-core once).

#![expect(
    clippy::unwrap_used,
    reason = "whatever a helper of a test does not find should stop the test"
)]

mod backups;
mod browser;
mod domains;
mod exports;
mod failed_mail;
mod jobs;
mod journey;
mod panel;
mod progress;
mod rooms;
mod support;

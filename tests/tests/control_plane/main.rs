//! The control plane as processes on a real database: signup by page and by API, the vendor's API,
//! the route feed, the welcome mail, and what bad input gets.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "whatever a helper of a test does not find should stop the test"
)]

mod audit;
mod audit_walks;
mod db_hosts;
mod domain_checks;
mod domain_ground;
mod domain_mails;
mod domains;
mod drain;
mod envelope;
mod epoch;
mod events;
mod feed;
mod fleet_migrations;
mod ground;
mod jobs;
mod later_life;
mod logins;
mod mail;
mod operations;
mod pages;
mod panel;
mod panel_pages;
mod panel_roles;
mod panel_rooms;
mod pauses;
mod published;
mod races;
mod replica;
mod retention;
mod roles;
mod signup;
mod users;
mod vendor;

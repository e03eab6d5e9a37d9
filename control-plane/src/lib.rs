//! The control plane: who the hotels are, and what each should have.
//!
//! It writes what should be (tenants, domains, subscriptions, operations requested) and never
//! touches a hotel's database: the provisioner makes the world so. A signup is one transaction;
//! what follows from it is a row that somebody else acts on.

mod app;
mod attention;
mod audit;
mod backups;
pub mod config;
mod database;
mod db_hosts;
mod domain_mails;
mod domains;
mod drain;
mod exports;
mod fleet_migrations;
mod following;
mod health;
mod http;
mod idempotency;
mod job_pauses;
mod jobs;
mod mails;
mod openapi;
mod operations;
mod pages;
mod paging;
mod panel;
mod plans;
mod replica;
mod retention;
mod routes_feed;
pub mod serve;
mod signup;
mod subscriptions;
mod support_access;
mod tenants;
pub mod vendor_user;
mod vendor_users;
mod wakes;
mod welcome;
pub mod work;

pub use openapi::document as openapi_document;

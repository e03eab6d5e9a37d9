//! The whole platform as processes: migrated, started, with a vendor login and a database server.

mod role;
mod running;
mod setup;
mod stage;
mod worker;

pub use self::{
    role::Role,
    running::{Platform, PlatformBuilder},
    setup::{BASE_DOMAIN, CONTROL_HOST, PANEL_HOST, Setup, VENDOR_EMAIL, programs_folder},
    stage::{HOTEL_DEADLINE, Stage, distant_backup_hour},
    worker::{Worker, WorkerProgram},
};

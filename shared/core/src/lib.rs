//! What every program of the platform needs, and nothing that only one needs.

pub mod audit;
pub mod calls;
pub mod clock;
pub mod config;
pub mod errors;
pub mod ids;
pub mod keys;
pub mod life;
pub mod money;
pub mod numbers;
pub mod pauses;
pub mod route_copy;
pub mod routes;
pub mod spans;
pub mod sql;
pub mod tasks;
pub mod telemetry;
pub mod totp;
pub mod trace;

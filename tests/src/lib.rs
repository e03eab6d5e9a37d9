//! The harness: private servers, our programs as processes, and the peers they talk to.
//!
//! Integration tests and `cargo xtask` use the same pieces, so what `up` starts is what the
//! tests test. Everything binds loopback addresses only, on ports found free, under a folder of
//! its own; nothing here touches the services of the machine.

pub mod acme;
pub mod bucket;
pub mod certificates;
pub mod client;
pub mod clock;
pub mod collector;
pub mod dns;
pub mod fleet;
pub mod ledger;
pub mod mail;
pub mod platform;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod rabbit;
pub mod secrets;
pub mod settings;
pub mod tampering;
pub mod temporary;
pub mod waiting;

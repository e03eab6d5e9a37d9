//! The few settings of the harness and of `cargo xtask`, read from the environment.

use hotelhub_core::config::{Env as _, ProcessEnv};

/// A setting, if it is set and not empty.
#[must_use]
pub fn setting(name: &str) -> Option<String> {
    ProcessEnv.get(name)
}

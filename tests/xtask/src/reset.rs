//! `cargo xtask reset`: nothing of `up` remains.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use platform_tests::{
    postgres::{Installation, PostgresServer},
    process::stop_registered,
};

use crate::{say, state::State};

const GRACE: Duration = Duration::from_secs(30);

/// Stops what a killed `up` left behind and deletes its data, wherever it stands.
pub(crate) async fn reset() -> Result<()> {
    let state = State::take()?;
    let stopped = stop_registered(&state.path("pids"), GRACE).await?;
    if !stopped.is_empty() {
        say::line(format_args!("stopped: {}", stopped.join(", ")));
    }
    if let Ok(installation) = Installation::find() {
        let home = PostgresServer::home(&installation, &state.folder);
        if home != state.folder && home.exists() {
            fs::remove_dir_all(&home).with_context(|| format!("delete {}", home.display()))?;
        }
    }
    fs::remove_dir_all(&state.folder)
        .with_context(|| format!("delete {}", state.folder.display()))?;
    say::line(format_args!("deleted {}", state.folder.display()));
    Ok(())
}

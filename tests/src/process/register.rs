//! Notes of the processes that run, for the run after one that was killed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use hotelhub_core::errors::LogAndDrop as _;
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

use crate::waiting::eventually;

/// Notes that the process `name` runs, and gives the note.
pub(super) fn note(folder: &Path, name: &str, pid: u32) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let note = folder.join(name);
    let started = started_at(pid).unwrap_or_default();
    fs::write(&note, format!("{pid} {started}")).context("note a pid")?;
    Ok(note)
}

/// When a process started, in ticks since boot: with it, a pid names one process for good.
fn started_at(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold blanks; the state comes first after it, the start 20th.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let is_zombie = fields.next() == Some("Z");
    fields.nth(18).filter(|_| !is_zombie).map(str::to_owned)
}

/// Stops every process whose pid is noted in `folder` and which still is the same process:
/// SIGTERM first, SIGKILL after `grace`. Gives the names of those that ran.
///
/// # Errors
/// Fails if one of them does not end.
pub async fn stop_registered(folder: &Path, grace: Duration) -> Result<Vec<String>> {
    let mut stopped = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        if let Some((pid, started)) = text.split_once(' ') {
            let runs = || pid.parse().ok().and_then(started_at).is_some_and(|it| it == started);
            if runs() {
                let group = Pid::from_raw(pid.parse().context("a damaged note of a pid")?);
                kill(group, Signal::SIGTERM).log_and_drop("it ended meanwhile");
                let ended = async || (!runs()).then_some(());
                if eventually(grace, "the end of a process", ended).await.is_err() {
                    killpg(group, Signal::SIGKILL).log_and_drop("it ended meanwhile");
                    eventually(grace, "the end of a killed process", ended).await?;
                }
                stopped.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        fs::remove_file(entry.path()).context("forget a pid")?;
    }
    Ok(stopped)
}

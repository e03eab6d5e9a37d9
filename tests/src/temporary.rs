//! Folders for one test process, and an end to what a killed one left behind.
//!
//! A test that is killed stops nothing and deletes nothing. Its folders carry its pid, so the next
//! test that makes one stops the servers noted in them and deletes them.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use hotelhub_core::errors::LogAndDrop as _;
use tempfile::TempDir;

use crate::process::stop_registered;

const PREFIX: &str = "hotelhub-test-";
const GRACE: Duration = Duration::from_secs(5);

/// A folder under `parent` that goes with its handle, after a sweep of `parent`. Other users may
/// pass through it: the database server runs as one of them when we are root.
///
/// # Errors
/// Fails if the folder cannot be made.
pub async fn folder(parent: &Path) -> Result<TempDir> {
    for left in left_behind(parent) {
        // Another test may be sweeping the same; what fails for both is left for the next.
        if stop_registered(&left.join("pids"), GRACE).await.is_ok() {
            fs::remove_dir_all(&left).log_and_drop("a folder stays for the next sweep");
        }
    }
    tempfile::Builder::new()
        .prefix(&format!("{PREFIX}{}-", std::process::id()))
        .permissions(fs::Permissions::from_mode(0o711))
        .tempdir_in(parent)
        .with_context(|| format!("make a folder in {}", parent.display()))
}

/// The folders whose process is gone.
fn left_behind(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let is_orphan = |name: &str| {
        let pid = name.strip_prefix(PREFIX).and_then(|it| it.split_once('-'));
        pid.is_some_and(|(pid, _)| !Path::new("/proc").join(pid).exists())
    };
    entries.filter(|it| is_orphan(&it.file_name().to_string_lossy())).map(|it| it.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Launch;

    #[tokio::test]
    async fn a_killed_tests_servers_and_folders_go_with_the_next_test() {
        let parent = tempfile::tempdir().unwrap();
        // No process has this pid: Linux counts to 2²² at most.
        let orphan = parent.path().join(format!("{PREFIX}99999999-x"));
        fs::create_dir(&orphan).unwrap();
        let launch = Launch::new("server", Path::new("/bin/sleep"), &orphan.join("log"));
        let mut server = launch.args(["1000"]).register(&orphan.join("pids")).start().unwrap();

        let first = folder(parent.path()).await.unwrap();
        let second = folder(parent.path()).await.unwrap();

        assert!(!orphan.exists());
        assert!(!server.wait(GRACE).await.unwrap().success());
        assert!(first.path().exists() && second.path().exists());
    }
}

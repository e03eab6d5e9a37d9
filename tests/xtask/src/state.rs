//! The folder that `up` keeps everything in.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use nix::sys::statvfs::statvfs;
use platform_tests::{ports, settings::setting};

/// An empty platform takes 200 MB; this leaves room for its logs and for RabbitMQ's own limit.
const LEAST_DISK: u64 = 3 << 29;
const CONTROL_PORT: u16 = 8000;
const TENANT_PORT: u16 = 8080;

/// The root of the workspace.
pub(crate) fn workspace() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(Path::to_owned).context("the workspace has no root")
}

/// Where the state stands: `HOTELHUB_STATE`, or `.hotelhub` in the workspace.
pub(crate) fn folder() -> Result<PathBuf> {
    match setting("HOTELHUB_STATE") {
        Some(folder) => std::path::absolute(folder).context("HOTELHUB_STATE is no path"),
        None => Ok(workspace()?.join(".hotelhub")),
    }
}

/// The state folder, held by us alone until this is dropped.
pub(crate) struct State {
    pub(crate) folder: PathBuf,
    _lock: fs::File,
}

impl State {
    /// Makes the folder if it is new, and takes it.
    pub(crate) fn take() -> Result<Self> {
        let folder = folder()?;
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        // `reset` deletes the folder: a slip in HOTELHUB_STATE must not cost anybody their home.
        let is_empty = fs::read_dir(&folder)?.next().is_none();
        if !is_empty && !folder.join("lock").exists() && !folder.join("test").exists() {
            bail!(
                "{} holds something that is not ours: set HOTELHUB_STATE to a new folder",
                folder.display()
            );
        }
        let lock = fs::File::create(folder.join("lock")).context("make the lock file")?;
        if let Err(fs::TryLockError::WouldBlock) = lock.try_lock() {
            bail!(
                "another `cargo xtask` uses {}: stop it first, or set HOTELHUB_STATE to another \
                 folder",
                folder.display()
            );
        }
        Ok(Self { folder, _lock: lock })
    }

    /// Refuses to begin on a disk that is nearly full.
    pub(crate) fn check_disk(&self) -> Result<()> {
        let disk = statvfs(&self.folder).context("look at the disk")?;
        let free = disk.blocks_available() * disk.fragment_size();
        if free < LEAST_DISK {
            bail!(
                "only {} MB are free where {} stands, {} are needed: free some, or set \
                 HOTELHUB_STATE to a folder on another disk",
                free >> 20,
                self.folder.display(),
                LEAST_DISK >> 20,
            );
        }
        Ok(())
    }

    /// A folder for what is kept there, made if it is new.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The ports of the public addresses: control plane, hotels.
pub(crate) fn public_ports() -> Result<(u16, u16)> {
    Ok((
        public_port("HOTELHUB_CONTROL_PORT", setting("HOTELHUB_CONTROL_PORT"), CONTROL_PORT)?,
        public_port("HOTELHUB_TENANT_PORT", setting("HOTELHUB_TENANT_PORT"), TENANT_PORT)?,
    ))
}

fn public_port(name: &str, set: Option<String>, usual: u16) -> Result<u16> {
    let port = match set {
        Some(text) => text.parse().with_context(|| format!("{name} is `{text}`, no port"))?,
        None => usual,
    };
    if !ports::is_free(port) {
        let holder = ports::holder(port).unwrap_or_else(|| "a process of another user".to_owned());
        bail!("port {port} is taken by {holder}: stop it, or set {name} to another port");
    }
    Ok(port)
}

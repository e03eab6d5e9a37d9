//! Free loopback ports, remembered by name, and who holds one that is taken.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result, bail};
use rand::RngExt;

/// Below the range from which Linux takes the ports of outgoing connections (32768 and up): a
/// server that is restarted on its port must not find a client of somebody else there.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
const TRIES: usize = 200;

/// The ports that this process was given: each is its own until it ends.
static GIVEN: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A loopback port that nothing listens on, and that no other process is given while this one lives:
/// a server is started long after its port was chosen.
///
/// # Errors
/// Fails if no free port was found in many tries, or notes of them cannot be kept.
pub fn free() -> Result<u16> {
    let user = fs::metadata("/proc/self").context("find out who we are")?.uid();
    let folder = std::env::temp_dir().join(format!("hotelhub-ports-{user}"));
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let mut random = rand::rng();
    for _ in 0..TRIES {
        let port = random.random_range(RANGE);
        let note = folder.join(port.to_string());
        let note = File::create(&note).with_context(|| format!("make {}", note.display()))?;
        if note.try_lock().is_ok() && is_free(port) {
            GIVEN.lock().unwrap_or_else(PoisonError::into_inner).push(note);
            return Ok(port);
        }
    }
    bail!("no free port between {} and {}: too many servers are running", RANGE.start, RANGE.end)
}

/// Tells whether a server could listen on `port` of the loopback address.
#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The process that listens on `port`, as `name (pid 123)`, if this user may see it.
#[must_use]
pub fn holder(port: u16) -> Option<String> {
    let socket = format!("socket:[{}]", listening_inode(port)?);
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        // Beside the processes stand links such as `self`.
        if entry.file_name().to_string_lossy().parse::<u32>().is_err() {
            continue;
        }
        let holds = fs::read_dir(entry.path().join("fd")).ok().is_some_and(|mut files| {
            files.any(|file| {
                file.and_then(|it| fs::read_link(it.path()))
                    .is_ok_and(|target| target.to_string_lossy() == socket)
            })
        });
        if holds {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            let pid = entry.file_name();
            return Some(format!("{} (pid {})", name.trim(), pid.to_string_lossy()));
        }
    }
    None
}

/// The inode of the socket that listens on `port`, from the kernel's table.
fn listening_inode(port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in fs::read_to_string(table).unwrap_or_default().lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (Some(local), Some(state), Some(inode)) =
                (fields.get(1), fields.get(3), fields.get(9))
            else {
                continue;
            };
            if *state == LISTEN && local.ends_with(&format!(":{port:04X}")) {
                return Some((*inode).to_owned());
            }
        }
    }
    None
}

/// Ports by name, kept in a file, so that a second start finds the same.
#[derive(Debug)]
pub struct RememberedPorts {
    file: PathBuf,
    ports: BTreeMap<String, u16>,
}

impl RememberedPorts {
    /// The ports kept in `folder`; none yet if it is new.
    ///
    /// # Errors
    /// Fails if the file is there but cannot be read.
    pub fn load(folder: &Path) -> Result<Self> {
        let file = folder.join("ports.json");
        let ports = match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{} is damaged: delete it", file.display()))?,
            Err(_new) => BTreeMap::new(),
        };
        Ok(Self { file, ports })
    }

    /// The port of `name`: the one it had before, or a free one that is kept from now on.
    ///
    /// # Errors
    /// Fails if no port is free or the file cannot be written.
    pub fn port(&mut self, name: &str) -> Result<u16> {
        if let Some(port) = self.ports.get(name) {
            return Ok(*port);
        }
        let mut port = free()?;
        while self.ports.values().any(|it| *it == port) {
            port = free()?;
        }
        self.ports.insert(name.to_owned(), port);
        fs::write(&self.file, serde_json::to_string_pretty(&self.ports)?)
            .with_context(|| format!("write {}", self.file.display()))?;
        Ok(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_port_is_named() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = server.local_addr().unwrap().port();

        assert!(!is_free(port));
        let holder = holder(port).unwrap();
        assert!(holder.contains(&std::process::id().to_string()), "{holder}");
    }

    #[test]
    fn a_port_is_given_once() {
        let mut ports: Vec<u16> = (0..100).map(|_| free().unwrap()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 100);
    }

    #[test]
    fn a_name_keeps_its_port() {
        let folder = tempfile::tempdir().unwrap();
        let first = RememberedPorts::load(folder.path()).unwrap().port("broker").unwrap();
        let again = RememberedPorts::load(folder.path()).unwrap().port("broker").unwrap();
        assert_eq!(first, again);
    }
}

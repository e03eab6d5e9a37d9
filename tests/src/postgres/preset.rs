//! The settings of private servers, and who may log in there.

use std::path::Path;

use nix::sys::statvfs::statvfs;

const SHARED_MEMORY: &str = "/dev/shm";
/// Less than this and a test run could fill the machine's memory.
const LEAST_SHARED_MEMORY: u64 = 2 << 30;

/// What the server promises about its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Production's settings, those for many databases included: for `up`, provisioning tests
    /// and measurements.
    Durable,
    /// Nothing survives a crash, nothing waits for a disk: for tests of everything else.
    Fast,
}

impl Preset {
    pub(super) const fn settings(self) -> &'static str {
        match self {
            Self::Durable => {
                "fsync = on\n\
                 recovery_init_sync_method = syncfs\n\
                 autovacuum_naptime = 5min\n\
                 checkpoint_timeout = 30min\n"
            }
            Self::Fast => {
                "fsync = off\n\
                 synchronous_commit = off\n\
                 full_page_writes = off\n"
            }
        }
    }

    /// Memory is faster than any disk, if there is enough of it.
    pub(super) fn temporary_parent(self) -> &'static Path {
        let roomy = statvfs(SHARED_MEMORY)
            .is_ok_and(|it| it.blocks_available() * it.fragment_size() > LEAST_SHARED_MEMORY);
        let fast = self == Self::Fast && roomy;
        Path::new(if fast { SHARED_MEMORY } else { "/tmp" })
    }
}

/// The second layer between tenants, beside CONNECT grants: a tenant's login reaches only the
/// database of its own name, whatever was granted. The order is part of the rule.
pub(super) const PG_HBA: &str = "\
# The superuser without password on the socket only, whose folder nobody else may enter.
local all              postgres                              trust
host  all              postgres             127.0.0.1/32     scram-sha-256
host  all              hotelhub_provisioner 127.0.0.1/32     scram-sha-256
host  hotelhub_control hotelhub_control     127.0.0.1/32     scram-sha-256
host  sameuser         +hotel_app           127.0.0.1/32     scram-sha-256
host  all              all                  all              reject
";

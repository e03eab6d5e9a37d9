//! The processes that the platform consists of.

use super::Worker;

/// One process of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// `control-plane serve`.
    ControlServe,
    /// `control-plane work`.
    ControlWork,
    /// `provisioner run`.
    Provisioner,
    /// `tenant-api serve`, by replica, from 0.
    TenantServe(usize),
    /// `tenant-api work`.
    TenantWork,
    /// `tenant-api schedule`.
    TenantSchedule,
    /// A worker beside [`Role::TenantWork`]; none of them is started unasked.
    Worker(Worker),
}

impl Role {
    /// The name of its process: of its log, its pid note, its metrics port.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::ControlServe => "control-serve".to_owned(),
            Self::ControlWork => "control-work".to_owned(),
            Self::Provisioner => "provisioner".to_owned(),
            Self::TenantServe(replica) => format!("tenant-serve-{replica}"),
            Self::TenantWork => "tenant-work".to_owned(),
            Self::TenantSchedule => "tenant-schedule".to_owned(),
            Self::Worker(it) => format!("{}-{}", it.program.executable(), it.number),
        }
    }

    /// The executable that plays it.
    #[must_use]
    pub const fn executable(self) -> &'static str {
        match self {
            Self::ControlServe | Self::ControlWork => "control-plane",
            Self::Provisioner => "provisioner",
            Self::TenantServe(_) | Self::TenantWork | Self::TenantSchedule => "tenant-api",
            Self::Worker(it) => it.program.executable(),
        }
    }

    /// Its command line.
    #[must_use]
    pub fn args(self) -> Vec<&'static str> {
        match self {
            Self::ControlServe | Self::TenantServe(_) => vec!["serve"],
            Self::ControlWork => vec!["work"],
            Self::Provisioner => vec!["run"],
            Self::TenantWork => vec!["work", "--classes", "mail,default"],
            Self::TenantSchedule => vec!["schedule"],
            Self::Worker(it) => vec!["work", "--classes", it.classes],
        }
    }
}

//! Which objects in tenants' folders belong to nothing on record.

use std::collections::HashSet;

use hotelhub_core::ids::{BackupId, TenantId};

use super::{BACKUPS, COPIES, IMPORTS, TENANTS, backup_of};

/// What is on record of that which lies in tenants' folders.
pub(super) struct Known {
    /// The objects of backups.
    pub(super) backups: HashSet<String>,
    /// The backups themselves.
    pub(super) begun: HashSet<BackupId>,
    /// The objects of bundles that an operation is about which is not settled.
    pub(super) uploads: HashSet<String>,
    /// The folders of files that came with copies that are there.
    pub(super) copies: HashSet<String>,
    /// All tenants that there are or were.
    pub(super) tenants: HashSet<TenantId>,
}

/// What belongs to nothing on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// A backup of which nothing is known.
    Backup,
    /// An upload, a copy's file, or what a try left that was given up: nobody will ask for it any more.
    Unclaimed,
}

impl Known {
    /// What an object is if it is of a kind that is on record, and is on none. A hotel's own files are
    /// not.
    pub(super) fn stray(&self, name: &str) -> Option<Stray> {
        match folder_in(name)? {
            BACKUPS if self.backups.contains(name) => None,
            BACKUPS => {
                let is_begun = backup_of(name).is_some_and(|it| self.begun.contains(&it));
                Some(if is_begun { Stray::Unclaimed } else { Stray::Backup })
            }
            IMPORTS => (!self.uploads.contains(name)).then_some(Stray::Unclaimed),
            COPIES => {
                let folder = name.splitn(5, '/').take(4).collect::<Vec<_>>().join("/");
                (!self.copies.contains(&folder)).then_some(Stray::Unclaimed)
            }
            _ => None,
        }
    }

    /// Whether the tenant in whose folder an object lies is one of ours.
    pub(super) fn knows_tenant_of(&self, name: &str) -> bool {
        let tenant = name.split('/').nth(1).and_then(|it| it.parse::<TenantId>().ok());
        tenant.is_some_and(|it| self.tenants.contains(&it))
    }
}

/// The name of the folder in a tenant's folder that an object lies in.
fn folder_in(name: &str) -> Option<&str> {
    let mut parts = name.splitn(4, '/');
    let is_of_tenant = parts.next() == Some(TENANTS) && parts.next().is_some();
    let folder = parts.next().filter(|_| is_of_tenant);
    folder.filter(|_| parts.next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_a_folder_of_that_name_is_of_that_kind() {
        let of = |name: &str| folder_in(name).map(str::to_owned);
        assert_eq!(of("tenants/t/backups/b.zip").as_deref(), Some("backups"));
        assert_eq!(of("tenants/t/files/imports/b.zip").as_deref(), Some("files"));
        assert_eq!(of("tenants/t/backups"), None);
        assert_eq!(of("elsewhere/t/backups/b.zip"), None);
        let (tenant, begun) = (TenantId::generate(), BackupId::generate());
        let known = Known {
            backups: HashSet::from(["tenants/t/backups/b.zip".to_owned()]),
            begun: HashSet::from([begun]),
            uploads: HashSet::from(["tenants/t/imports/u.zip".to_owned()]),
            copies: HashSet::from(["tenants/t/copies/c".to_owned()]),
            tenants: HashSet::from([tenant]),
        };
        for kept in [
            "tenants/t/backups/b.zip",
            "tenants/t/imports/u.zip",
            "tenants/t/copies/c/logo/a.png",
            "tenants/t/files/backups/x.zip",
            "tenants/t/files/imports/x.zip",
            "tenants/t/files/copies/c",
        ] {
            assert_eq!(known.stray(kept), None, "{kept}");
        }
        for (stray, kind) in [
            ("tenants/t/backups/x.zip", Stray::Backup),
            ("tenants/t/imports/x.zip", Stray::Unclaimed),
            ("tenants/t/copies/d/a.png", Stray::Unclaimed),
        ] {
            assert_eq!(known.stray(stray), Some(kind), "{stray}");
        }
        let given_up = format!("tenants/t/backups/{begun}-0af1.zip");
        assert_eq!(known.stray(&given_up), Some(Stray::Unclaimed));
        let unknown = format!("tenants/t/backups/{}-0af1.zip", BackupId::generate());
        assert_eq!(known.stray(&unknown), Some(Stray::Backup));
        assert!(known.knows_tenant_of(&format!("tenants/{tenant}/backups/x.zip")));
        let other = TenantId::generate();
        for foreign in [&*format!("tenants/{other}/backups/x.zip"), "tenants/t/backups/x.zip"] {
            assert!(!known.knows_tenant_of(foreign), "{foreign}");
        }
    }
}

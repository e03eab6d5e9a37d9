//! Who may do what: the one table that every route of the API and every page of the panel asks.

use super::VendorRole::{self, SuperAdmin, Support};

/// Everybody reads.
const ALL: &[VendorRole] = &VendorRole::ALL;
/// What can be taken back, of one tenant.
const HELPERS: &[VendorRole] = &[SuperAdmin, Support];
/// What touches all tenants at once, the end of one, or who may get in.
const HEADS: &[VendorRole] = &[SuperAdmin];
/// Each action, and the roles that may do it.
pub(super) const TABLE: &[(&str, &[VendorRole])] = &[
    ("tenants.read", ALL),
    ("tenants.write", HELPERS),
    ("tenants.end", HEADS),
    ("backups.read", ALL),
    ("backups.write", HELPERS),
    ("backups.restore", HEADS),
    ("backups.take_along", HEADS),
    ("db_hosts.read", ALL),
    ("db_hosts.write", HEADS),
    ("fleet_migrations.read", ALL),
    ("fleet_migrations.write", HEADS),
    ("operations.read", ALL),
    ("jobs.read", ALL),
    ("jobs.write", HELPERS),
    ("jobs.write_all", HEADS),
    ("support_access.read", ALL),
    ("support_access.write", HELPERS),
    ("audit.read", ALL),
    ("users.read", HEADS),
    ("users.write", HEADS),
];

impl VendorRole {
    /// Whether the role includes an action; one that is not in the table is nobody's.
    pub(crate) fn may(self, action: &str) -> bool {
        TABLE.iter().any(|(name, roles)| *name == action && roles.contains(&self))
    }

    /// What the role includes.
    pub(crate) fn permissions(self) -> Vec<&'static str> {
        let included = TABLE.iter().filter(|(_, roles)| roles.contains(&self));
        included.map(|(name, _)| *name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_and_action_is_as_it_was_agreed() {
        let cell = |role: VendorRole, name| if role.may(name) { "yes" } else { "-" };
        let rows = TABLE.iter().map(|(name, _)| {
            let cells = VendorRole::ALL.map(|role| format!("{:12}", cell(role, name))).concat();
            format!("{name:24}{}\n", cells.trim_end())
        });
        let heading = VendorRole::ALL.map(|it| format!("{:12}", it.as_str())).concat();
        let table = format!("{:24}{}\n{}", "", heading.trim_end(), rows.collect::<String>());
        insta::assert_snapshot!("actions", table);
    }

    #[test]
    fn what_nobody_has_heard_of_nobody_may() {
        assert!(VendorRole::ALL.iter().all(|it| !it.may("tenants.wirte")));
        assert_eq!(SuperAdmin.permissions().len(), TABLE.len());
    }
}

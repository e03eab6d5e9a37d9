//! What the vendor's people may do. No I/O here.

use std::{fmt, str::FromStr};

/// What one of the vendor's people may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VendorRole {
    /// Everything.
    SuperAdmin,
    /// Helps hotels.
    Support,
    /// Looks after invoices and payments.
    Finance,
    /// Looks, and changes nothing.
    ReadOnly,
}

/// A text that is no role.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no role; there are super_admin, support, finance and read_only")]
pub struct UnknownRole(String);

impl VendorRole {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::SuperAdmin, Self::Support, Self::Finance, Self::ReadOnly];

    /// The one written form, in the table and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SuperAdmin => "super_admin",
            Self::Support => "support",
            Self::Finance => "finance",
            Self::ReadOnly => "read_only",
        }
    }

    /// What the role includes. Everybody reads.
    pub(crate) const fn permissions(self) -> &'static [&'static str] {
        match self {
            Self::SuperAdmin => &[
                "tenants.read",
                "tenants.write",
                "tenants.end",
                "db_hosts.read",
                "db_hosts.write",
                "fleet_migrations.read",
                "fleet_migrations.write",
                "jobs.read",
                "jobs.write",
                "jobs.write_all",
                "audit.read",
            ],
            Self::Support => &[
                "tenants.read",
                "tenants.write",
                "db_hosts.read",
                "fleet_migrations.read",
                "jobs.read",
                "jobs.write",
                "audit.read",
            ],
            Self::Finance | Self::ReadOnly => &[
                "tenants.read",
                "db_hosts.read",
                "fleet_migrations.read",
                "jobs.read",
                "audit.read",
            ],
        }
    }
}

impl fmt::Display for VendorRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for VendorRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let role = Self::ALL.into_iter().find(|it| it.as_str() == text);
        role.ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_reads_back_what_it_writes() {
        for role in VendorRole::ALL {
            assert_eq!(role.to_string().parse::<VendorRole>().unwrap(), role);
        }
        assert!("owner".parse::<VendorRole>().is_err());
    }

    #[test]
    fn only_super_administrators_touch_all_tenants_at_once_or_the_end_of_one() {
        for role in VendorRole::ALL {
            for permission in
                ["db_hosts.write", "fleet_migrations.write", "jobs.write_all", "tenants.end"]
            {
                let may = role.permissions().contains(&permission);
                assert_eq!(may, role == VendorRole::SuperAdmin, "{role}: {permission}");
            }
        }
    }
}

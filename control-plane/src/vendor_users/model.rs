//! The vendor's people and their roles. No I/O here.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use hotelhub_core::ids::UserId;
use hotelhub_http::client_addr::AddressList;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

/// What somebody has to do before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstStep {
    /// Choose a password that nobody else has seen.
    PasswordChange,
    /// Set a second factor up.
    TotpEnrolment,
}

impl FirstStep {
    /// What is to be done, for programs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::PasswordChange => "PASSWORD_CHANGE_REQUIRED",
            Self::TotpEnrolment => "TOTP_ENROLMENT_REQUIRED",
        }
    }
}

/// One of the vendor's people, as colleagues see them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VendorUser {
    #[schema(value_type = Uuid)]
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    #[schema(value_type = String)]
    pub(crate) role: VendorRole,
    /// `active`, `invited` (has yet to choose a password) or `disabled`.
    #[schema(value_type = String)]
    pub(crate) state: UserState,
    /// Whether a second factor is set up.
    pub(crate) has_totp: bool,
    /// From where alone the person may come; from everywhere if null.
    pub(crate) allowed_addresses: Option<Vec<String>>,
    /// Until when the one-time password holds.
    pub(crate) password_expires_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) last_login_at: Option<DateTime<Utc>>,
}

/// Whether somebody gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserState {
    Active,
    Invited,
    Disabled,
}

impl FromStr for UserState {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "active" => Ok(Self::Active),
            "invited" => Ok(Self::Invited),
            "disabled" => Ok(Self::Disabled),
            _ => Err("needs to be `active`, `invited` or `disabled`"),
        }
    }
}

/// Which people.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserFilter {
    pub(crate) role: Option<VendorRole>,
    pub(crate) state: Option<UserState>,
    /// Part of the name or the e-mail address.
    pub(crate) text: Option<String>,
}

/// Where a page ended: by e-mail address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UserPlace {
    pub(crate) email: String,
}

/// Somebody whose password was right, as the login stood then.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) user: UserId,
    pub(crate) email: String,
    pub(crate) has_totp: bool,
    pub(crate) allowed: Option<AddressList>,
    /// A digest of the password's hash: another password has another one.
    pub(crate) password_sha256: Vec<u8>,
}

impl Known {
    /// Whether the login still has the password that was shown, and a second factor just if it had one
    /// then.
    pub(super) fn stands_as(&self, seen: &Self) -> bool {
        self.password_sha256 == seen.password_sha256 && self.has_totp == seen.has_totp
    }
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
}

impl Serialize for VendorRole {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
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
}

//! What everybody of the vendor's must meet, whoever they are: a second factor, and a place to come
//! from.

use std::{fmt, net::IpAddr, str::FromStr};

use actix_web::http::StatusCode;
use hotelhub_http::{
    client_addr::AddressList,
    error::{ApiError, ApiResult},
};

/// `VENDOR_TOTP`: whether everybody needs a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotpRule {
    /// Who has none may do nothing but set one up.
    Required,
    /// Only who has set one up is asked for it.
    Optional,
}

/// A text that is no rule.
#[derive(Debug, thiserror::Error)]
#[error("needs to be `required` or `optional`")]
pub struct UnknownTotpRule;

impl FromStr for TotpRule {
    type Err = UnknownTotpRule;

    fn from_str(text: &str) -> Result<Self, UnknownTotpRule> {
        match text {
            "required" => Ok(Self::Required),
            "optional" => Ok(Self::Optional),
            _ => Err(UnknownTotpRule),
        }
    }
}

impl fmt::Display for TotpRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Required => "required",
            Self::Optional => "optional",
        })
    }
}

/// The two settings.
#[derive(Clone, Debug)]
pub struct Gate {
    /// `VENDOR_TOTP`.
    pub totp: TotpRule,
    /// `VENDOR_ALLOWED_ADDRESSES`: from where the vendor's people may come; from everywhere if unset.
    pub allowed: Option<AddressList>,
}

impl Gate {
    /// Whether there is an address from where somebody with this list gets in.
    pub(crate) fn is_open_to(&self, own: Option<&AddressList>) -> bool {
        let lists = self.allowed.as_ref().zip(own);
        lists.is_none_or(|(all, own)| all.overlaps(own))
    }

    /// Refuses whoever comes from elsewhere than all may, or than this person may.
    ///
    /// # Errors
    /// `ADDRESS_NOT_ALLOWED`.
    pub(crate) fn admit(&self, from: IpAddr, own: Option<&AddressList>) -> ApiResult<()> {
        let lists = [self.allowed.as_ref(), own].into_iter().flatten();
        if lists.into_iter().all(|it| it.contains(from)) {
            return Ok(());
        }
        Err(ApiError::refused(
            StatusCode::FORBIDDEN,
            "ADDRESS_NOT_ALLOWED",
            format!(
                "the vendor's people do not come from {from}; use an allowed network, or ask a \
                 super administrator to add yours"
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_must_hold_the_address() {
        let list = |text: &str| text.parse::<AddressList>().unwrap();
        let open = Gate { totp: TotpRule::Required, allowed: None };
        let office = Gate { totp: TotpRule::Required, allowed: Some(list("10.0.0.0/8")) };
        let (inside, outside) = ("10.0.0.7".parse().unwrap(), "203.0.113.9".parse().unwrap());
        let own = list("10.0.0.7,203.0.113.9");

        assert!(open.admit(outside, None).is_ok() && open.admit(outside, Some(&own)).is_ok());
        assert!(office.admit(inside, Some(&own)).is_ok() && office.admit(inside, None).is_ok());
        assert!(office.admit(outside, Some(&own)).is_err());
        assert!(office.admit(inside, Some(&list("10.9.0.0/16"))).is_err());
        assert!(office.is_open_to(None) && office.is_open_to(Some(&list("10.9.0.0/16"))));
        assert!(office.is_open_to(Some(&list("203.0.113.9,0.0.0.0/0"))));
        assert!(!office.is_open_to(Some(&list("203.0.113.0/24"))));
        assert!(open.is_open_to(Some(&list("203.0.113.0/24"))));
    }
}

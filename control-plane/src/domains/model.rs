//! What a domain is in the table. No I/O here.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use hotelhub_core::ids::{DomainId, TenantId};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::diagnosis::Findings;

/// Words that stand in the table and on the wire.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$note:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub(crate) enum $name {
            $($(#[$note])* #[serde(rename = $text)] $word),+
        }

        impl $name {
            /// Every one.
            pub(crate) const ALL: &[Self] = &[$(Self::$word),+];

            /// The one written form.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().find(|it| it.as_str() == text).copied();
                let words = || Self::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
                found.ok_or_else(|| UnknownWord { text: text.to_owned(), words: words() })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

/// A text that is none of the words.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is none of {words}")]
pub(crate) struct UnknownWord {
    text: String,
    words: String,
}

words! {
    /// All there is to say about a domain, in one word.
    State {
        /// The owner has something to do.
        ActionNeeded = "action_needed",
        /// The platform is at it.
        Working = "working",
        /// People reach the hotel by it.
        Live = "live",
        /// It worked, or should by now, and does not.
        Stuck = "stuck",
    }
}

words! {
    /// What is to be done next.
    NextAction {
        Nothing = "none",
        SetTxt = "set_txt",
        FixTxt = "fix_txt",
        SetPointing = "set_pointing",
        FixPointing = "fix_pointing",
        PointToOwnHotel = "point_to_own_hotel",
        TurnOffProxy = "turn_off_proxy",
        RemoveAddresses = "remove_addresses",
        AllowIssuer = "allow_issuer",
        WaitForCheck = "wait_for_check",
        WaitForDns = "wait_for_dns",
        WaitForCertificate = "wait_for_certificate",
        WaitForBudget = "wait_for_budget",
        CheckCertificate = "check_certificate",
        AskHolder = "ask_holder",
        WaitForQuarantine = "wait_for_quarantine",
    }
}

words! {
    /// Whose name it is.
    Kind {
        /// Below the platform's own domain.
        Subdomain = "subdomain",
        /// The tenant's own.
        Custom = "custom",
    }
}

words! {
    /// How the certificate stands.
    SslStatus {
        /// None is wanted: not verified, or hotels are reached without TLS.
        None = "none",
        /// One may be issued, and was not seen yet.
        Provisioning = "provisioning",
        /// One was seen that is good.
        Active = "active",
        /// None that is good was seen for too long, or the one there was is over.
        Failed = "failed",
    }
}

/// What changes of a domain when somebody looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) is_verified: bool,
    pub(super) verified_at: Option<DateTime<Utc>>,
    pub(super) failing_since: Option<DateTime<Utc>>,
    pub(super) ssl_status: SslStatus,
    pub(super) ssl_since: Option<DateTime<Utc>>,
    pub(super) certificate_expires_at: Option<DateTime<Utc>>,
    pub(super) state: State,
    pub(super) next_action: NextAction,
    pub(super) next_check_at: Option<DateTime<Utc>>,
}

/// How the platform's own orders for a certificate stand, as the provisioner noted last.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    /// Why the last one came to nothing.
    pub(super) failure: Option<String>,
    /// The next one is not placed before then.
    pub(super) retry_at: Option<DateTime<Utc>>,
    /// The week's orders of the name, or of the one that can be bought, are spent.
    pub(super) is_held: bool,
}

/// A row of `domains`, with the names of its tenant.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: DomainId,
    pub(super) tenant: TenantId,
    pub(super) slug: String,
    pub(super) company_name: String,
    /// The tenant's name on the platform.
    pub(super) target: Option<String>,
    pub(super) hostname: String,
    pub(super) kind: Kind,
    pub(super) is_primary: bool,
    pub(super) challenge: Option<String>,
    pub(super) findings: Findings,
    /// How many looks were begun.
    pub(super) looks: i64,
    pub(super) last_checked_at: Option<DateTime<Utc>>,
    pub(super) released_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) standing: Standing,
    pub(super) orders: Orders,
}

/// A claim as it is written.
#[derive(Debug)]
pub(super) struct NewClaim<'a> {
    pub(super) tenant: TenantId,
    pub(super) hostname: &'a str,
    pub(super) challenge: &'a str,
    pub(super) claimed_by: Uuid,
    pub(super) now: DateTime<Utc>,
}

/// Why a name that is proven cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocked {
    /// Another tenant holds it.
    Held,
    /// Another tenant released or lost it a short while ago.
    Quarantined { until: DateTime<Utc> },
}

/// A custom domain that fails, and whose owner no mail server took the letter for.
#[derive(Clone, Debug, FromQueryResult, Serialize, ToSchema)]
pub(crate) struct UntoldFailure {
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    pub(crate) hostname: String,
    pub(crate) owner_email: String,
    /// When the letter was first asked for.
    pub(crate) untold_since: DateTime<Utc>,
}

/// Which domains to list.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) tenant: Option<TenantId>,
    pub(super) state: Option<State>,
    pub(super) kind: Option<Kind>,
    /// Of the name.
    pub(super) pattern: Option<String>,
}

/// Where a page of domains ended. The newest come first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) created_at: DateTime<Utc>,
    pub(super) id: Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for it in NextAction::ALL {
            assert_eq!(it.as_str().parse::<NextAction>().unwrap(), *it);
        }
        let unknown = "odd".parse::<State>().unwrap_err().to_string();
        assert!(unknown.contains("action_needed, working, live, stuck"), "{unknown}");
    }
}

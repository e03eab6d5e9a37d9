//! The three columns that say where a tenant stands, each with its own transitions.
//!
//! `status` is the commercial relation, `provisioning` is what exists, `access` is what is
//! allowed right now. Each refuses every move that is not listed, and a refused move changes
//! nothing.

use std::{fmt, str::FromStr};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How long a name that was a hotel's can be had by no other: a custom domain that was released or
/// lost, and the platform's name of a hotel that is deleted. Old mails still lead guests there.
pub const NAME_RESTS: TimeDelta = TimeDelta::days(30);

/// A text that is no value of the column.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a known state")]
pub struct UnknownState(String);

/// A move that the column does not allow.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{from}` cannot become `{to}`")]
pub struct RefusedTransition {
    from: &'static str,
    to: &'static str,
}

/// Declares one column: its values, their written form, and the moves between them.
macro_rules! column {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$vmeta:meta])* $variant:ident = $text:literal -> [$($to:ident),*]),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every value, in the order of a tenant's life.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The one written form, in tables and on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Moves to `to`, if that is allowed from here.
            ///
            /// # Errors
            /// Refuses every move that is not listed, staying included.
            pub fn moved_to(self, to: Self) -> Result<Self, RefusedTransition> {
                let allowed: &[Self] = match self { $(Self::$variant => &[$(Self::$to),*]),+ };
                if allowed.contains(&to) {
                    Ok(to)
                } else {
                    Err(RefusedTransition { from: self.as_str(), to: to.as_str() })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownState;

            fn from_str(text: &str) -> Result<Self, UnknownState> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownState(text.to_owned())),
                }
            }
        }
    };
}

column!(
    /// The commercial relation.
    Status {
        /// Trying it out, without a payment.
        Trial = "trial" -> [Active, Suspended, Churned],
        /// Paying.
        Active = "active" -> [Suspended, Churned],
        /// Not paying, or stopped by the vendor.
        Suspended = "suspended" -> [Trial, Active, Churned],
        /// Gone.
        Churned = "churned" -> [],
    }
);

column!(
    /// What the provisioner has made of the tenant.
    Provisioning {
        /// Asked for; nothing exists yet.
        Pending = "pending" -> [Provisioning],
        /// Being made.
        Provisioning = "provisioning" -> [Ready, Failed],
        /// Serving.
        Ready = "ready" -> [Deleting],
        /// Could not be made; everything was undone and the slug is free.
        Failed = "failed" -> [],
        /// Being removed.
        Deleting = "deleting" -> [Deleted],
        /// Removed.
        Deleted = "deleted" -> [],
    }
);

column!(
    /// What is allowed right now.
    Access {
        /// Everything.
        Full = "full" -> [Grace, Essential, ReadOnly, Stopped],
        /// Everything, with a reminder to pay.
        Grace = "grace" -> [Full, Essential, ReadOnly, Stopped],
        /// What guests in the house need; no new business.
        Essential = "essential" -> [Full, Grace, ReadOnly, Stopped],
        /// Reading, while a move or a restore is in progress.
        ReadOnly = "read_only" -> [Full, Grace, Essential, Stopped],
        /// Nothing but billing and export for the owner.
        Stopped = "stopped" -> [Full, Grace, Essential],
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back_what_it_writes() {
        for it in Status::ALL {
            assert_eq!(it.as_str().parse::<Status>().unwrap(), *it);
        }
        for it in Provisioning::ALL {
            assert_eq!(it.as_str().parse::<Provisioning>().unwrap(), *it);
        }
        for it in Access::ALL {
            assert_eq!(it.as_str().parse::<Access>().unwrap(), *it);
        }
    }

    #[test]
    fn a_move_that_is_not_listed_is_refused() {
        let refused = Provisioning::Failed.moved_to(Provisioning::Ready).unwrap_err();
        assert_eq!(refused.to_string(), "`failed` cannot become `ready`");
        assert!(Status::Churned.moved_to(Status::Active).is_err());
        assert!(Access::Full.moved_to(Access::Full).is_err());
    }

    #[test]
    fn a_listed_move_is_made() {
        assert_eq!(Status::Trial.moved_to(Status::Active), Ok(Status::Active));
    }
}

//! The classes that tickets queue in, and what each is allowed.

use std::{fmt, str::FromStr};

macro_rules! classes {
    ($($(#[$meta:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A queue class: what is scaled and paused together. Tries and timeouts belong to kinds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Class { $($(#[$meta])* $variant),+ }

        impl Class {
            /// Every class.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in tables, routing keys and options.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl FromStr for Class {
            type Err = UnknownClass;

            fn from_str(text: &str) -> Result<Self, UnknownClass> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownClass(text.to_owned())),
                }
            }
        }
    };
}

classes!(
    /// Availability, rates and restrictions to OTAs.
    OtaSync = "ota-sync",
    /// Bookings from OTAs.
    OtaIngest = "ota-ingest",
    /// E-mail.
    Mail = "mail",
    /// `WhatsApp` and SMS.
    Messaging = "messaging",
    /// Language models.
    Ai = "ai",
    /// Search pages.
    Pseo = "pseo",
    /// Documents.
    Pdf = "pdf",
    /// Coretax.
    Tax = "tax",
    /// Everything else, ticks included.
    Default = "default",
);

/// A name that is no class.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no job class; there are ota-sync, ota-ingest, mail, messaging, ai, pseo, pdf, tax and default"
)]
pub struct UnknownClass(String);

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Class {
    /// How many tries run at a time in one process, unless it is told otherwise: what the work
    /// costs decides, from calls that mostly wait to pages that keep a core busy.
    #[must_use]
    pub const fn concurrency(self) -> u16 {
        match self {
            Self::OtaIngest | Self::OtaSync => 16,
            Self::Mail | Self::Messaging => 8,
            Self::Ai | Self::Tax | Self::Default => 4,
            Self::Pseo | Self::Pdf => 2,
        }
    }

    /// How many tickets of one hotel may be outstanding; the rest wait in its table, so that one
    /// busy hotel does not fill the queue before the others.
    #[must_use]
    pub const fn window(self) -> i64 {
        match self.running_cap() {
            Some(cap) => cap,
            None => 8,
        }
    }

    /// How many jobs of one hotel may run at a time over all processes, if that is limited: where
    /// the peer is slow or dear, or wants one at a time.
    #[must_use]
    pub const fn running_cap(self) -> Option<i64> {
        match self {
            Self::OtaSync | Self::Mail | Self::Messaging => Some(4),
            Self::Ai => Some(2),
            Self::Pseo | Self::Pdf | Self::Tax => Some(1),
            Self::OtaIngest | Self::Default => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_read_as_it_is_written() {
        for class in Class::ALL {
            assert_eq!(class.to_string().parse::<Class>().ok(), Some(*class));
        }
        assert!("night-audit".parse::<Class>().is_err());
    }

    #[test]
    fn no_window_is_wider_than_what_may_run() {
        for class in Class::ALL {
            assert!(class.running_cap().is_none_or(|cap| class.window() <= cap), "{class}");
        }
    }
}

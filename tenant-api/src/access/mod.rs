//! What a person may do (permissions) and what the hotel may do right now (access).

mod store;

use actix_web::http::StatusCode;
use hotelhub_core::life::Access;
use hotelhub_http::error::ApiError;
use url::Url;

pub(crate) use self::store::access_of;

macro_rules! permissions {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// What a role may be given; the rows of `permissions` in a hotel's database.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Permission { $($variant),+ }

        impl Permission {
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

permissions!(
    PropertyRead = "property.read",
    PropertyWrite = "property.write",
    RateRead = "rate.read",
    RateWrite = "rate.write",
    ReservationRead = "reservation.read",
    ReservationWrite = "reservation.write",
    GuestRead = "guest.read",
    GuestWrite = "guest.write",
    JobRead = "job.read",
    JobWrite = "job.write",
    AuditRead = "audit.read",
    SupportWrite = "support.write",
    ExportWrite = "export.write",
);

/// A word that a newer release wrote, and this one does not know, allows nothing.
pub(crate) fn read_access(text: &str) -> Access {
    text.parse().unwrap_or(Access::Stopped)
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Looks only.
    Read,
    /// Changes something that guests already in the house or on their way need.
    Service,
    /// Makes new business.
    NewBusiness,
    /// Takes the hotel's data along, which its owner may as long as it is there.
    TakeAlong,
}

/// Why the hotel may not do something now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// New business waits for the payment.
    Suspended,
    /// Everything waits for the owner.
    Stopped,
    /// Its data is being moved.
    Moving,
    /// It only shows a backup.
    Preview,
}

/// Refuses what the hotel's access does not allow.
pub(crate) fn allow(access: Access, purpose: Purpose) -> Result<(), Refusal> {
    match (access, purpose) {
        (Access::Full | Access::Grace, _)
        | (Access::Essential, Purpose::Read | Purpose::Service | Purpose::TakeAlong)
        | (Access::Stopped, Purpose::TakeAlong)
        | (Access::ReadOnly, Purpose::Read) => Ok(()),
        (Access::Essential, Purpose::NewBusiness) => Err(Refusal::Suspended),
        (Access::ReadOnly, Purpose::Service | Purpose::NewBusiness | Purpose::TakeAlong) => {
            Err(Refusal::Moving)
        }
        (Access::Stopped, Purpose::Read | Purpose::Service | Purpose::NewBusiness) => {
            Err(Refusal::Stopped)
        }
    }
}

/// Refuses who may not log in: in a stopped hotel all but the owner, who alone can settle it.
/// A login is a write.
pub(crate) fn admit(access: Access, is_owner: bool) -> Result<(), Refusal> {
    match access {
        Access::Stopped if is_owner => Ok(()),
        other => allow(other, Purpose::Service),
    }
}

/// The one of the two that allows less.
pub(crate) fn stricter(one: Access, other: Access) -> Access {
    let rank = |it| match it {
        Access::Full => 0,
        Access::Grace => 1,
        Access::Essential => 2,
        Access::ReadOnly => 3,
        Access::Stopped => 4,
    };
    if rank(one) >= rank(other) { one } else { other }
}

impl Refusal {
    /// The answer, with the address where a subscription is settled.
    pub(crate) fn answer(self, settle_at: &Url) -> ApiError {
        let (access, message) = match self {
            Self::Moving => {
                return ApiError::unavailable(
                    READ_ONLY,
                    "the hotel's data is being moved; changes are possible again in a moment",
                    2,
                );
            }
            Self::Preview => {
                return ApiError::refused(
                    StatusCode::FORBIDDEN,
                    PREVIEW,
                    "this shows a backup of the hotel: nothing can be changed here",
                );
            }
            Self::Suspended => (
                Access::Essential,
                "the subscription is suspended: guests can be served, new business waits for the \
                 payment",
            ),
            Self::Stopped => (
                Access::Stopped,
                "the hotel's subscription has ended; the owner can settle it or take the data along",
            ),
        };
        ApiError::refused(StatusCode::PAYMENT_REQUIRED, "TENANT_SUSPENDED", message)
            .with_detail("access", access.as_str())
            .with_detail("billing_url", settle_at.as_str())
    }
}

/// The code of the answer to what would change a preview.
pub(crate) const PREVIEW: &str = "TENANT_PREVIEW";
/// The code of the answer while nothing may be written.
pub(crate) const READ_ONLY: &str = "TENANT_READ_ONLY";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_access_and_purpose() {
        let at: Url = "http://control.example".parse().unwrap();
        let verdict = |access, purpose| match allow(access, purpose) {
            Ok(()) => 200,
            Err(refusal) => refusal.answer(&at).status().as_u16(),
        };
        let row = |access| {
            [Purpose::Read, Purpose::Service, Purpose::NewBusiness, Purpose::TakeAlong]
                .map(|it| verdict(access, it))
        };
        assert_eq!(row(Access::Full), [200, 200, 200, 200]);
        assert_eq!(row(Access::Grace), [200, 200, 200, 200]);
        assert_eq!(row(Access::Essential), [200, 200, 402, 200]);
        assert_eq!(row(Access::ReadOnly), [200, 503, 503, 503]);
        assert_eq!(row(Access::Stopped), [402, 402, 402, 200]);
    }

    #[test]
    fn a_stopped_hotel_lets_its_owner_in_and_nobody_else() {
        assert_eq!(admit(Access::Stopped, true), Ok(()));
        assert_eq!(admit(Access::Stopped, false), Err(Refusal::Stopped));
        assert_eq!(admit(Access::ReadOnly, true), Err(Refusal::Moving));
        assert_eq!(admit(Access::Essential, false), Ok(()));
    }

    #[test]
    fn the_stricter_of_two_is_the_same_in_either_order() {
        for (at, one) in Access::ALL.iter().enumerate() {
            for other in &Access::ALL[at..] {
                assert_eq!(stricter(*one, *other), *other);
                assert_eq!(stricter(*other, *one), *other);
            }
        }
    }
}

//! What a person may do (permissions) and what the hotel may do right now (access).

use actix_web::http::StatusCode;
use hotelhub_core::life::Access;
use hotelhub_http::error::ApiError;

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
);

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Looks only.
    Read,
    /// Changes something that guests already in the house or on their way need.
    Service,
    /// Makes new business.
    NewBusiness,
}

/// Refuses what the hotel's access does not allow.
pub(crate) fn allow(access: Access, purpose: Purpose) -> Result<(), ApiError> {
    match (access, purpose) {
        (Access::Full | Access::Grace, _)
        | (Access::Essential, Purpose::Read | Purpose::Service)
        | (Access::ReadOnly, Purpose::Read) => Ok(()),
        (Access::Essential, Purpose::NewBusiness) => Err(payment_required(
            "the subscription is suspended: guests can be served, new business waits for the payment",
        )),
        (Access::ReadOnly, Purpose::Service | Purpose::NewBusiness) => Err(ApiError::unavailable(
            "TENANT_READ_ONLY",
            "the hotel's data is being moved; changes are possible again in a moment",
            5,
        )),
        (Access::Stopped, _) => Err(payment_required(
            "the hotel's subscription has ended; the owner can settle it or take the data along",
        )),
    }
}

fn payment_required(message: &str) -> ApiError {
    ApiError::refused(StatusCode::PAYMENT_REQUIRED, "TENANT_SUSPENDED", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_access_and_purpose() {
        let verdict = |access, purpose| match allow(access, purpose) {
            Ok(()) => 200,
            Err(error) => error.status().as_u16(),
        };
        let row = |access| {
            [Purpose::Read, Purpose::Service, Purpose::NewBusiness].map(|it| verdict(access, it))
        };
        assert_eq!(row(Access::Full), [200, 200, 200]);
        assert_eq!(row(Access::Grace), [200, 200, 200]);
        assert_eq!(row(Access::Essential), [200, 200, 402]);
        assert_eq!(row(Access::ReadOnly), [200, 503, 503]);
        assert_eq!(row(Access::Stopped), [402, 402, 402]);
    }
}

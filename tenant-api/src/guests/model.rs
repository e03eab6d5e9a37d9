//! What a guest is.

use hotelhub_core::ids::GuestId;
use hotelhub_http::error::{ApiError, ApiResult};
use lettre::Address;
use serde::Deserialize;
use utoipa::ToSchema;

/// Somebody who stays.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    pub(crate) id: GuestId,
    pub(crate) full_name: String,
    /// Empty if not known.
    pub(crate) email: String,
    pub(crate) phone: String,
    /// `id` or `en`: the language of mails.
    pub(crate) language: String,
}

/// A guest to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGuestBody {
    pub(crate) full_name: String,
    #[serde(default)]
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) phone: String,
    /// `id` or `en`: the language of mails; `id` if left out.
    #[serde(default)]
    pub(crate) language: Option<String>,
}

/// A guest whose fields were checked.
#[derive(Clone, Debug)]
pub(crate) struct NewGuest(pub(super) Guest);

impl NewGuest {
    /// Checks all fields and reports all faults at once.
    pub(crate) fn check(body: NewGuestBody) -> ApiResult<Self> {
        let guest = Guest {
            id: GuestId::generate(),
            full_name: body.full_name.trim().to_owned(),
            email: body.email.trim().to_owned(),
            phone: body.phone.trim().to_owned(),
            language: body.language.unwrap_or_else(|| "id".to_owned()),
        };
        let name_length = guest.full_name.chars().count();
        let faults = [
            (!(1..=200).contains(&name_length))
                .then_some(("guest.full_name", "needs 1 to 200 characters")),
            (!guest.email.is_empty() && guest.email.parse::<Address>().is_err())
                .then_some(("guest.email", "is no e-mail address")),
            (guest.phone.chars().count() > 40).then_some(("guest.phone", "is too long")),
            (!["id", "en"].contains(&&*guest.language))
                .then_some(("guest.language", "needs to be `id` or `en`")),
        ];
        let mut faults = faults.into_iter().flatten();
        match faults.next() {
            None => Ok(Self(guest)),
            Some((field, why)) => Err(faults
                .fold(ApiError::invalid(field, why), |error, (field, why)| {
                    error.with_detail(field, why)
                })),
        }
    }

    pub(crate) fn id(&self) -> GuestId {
        self.0.id
    }

    /// Whether mails can be sent.
    pub(crate) fn has_email(&self) -> bool {
        !self.0.email.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_of_a_guest_are_reported_at_once() {
        let body = NewGuestBody {
            full_name: "  ".to_owned(),
            email: "nobody".to_owned(),
            phone: String::new(),
            language: Some("fr".to_owned()),
        };
        let error = NewGuest::check(body).unwrap_err();
        let fields: Vec<_> = error.details().keys().copied().collect();
        assert_eq!(fields, ["guest.email", "guest.full_name", "guest.language"]);
    }
}

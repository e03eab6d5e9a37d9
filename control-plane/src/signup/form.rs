//! The signup form: what was typed, as it was typed, and the draft it makes.

use hotelhub_core::keys::{random_token, sha256};
use hotelhub_http::{
    body::{Repeat, json_has_nul},
    error::{ApiError, ApiResult},
    language::Language,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::draft::Draft;

/// The fields of the form. A browser sends text for all of them.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct FormFields {
    pub(crate) company_name: String,
    pub(crate) slug: String,
    pub(crate) region: String,
    pub(crate) rooms: String,
    pub(crate) owner_name: String,
    pub(crate) owner_email: String,
    pub(crate) owner_phone: String,
    pub(crate) password: String,
    pub(crate) plan: String,
    pub(crate) billing_cycle: String,
    /// The hotel's; the page's if the form does not ask for it.
    pub(crate) language: Option<Language>,
    /// New with each rendered form, so that a double click makes one hotel.
    pub(crate) request_key: String,
}

impl FormFields {
    /// An empty form.
    pub(crate) fn fresh() -> Self {
        Self {
            plan: "growth".to_owned(),
            billing_cycle: "monthly".to_owned(),
            request_key: new_key(),
            ..Self::default()
        }
    }

    /// What stays when the form is shown again: all but the password.
    pub(crate) fn kept(self, new_request: bool) -> Self {
        let request_key =
            if new_request || self.request_key.is_empty() { new_key() } else { self.request_key };
        Self { password: String::new(), request_key, ..self }
    }

    /// The draft that the form makes.
    pub(crate) fn draft(&self) -> Draft {
        Draft {
            company_name: self.company_name.clone(),
            slug: self.slug.clone(),
            owner_name: self.owner_name.clone(),
            owner_email: self.owner_email.clone(),
            owner_phone: self.owner_phone.clone(),
            password: self.password.clone(),
            plan: self.plan.clone(),
            // What is no number is no room; the fault says so.
            rooms: self.rooms.trim().parse().unwrap_or(0),
            billing_cycle: self.billing_cycle.clone(),
            region: self.region.clone(),
            language: self.language,
        }
    }

    /// How a second click is recognised. Refuses what no database can hold.
    pub(crate) fn repeat(&self) -> ApiResult<Repeat> {
        let content = serde_json::to_vec(self).map_err(ApiError::internal)?;
        if json_has_nul(&content) {
            return Err(ApiError::malformed("the form holds the character NUL; leave it out"));
        }
        let key = Some(self.request_key.clone()).filter(|it| (1..=255).contains(&it.len()));
        Ok(Repeat { key, request_sha256: sha256(&[b"form\n".as_slice(), &content].concat()) })
    }
}

fn new_key() -> String {
    random_token().expose_secret().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_is_shown_again_has_no_password() {
        let typed =
            FormFields { password: "secret".into(), slug: "x".into(), ..FormFields::fresh() };
        let key = typed.request_key.clone();
        let again = typed.clone().kept(false);
        assert_eq!((again.password.as_str(), again.slug.as_str()), ("", "x"));
        assert_eq!(again.request_key, key);
        assert_ne!(typed.kept(true).request_key, key);
    }

    #[test]
    fn a_form_with_nul_in_a_field_is_refused() {
        let fields = FormFields { owner_name: "Sa\0ri".into(), ..FormFields::fresh() };
        assert_eq!(fields.repeat().unwrap_err().code(), "MALFORMED_REQUEST");
    }

    #[test]
    fn what_is_no_number_is_no_room() {
        let fields = FormFields { rooms: "twenty".into(), ..FormFields::fresh() };
        assert_eq!(fields.draft().rooms, 0);
    }
}

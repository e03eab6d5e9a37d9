//! What is wrong with the fields of a form, in words for people.

use hotelhub_http::error::{ApiError, ApiResult};

use super::texts::Texts;

/// What is wrong with one field.
pub(super) struct Fault {
    /// The field's id on the page.
    pub(super) field: &'static str,
    pub(super) text: &'static str,
}

/// What is wrong with a form; usually nothing.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// What is wrong with this field.
    pub(super) fn of(&self, field: &str) -> Option<&'static str> {
        self.0.iter().find(|it| it.field == field).map(|it| it.text)
    }

    /// All of them, for the summary above the form.
    pub(super) fn list(&self) -> &[Fault] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, field: &'static str, text: &'static str) {
        self.0.push(Fault { field, text });
    }

    /// The faults that a refusal names, on a page where its fields have the ids of `fields`. Hands
    /// back an error that is about no field.
    pub(super) fn from_refusal(
        error: ApiError,
        t: &Texts,
        fields: &[(&str, &'static str)],
    ) -> ApiResult<Self> {
        if !error.status().is_client_error() || error.details().is_empty() {
            return Err(error);
        }
        let mut faults = Self::default();
        for name in error.details().keys() {
            let found = fields.iter().find(|(refused, _)| refused == name);
            let Some((_, field)) = found else { return Err(error) };
            faults.add(field, advice(t, field, error.code()));
        }
        Ok(faults)
    }
}

/// What to do about a field.
fn advice(t: &Texts, field: &str, code: &str) -> &'static str {
    match (field, code) {
        ("type_code", "CODE_TAKEN") => t.fault_type_code_taken,
        ("rooms_numbers", "ROOM_NUMBER_TAKEN") => t.fault_rooms_taken,
        ("arrival", _) => t.fault_arrival,
        ("departure", _) => t.fault_departure,
        ("adults" | "type_adults", _) => t.fault_adults,
        ("children" | "type_children", _) => t.fault_children,
        ("full_name", _) => t.fault_full_name,
        ("email", _) => t.fault_email,
        ("phone", _) => t.fault_phone,
        ("notes", _) => t.fault_notes,
        ("type_name", _) => t.fault_type_name,
        ("type_code", _) => t.fault_type_code,
        ("rooms_numbers", _) => t.fault_rooms,
        ("rate_last", _) => t.fault_rate_last,
        ("rate_amount", _) => t.fault_amount,
        _ => t.fault_other,
    }
}

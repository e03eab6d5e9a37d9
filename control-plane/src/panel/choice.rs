//! Something that one may choose in a form.

/// One of the values that a field may have.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) name: String,
    pub(super) is_chosen: bool,
}

impl Choice {
    pub(super) fn of(value: impl Into<String>, name: impl Into<String>, chosen: &str) -> Self {
        let value = value.into();
        Self { is_chosen: value == chosen, value, name: name.into() }
    }
}

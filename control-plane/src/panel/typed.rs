//! What was typed into a filter, and links that keep it.

use hotelhub_http::error::{ApiError, ApiResult};
use url::form_urlencoded;

use crate::tenants::TenantRef;

/// A field that says something.
pub(super) fn text(field: &str) -> Option<String> {
    Some(field.trim().to_owned()).filter(|it| !it.is_empty())
}

/// A tenant, if one is named.
pub(super) fn tenant(field: &str) -> Option<TenantRef> {
    text(field).map(TenantRef::from)
}

/// The ages that one may choose, in seconds.
pub(super) const AGES: [(&str, i64); 4] =
    [("1h", 3_600), ("24h", 86_400), ("7d", 604_800), ("30d", 2_592_000)];

/// An age in seconds; nothing means any.
pub(super) fn age(field: &str) -> ApiResult<Option<i64>> {
    let Some(text) = text(field) else { return Ok(None) };
    let found = AGES.iter().find(|(name, _)| *name == text).map(|(_, seconds)| *seconds);
    found.map(Some).ok_or_else(|| {
        let names = AGES.map(|(name, _)| name).join(", ");
        ApiError::invalid("age", format!("needs to be one of {names}"))
    })
}

/// Jobs a minute; nothing means all at once.
pub(super) fn rate(field: &str) -> ApiResult<Option<i32>> {
    let read = text(field).map(|it| it.parse()).transpose();
    read.map_err(|_no_number| ApiError::invalid("per_minute", "needs to be a number"))
}

/// A link to `path` with the fields that say something.
pub(super) fn link(path: &str, fields: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields.iter().filter(|(_, value)| !value.trim().is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_what_was_typed_and_nothing_else() {
        assert_eq!(link("/panel/jobs", &[("kind", ""), ("peer", " ")]), "/panel/jobs");
        let kept = link("/panel/jobs", &[("kind", "a&b"), ("peer", "")]);
        assert_eq!(kept, "/panel/jobs?kind=a%26b");
    }

    #[test]
    fn an_age_that_nobody_may_choose_is_no_age() {
        assert_eq!((age(" ").unwrap(), age("24h").unwrap()), (None, Some(86_400)));
        assert!(age("48h").is_err());
    }

    #[test]
    fn a_rate_is_a_number_or_nothing() {
        assert_eq!((rate(" ").unwrap(), rate("60").unwrap()), (None, Some(60)));
        assert!(rate("many").is_err());
    }
}

//! Pages of lists: a limit, and a cursor that says where the last page ended.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hotelhub_http::{
    body::json_has_nul,
    error::{ApiError, ApiResult},
};
use serde::{Serialize, de::DeserializeOwned};

/// Rows of a page if the client does not say.
const USUAL: u64 = 50;
const GREATEST: u64 = 200;

/// The number of rows that a page has.
///
/// # Errors
/// Refuses a limit that is not between 1 and 200.
pub(crate) fn limit(asked: Option<u64>) -> ApiResult<u64> {
    match asked.unwrap_or(USUAL) {
        it @ 1..=GREATEST => Ok(it),
        _ => Err(ApiError::invalid("limit", "needs to be between 1 and 200")),
    }
}

/// Reads what a list is filtered by.
///
/// # Errors
/// Refuses a text that is no such thing, and says of which parameter.
pub(crate) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    field: &'static str,
    text: Option<&str>,
) -> ApiResult<Option<T>> {
    text.map(|it| it.parse().map_err(|error: T::Err| ApiError::invalid(field, error.to_string())))
        .transpose()
}

/// Reads where the last page ended.
///
/// # Errors
/// Refuses a cursor that we did not write.
pub(crate) fn read_cursor<T: DeserializeOwned>(cursor: Option<&str>) -> ApiResult<Option<T>> {
    let read = |it| {
        let place = URL_SAFE_NO_PAD.decode(it).ok().filter(|it| !json_has_nul(it))?;
        serde_json::from_slice(&place).ok()
    };
    cursor
        .map(|it| {
            read(it).ok_or_else(|| ApiError::invalid("cursor", "take it from `meta.next_cursor`"))
        })
        .transpose()
}

/// Writes where a page ended.
///
/// # Errors
/// Fails if the place cannot be written; a bug of ours.
pub(crate) fn write_cursor(place: &impl Serialize) -> ApiResult<String> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).map_err(ApiError::internal)?))
}

/// Cuts the row that was read beyond the page, if there is one, and writes the cursor to it.
///
/// # Errors
/// Fails if the place cannot be written; a bug of ours.
pub(crate) fn cut<T, P: Serialize>(
    rows: &mut Vec<T>,
    limit: u64,
    place_of: impl Fn(&T) -> P,
) -> ApiResult<Option<String>> {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > size;
    rows.truncate(size);
    rows.last().filter(|_| more).map(|it| write_cursor(&place_of(it))).transpose()
}

//! Pages of lists: a limit, and a cursor that says where the last page ended.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hotelhub_http::{
    body::json_has_nul,
    error::{ApiError, ApiResult},
};
use serde::{Serialize, de::DeserializeOwned};

/// Rows of a page if the client does not say.
const USUAL: i64 = 50;
const GREATEST: i64 = 200;

/// The number of rows that a page has.
///
/// # Errors
/// Refuses a limit that is not between 1 and 200.
pub(crate) fn limit(asked: Option<i64>) -> ApiResult<i64> {
    match asked.unwrap_or(USUAL) {
        it @ 1..=GREATEST => Ok(it),
        _ => Err(ApiError::invalid("limit", "needs to be between 1 and 200")),
    }
}

/// Reads where the last page ended.
///
/// # Errors
/// Refuses a cursor that we did not write.
pub(crate) fn read_cursor<T: DeserializeOwned>(cursor: Option<&str>) -> ApiResult<Option<T>> {
    cursor
        .map(|it| {
            URL_SAFE_NO_PAD
                .decode(it)
                .ok()
                .filter(|it| !json_has_nul(it))
                .and_then(|it| serde_json::from_slice(&it).ok())
                .ok_or_else(|| ApiError::invalid("cursor", "take it from `meta.next_cursor`"))
        })
        .transpose()
}

/// Cuts a list that was read with one row too many, and says where it ended.
///
/// # Errors
/// Fails if the place cannot be written; a bug of ours.
pub(crate) fn cut<T, C: Serialize>(
    rows: &mut Vec<T>,
    limit: i64,
    place: impl Fn(&T) -> C,
) -> ApiResult<Option<String>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return Ok(None);
    }
    rows.truncate(limit);
    let Some(last) = rows.last() else { return Ok(None) };
    let place = serde_json::to_vec(&place(last)).map_err(ApiError::internal)?;
    Ok(Some(URL_SAFE_NO_PAD.encode(place)))
}

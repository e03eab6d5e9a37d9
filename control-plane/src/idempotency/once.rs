//! A write of one of the vendor's people: one transaction, and a kept answer.

use actix_web::{HttpResponse, http::StatusCode};
use hotelhub_http::{
    answer::Answer,
    body::Repeat,
    error::{ApiError, ApiResult},
};
use sea_orm::{DatabaseTransaction, TransactionTrait};
use serde::Serialize;
use serde_json::Value;

use super::{Key, WhileBusy, hold, keep};
use crate::{app::App, database::database_failed, vendor_users::Vendor};

/// Runs `write` in a transaction that also keeps its answer, which is sent with `status`. A repeat
/// of the request gets the kept answer, and nothing runs.
///
/// # Errors
/// Fails if `write` does, and nothing is changed then; refuses a key that belongs to another
/// request.
pub(crate) async fn once<T: Serialize>(
    app: &App,
    (vendor, repeat): (&Vendor, &Repeat),
    status: StatusCode,
    write: impl AsyncFnOnce(&DatabaseTransaction) -> ApiResult<T>,
) -> ApiResult<HttpResponse> {
    once_showing(app, (vendor, repeat), status, async |tx| {
        let answer = write(tx).await?;
        Ok((answer, None))
    })
    .await
}

/// The same, where `write` gives the answer to keep, and another one to show now: one with a secret,
/// which is not kept, so that a repeat does not get it.
///
/// # Errors
/// As [`once`].
pub(crate) async fn once_showing<T: Serialize>(
    app: &App,
    (vendor, repeat): (&Vendor, &Repeat),
    status: StatusCode,
    write: impl AsyncFnOnce(&DatabaseTransaction) -> ApiResult<(T, Option<T>)>,
) -> ApiResult<HttpResponse> {
    let key = Key::of(&app.fingerprints, &vendor.user.to_string(), repeat);
    let tx = app.db.begin().await.map_err(database_failed)?;
    if let Some(kept) = hold(&tx, key.as_ref(), WhileBusy::Refuse).await? {
        return kept.again();
    }
    let (answer, shown) = write(&tx).await?;
    let answer = Answer::new(answer);
    keep(&tx, key.as_ref(), status, &answer, app.clock.now()).await?;
    tx.commit().await.map_err(database_failed)?;
    Ok(shown.map_or(answer, Answer::new).with_status(status))
}

/// As [`once`], for a form of the panel: gives what `write` made, now or the first time. A second
/// click waits for the first one's answer.
///
/// # Errors
/// As [`once`].
pub(crate) async fn once_by_form<T: Serialize>(
    app: &App,
    (vendor, repeat): (&Vendor, &Repeat),
    write: impl AsyncFnOnce(&DatabaseTransaction) -> ApiResult<T>,
) -> ApiResult<Value> {
    let key = Key::of(&app.fingerprints, &vendor.user.to_string(), repeat);
    let tx = app.db.begin().await.map_err(database_failed)?;
    if let Some(mut kept) = hold(&tx, key.as_ref(), WhileBusy::Wait).await? {
        return Ok(kept.body.get_mut("data").map(Value::take).unwrap_or_default());
    }
    let answer = Answer::new(write(&tx).await?);
    keep(&tx, key.as_ref(), StatusCode::OK, &answer, app.clock.now()).await?;
    tx.commit().await.map_err(database_failed)?;
    serde_json::to_value(answer.data).map_err(ApiError::internal)
}

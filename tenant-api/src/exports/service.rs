//! Asking for exports, looking at them, and taking one along: by API or by page.

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH},
};
use chrono::{DateTime, Utc};
use hotelhub_core::ids::OperationId;
use hotelhub_http::{
    body::Repeat,
    error::{ApiError, ApiResult},
};
use hotelhub_tenancy::db::TenantConnection;

use super::model::{Asked, Export, State};
use crate::{
    access::{Permission, Purpose},
    audit::{self, Actor, Event},
    desk::{Change, Desk, WhileInFlight},
};

/// The first schema with the permission, and with a log to record it in.
const SCHEMA: i32 = 8;

const TAKING: (Permission, Purpose) = (Permission::ExportWrite, Purpose::TakeAlong);

/// Asks for an export of everything that the hotel has.
///
/// # Errors
/// 403 to all but the owner; refuses while one is made, and more than a few a day.
pub(crate) async fn ask(
    desk: &Desk,
    repeat: &Repeat,
    in_flight: WhileInFlight,
) -> ApiResult<Export> {
    desk.site.require_schema(SCHEMA)?;
    let note = async |change: &Change<'_>| {
        let id = OperationId::generate();
        let event = Event::of("export.request").on("export", id);
        audit::record(change.tx, Actor::of(change).await?, event).await?;
        Ok(Asked { id, by: change.person })
    };
    // Nothing is asked of others while the transaction is open; what was asked and not heard is asked
    // again under the same id by a repeat.
    let asked = desk.note(TAKING, repeat, in_flight, note).await?;
    Ok(desk.app.control.ask(desk.site.route.tenant_id, asked).await?)
}

/// The exports that are kept or on their way, the newest first, and what `look` finds in the hotel's
/// own data.
///
/// # Errors
/// 403 to all but the owner; fails if the control plane is away, which the second result says.
pub(crate) async fn list<T>(
    desk: &Desk,
    look: impl AsyncFn(&TenantConnection, DateTime<Utc>) -> ApiResult<T>,
) -> ApiResult<(T, ApiResult<Vec<Export>>)> {
    desk.site.require_schema(SCHEMA)?;
    let found = desk.read_for(TAKING, look).await?;
    let exports = desk.app.control.list(desk.site.route.tenant_id).await;
    Ok((found, exports.map_err(ApiError::from)))
}

/// One export.
///
/// # Errors
/// As [`list`], and 404.
pub(super) async fn find(desk: &Desk, id: OperationId) -> ApiResult<Export> {
    desk.site.require_schema(SCHEMA)?;
    desk.read_for(TAKING, async |_, _| Ok(())).await?;
    Ok(desk.app.control.find(desk.site.route.tenant_id, id).await?)
}

/// The bundle of an export, as a file. Who takes it is recorded first.
///
/// # Errors
/// As [`find`]; 404 as long as it is not whole.
pub(crate) async fn download(
    desk: &Desk,
    id: OperationId,
    repeat: &Repeat,
) -> ApiResult<HttpResponse> {
    let export = find(desk, id).await?;
    if export.state != State::Ready {
        return Err(ApiError::not_found("export"));
    }
    let once = Repeat { key: None, ..repeat.clone() };
    let note = async |change: &Change<'_>| {
        let event = Event::of("export.download").on("export", id);
        audit::record(change.tx, Actor::of(change).await?, event).await
    };
    desk.note(TAKING, &once, WhileInFlight::Refuse, note).await?;
    let bundle = desk.app.control.fetch(desk.site.route.tenant_id, id).await?;
    let day = export.taken_at.unwrap_or(export.requested_at).format("%Y-%m-%d");
    let name = format!("attachment; filename=\"{}-{day}.zip\"", desk.site.route.slug);
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CONTENT_LENGTH, bundle.bytes))
        .no_chunking(bundle.bytes)
        .streaming(bundle.pieces()))
}

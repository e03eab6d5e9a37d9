//! `/api/v1/operations`, for the vendor's people.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query, ServiceConfig},
};
use hotelhub_core::ids::OperationId;
use hotelhub_http::{
    answer::Answer,
    endpoint::Endpoint,
    error::{ApiError, ApiResult, ErrorBody},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Progress,
    model::{Filter, Place},
    store::{self, InsertOperationError},
};
use crate::{
    app::App,
    database::database_failed,
    following::{Seen, Whose, follow},
    paging::{self, parsed},
    tenants::{TenantRef, find_meant},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/operations").get(list_operations).register(app);
    Endpoint::at("/api/v1/operations/{operation_id}").get(show_operation).register(app);
    let events = Endpoint::at("/api/v1/operations/{operation_id}/events");
    events.get(follow_operation).register(app);
}

/// Which operations to list.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Of the tenant with this id alone.
    pub(crate) tenant_id: Option<String>,
    /// Of this tenant alone: id or slug.
    #[param(value_type = Option<String>)]
    pub(crate) tenant: Option<TenantRef>,
    /// `create_tenant`, `move_tenant`, `backup_tenant`, `restore_tenant` or `delete_tenant`.
    pub(crate) kind: Option<String>,
    /// `pending`, `running`, `undoing`, `done` or `undone`; `open` is the first three.
    pub(crate) state: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    pub(crate) cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    pub(crate) limit: Option<u64>,
}

/// Lists operations, the newest first.
#[utoipa::path(get, path = "/api/v1/operations", tag = "operations", params(ListQuery), responses(
    (status = 200, body = Answer<Vec<Progress>>),
    (status = 401, body = ErrorBody),
    (status = 422, body = ErrorBody, description = "`VALIDATION_FAILED`"),
), security(("vendor" = [])))]
pub(crate) async fn list_operations(
    app: Data<App>,
    vendor: Vendor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("operations.read")?;
    let (operations, cursor) = list(&app, query.into_inner()).await?;
    Ok(Answer::page(operations, cursor, None).ok())
}

/// One page of operations, and the cursor of the next one.
///
/// # Errors
/// Refuses what is no filter or cursor, and says of which parameter.
pub(crate) async fn list(
    app: &App,
    query: ListQuery,
) -> ApiResult<(Vec<Progress>, Option<String>)> {
    let limit = paging::limit(query.limit)?;
    let after: Option<Place> = paging::read_cursor(query.cursor.as_deref())?;
    let named = find_meant(&app.db, query.tenant.as_ref()).await?;
    let filter = Filter {
        tenant: parsed("tenant_id", query.tenant_id.as_deref())?.or(named),
        kind: parsed("kind", query.kind.as_deref())?,
        state: parsed("state", query.state.as_deref())?,
    };
    let mut operations =
        store::list(&app.db, filter, after, limit + 1).await.map_err(database_failed)?;
    let place_of = |it: &Progress| Place { requested_at: it.requested_at, id: it.id };
    let cursor = paging::cut(&mut operations, limit, place_of)?;
    Ok((operations, cursor))
}

/// Shows how far an operation is.
#[utoipa::path(get, path = "/api/v1/operations/{operation_id}", tag = "operations",
    params(("operation_id" = Uuid, Path)), responses(
    (status = 200, body = Answer<Progress>),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody),
), security(("vendor" = [])))]
pub(crate) async fn show_operation(
    app: Data<App>,
    vendor: Vendor,
    id: Path<OperationId>,
) -> ApiResult<HttpResponse> {
    vendor.require("operations.read")?;
    Ok(Answer::new(shown(&app, *id).await?).ok())
}

/// Tells how far an operation is, whenever that changes: `step`, and `done` at its end.
#[utoipa::path(get, path = "/api/v1/operations/{operation_id}/events", tag = "operations",
    params(("operation_id" = Uuid, Path)), responses(
    (status = 200, content_type = "text/event-stream", body = Answer<Progress>, description =
        "events `step` and at last `done`, each with the body of `/api/v1/operations/{operation_id}`"),
    (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "`TOO_MANY_STREAMS`: ask for the operation"),
), security(("vendor" = [])))]
pub(crate) async fn follow_operation(
    app: Data<App>,
    vendor: Vendor,
    id: Path<OperationId>,
) -> ApiResult<HttpResponse> {
    vendor.require("operations.read")?;
    let id = *id;
    let first = shown(&app, id).await?;
    follow(app, Whose::Tenant(first.tenant_id.into()), async move |app| {
        let operation = shown(app, id).await?;
        let is_over = operation.state.is_over();
        let content = serde_json::to_string(&Answer::new(operation)).map_err(ApiError::internal)?;
        Ok(Seen { content, is_over })
    })
    .await
}

/// The operation with this id.
///
/// # Errors
/// 404 if there is none.
pub(crate) async fn shown(app: &App, id: OperationId) -> ApiResult<Progress> {
    let found = store::find(&app.db, id).await.map_err(database_failed)?;
    found.ok_or_else(|| ApiError::not_found("operation"))
}

impl From<InsertOperationError> for ApiError {
    fn from(error: InsertOperationError) -> Self {
        match error {
            InsertOperationError::InProgress(open) => {
                let message = "another operation of this tenant is not over; wait for it";
                let refusal = Self::refused(StatusCode::CONFLICT, "OPERATION_IN_PROGRESS", message);
                match open {
                    Some(id) => refusal.with_detail("operation", id.to_string()),
                    None => refusal.retry_after(1),
                }
            }
            InsertOperationError::Database(error) => database_failed(error),
        }
    }
}

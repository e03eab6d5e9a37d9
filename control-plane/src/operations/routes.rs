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
    paging::{self, parsed},
    vendor_users::Vendor,
};

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    Endpoint::at("/api/v1/operations").get(list_operations).register(app);
    Endpoint::at("/api/v1/operations/{operation_id}").get(show_operation).register(app);
}

/// Which operations to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Of this tenant alone.
    tenant_id: Option<String>,
    /// `create_tenant`, `move_tenant`, `backup_tenant`, `restore_tenant` or `delete_tenant`.
    kind: Option<String>,
    /// `pending`, `running`, `undoing`, `done` or `undone`.
    state: Option<String>,
    /// Where the last page ended: its `meta.next_cursor`.
    cursor: Option<String>,
    /// Rows of a page, 1 to 200; 50 if left out.
    limit: Option<u64>,
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
    let limit = paging::limit(query.limit)?;
    let after: Option<Place> = paging::read_cursor(query.cursor.as_deref())?;
    let filter = Filter {
        tenant: parsed("tenant_id", query.tenant_id.as_deref())?,
        kind: parsed("kind", query.kind.as_deref())?,
        state: parsed("state", query.state.as_deref())?,
    };
    let mut operations =
        store::list(&app.db, filter, after, limit + 1).await.map_err(database_failed)?;
    let place_of = |it: &Progress| Place { requested_at: it.requested_at, id: it.id };
    let cursor = paging::cut(&mut operations, limit, place_of)?;
    Ok(Answer::page(operations, cursor, None).ok())
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
    let found = store::find(&app.db, *id).await.map_err(database_failed)?;
    Ok(Answer::new(found.ok_or_else(|| ApiError::not_found("operation"))?).ok())
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

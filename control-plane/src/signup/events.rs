//! A signup's progress as server-sent events.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use hotelhub_core::{ids::TenantId, life::Provisioning};
use hotelhub_http::{
    answer::Answer,
    error::{ApiError, ApiResult, ErrorBody},
};

use super::status::{self, StatusBody};
use crate::{
    app::App,
    following::{Seen, Whose, follow},
};

/// Tells how far a signup is, whenever that changes: `step`, and `done` at its end.
#[utoipa::path(get, path = "/api/v1/signup/{tenant_id}/events", tag = "signup",
    params(("tenant_id" = Uuid, Path)), responses(
    (status = 200, content_type = "text/event-stream", body = Answer<StatusBody>, description =
        "events `step` and at last `done`, each with the body of `/api/v1/signup/{tenant_id}`"),
    (status = 404, body = ErrorBody),
    (status = 503, body = ErrorBody, description = "`TOO_MANY_STREAMS`: ask for the status"),
))]
pub(crate) async fn follow_signup(app: Data<App>, id: Path<TenantId>) -> ApiResult<HttpResponse> {
    let id = *id;
    follow(app, Whose::Tenant(id), async move |app| {
        let status = status::of(app, id).await?;
        let is_over = matches!(status.state, Provisioning::Ready | Provisioning::Failed);
        let content = serde_json::to_string(&Answer::new(status)).map_err(ApiError::internal)?;
        Ok(Seen { content, is_over })
    })
    .await
}

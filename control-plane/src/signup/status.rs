//! How far a signup is, for whoever has its link.

use hotelhub_core::{ids::TenantId, life::Provisioning};
use hotelhub_http::error::{ApiError, ApiResult};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    database::database_failed,
    operations::{self, Step},
    tenants::store as tenants,
};

/// How far a signup is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StatusBody {
    /// `pending`, `provisioning`, `ready` or `failed`.
    #[schema(value_type = String)]
    pub(super) state: Provisioning,
    /// The steps, in the order they are done; none until the provisioner has taken it.
    pub(super) steps: Vec<Step>,
    /// From the signup until the hotel was ready.
    pub(super) ready_in_ms: Option<i64>,
    /// Where the owner logs in, once it is ready.
    pub(super) login_url: Option<String>,
}

/// How far the signup of this tenant is.
///
/// # Errors
/// 404 if there is no such tenant, or it is gone.
pub(super) async fn of(app: &App, id: TenantId) -> ApiResult<StatusBody> {
    let found = tenants::find(&app.db, id).await.map_err(database_failed)?;
    let gone = |state| matches!(state, Provisioning::Deleting | Provisioning::Deleted);
    let tenant =
        found.filter(|it| !gone(it.provisioning)).ok_or_else(|| ApiError::not_found("signup"))?;
    let operation = operations::find_creation(&app.db, id).await.map_err(database_failed)?;
    let host = match tenant.provisioning {
        Provisioning::Ready => tenants::find_host_of(&app.db, id).await.map_err(database_failed)?,
        _ => None,
    };
    let ready_in = operation.as_ref().zip(tenant.ready_at).map(|(it, at)| at - it.requested_at);
    Ok(StatusBody {
        state: tenant.provisioning,
        steps: operation.map(|it| it.steps).unwrap_or_default(),
        ready_in_ms: ready_in.map(|it| it.num_milliseconds()),
        login_url: host.map(|it| app.addresses.login_of(&it)),
    })
}

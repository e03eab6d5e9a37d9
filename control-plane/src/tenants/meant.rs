//! The tenant that a field of a request means.

use hotelhub_core::ids::TenantId;
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::ConnectionTrait;

use super::{TenantRef, store};
use crate::database::database_failed;

/// The tenant that the field `tenant` means, if it is there.
///
/// # Errors
/// Refuses the field if there is no such tenant.
pub(crate) async fn find_meant(
    db: &impl ConnectionTrait,
    name: Option<&TenantRef>,
) -> ApiResult<Option<TenantId>> {
    let Some(name) = name else { return Ok(None) };
    let found = store::find_named(db, name).await.map_err(database_failed)?;
    let found = found.ok_or_else(|| ApiError::invalid("tenant", "there is no such tenant"))?;
    Ok(Some(found.id))
}

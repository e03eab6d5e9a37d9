//! A database host as the vendor's people see it.

use chrono::{DateTime, Utc};
use hotelhub_core::ids::DbHostId;
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    model::{DbHost, HostState},
    store,
};
use crate::database::database_failed;

/// A database host. How to log in there is never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct DbHostBody {
    #[schema(value_type = Uuid)]
    pub(crate) id: DbHostId,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) port: i32,
    /// Which key makes the login passwords of its databases.
    pub(crate) key_id: String,
    pub(crate) state: HostState,
    pub(crate) max_databases: i32,
    pub(crate) max_connections: i32,
    /// Databases that tenants have there, or are getting.
    pub(crate) databases: i64,
    /// Databases that wait there for a tenant.
    pub(crate) warm: i64,
    /// Databases of nobody there that are still to be dropped: what was moved away or is not wanted
    /// any more. The provisioner needs the host until this is 0.
    pub(crate) leaving: i64,
    /// Of those that are leaving, the previews: each goes 7 days after it was made, or once somebody
    /// discards it or puts it in its hotel's place.
    pub(crate) previews: i64,
    /// Whether the provisioner reached it when it last looked; `null` until it has.
    pub(crate) is_reachable: Option<bool>,
    /// Why it was not reached.
    pub(crate) error: Option<String>,
    pub(crate) checked_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
}

/// The host with this id or name.
///
/// # Errors
/// 404 if there is none.
pub(crate) async fn shown(db: &impl ConnectionTrait, name: &str) -> ApiResult<DbHostBody> {
    let found = store::find_named(db, name).await.map_err(database_failed)?;
    found.map(DbHostBody::from).ok_or_else(|| ApiError::not_found("database host"))
}

impl From<DbHost> for DbHostBody {
    fn from(host: DbHost) -> Self {
        Self {
            id: host.id,
            name: host.name,
            address: host.address,
            port: host.port,
            key_id: host.key_id,
            state: host.state,
            max_databases: host.max_databases,
            max_connections: host.max_connections,
            databases: host.databases,
            warm: host.warm,
            leaving: host.leaving,
            previews: host.previews,
            is_reachable: host.is_reachable,
            error: host.error,
            checked_at: host.checked_at,
            created_at: host.created_at,
        }
    }
}

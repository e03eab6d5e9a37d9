//! Backups of tenants' data: looked at, asked for, taken along, and put in the data's place. The
//! provisioner makes and keeps them; a bundle that somebody brings is taken in here.

pub(crate) mod bundle_routes;
pub(crate) mod model;
pub(crate) mod restore_routes;
pub(crate) mod routes;
pub(crate) mod store;
mod upload;

use actix_web::web::ServiceConfig;
use hotelhub_core::ids::{BackupId, TenantId};

pub(crate) use self::upload::Imports;

/// Adds the routes.
pub(crate) fn register(app: &mut ServiceConfig) {
    routes::register(app);
    bundle_routes::register(app);
    restore_routes::register(app);
}

/// The object of a bundle that was brought; the provisioner reads it under this name.
fn upload_of(tenant: TenantId, upload: BackupId) -> String {
    format!("tenants/{tenant}/imports/{upload}.zip")
}

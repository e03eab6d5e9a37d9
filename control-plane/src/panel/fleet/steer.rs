//! What is done to a run: it goes on, it stops, a hotel is set aside. To send a form twice does no
//! harm.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::LOCATION,
    web::{Data, Path},
};
use hotelhub_core::ids::FleetMigrationId;
use hotelhub_http::{error::ApiResult, form::PageForm};
use sea_orm::DatabaseTransaction;
use serde::Deserialize;

use super::run;
use crate::{
    app::App,
    database::in_one,
    fleet_migrations::{
        FleetMigration,
        action_routes::{cancel_in, resume_in, set_aside_in},
    },
    panel::{error::Refused, login::NoFields, typed::link},
    tenants::TenantRef,
    vendor_users::{Vendor, page_session::Visitor},
};

/// Who is set aside.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AsideForm {
    tenant: String,
}

/// Lets it go on.
pub(super) async fn resume(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    id: Path<FleetMigrationId>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    let by = vendor.clone();
    let write = async |tx: &_| resume_in(tx, &by, *id).await;
    steer(&req, &app, (vendor, *id, "resume"), write).await
}

/// Stops it.
pub(super) async fn cancel(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    id: Path<FleetMigrationId>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    let by = vendor.clone();
    let write = async |tx: &_| cancel_in(tx, &by, *id).await;
    steer(&req, &app, (vendor, *id, "cancel"), write).await
}

/// Leaves a hotel on the schema that it has.
pub(super) async fn set_aside(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    id: Path<FleetMigrationId>,
    form: PageForm<AsideForm>,
) -> ApiResult<HttpResponse> {
    let (by, tenant) = (vendor.clone(), TenantRef::from(form.value.tenant));
    let write = async |tx: &_| set_aside_in(tx, &by, *id, &tenant).await;
    steer(&req, &app, (vendor, *id, "aside"), write).await
}

async fn steer(
    req: &HttpRequest,
    app: &App,
    (vendor, id, done): (Vendor, FleetMigrationId, &str),
    write: impl AsyncFnOnce(&DatabaseTransaction) -> ApiResult<FleetMigration>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.write")?;
    if let Err(error) = in_one(&app.db, write).await {
        let refusal = Some(Refused::of(error)?);
        return run::show(req, app, (vendor, id), ("", refusal)).await;
    }
    let next = link(&format!("/panel/fleet/{id}"), &[("done", done)]);
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
}

//! `/panel/tenants/{tenant}/backups`: one hotel's backups, its preview, and a backup made now.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_core::{
    ids::{BackupId, TenantId},
    life::Provisioning,
};
use hotelhub_http::{
    error::ApiResult,
    form::{PageForm, fresh_key},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Row, texts::BackupTexts};
use crate::{
    app::App,
    backups::{
        bundle_routes::{objects, request_backup, send_bundle},
        routes::{self, find_tenant},
        store,
    },
    database::database_failed,
    idempotency::once_by_form,
    pages::respond,
    panel::{
        error::Refused,
        login::NoFields,
        shell::{Shell, moment},
        typed::{link, text},
    },
    tenants::{Tenant, TenantRef},
    vendor_users::{Vendor, page_session::Visitor},
};

/// Where the page begins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageQuery {
    cursor: String,
}

/// The preview that is shown beside the hotel.
struct Preview {
    address: String,
    taken: String,
    expires: String,
}

#[derive(Template)]
#[template(path = "panel/hotel_backups.html")]
struct Page {
    shell: Shell,
    w: &'static BackupTexts,
    /// Where the form goes: the slug may belong to another hotel by the time that it is sent.
    id: TenantId,
    slug: String,
    /// Whether it has data to be backed up or replaced.
    is_ready: bool,
    form_key: String,
    preview: Option<Preview>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
}

impl Page {
    /// The way back.
    fn places(&self) -> [(String, &str); 2] {
        let hotel = format!("/panel/tenants/{}", self.slug);
        [("/panel/tenants".to_owned(), self.w.hotels), (hotel, &self.slug)]
    }
}

/// Lists the backups of one hotel, the newest first.
pub(super) async fn list_backups(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    query: Query<PageQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.read")?;
    let tenant = find_tenant(&app, &name).await?;
    show(&req, &app, (vendor, tenant), (&query.cursor, None)).await
}

/// Asks for a backup. A second click asks for nothing more.
pub(super) async fn make_backup(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.write")?;
    let tenant = find_tenant(&app, &name).await?;
    let by_id = TenantRef::Id(tenant.id);
    let asked = async {
        objects(&app)?;
        let write = async |tx: &_| request_backup(tx, &vendor, &by_id).await;
        once_by_form(&app, (&vendor, &form.repeat), write).await
    };
    match asked.await {
        Ok(operation) => Ok(to_operation(&operation)),
        Err(error) => {
            let refusal = Some(Refused::of(error)?);
            show(&req, &app, (vendor, tenant), ("", refusal)).await
        }
    }
}

/// Sends a bundle as a file.
pub(super) async fn download_bundle(
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, BackupId)>,
) -> ApiResult<HttpResponse> {
    vendor.require("backups.take_along")?;
    let (name, id) = path.into_inner();
    let tenant = find_tenant(&app, &name).await?;
    send_bundle(&app, &vendor, (&tenant, id)).await
}

/// Long work is followed.
pub(super) fn to_operation(operation: &Value) -> HttpResponse {
    let id = operation.get("id").and_then(Value::as_str).unwrap_or_default();
    let place = format!("/panel/operations/{id}");
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}

async fn show(
    req: &HttpRequest,
    app: &App,
    (vendor, tenant): (Vendor, Tenant),
    (cursor, refusal): (&str, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let wanted = routes::ListQuery {
        tenant: Some(TenantRef::Id(tenant.id)),
        cursor: text(cursor),
        ..routes::ListQuery::default()
    };
    let (found, cursor) = routes::list(app, wanted).await?;
    let preview = store::find_preview(&app.db, tenant.id).await.map_err(database_failed)?;
    let preview = preview.map(|it| Preview {
        address: app.addresses.login_of(&it.hostname),
        taken: moment(it.taken_at),
        expires: moment(it.expires_at),
    });
    let shell = Shell::inside(req, vendor);
    let w = BackupTexts::of(shell.language);
    let path = format!("/panel/tenants/{}/backups", tenant.slug);
    let page = Page {
        rows: found.iter().map(|it| Row::of(it, shell.language)).collect(),
        next: cursor.map(|it| link(&path, &[("cursor", &it)])),
        preview,
        form_key: fresh_key(),
        id: tenant.id,
        is_ready: tenant.provisioning == Provisioning::Ready,
        slug: tenant.slug,
        shell,
        w,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(req, status, &page)
}

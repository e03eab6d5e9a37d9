//! Going back to a backup, and what becomes of a preview: says what will happen, asks whether one is
//! sure, and does it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use hotelhub_core::ids::BackupId;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
};
use serde::Deserialize;

use super::{hotel::to_operation, texts::BackupTexts};
use crate::{
    app::App,
    backups::{
        bundle_routes::objects,
        restore_routes::{End, request_restore},
        routes::find_tenant,
        store,
    },
    database::database_failed,
    idempotency::once_by_form,
    pages::respond,
    panel::{
        error::Refused,
        shell::{Shell, moment},
    },
    tenants::{Tenant, TenantRef},
    vendor_users::{Vendor, page_session::Visitor},
};

const RESTORE: &str = "backups.restore";

/// What was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RestoreForm {
    end: String,
    /// The slug, to make sure.
    confirm: String,
}

#[derive(Template)]
#[template(path = "panel/restore.html")]
struct Page {
    shell: Shell,
    w: &'static BackupTexts,
    slug: String,
    title: String,
    /// Where the form goes: to the hotel's id, as its slug may belong to another one by then.
    action: String,
    /// The state that the data will have; of a preview nothing more is chosen.
    taken: Option<String>,
    end: &'static str,
    typed: RestoreForm,
    form_key: String,
    refusal: Option<Refused>,
    is_unsure: bool,
}

impl Page {
    /// The way back.
    fn places(&self) -> [(String, &str); 3] {
        let hotel = format!("/panel/tenants/{}", self.slug);
        let backups = format!("{hotel}/backups");
        [("/panel/tenants".to_owned(), self.w.hotels), (hotel, &self.slug), (backups, self.w.title)]
    }
}

/// A backup to go back to, or a preview's end.
#[derive(Clone, Copy)]
struct Wanted {
    backup: Option<BackupId>,
    end: Option<End>,
}

/// Asks what is to become of a backup.
pub(super) async fn ask_restore(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, BackupId)>,
) -> ApiResult<HttpResponse> {
    vendor.require(RESTORE)?;
    let (name, id) = path.into_inner();
    let wanted = Wanted { backup: Some(id), end: None };
    ask(&req, &app, (vendor, &name), wanted).await
}

/// Restores a backup. A second click does nothing more.
pub(super) async fn restore(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, BackupId)>,
    form: PageForm<RestoreForm>,
) -> ApiResult<HttpResponse> {
    vendor.require(RESTORE)?;
    let (name, id) = path.into_inner();
    let wanted = Wanted { backup: Some(id), end: None };
    perform(&req, &app, (vendor, &name), wanted, form).await
}

/// Asks whether the preview is to take the hotel's place, or to go.
pub(super) async fn ask_end(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, String)>,
) -> ApiResult<HttpResponse> {
    vendor.require(RESTORE)?;
    let (name, end) = path.into_inner();
    ask(&req, &app, (vendor, &name), Wanted { backup: None, end: Some(end_of(&end)?) }).await
}

/// Ends the preview. A second click does nothing more.
pub(super) async fn end_preview(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, String)>,
    form: PageForm<RestoreForm>,
) -> ApiResult<HttpResponse> {
    vendor.require(RESTORE)?;
    let (name, end) = path.into_inner();
    let wanted = Wanted { backup: None, end: Some(end_of(&end)?) };
    perform(&req, &app, (vendor, &name), wanted, form).await
}

fn end_of(name: &str) -> ApiResult<End> {
    match name {
        "swap" => Ok(End::Swap),
        "discard" => Ok(End::Discard),
        _ => Err(ApiError::not_found("page")),
    }
}

async fn ask(
    req: &HttpRequest,
    app: &App,
    (vendor, name): (Vendor, &TenantRef),
    wanted: Wanted,
) -> ApiResult<HttpResponse> {
    let tenant = find_tenant(app, name).await?;
    show(req, app, (vendor, tenant), wanted, (RestoreForm::default(), None, false)).await
}

async fn perform(
    req: &HttpRequest,
    app: &App,
    (vendor, name): (Vendor, &TenantRef),
    wanted: Wanted,
    form: PageForm<RestoreForm>,
) -> ApiResult<HttpResponse> {
    let tenant = find_tenant(app, name).await?;
    let (typed, repeat) = (form.value, form.repeat);
    let chosen = if typed.end == "swap" { End::Swap } else { End::Preview };
    let end = wanted.end.unwrap_or(chosen);
    if end == End::Swap && typed.confirm.trim() != tenant.slug {
        return show(req, app, (vendor, tenant), wanted, (typed, None, true)).await;
    }
    // By its id: the slug may belong to another hotel in the next moment.
    let by_id = TenantRef::Id(tenant.id);
    let asked = async {
        objects(app)?;
        let write = async |tx: &_| request_restore(tx, &vendor, &by_id, (wanted.backup, end)).await;
        once_by_form(app, (&vendor, &repeat), write).await
    };
    match asked.await {
        Ok(operation) => Ok(to_operation(&operation)),
        Err(error) => {
            let refusal = Some(Refused::of(error)?);
            show(req, app, (vendor, tenant), wanted, (typed, refusal, false)).await
        }
    }
}

async fn show(
    req: &HttpRequest,
    app: &App,
    (vendor, tenant): (Vendor, Tenant),
    wanted: Wanted,
    (typed, refusal, is_unsure): (RestoreForm, Option<Refused>, bool),
) -> ApiResult<HttpResponse> {
    let shell = Shell::inside(req, vendor);
    let w = BackupTexts::of(shell.language);
    let hotel = format!("/panel/tenants/{}", tenant.id);
    let (title, action, taken, end) = match (wanted.backup, wanted.end) {
        (Some(id), _) => {
            let found = store::find_kept(&app.db, tenant.id, id).await.map_err(database_failed)?;
            let found = found.ok_or_else(|| ApiError::not_found("backup"))?;
            let taken = found.taken_at.map(moment).unwrap_or_default();
            (w.restore_title, format!("{hotel}/backups/{id}/restore"), Some(taken), "")
        }
        (None, Some(End::Discard)) => {
            (w.discard_title, format!("{hotel}/preview/discard"), None, "discard")
        }
        (None, _) => (w.swap_title, format!("{hotel}/preview/swap"), None, "swap"),
    };
    let page = Page {
        title: title.replace("{slug}", &tenant.slug),
        form_key: fresh_key(),
        slug: tenant.slug,
        shell,
        w,
        action,
        taken,
        end,
        typed,
        refusal,
        is_unsure,
    };
    let wrong = if is_unsure { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let status = page.refusal.as_ref().map_or(wrong, |it| it.status);
    respond(req, status, &page)
}

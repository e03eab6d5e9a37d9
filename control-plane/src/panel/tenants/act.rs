//! `/panel/tenants/{tenant}/actions/{action}`: says what will happen, asks whether one is sure, and
//! does it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path},
};
use askama::Template;
use hotelhub_core::{ids::TenantId, life::Access};
use hotelhub_http::{
    body::Repeat,
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
};
use serde::Deserialize;
use serde_json::Value;

use super::{action::Action, texts::TenantTexts};
use crate::{
    app::App,
    database::database_failed,
    db_hosts::{self, HostState},
    idempotency::once_by_form,
    pages::respond,
    panel::{
        choice::Choice,
        error::Refused,
        shell::Shell,
        states::{Badge, Shown as _},
        typed::text,
    },
    retention,
    tenants::{
        Tenant, TenantRef,
        delete_routes::{Deletion, checked_waiver, request_deletion},
        life_cycle::{Action as Change, Reminder, Suspension},
        life_routes::{change_in, checked_reason},
        operation_routes::request_move,
        store,
    },
    vendor_users::{Vendor, page_session::Visitor},
};

/// What was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ActForm {
    reason: String,
    /// What it is left with, or set to.
    access: String,
    db_host: String,
    /// The slug, to make sure.
    confirm: String,
    /// `yes` if a deletion is to keep nothing at all.
    without_final_backup: String,
}

impl ActForm {
    /// Whether a deletion is to keep no last backup.
    fn keeps_nothing(&self) -> bool {
        self.without_final_backup == "yes"
    }
}

#[derive(Template)]
#[template(path = "panel/tenant_action.html")]
struct Page {
    shell: Shell,
    w: &'static TenantTexts,
    /// Where the form goes: the slug may belong to another hotel by the time that it is sent.
    id: TenantId,
    slug: String,
    company: String,
    status: Badge,
    access: Badge,
    action: Action,
    title: String,
    typed: ActForm,
    form_key: String,
    /// Those that take hotels in, for a move.
    hosts: Vec<Choice>,
    refusal: Option<Refused>,
    /// The slug was typed wrong.
    is_unsure: bool,
}

impl Page {
    /// The way back.
    fn places(&self) -> [(String, &str); 2] {
        let hotel = format!("/panel/tenants/{}", self.slug);
        [("/panel/tenants".to_owned(), self.w.title), (hotel, &self.slug)]
    }

    /// What the access can be set to.
    fn accesses(&self) -> [Choice; 2] {
        let (language, chosen) = (self.shell.language, &*self.typed.access);
        let chosen = if chosen.is_empty() { "grace" } else { chosen };
        [Access::Full, Access::Grace]
            .map(|it| Choice::of(it.as_str(), it.badge(language).name, chosen))
    }
}

/// Asks whether one is sure.
pub(super) async fn confirm(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, String)>,
) -> ApiResult<HttpResponse> {
    let (name, action) = path.into_inner();
    let action = action_of(&vendor, &action)?;
    let tenant = find(&app, &name).await?;
    show(&req, &app, (vendor, tenant, action), (ActForm::default(), None, false)).await
}

/// Does it. A second click does nothing more.
pub(super) async fn act(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, String)>,
    form: PageForm<ActForm>,
) -> ApiResult<HttpResponse> {
    let (name, action) = path.into_inner();
    let action = action_of(&vendor, &action)?;
    let tenant = find(&app, &name).await?;
    let (typed, repeat) = (form.value, form.repeat);
    if action == Action::Delete && typed.confirm.trim() != tenant.slug {
        return show(&req, &app, (vendor, tenant, action), (typed, None, true)).await;
    }
    // By its id: the slug may belong to another hotel in the next moment.
    let id = TenantRef::Id(tenant.id);
    match perform(&app, (&vendor, &repeat), (&id, action), &typed).await {
        Ok(done) => Ok(go_on(&done, &tenant, action)),
        Err(error) => {
            let refusal = Some(Refused::of(error)?);
            show(&req, &app, (vendor, tenant, action), (typed, refusal, false)).await
        }
    }
}

async fn perform(
    app: &App,
    (vendor, repeat): (&Vendor, &Repeat),
    (tenant, action): (&TenantRef, Action),
    typed: &ActForm,
) -> ApiResult<Value> {
    let by = (vendor, repeat);
    let change = match action {
        Action::Suspend if typed.access == "stopped" => Change::Suspend(Suspension::Stopped),
        Action::Suspend => Change::Suspend(Suspension::Essential),
        Action::Resume => Change::Resume,
        Action::Activate => Change::Activate,
        Action::Access if typed.access == "grace" => Change::Remind(Reminder::On),
        Action::Access => Change::Remind(Reminder::Off),
        Action::Churn => Change::Churn,
        Action::Move => {
            let host = text(&typed.db_host);
            let write = async |tx: &_| request_move(tx, vendor, tenant, host.as_deref()).await;
            return once_by_form(app, by, write).await;
        }
        Action::Delete => {
            let reason = text(&typed.reason);
            let waiver = reason.as_deref().map(checked_waiver).transpose()?;
            let without_final_backup = typed.keeps_nothing();
            let wanted = Deletion { waiver, without_final_backup, now: app.clock.now() };
            let write = async |tx: &_| request_deletion(tx, vendor, tenant, wanted).await;
            return once_by_form(app, by, write).await;
        }
        Action::Hold => {
            let (reason, by_now) = (checked_reason(&typed.reason)?, (vendor, app.clock.now()));
            let write = async |tx: &_| retention::hold(tx, by_now, tenant, reason).await;
            return once_by_form(app, by, write).await;
        }
        Action::Release => {
            let reason = checked_reason(&typed.reason)?;
            let write = async |tx: &_| retention::release(tx, vendor, tenant, reason).await;
            return once_by_form(app, by, write).await;
        }
    };
    let reason = match action.reason() {
        Some(true) => checked_reason(&typed.reason)?,
        Some(false) if text(&typed.reason).is_some() => checked_reason(&typed.reason)?,
        _ => "",
    };
    let at = app.clock.now();
    let write = async |tx: &_| change_in(tx, (vendor, at), tenant, (change, reason)).await;
    once_by_form(app, by, write).await
}

/// Long work is followed; anything else is seen on the hotel's page.
fn go_on(done: &Value, tenant: &Tenant, action: Action) -> HttpResponse {
    let operation = done.get("id").and_then(Value::as_str).unwrap_or_default();
    let place = match action {
        Action::Move | Action::Delete => format!("/panel/operations/{operation}"),
        _ => format!("/panel/tenants/{}?done={}", tenant.id, action.name()),
    };
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}

fn action_of(vendor: &Vendor, name: &str) -> ApiResult<Action> {
    let action = Action::of(name).ok_or_else(|| ApiError::not_found("action"))?;
    vendor.require(action.permission())?;
    Ok(action)
}

async fn find(app: &App, name: &TenantRef) -> ApiResult<Tenant> {
    let found = store::find_named(&app.db, name).await.map_err(database_failed)?;
    found.ok_or_else(|| ApiError::not_found("tenant"))
}

async fn show(
    req: &HttpRequest,
    app: &App,
    (vendor, tenant, action): (Vendor, Tenant, Action),
    (typed, refusal, is_unsure): (ActForm, Option<Refused>, bool),
) -> ApiResult<HttpResponse> {
    let hosts = match action {
        Action::Move => db_hosts::list(&app.db).await.map_err(database_failed)?,
        _ => Vec::new(),
    };
    let placement = store::find_placement(&app.db, tenant.id).await.map_err(database_failed)?;
    let here = placement.map(|it| it.db_host).unwrap_or_default();
    let open = hosts.into_iter().filter(|it| it.state == HostState::Active && it.name != here);
    let filled = |it: db_hosts::DbHost| {
        let name = format!("{} ({} / {})", it.name, it.databases, it.max_databases);
        Choice::of(it.name, name, &typed.db_host)
    };
    let hosts = open.map(filled).collect();
    let shell = Shell::inside(req, vendor);
    let (language, w) = (shell.language, TenantTexts::of(shell.language));
    let status = match &refusal {
        Some(it) => it.status,
        None if is_unsure => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let page = Page {
        title: action.title(w, &tenant.slug),
        status: tenant.status.badge(language),
        access: tenant.access.badge(language),
        id: tenant.id,
        slug: tenant.slug,
        company: tenant.company_name,
        form_key: fresh_key(),
        shell,
        w,
        action,
        typed,
        hosts,
        refusal,
        is_unsure,
    };
    respond(req, status, &page)
}

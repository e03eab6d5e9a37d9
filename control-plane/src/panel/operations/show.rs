//! `/panel/operations/{id}`: one operation, step by step as it goes on.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use hotelhub_core::ids::OperationId;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    language::Language,
};

use super::{
    figures::{Figure, figures},
    progress::{Step, done, said, steps, took},
    texts::OperationTexts,
};
use crate::{
    app::App,
    database::database_failed,
    following::{Seen, Whose, follow},
    operations::{Progress, State, routes::shown},
    pages::respond,
    panel::{
        shell::{Shell, moment},
        states::{Badge, Shown, kind},
    },
    tenants::store as tenants,
    vendor_users::{page_session::Visitor, store as vendor_users},
};

/// What goes on, told again with each step.
#[derive(Template)]
#[template(path = "panel/operation_part.html")]
struct Part {
    w: &'static OperationTexts,
    state: Badge,
    said: String,
    done: usize,
    steps: Vec<Step>,
    took: String,
    last_error: Option<String>,
    retry_at: Option<String>,
}

#[derive(Template)]
#[template(path = "panel/operation.html")]
struct Page {
    shell: Shell,
    w: &'static OperationTexts,
    kind: String,
    operation: Progress,
    requested: String,
    requested_by: Option<String>,
    figures: Vec<Figure>,
    /// Rendered.
    part: String,
    /// What there is to do next, once it is over.
    ending: Option<Ending>,
    /// The address of the hotel, once it has been made.
    address: Option<String>,
}

/// How it ended.
struct Ending {
    is_good: bool,
    title: &'static str,
    lead: &'static str,
}

/// Shows one.
pub(super) async fn show_operation(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    id: Path<OperationId>,
) -> ApiResult<HttpResponse> {
    vendor.require("operations.read")?;
    let operation = shown(&app, *id).await?;
    let requested_by = match operation.requested_by {
        Some(id) => vendor_users::find_name(&app.db, id.into()).await.map_err(database_failed)?,
        None => None,
    };
    let is_made = operation.kind == "create_tenant" && operation.state == State::Done;
    let host = match is_made {
        true => tenants::find_host_of(&app.db, operation.tenant_id.into()).await,
        false => Ok(None),
    };
    let host = host.map_err(database_failed)?;
    let shell = Shell::inside(&req, vendor);
    let (language, w) = (shell.language, OperationTexts::of(shell.language));
    let part = part(&app, &operation, language).render().map_err(ApiError::internal)?;
    let page = Page {
        kind: kind(&operation.kind, language),
        requested: moment(operation.requested_at),
        requested_by,
        figures: figures(&operation.figures, language),
        part,
        ending: ending(&operation, w),
        address: host.map(|it| app.addresses.login_of(&it)),
        operation,
        shell,
        w,
    };
    respond(&req, StatusCode::OK, &page)
}

/// Tells each step, as a piece of the page.
pub(super) async fn follow_operation(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    id: Path<OperationId>,
) -> ApiResult<HttpResponse> {
    vendor.require("operations.read")?;
    let (id, language) = (*id, Language::of(&req));
    let tenant = shown(&app, id).await?.tenant_id;
    follow(app, Whose::Tenant(tenant.into()), async move |app| {
        let operation = shown(app, id).await?;
        let is_over = operation.state.is_over();
        let content = part(app, &operation, language).render().map_err(ApiError::internal)?;
        Ok(Seen { content, is_over })
    })
    .await
}

fn part(app: &App, operation: &Progress, language: Language) -> Part {
    let is_over = operation.state.is_over();
    Part {
        w: OperationTexts::of(language),
        state: operation.state.badge(language),
        said: said(operation, language),
        done: done(operation),
        steps: steps(operation, language),
        // It would change with each look while it runs.
        took: if is_over { took(operation, language, app.clock.now()) } else { String::new() },
        last_error: operation.last_error.clone(),
        retry_at: operation.retry_at.filter(|_| !is_over).map(moment),
    }
}

fn ending(operation: &Progress, w: &'static OperationTexts) -> Option<Ending> {
    let is_good = match operation.state {
        State::Done => true,
        State::Undone => false,
        _ => return None,
    };
    let (title, lead) = match (&*operation.kind, is_good) {
        ("create_tenant", true) => (w.ready, w.ready_lead),
        ("create_tenant", false) => (w.was_undone, w.undone_next),
        ("move_tenant", true) => (w.is_over, w.moved_next),
        ("move_tenant", false) => (w.was_undone, w.not_moved),
        ("backup_tenant", true) => (w.is_over, w.backed_up_next),
        ("backup_tenant", false) => (w.was_undone, w.not_backed_up),
        ("restore_tenant", true) => (w.is_over, w.restored_next),
        ("restore_tenant", false) => (w.was_undone, w.not_restored),
        (_, true) => (w.is_over, w.deleted_next),
        (_, false) => (w.was_undone, w.not_deleted),
    };
    Some(Ending { is_good, title, lead })
}

//! What is done to a host: it is closed, opened, emptied, forgotten.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path},
};
use askama::Template;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
};

use super::{show, texts::HostTexts};
use crate::{
    app::App,
    database::in_one,
    db_hosts::{DbHostBody, HostState, change_routes::remove_in, shown, state_routes::become_in},
    idempotency::once_by_form,
    pages::respond,
    panel::{error::Refused, login::NoFields, shell::Shell, typed::link},
    vendor_users::{Vendor, page_session::Visitor},
};

/// Puts it into another state. What is so already stays so.
pub(super) async fn steer(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(String, String)>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    let (name, action) = path.into_inner();
    let state = match &*action {
        "cordon" => HostState::Cordoned,
        "uncordon" => HostState::Active,
        "drain" => HostState::Draining,
        _ => return Err(ApiError::not_found("action")),
    };
    let write = async |tx: &_| become_in(tx, &vendor, &name, state).await;
    if let Err(error) = in_one(&app.db, write).await {
        let refusal = Some(Refused::of(error)?);
        return show::show(&req, &app, (vendor, &name), ("", refusal)).await;
    }
    let next = link(&format!("/panel/hosts/{name}"), &[("done", &action)]);
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
}

#[derive(Template)]
#[template(path = "panel/host_remove.html")]
struct Page {
    shell: Shell,
    w: &'static HostTexts,
    it: DbHostBody,
    title: String,
    form_key: String,
    refusal: Option<Refused>,
}

/// Asks whether one is sure.
pub(super) async fn confirm_removal(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    ask(&req, &app, (vendor, &name), None).await
}

/// Forgets it.
pub(super) async fn remove(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    let write = async |tx: &_| remove_in(tx, &vendor, &name).await;
    match once_by_form(&app, (&vendor, &form.repeat), write).await {
        Ok(_) => {
            let next = link("/panel/hosts", &[("done", "remove")]);
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
        }
        Err(error) => {
            let refusal = Some(Refused::of(error)?);
            ask(&req, &app, (vendor, &name), refusal).await
        }
    }
}

async fn ask(
    req: &HttpRequest,
    app: &App,
    (vendor, name): (Vendor, &str),
    refusal: Option<Refused>,
) -> ApiResult<HttpResponse> {
    let it = shown(&app.db, name).await?;
    let shell = Shell::inside(req, vendor);
    let w = HostTexts::of(shell.language);
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let title = w.remove_title.replace("{name}", &it.name);
    respond(req, status, &Page { shell, w, it, title, form_key: fresh_key(), refusal })
}

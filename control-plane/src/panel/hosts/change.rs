//! `/panel/hosts/new` and `/panel/hosts/{host}/edit`: a host is added, or gets another address.

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
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::texts::HostTexts;
use crate::{
    app::App,
    db_hosts::{
        ChangeDbHost, DbHostBody, NewDbHost,
        change_routes::change_in,
        routes::{Sealed, add_in},
        shown,
    },
    idempotency::once_by_form,
    pages::respond,
    panel::{
        error::Refused,
        shell::Shell,
        typed::{link, text},
    },
    vendor_users::{Vendor, page_session::Visitor},
};

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct HostForm {
    name: String,
    address: String,
    port: String,
    max_databases: String,
    max_connections: String,
    admin_url: String,
}

#[derive(Template)]
#[template(path = "panel/host_form.html")]
struct Page {
    shell: Shell,
    w: &'static HostTexts,
    /// The one that is changed; none: a new one.
    host: Option<DbHostBody>,
    title: String,
    typed: HostForm,
    form_key: String,
    refusal: Option<Refused>,
}

/// Shows an empty form.
pub(super) async fn show_new(
    req: HttpRequest,
    Visitor(vendor): Visitor,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    let usual = |it: &str| it.to_owned();
    let typed =
        HostForm { port: usual("5432"), max_databases: usual("1000"), ..HostForm::default() };
    show(&req, vendor, (None, typed, None))
}

/// Adds a host.
pub(super) async fn add(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    form: PageForm<HostForm>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    let typed = form.value;
    let added = match typed.new_host().and_then(|it| Ok((Sealed::of(&app, &it)?, it))) {
        Ok((sealed, host)) => {
            let write = async |tx: &_| add_in(tx, &app, &vendor, (host, sealed)).await;
            once_by_form(&app, (&vendor, &form.repeat), write).await
        }
        Err(error) => Err(error),
    };
    match added {
        Ok(host) => Ok(to_host(&host, "add")),
        Err(error) => show(&req, vendor, (None, typed, Some(Refused::of(error)?))),
    }
}

/// Shows the form with what is so now.
pub(super) async fn show_edit(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    let host = shown(&app.db, &name).await?;
    let typed = HostForm {
        name: host.name.clone(),
        address: host.address.clone(),
        port: host.port.to_string(),
        max_databases: host.max_databases.to_string(),
        max_connections: host.max_connections.to_string(),
        admin_url: String::new(),
    };
    show(&req, vendor, (Some(host), typed, None))
}

/// Changes a host.
pub(super) async fn edit(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<String>,
    form: PageForm<HostForm>,
) -> ApiResult<HttpResponse> {
    vendor.require("db_hosts.write")?;
    let host = shown(&app.db, &name).await?;
    let typed = form.value;
    let changed = match typed.change() {
        Ok(change) => {
            let id = host.id.to_string();
            let write = async |tx: &_| change_in(tx, (&app, &vendor), &id, change).await;
            once_by_form(&app, (&vendor, &form.repeat), write).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(host) => Ok(to_host(&host, "edit")),
        Err(error) => show(&req, vendor, (Some(host), typed, Some(Refused::of(error)?))),
    }
}

fn to_host(host: &Value, done: &str) -> HttpResponse {
    let id = host.get("id").and_then(Value::as_str).unwrap_or_default();
    let next = link(&format!("/panel/hosts/{id}"), &[("done", done)]);
    HttpResponse::SeeOther().insert_header((LOCATION, next)).finish()
}

impl HostForm {
    fn new_host(&self) -> ApiResult<NewDbHost> {
        let host = NewDbHost {
            name: self.name.clone(),
            address: self.address.trim().to_owned(),
            port: number("port", &self.port)?,
            admin_url: SecretString::from(self.admin_url.trim().to_owned()),
            max_databases: number("max_databases", &self.max_databases)?,
            max_connections: number("max_connections", &self.max_connections)?,
        };
        host.check()?;
        Ok(host)
    }

    fn change(&self) -> ApiResult<ChangeDbHost> {
        Ok(ChangeDbHost {
            name: Some(self.name.clone()),
            address: Some(self.address.trim().to_owned()),
            port: Some(number("port", &self.port)?),
            admin_url: text(&self.admin_url).map(SecretString::from),
            max_databases: Some(number("max_databases", &self.max_databases)?),
            max_connections: Some(number("max_connections", &self.max_connections)?),
        })
    }
}

fn number(field: &'static str, typed: &str) -> ApiResult<i32> {
    typed.trim().parse().map_err(|_none| ApiError::invalid(field, "needs to be a number"))
}

fn show(
    req: &HttpRequest,
    vendor: Vendor,
    (host, typed, refusal): (Option<DbHostBody>, HostForm, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let shell = Shell::inside(req, vendor);
    let w = HostTexts::of(shell.language);
    let title = match &host {
        Some(host) => w.edit_title.replace("{name}", &host.name),
        None => w.add_title.to_owned(),
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let form_key = fresh_key();
    respond(req, status, &Page { shell, w, host, title, typed, form_key, refusal })
}

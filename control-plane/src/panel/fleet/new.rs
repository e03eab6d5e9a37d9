//! `/panel/fleet/new`: begins a fleet migration.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use askama::Template;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::{PageForm, fresh_key},
};
use serde::Deserialize;
use serde_json::Value;

use super::texts::FleetTexts;
use crate::{
    app::App,
    fleet_migrations::{NewFleetMigrationBody, routes::create_in},
    idempotency::once_by_form,
    pages::respond,
    panel::{error::Refused, shell::Shell, typed::text},
    vendor_users::{Vendor, page_session::Visitor},
};

/// What was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewForm {
    version: String,
    canaries: String,
    workers: String,
    max_failures: String,
}

#[derive(Template)]
#[template(path = "panel/fleet_new.html")]
struct Page {
    shell: Shell,
    w: &'static FleetTexts,
    typed: NewForm,
    form_key: String,
    refusal: Option<Refused>,
}

/// Shows the form.
pub(super) async fn show_form(
    req: HttpRequest,
    Visitor(vendor): Visitor,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.write")?;
    show(&req, vendor, (NewForm::default(), None))
}

/// Begins it, and goes on to where it is followed.
pub(super) async fn begin(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    form: PageForm<NewForm>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.write")?;
    let typed = form.value;
    let begun = match typed.read() {
        Ok(body) => {
            let write = async |tx: &_| create_in(tx, &vendor, &body).await;
            once_by_form(&app, (&vendor, &form.repeat), write).await
        }
        Err(error) => Err(error),
    };
    match begun {
        Ok(run) => {
            let id = run.get("id").and_then(Value::as_str).unwrap_or_default();
            let place = format!("/panel/fleet/{id}");
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, place)).finish())
        }
        Err(error) => show(&req, vendor, (typed, Some(Refused::of(error)?))),
    }
}

impl NewForm {
    fn read(&self) -> ApiResult<NewFleetMigrationBody> {
        let number = |field: &'static str, typed: &str| {
            let read = text(typed).map(|it| it.parse::<i32>()).transpose();
            read.map_err(|_no_number| ApiError::invalid(field, "needs to be a number"))
        };
        let names = self.canaries.split([',', ' ', ';', '\n', '\r']);
        let body = NewFleetMigrationBody {
            schema_version: number("schema_version", &self.version)?,
            canaries: names.filter_map(text).collect(),
            workers: number("workers", &self.workers)?,
            max_failures: number("max_failures", &self.max_failures)?,
        };
        body.check()?;
        Ok(body)
    }
}

fn show(
    req: &HttpRequest,
    vendor: Vendor,
    (typed, refusal): (NewForm, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let shell = Shell::inside(req, vendor);
    let w = FleetTexts::of(shell.language);
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(req, status, &Page { shell, w, typed, form_key: fresh_key(), refusal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canaries_are_named_with_whatever_between() {
        let form = NewForm { canaries: "surya, candi;\r\nmandala ".into(), ..NewForm::default() };
        let body = form.read().unwrap();
        assert_eq!(body.canaries, ["surya", "candi", "mandala"]);
        assert_eq!((body.workers, body.schema_version), (None, None));
        let odd = NewForm { workers: "many".into(), ..NewForm::default() };
        assert_eq!(odd.read().unwrap_err().code(), "VALIDATION_FAILED");
    }
}

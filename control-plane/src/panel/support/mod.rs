//! `/panel/tenants/{tenant}/support-access`: ask to come into a hotel, and come in.

mod texts;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_core::ids::TenantId;
use hotelhub_http::{
    endpoint::{Endpoint, Routes},
    error::{ApiError, ApiResult},
    form::PageForm,
};
use serde::Deserialize;
use uuid::Uuid;

use self::texts::SupportTexts;
use super::GATE;
use crate::{
    app::App,
    jobs::hotel_routes::find_ready,
    pages::respond,
    panel::{
        error::Refused,
        login::NoFields,
        shell::{Shell, moment},
        typed::{link, text},
    },
    support_access::{
        model::{RequestSupportBody, SupportGrant},
        routes::SupportQuery,
        service::{self, Asked, Asking},
    },
    tenants::{Tenant, TenantRef},
    vendor_users::{Vendor, page_session::Visitor},
};

/// Adds the pages.
pub(super) fn register<R: Routes>(scope: &mut R) {
    let support = |rest| Endpoint::at(&format!("/tenants/{{tenant}}/support-access{rest}"));
    support("")
        .get(GATE.behind(list_support_access))
        .post(GATE.behind(request_support_access))
        .register(scope);
    support("/{id}/enter").post(GATE.behind(enter)).register(scope);
    support("/{id}/end").post(GATE.behind(end)).register(scope);
}

/// Which page, and what was done before.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListQuery {
    cursor: String,
    done: String,
}

/// Why, and for how long.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RequestForm {
    reason: String,
    minutes: String,
}

struct Row {
    grant: SupportGrant,
    state: &'static str,
    asked: String,
    until: String,
    may_enter: bool,
    may_end: bool,
}

#[derive(Template)]
#[template(path = "panel/support_access.html")]
struct Page {
    shell: Shell,
    w: &'static SupportTexts,
    /// Where forms go: the slug may belong to another hotel by the time that one is sent.
    id: TenantId,
    company: String,
    typed: RequestForm,
    done: Option<&'static str>,
    /// A one-time link.
    entry: Option<String>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
    may_ask: bool,
}

/// What a page shows beside what is always there.
#[derive(Default)]
struct Extra {
    typed: RequestForm,
    entry: Option<String>,
    refusal: Option<Refused>,
}

/// Lists who asked, and who came in.
async fn list_support_access(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("support_access.read")?;
    let tenant = find_ready(&app, &name).await?;
    show(&req, &app, (vendor, tenant), query.into_inner(), Extra::default()).await
}

/// Asks to come in.
async fn request_support_access(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    form: PageForm<RequestForm>,
) -> ApiResult<HttpResponse> {
    vendor.require("support_access.write")?;
    let tenant = find_ready(&app, &name).await?;
    let typed = form.value;
    let asking = Asking { app: &app, req: &req, vendor: &vendor, tenant: &tenant };
    let refusal = match body(&typed) {
        Ok(body) => done(service::request(asking, &body).await)?.err(),
        Err(error) => Some(Refused::of(error)?),
    };
    match refusal {
        None => Ok(to_list(&tenant, "asked")),
        refusal => {
            let extra = Extra { typed, refusal, ..Extra::default() };
            show(&req, &app, (vendor, tenant), ListQuery::default(), extra).await
        }
    }
}

/// Makes a one-time link and shows it.
async fn enter(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, Uuid)>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    vendor.require("support_access.write")?;
    let (name, id) = path.into_inner();
    let tenant = find_ready(&app, &name).await?;
    let asking = Asking { app: &app, req: &req, vendor: &vendor, tenant: &tenant };
    let extra = match done(service::enter(asking, id).await)? {
        Ok(entry) => Extra { entry: Some(entry.url), ..Extra::default() },
        Err(refusal) => Extra { refusal: Some(refusal), ..Extra::default() },
    };
    show(&req, &app, (vendor, tenant), ListQuery::default(), extra).await
}

/// Ends a request or a stay.
async fn end(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, Uuid)>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    vendor.require("support_access.write")?;
    let (name, id) = path.into_inner();
    let tenant = find_ready(&app, &name).await?;
    let asking = Asking { app: &app, req: &req, vendor: &vendor, tenant: &tenant };
    match done(service::end(asking, id).await)? {
        Ok(_) => Ok(to_list(&tenant, "ended")),
        Err(refusal) => {
            let extra = Extra { refusal: Some(refusal), ..Extra::default() };
            show(&req, &app, (vendor, tenant), ListQuery::default(), extra).await
        }
    }
}

fn body(typed: &RequestForm) -> ApiResult<RequestSupportBody> {
    let minutes = text(&typed.minutes).map(|it| it.parse()).transpose();
    let minutes =
        minutes.map_err(|_no_number| ApiError::invalid("minutes", "needs to be a number"))?;
    Ok(RequestSupportBody { reason: typed.reason.clone(), minutes })
}

/// What came of it, or what to say on the page.
fn done<T>(asked: Asked<T>) -> ApiResult<Result<T, Refused>> {
    match asked {
        Ok(answer) => Ok(answer.map_err(Refused::from)),
        Err(error) => Ok(Err(Refused::of(error)?)),
    }
}

fn to_list(tenant: &Tenant, done: &str) -> HttpResponse {
    let next = link(&path(tenant), &[("done", done)]);
    HttpResponse::SeeOther().insert_header((LOCATION, next)).finish()
}

fn path(tenant: &Tenant) -> String {
    format!("/panel/tenants/{}/support-access", tenant.slug)
}

async fn show(
    req: &HttpRequest,
    app: &App,
    (vendor, tenant): (Vendor, Tenant),
    query: ListQuery,
    extra: Extra,
) -> ApiResult<HttpResponse> {
    let asking = Asking { app, req, vendor: &vendor, tenant: &tenant };
    let wanted = SupportQuery { cursor: text(&query.cursor), limit: None };
    let listed = done(service::list(asking, &wanted).await)?;
    let Extra { typed, entry, refusal } = extra;
    let ((found, cursor), refusal) = match listed {
        Ok(found) => (found, refusal),
        Err(unheard) => ((Vec::new(), None), refusal.or(Some(unheard))),
    };
    let (me, may_ask) = (vendor.user.as_uuid(), vendor.may("support_access.write"));
    let shell = Shell::inside(req, vendor);
    let w = SupportTexts::of(shell.language);
    let row = |it: SupportGrant| Row {
        state: w.state(&it.state),
        asked: moment(it.requested_at),
        until: it.expires_at.map(moment).unwrap_or_default(),
        may_enter: may_ask && it.state == "allowed" && it.vendor_user_id == me,
        may_end: may_ask && ["allowed", "requested"].contains(&&*it.state),
        grant: it,
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let page = Page {
        rows: found.into_iter().map(row).collect(),
        done: w.told(&query.done),
        next: cursor.map(|it| link(&path(&tenant), &[("cursor", &it)])),
        id: tenant.id,
        company: tenant.company_name,
        typed,
        entry,
        refusal,
        may_ask,
        shell,
        w,
    };
    respond(req, status, &page)
}

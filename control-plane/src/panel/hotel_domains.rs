//! `/panel/tenants/{tenant}/domains`: one hotel's domains, and what is to stand in DNS.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    form::PageForm,
};
use sea_orm::{DatabaseTransaction, TransactionTrait};
use serde::Deserialize;

use super::{
    domain_texts::DomainTexts,
    domains::certificate,
    error::Refused,
    login::NoFields,
    shell::{Shell, moment},
    typed::{link, text},
};
use crate::{
    app::App,
    database::database_failed,
    domains::{
        Domain, HostnameFault, Record,
        service::{self, WRITE, Wanted},
    },
    pages::respond,
    tenants::{Tenant, TenantRef},
    vendor_users::{Vendor, page_session::Visitor},
};

/// What was done before, and which page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    cursor: String,
    done: String,
}

/// A name to claim.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ClaimForm {
    hostname: String,
}

/// What was typed, and what is wrong with it.
#[derive(Debug, Default)]
struct Typed {
    hostname: String,
    fault: Option<HostnameFault>,
}

struct Card {
    /// In its one written form, for links.
    hostname: String,
    shown: String,
    is_custom: bool,
    is_primary: bool,
    may_prefer: bool,
    state: &'static str,
    tone: &'static str,
    next: &'static str,
    certificate: String,
    finding: String,
    checked: String,
    failing_since: String,
    unanswered: String,
    records: Vec<Line>,
}

struct Line {
    record: Record,
    found: String,
    verdict: &'static str,
}

#[derive(Template)]
#[template(path = "panel/hotel_domains.html")]
struct Page {
    shell: Shell,
    d: &'static DomainTexts,
    slug: String,
    company: String,
    /// What was typed.
    hostname: String,
    /// What is wrong with it.
    fault: Option<String>,
    done: Option<&'static str>,
    refusal: Option<Refused>,
    cards: Vec<Card>,
    next: Option<String>,
    may_write: bool,
}

#[derive(Template)]
#[template(path = "panel/release_domain.html")]
struct ReleasePage {
    shell: Shell,
    d: &'static DomainTexts,
    slug: String,
    company: String,
    hostname: String,
    shown: String,
}

/// Lists the hotel's domains, the newest first.
pub(super) async fn list_domains(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let tenant = service::find_tenant(&app.db, &name).await?;
    show(&req, &app, (vendor, tenant), query.into_inner(), (Typed::default(), None)).await
}

/// Claims a name. A form that is sent twice finds it claimed, and is told so.
pub(super) async fn claim_domain(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    form: PageForm<ClaimForm>,
) -> ApiResult<HttpResponse> {
    vendor.require(WRITE)?;
    let hostname = form.value.hostname;
    let typed = Typed { fault: service::hostname_fault(&app, &hostname), hostname };
    let claim = async |tx: &DatabaseTransaction| {
        service::claim(&app, tx, &vendor, (&name, &typed.hostname)).await
    };
    let done = written(&app, claim).await;
    answer(&req, &app, (vendor, &name), ("claim", done), typed).await
}

/// Looks at a domain at once.
pub(super) async fn verify_domain(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, String)>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    vendor.require(WRITE)?;
    let (tenant, name) = path.into_inner();
    let done = match service::look(&app, &vendor, (&tenant, &name)).await {
        Ok(looked) => {
            let write = async |tx: &DatabaseTransaction| looked.write(&app, tx, &vendor).await;
            written(&app, write).await
        }
        Err(error) => Err(error),
    };
    answer(&req, &app, (vendor, &tenant), ("verify", done), Typed::default()).await
}

/// Makes a domain the primary one.
pub(super) async fn prefer_domain(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, String)>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    vendor.require(WRITE)?;
    let (tenant, name) = path.into_inner();
    let prefer = async |tx: &DatabaseTransaction| {
        service::make_primary(&app, tx, &vendor, (&tenant, &name)).await
    };
    let done = written(&app, prefer).await;
    answer(&req, &app, (vendor, &tenant), ("primary", done), Typed::default()).await
}

/// Asks whether a domain is really to be released.
pub(super) async fn ask_release(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, String)>,
) -> ApiResult<HttpResponse> {
    vendor.require(WRITE)?;
    let (tenant, name) = path.into_inner();
    let tenant = service::find_tenant(&app.db, &tenant).await?;
    let domain = service::find(&app, &app.db, tenant.id, &name).await?;
    let shell = Shell::inside(&req, vendor);
    let page = ReleasePage {
        d: DomainTexts::of(shell.language),
        shell,
        slug: tenant.slug,
        company: tenant.company_name,
        hostname: domain.hostname,
        shown: domain.shown,
    };
    respond(&req, StatusCode::OK, &page)
}

/// Releases a domain. A second click finds it released, and is told so.
pub(super) async fn release_domain(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    path: Path<(TenantRef, String)>,
    _form: PageForm<NoFields>,
) -> ApiResult<HttpResponse> {
    vendor.require(WRITE)?;
    let (tenant, name) = path.into_inner();
    let release = async |tx: &DatabaseTransaction| {
        service::release(&app, tx, &vendor, (&tenant, &name)).await
    };
    let done = written(&app, release).await;
    answer(&req, &app, (vendor, &tenant), ("release", done), Typed::default()).await
}

/// Runs a write in a transaction; nothing is changed if it is refused.
async fn written(
    app: &App,
    write: impl AsyncFnOnce(&DatabaseTransaction) -> ApiResult<Domain>,
) -> ApiResult<()> {
    let tx = app.db.begin().await.map_err(database_failed)?;
    match write(&tx).await {
        Ok(_domain) => tx.commit().await.map_err(database_failed),
        Err(error) => {
            tx.rollback().await.map_err(database_failed)?;
            Err(error)
        }
    }
}

/// Back to the list that says so, or the list that says why not.
async fn answer(
    req: &HttpRequest,
    app: &App,
    (vendor, name): (Vendor, &TenantRef),
    (action, done): (&str, ApiResult<()>),
    typed: Typed,
) -> ApiResult<HttpResponse> {
    let tenant = service::find_tenant(&app.db, name).await?;
    let refusal: ApiError = match done {
        Ok(()) => {
            let next = link(&path_of(&tenant.slug), &[("done", action)]);
            return Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish());
        }
        Err(error) => error,
    };
    let mut refusal = Refused::of(refusal)?;
    if typed.fault.is_some() {
        // It is said beside the field, in the language of the page.
        refusal.details.clear();
    }
    let refusal = Some(refusal);
    show(req, app, (vendor, tenant), ListQuery::default(), (typed, refusal)).await
}

fn path_of(slug: &str) -> String {
    format!("/panel/tenants/{slug}/domains")
}

async fn show(
    req: &HttpRequest,
    app: &App,
    (vendor, tenant): (Vendor, Tenant),
    query: ListQuery,
    (typed, refusal): (Typed, Option<Refused>),
) -> ApiResult<HttpResponse> {
    let wanted = Wanted {
        tenant: Some(TenantRef::Id(tenant.id)),
        cursor: text(&query.cursor),
        ..Wanted::default()
    };
    let ((found, cursor), refusal) = match service::list(app, wanted).await {
        Ok(found) => (found, refusal),
        Err(error) => ((Vec::new(), None), Some(Refused::of(error)?)),
    };
    let shell = Shell::inside(req, vendor);
    let d = DomainTexts::of(shell.language);
    let page = Page {
        d,
        done: d.done(&query.done),
        cards: found.into_iter().map(|it| card(it, &shell, d)).collect(),
        next: cursor.map(|it| link(&path_of(&tenant.slug), &[("cursor", &it)])),
        may_write: shell.may(WRITE),
        slug: tenant.slug,
        company: tenant.company_name,
        hostname: typed.hostname,
        fault: typed.fault.map(|it| it.text(shell.language)),
        shell,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(req, status, &page)
}

fn card(it: Domain, shell: &Shell, d: &DomainTexts) -> Card {
    let (state, next) = (it.state.as_str(), it.next_action.code);
    let verdict = |record: &Record| match record.is_right {
        Some(true) => d.right,
        Some(false) => d.wrong,
        None => d.unseen,
    };
    let line =
        |record: Record| Line { found: record.found.join(", "), verdict: verdict(&record), record };
    Card {
        certificate: certificate(&it, d),
        finding: it.ssl.finding.unwrap_or_default(),
        hostname: it.hostname,
        shown: it.shown,
        is_custom: it.kind.as_str() == "custom",
        is_primary: it.is_primary,
        may_prefer: state == "live" && !it.is_primary,
        state: d.state(state),
        tone: match state {
            "live" => "",
            "stuck" => " bad",
            _ => " warn",
        },
        next: if next.as_str() == "none" { "" } else { next.text(shell.language) },
        checked: it.last_checked_at.map_or_else(String::new, moment),
        failing_since: it.failing_since.map_or_else(String::new, moment),
        unanswered: it.unanswered.unwrap_or_default(),
        records: it.records.into_iter().map(line).collect(),
    }
}

//! `/panel/tenants`: the list of hotels, and what is offered while one types.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_core::life::{Access, Provisioning, Status};
use hotelhub_http::{error::ApiResult, language::Language};
use serde::Deserialize;

use super::texts::TenantTexts;
use crate::{
    app::App,
    database::database_failed,
    db_hosts,
    pages::respond,
    panel::{
        choice::Choice,
        error::Refused,
        shell::{Shell, day},
        states::{Badge, Shown},
        typed::{link, text},
    },
    plans,
    tenants::listing::{self, Listed, Page as Found, Sort, Total, Wanted},
    vendor_users::page_session::Visitor,
};

const PATH: &str = "/panel/tenants";
/// How many are offered while one types.
const OFFERS: u64 = 8;

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    q: String,
    status: String,
    provisioning: String,
    access: String,
    plan: String,
    db_host: String,
    sort: String,
    cursor: String,
}

struct Row {
    slug: String,
    company: String,
    status: Badge,
    /// What is not as it usually is.
    notes: Vec<Badge>,
    trial_ends: String,
    plan: String,
    rooms: i32,
    db_host: String,
    created: String,
}

#[derive(Template)]
#[template(path = "panel/tenants.html")]
struct Page {
    shell: Shell,
    w: &'static TenantTexts,
    asked: ListQuery,
    statuses: Vec<Choice>,
    provisionings: Vec<Choice>,
    accesses: Vec<Choice>,
    plans: Vec<Choice>,
    hosts: Vec<Choice>,
    sorts: Vec<Choice>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
    total: String,
}

/// Lists hotels.
pub(super) async fn list_tenants(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let asked = query.into_inner();
    let (found, plans, hosts) = tokio::join!(
        listing::page(&app, asked.wanted()),
        plans::list(&app.db),
        db_hosts::list_names(&app.db)
    );
    let (found, refusal) = match found {
        Ok(found) => (found, None),
        Err(error) => {
            let nothing = Found { rows: Vec::new(), next: None, total: Total::Exactly(0) };
            (nothing, Some(Refused::of(error)?))
        }
    };
    let shell = Shell::inside(&req, vendor);
    let (language, w) = (shell.language, TenantTexts::of(shell.language));
    let plans = plans.map_err(database_failed)?.into_iter().map(|it| (it.slug, it.name));
    let hosts = hosts.map_err(database_failed)?.into_iter();
    let page = Page {
        statuses: states(Status::ALL, &asked.status, language),
        provisionings: states(Provisioning::ALL, &asked.provisioning, language),
        accesses: states(Access::ALL, &asked.access, language),
        plans: plans.map(|(slug, name)| Choice::of(slug, name, &asked.plan)).collect(),
        hosts: hosts.map(|it| Choice::of(it.clone(), it, &asked.db_host)).collect(),
        sorts: Sort::ALL.map(|it| sort(it, &asked.sort, w)).into(),
        rows: found.rows.into_iter().map(|it| row(it, language)).collect(),
        next: found.next.map(|it| asked.link(&it)),
        total: total(found.total, language),
        shell,
        w,
        asked,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(&req, status, &page)
}

impl Page {
    /// Whether the rarer fields of the filter say something.
    fn is_filtered_further(&self) -> bool {
        let ListQuery { provisioning, access, plan, db_host, .. } = &self.asked;
        [provisioning, access, plan, db_host].into_iter().any(|it| !it.trim().is_empty())
    }

    /// Whether nothing was asked for.
    fn is_all(&self) -> bool {
        let ListQuery { q, status, cursor, .. } = &self.asked;
        !self.is_filtered_further()
            && [q, status, cursor].into_iter().all(|it| it.trim().is_empty())
    }
}

/// Part of what a person types into the search at the top.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SuggestQuery {
    q: String,
}

#[derive(Template)]
#[template(path = "panel/suggestions.html")]
struct Suggestions {
    rows: Vec<Row>,
}

/// Offers the first few hotels that are meant; a piece of a page, for its script.
pub(super) async fn suggest_tenants(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<SuggestQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let language = Language::of(&req);
    let found = listing::suggest(&app, &query.q, OFFERS).await?;
    let page = Suggestions { rows: found.into_iter().map(|it| row(it, language)).collect() };
    respond(&req, StatusCode::OK, &page)
}

impl ListQuery {
    fn wanted(&self) -> Wanted {
        Wanted {
            text: text(&self.q),
            status: text(&self.status),
            provisioning: text(&self.provisioning),
            access: text(&self.access),
            plan: text(&self.plan),
            db_host: text(&self.db_host),
            sort: text(&self.sort),
            cursor: text(&self.cursor),
            limit: None,
        }
    }

    fn link(&self, cursor: &str) -> String {
        let Self { q, status, provisioning, access, plan, db_host, sort, .. } = self;
        let fields = [
            ("q", &**q),
            ("status", status),
            ("provisioning", provisioning),
            ("access", access),
            ("plan", plan),
            ("db_host", db_host),
            ("sort", sort),
            ("cursor", cursor),
        ];
        link(PATH, &fields)
    }
}

fn states<T: Shown + ToString + Copy>(all: &[T], chosen: &str, language: Language) -> Vec<Choice> {
    all.iter().map(|it| Choice::of(it.to_string(), it.badge(language).name, chosen)).collect()
}

fn sort(it: Sort, chosen: &str, w: &TenantTexts) -> Choice {
    let name = match it {
        Sort::Newest => w.newest,
        Sort::Oldest => w.oldest,
        Sort::Slug => w.by_slug,
        Sort::Company => w.by_company,
        Sort::TrialEnd => w.trial_end,
    };
    Choice::of(it.as_str(), name, chosen)
}

fn total(total: Total, language: Language) -> String {
    let w = TenantTexts::of(language);
    let (text, count) = match total {
        Total::Exactly(1) => (w.found_one, 1),
        Total::Exactly(count) => (w.found, count),
        Total::MoreThan(count) => (w.found_more, count),
    };
    text.replace("{count}", &language.number(count))
}

fn row(it: Listed, language: Language) -> Row {
    let Listed { tenant, plan, db_host, .. } = it;
    let mut notes = Vec::new();
    if tenant.provisioning != Provisioning::Ready {
        notes.push(tenant.provisioning.badge(language));
    }
    if tenant.access != Access::Full {
        notes.push(tenant.access.badge(language));
    }
    let trial = tenant.trial_ends_at.filter(|_| tenant.status == Status::Trial);
    Row {
        slug: tenant.slug,
        company: tenant.company_name,
        status: tenant.status.badge(language),
        notes,
        trial_ends: trial.map(day).unwrap_or_default(),
        plan,
        rooms: tenant.rooms,
        db_host: db_host.unwrap_or_default(),
        created: day(tenant.created_at),
    }
}

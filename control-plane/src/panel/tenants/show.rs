//! `/panel/tenants/{tenant}`: all that is known of one hotel, and what may be done to it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use hotelhub_core::{ids::TenantId, life::Provisioning, money::Rupiah};
use hotelhub_http::{
    error::{ApiError, ApiResult},
    language::Language,
};
use serde::Deserialize;

use super::{action::Action, proof::Proof, texts::TenantTexts};
use crate::{
    app::App,
    audit::{
        AuditEntry,
        routes::{AuditQuery, list as list_entries},
    },
    backups::{self, model::Deletion},
    database::database_failed,
    jobs::{
        heap_routes::{self, HeapsQuery},
        model::JobHeap,
    },
    operations::{self, Progress},
    pages::respond,
    panel::{
        audit,
        domain_texts::DomainTexts,
        error::Refused,
        operations::{OperationTexts, progress::Row},
        shell::{Shell, day, moment, size},
        states::{Badge, Shown as _, cycle, of_subscription},
        typed::link,
    },
    tenants::{
        TenantRef, Usage,
        body::{TenantDetailsBody, details},
        store,
    },
    vendor_users::{Vendor, page_session::Visitor},
};

/// Operations, and entries of the audit log, that stand on the page itself.
const NEWEST: u64 = 5;
/// Heaps of jobs of one hotel: more sorts than there are of each.
const HEAPS: u64 = 200;

/// What was done before, to say so.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShowQuery {
    done: String,
}

/// An action that is possible now.
struct Offer {
    href: String,
    text: &'static str,
    is_final: bool,
}

/// What the hotel has subscribed to, in words.
struct Subscription {
    state: Badge,
    cycle: &'static str,
    price: String,
    period: String,
    trial_end: Option<String>,
}

/// What was measured of a hotel.
struct Measured {
    at: String,
    facts: [(&'static str, String); 4],
}

/// A state of jobs, and the link to them.
struct Figure {
    name: &'static str,
    href: String,
    count: String,
}

#[derive(Template)]
#[template(path = "panel/tenant.html")]
struct Page {
    shell: Shell,
    w: &'static TenantTexts,
    o: &'static OperationTexts,
    it: TenantDetailsBody,
    status: Badge,
    provisioning: Badge,
    access: Badge,
    subscription: Option<Subscription>,
    address: Option<String>,
    operations: Vec<Row>,
    /// None for whoever may not read the log.
    entries: Vec<audit::Row>,
    measured: Option<Measured>,
    /// Why nothing was measured.
    unmeasured: &'static str,
    /// That its data is gone, of one that is deleted.
    proof: Option<Proof>,
    /// How many backups there are, and their size.
    backups: String,
    jobs: Vec<Figure>,
    offers: Vec<Offer>,
    /// Pages about this hotel: path and name.
    places: Vec<(String, &'static str)>,
    done: Option<&'static str>,
}

impl Page {
    /// How the certificate of a host name stands, in words.
    fn certificate(&self, status: &str) -> &'static str {
        match status {
            "active" => self.w.certificate_good,
            other => DomainTexts::of(self.shell.language).ssl(other),
        }
    }
}

/// Shows one.
pub(super) async fn show_tenant(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    name: Path<TenantRef>,
    query: Query<ShowQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("tenants.read")?;
    let found = store::find_named(&app.db, &name).await.map_err(database_failed)?;
    let tenant = found.ok_or_else(|| ApiError::not_found("tenant"))?;
    let id = tenant.id;
    let heaps = HeapsQuery::of_tenant(TenantRef::Id(id), HEAPS);
    let (it, proof, operations, (heaps, _), entries) = tokio::try_join!(
        details(&app.db, tenant),
        find_proof(&app, &vendor, id),
        newest_operations(&app, &vendor, id),
        heap_routes::list_heaps(&app, &vendor, heaps),
        newest_entries(&app, &vendor, id)
    )?;
    let shell = Shell::inside(&req, vendor);
    let (language, w, now) = (shell.language, TenantTexts::of(shell.language), app.clock.now());
    let host = it.host.as_deref().filter(|_| it.tenant.provisioning == Provisioning::Ready);
    let page = Page {
        status: it.tenant.status.badge(language),
        provisioning: it.tenant.provisioning.badge(language),
        access: it.tenant.access.badge(language),
        subscription: it.subscription.as_ref().map(|it| Subscription {
            state: of_subscription(&it.status, language),
            cycle: cycle(&it.billing_cycle, language),
            price: language.rupiah(Rupiah::new(it.price_idr)),
            period: format!("{} – {}", day(it.current_period_start), day(it.current_period_end)),
            trial_end: it.trial_end.filter(|_| it.status == "trialing").map(day),
        }),
        address: host.map(|it| app.addresses.of_hotel(it)),
        operations: operations.iter().map(|it| Row::of(it, language, now)).collect(),
        entries: entries.into_iter().map(audit::Row::of).collect(),
        measured: measured(&it.usage, language),
        unmeasured: match it.tenant.provisioning {
            Provisioning::Deleted => w.usage_gone,
            _ => w.not_measured,
        },
        proof: proof.map(|it| Proof::of(&it, language)),
        backups: format!("{} · {}", it.usage.backups, size(it.usage.backup_bytes)),
        jobs: jobs(&heaps, &it.tenant.slug, language),
        offers: offers(&it, &shell, w),
        places: places(&it.tenant.slug, w),
        done: Action::told(&query.done, w),
        o: OperationTexts::of(language),
        shell,
        w,
        it,
    };
    respond(&req, StatusCode::OK, &page)
}

/// The provisioner's latest work for it, for whoever may read that.
async fn newest_operations(app: &App, vendor: &Vendor, id: TenantId) -> ApiResult<Vec<Progress>> {
    if !vendor.may("operations.read") {
        return Ok(Vec::new());
    }
    let wanted = operations::routes::ListQuery {
        tenant: Some(TenantRef::Id(id)),
        limit: Some(NEWEST),
        ..operations::routes::ListQuery::default()
    };
    Ok(operations::routes::list(app, wanted).await?.0)
}

/// What is left of it, for whoever may read that.
async fn find_proof(app: &App, vendor: &Vendor, id: TenantId) -> ApiResult<Option<Deletion>> {
    if !vendor.may("backups.read") {
        return Ok(None);
    }
    backups::store::find_deletion(&app.db, id).await.map_err(database_failed)
}

/// What was done about it lately, for whoever may read that.
async fn newest_entries(app: &App, vendor: &Vendor, id: TenantId) -> ApiResult<Vec<AuditEntry>> {
    if !vendor.may("audit.read") {
        return Ok(Vec::new());
    }
    let wanted = AuditQuery {
        tenant: Some(TenantRef::Id(id)),
        limit: Some(NEWEST),
        ..AuditQuery::default()
    };
    Ok(list_entries(app, vendor, wanted).await?.0)
}

/// The pages about a hotel with this slug.
fn places(slug: &str, w: &TenantTexts) -> Vec<(String, &'static str)> {
    vec![
        (format!("/panel/tenants/{slug}/domains"), w.domains_link),
        (format!("/panel/tenants/{slug}/backups"), w.backups_link),
        (format!("/panel/tenants/{slug}/support-access"), w.support_link),
        (format!("/panel/tenants/{slug}/jobs"), w.jobs_link),
        (link("/panel/operations", &[("tenant", slug)]), w.operations_link),
        (link("/panel/job-pauses", &[("tenant", slug)]), w.pauses_link),
        (link("/panel/audit", &[("tenant", slug)]), w.audit_link),
    ]
}

/// What is possible now, and what the person may do of it.
fn offers(it: &TenantDetailsBody, shell: &Shell, w: &TenantTexts) -> Vec<Offer> {
    let possible = it.actions.iter().filter(|it| it.is_possible);
    let offered = possible.filter_map(|action| {
        let action = Action::of(action.name).filter(|it| shell.may(it.permission()))?;
        Some(Offer {
            href: format!("/panel/tenants/{}/actions/{}", it.tenant.id, action.name()),
            text: action.link_text(w),
            is_final: action.is_final(),
        })
    });
    offered.collect()
}

fn measured(it: &Usage, language: Language) -> Option<Measured> {
    let w = TenantTexts::of(language);
    let number = |it: Option<i64>| it.map(|it| language.number(it)).unwrap_or_default();
    let bytes = |it: Option<i64>| it.map(size).unwrap_or_default();
    let facts = [
        (w.rooms_set_up, number(it.rooms)),
        (w.users, number(it.users)),
        (w.database_size, bytes(it.database_bytes)),
        (w.file_size, bytes(it.file_bytes)),
    ];
    it.measured_at.map(|at| Measured { at: moment(at), facts })
}

fn jobs(heaps: &[JobHeap], slug: &str, language: Language) -> Vec<Figure> {
    let w = TenantTexts::of(language);
    let states = [("dead", w.jobs_dead), ("retrying", w.jobs_retrying), ("held", w.jobs_held)];
    let figure = |(state, name)| {
        let of_state = heaps.iter().filter(|it| it.state == state);
        Figure {
            name,
            href: link(&format!("/panel/tenants/{slug}/jobs"), &[("state", state)]),
            count: language.number(of_state.map(|it| it.count).sum()),
        }
    };
    states.into_iter().map(figure).collect()
}

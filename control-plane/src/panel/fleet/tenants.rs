//! `/panel/fleet/{id}/tenants`: how far each hotel of a run is.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use chrono::TimeDelta;
use hotelhub_core::ids::FleetMigrationId;
use hotelhub_http::error::ApiResult;
use serde::Deserialize;

use super::{list::name, texts::FleetTexts};
use crate::{
    app::App,
    fleet_migrations::{
        FleetTenant,
        routes::shown,
        tenant_routes::{self, STATES, TenantQuery},
    },
    pages::respond,
    panel::{
        choice::Choice,
        error::Refused,
        shell::{Shell, lasting},
        states::{Badge, of_fleet_tenant},
        typed::{link, text},
    },
    vendor_users::page_session::Visitor,
};

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    state: String,
    cursor: String,
}

struct Row {
    slug: String,
    ring: &'static str,
    state: Badge,
    attempts: i32,
    error: String,
    took: String,
}

#[derive(Template)]
#[template(path = "panel/fleet_tenants.html")]
struct Page {
    shell: Shell,
    w: &'static FleetTexts,
    id: FleetMigrationId,
    run: String,
    states: Vec<Choice>,
    rows: Vec<Row>,
    next: Option<String>,
    refusal: Option<Refused>,
}

impl Page {
    /// The way back.
    fn places(&self) -> [(String, &str); 2] {
        let run = format!("/panel/fleet/{}", self.id);
        [("/panel/fleet".to_owned(), self.w.title), (run, &self.run)]
    }
}

/// Lists them, ring by ring.
pub(super) async fn list_tenants(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    id: Path<FleetMigrationId>,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    vendor.require("fleet_migrations.read")?;
    let (id, asked) = (*id, query.into_inner());
    let run = shown(&app.db, id).await?;
    let wanted =
        TenantQuery { state: text(&asked.state), cursor: text(&asked.cursor), limit: None };
    let ((found, cursor), refusal) = match tenant_routes::list(&app, id, wanted).await {
        Ok(found) => (found, None),
        Err(error) => ((Vec::new(), None), Some(Refused::of(error)?)),
    };
    let shell = Shell::inside(&req, vendor);
    let w = FleetTexts::of(shell.language);
    let path = format!("/panel/fleet/{id}/tenants");
    let state = |it: &str| Choice::of(it, of_fleet_tenant(it, shell.language).name, &asked.state);
    let page = Page {
        states: STATES.map(state).into(),
        rows: found.into_iter().map(|it| row(it, &shell, w)).collect(),
        next: cursor.map(|it| link(&path, &[("state", &asked.state), ("cursor", &it)])),
        run: name(&run, w),
        shell,
        w,
        id,
        refusal,
    };
    let status = page.refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    respond(&req, status, &page)
}

fn row(it: FleetTenant, shell: &Shell, w: &FleetTexts) -> Row {
    let error = [it.sqlstate, it.error].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Row {
        slug: it.slug,
        ring: w.ring_name(it.ring),
        state: of_fleet_tenant(&it.state, shell.language),
        attempts: it.attempts,
        error,
        took: it.ms.map(|it| lasting(TimeDelta::milliseconds(it.into()))).unwrap_or_default(),
    }
}

//! `/panel/jobs`: where in the fleet jobs are dead, held or failing.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use hotelhub_http::error::{ApiError, ApiResult};
use serde::Deserialize;

use super::texts::JobTexts;
use crate::{
    app::App,
    jobs::{
        heap_routes::{self, HeapsQuery},
        model::{JobHeap, JobStats, Order, STATES},
    },
    pages::respond,
    panel::{
        choice::Choice,
        error::Refused,
        shell::{Shell, moment},
        typed::{AGES, age, link, tenant, text},
    },
    vendor_users::{Vendor, page_session::Visitor},
};

/// Where they are listed.
pub(super) const PATH: &str = "/panel/jobs";

/// What was typed into the filter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    state: String,
    kind: String,
    peer: String,
    error: String,
    tenant: String,
    /// One of [`AGES`].
    age: String,
    order: String,
    cursor: String,
}

/// How many jobs of all hotels are in a state.
struct Figure {
    name: &'static str,
    count: i64,
}

struct Row {
    slug: String,
    /// The same jobs, one by one.
    href: String,
    kind: String,
    state: &'static str,
    peer: String,
    error: String,
    count: i64,
    oldest: String,
    as_of: String,
}

#[derive(Template)]
#[template(path = "panel/jobs.html")]
struct Page {
    shell: Shell,
    w: &'static JobTexts,
    asked: ListQuery,
    figures: Vec<Figure>,
    choices: Vec<Choice>,
    orders: [Choice; 2],
    ages: [Choice; AGES.len()],
    /// Where all jobs are of the hotel that was asked for.
    hotel: Option<String>,
    refusal: Option<Refused>,
    rows: Vec<Row>,
    next: Option<String>,
    /// Where the dead ones of that sort are counted and tried again.
    retry: String,
}

/// Lists what the workers of all hotels last counted.
pub(super) async fn list_heaps(
    req: HttpRequest,
    app: Data<App>,
    Visitor(vendor): Visitor,
    query: Query<ListQuery>,
) -> ApiResult<HttpResponse> {
    let asked = query.into_inner();
    let stats = heap_routes::count_heaps(&app, &vendor).await?;
    let (found, refusal) = match find(&app, &vendor, &asked).await {
        Ok(found) => (found, None),
        Err(error) => ((Vec::new(), None), Some(Refused::of_typed(error, &["tenant"])?)),
    };
    let shell = Shell::inside(&req, vendor);
    let (w, (heaps, cursor)) = (JobTexts::of(shell.language), found);
    let next = cursor.map(|it| asked.link(PATH, &it));
    let status = refusal.as_ref().map_or(StatusCode::OK, |it| it.status);
    let page = Page {
        figures: STATES.map(|it| figure(it, (w, &stats))).into(),
        choices: STATES.map(|it| Choice::of(it, w.state(it), &asked.state)).into(),
        rows: heaps.into_iter().map(|it| row(it, w)).collect(),
        orders: [("", w.largest_first), ("oldest", w.oldest_first)]
            .map(|(it, name)| Choice::of(it, name, &asked.order)),
        ages: AGES.map(|(it, _)| Choice::of(it, w.age_name(it), &asked.age)),
        hotel: shown_hotel(&asked, refusal.is_none()),
        retry: asked.link("/panel/jobs/retry", ""),
        shell,
        w,
        asked,
        refusal,
        next,
    };
    respond(&req, status, &page)
}

async fn find(
    app: &App,
    vendor: &Vendor,
    asked: &ListQuery,
) -> ApiResult<(Vec<JobHeap>, Option<String>)> {
    let query = HeapsQuery {
        state: text(&asked.state),
        kind: text(&asked.kind),
        peer: text(&asked.peer),
        error: text(&asked.error),
        tenant: tenant(&asked.tenant),
        older_than_seconds: age(&asked.age)?,
        order: asked.order()?,
        cursor: text(&asked.cursor),
        limit: None,
    };
    heap_routes::list_heaps(app, vendor, query).await
}

impl ListQuery {
    fn order(&self) -> ApiResult<Order> {
        match &*self.order {
            "" | "largest" => Ok(Order::Largest),
            "oldest" => Ok(Order::Oldest),
            _ => Err(ApiError::invalid("order", "needs to be `largest` or `oldest`")),
        }
    }

    fn link(&self, path: &str, cursor: &str) -> String {
        let Self { state, kind, peer, error, tenant, age, order, .. } = self;
        let fields = [
            ("state", &**state),
            ("kind", kind),
            ("peer", peer),
            ("error", error),
            ("tenant", tenant),
            ("age", age),
            ("order", order),
            ("cursor", cursor),
        ];
        link(path, &fields)
    }
}

/// The page of the hotel that was asked for, if there is such a hotel.
fn shown_hotel(asked: &ListQuery, is_known: bool) -> Option<String> {
    let tenant = text(&asked.tenant).filter(|_| is_known)?;
    Some(format!("/panel/tenants/{tenant}/jobs"))
}

fn figure(state: &'static str, (w, stats): (&JobTexts, &[JobStats])) -> Figure {
    let count = stats.iter().filter(|it| it.state == state).map(|it| it.count).sum();
    Figure { name: w.state(state), count }
}

fn row(it: JobHeap, w: &JobTexts) -> Row {
    let (peer, error) = (it.peer.unwrap_or_default(), it.error_code.unwrap_or_default());
    let path = format!("/panel/tenants/{}/jobs", it.slug);
    let fields = [("state", &*it.state), ("kind", &it.kind), ("peer", &peer), ("error", &error)];
    Row {
        href: link(&path, &fields),
        slug: it.slug,
        state: w.state(&it.state),
        kind: it.kind,
        peer,
        error,
        count: it.count,
        oldest: moment(it.oldest_at),
        as_of: moment(it.reported_at),
    }
}

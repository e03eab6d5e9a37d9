//! How far a run is: the piece of its page that changes while it runs.

use askama::Template;
use hotelhub_core::ids::FleetMigrationId;
use hotelhub_http::{
    error::{ApiError, ApiResult},
    language::Language,
};

use super::texts::FleetTexts;
use crate::{
    app::App,
    fleet_migrations::{FleetMigration, FleetTenant, Ring, State, tenant_routes},
    panel::states::{Badge, Shown as _},
};

/// Hotels in quarantine that stand on the run's own page.
const SHOWN: u64 = 20;

/// How many hotels a run has.
pub(super) struct Totals {
    pub(super) done: String,
    pub(super) total: String,
    pub(super) quarantined: i64,
}

/// How many hotels a run has, over all rings.
pub(super) fn totals(it: &FleetMigration, language: Language) -> Totals {
    let sum = |of: fn(&Ring) -> i64| it.rings.iter().map(of).sum::<i64>();
    Totals {
        done: language.number(sum(|it| it.done)),
        total: language.number(sum(|it| it.total)),
        quarantined: sum(|it| it.quarantined),
    }
}

/// One ring, in words.
struct ShownRing {
    name: &'static str,
    done: i64,
    total: i64,
    said: String,
    is_here: bool,
}

/// A hotel that failed.
struct Failure {
    slug: String,
    ring: &'static str,
    sqlstate: String,
    error: String,
    attempts: i32,
    is_set_aside: bool,
}

/// The piece of the page.
#[derive(Template)]
#[template(path = "panel/fleet_part.html")]
pub(super) struct Part {
    w: &'static FleetTexts,
    id: String,
    state: Badge,
    said: String,
    rings: Vec<ShownRing>,
    /// How fast it goes; nothing once it is over.
    rate: Option<String>,
    halt_reason: Option<String>,
    is_cancelled: bool,
    failures: Vec<Failure>,
    may_steer: bool,
    may_resume: bool,
}

impl Part {
    /// How far the run is now, and whether it is over.
    pub(super) async fn now(
        app: &App,
        run: &FleetMigration,
        (language, may_steer): (Language, bool),
    ) -> ApiResult<String> {
        let failed = match totals(run, language).quarantined {
            0 => Vec::new(),
            _ => {
                let wanted = tenant_routes::TenantQuery {
                    state: Some("quarantined".to_owned()),
                    limit: Some(SHOWN),
                    ..tenant_routes::TenantQuery::default()
                };
                tenant_routes::list(app, FleetMigrationId::from(run.id), wanted).await?.0
            }
        };
        let part = Self::of(run, failed, (language, may_steer));
        part.render().map_err(ApiError::internal)
    }

    fn of(
        run: &FleetMigration,
        failed: Vec<FleetTenant>,
        (language, may_steer): (Language, bool),
    ) -> Self {
        let w = FleetTexts::of(language);
        let (state, totals) = (run.state.badge(language), totals(run, language));
        let is_over = run.state.is_over();
        let is_cancelled = run.cancelled_at.is_some() && !is_over;
        let said = w.said.replace("{state}", state.name);
        Self {
            w,
            id: run.id.to_string(),
            said: said.replace("{done}", &totals.done).replace("{total}", &totals.total),
            state,
            rings: run.rings.iter().map(|it| ring(it, run, language)).collect(),
            rate: (!is_over).then(|| language.number(run.done_last_minute)),
            halt_reason: run.halt_reason.clone().filter(|_| run.state == State::Halted),
            is_cancelled,
            failures: failed.into_iter().map(|it| failure(it, run, w)).collect(),
            may_steer: may_steer && !is_over && !is_cancelled,
            may_resume: matches!(run.state, State::Halted)
                || run.state == State::Running && totals.quarantined > 0,
        }
    }
}

fn ring(it: &Ring, run: &FleetMigration, language: Language) -> ShownRing {
    let w = FleetTexts::of(language);
    let said = w.done_of.replace("{done}", &language.number(it.done));
    let mut said = said.replace("{total}", &language.number(it.total));
    let more = [(w.quarantined, it.quarantined), (w.waiting, it.pending)];
    for (text, count) in more.into_iter().filter(|(_, count)| *count > 0) {
        said.push_str(" · ");
        said.push_str(&text.replace("{count}", &language.number(count)));
    }
    ShownRing {
        name: w.ring_name(it.ring),
        done: it.done,
        total: it.total.max(1),
        said,
        is_here: !run.state.is_over() && run.ring == Some(it.ring),
    }
}

fn failure(it: FleetTenant, run: &FleetMigration, w: &FleetTexts) -> Failure {
    Failure {
        ring: w.ring_name(it.ring),
        sqlstate: it.sqlstate.unwrap_or_default(),
        error: it.error.unwrap_or_default(),
        attempts: it.attempts,
        is_set_aside: run.set_aside.contains(&it.tenant_id),
        slug: it.slug,
    }
}

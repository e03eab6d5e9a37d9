//! What needs somebody's attention now, over the whole platform: gathered from what each aggregate
//! knows of itself, never more of a kind than fits a page.

pub(crate) mod routes;

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::life::Status;
use hotelhub_http::error::ApiResult;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App,
    audit::{self, BrokenChain},
    backups::store as backups,
    database::database_failed,
    db_hosts::{self, DbHost, HostState},
    domains::{self, UntoldFailure},
    fleet_migrations::{self, FleetMigration},
    jobs::heap_routes,
    operations::{self, Progress},
    retention::{self, UntoldOwner},
    tenants::{
        listing::{self, Wanted},
        store as tenants,
    },
    vendor_users::Vendor,
};

/// Of each kind, no more than this.
const MOST: u64 = 10;
/// An operation that was undone is news for a week.
const NEWS: TimeDelta = TimeDelta::days(7);
/// Somebody should speak with a hotel whose trial ends so soon.
const TRIAL_ENDS_SOON: TimeDelta = TimeDelta::days(3);
/// A mail server that is there takes a letter within that.
const ON_ITS_WAY: TimeDelta = TimeDelta::hours(1);
/// A host that is so full needs another one beside it.
const FULL_PERCENT: i64 = 90;

/// What needs attention.
#[derive(Serialize, ToSchema)]
pub(crate) struct Attention {
    /// Hotels in each status, without those that could not be made or are gone.
    pub(crate) tenants: Vec<StatusCount>,
    /// Operations that are not over, the newest first; `last_error` says which of them fail.
    pub(crate) open_operations: Vec<Progress>,
    /// Operations of the last week that came to nothing, the newest first.
    pub(crate) undone_operations: Vec<Progress>,
    /// The newest fleet migration, as long as it is not over or has tenants in quarantine.
    pub(crate) fleet_migration: Option<FleetMigration>,
    /// Jobs of all hotels that are dead, as their workers last counted.
    pub(crate) dead_jobs: i64,
    /// Hotels without a backup that is younger than 26 hours, though they were there. As the next two,
    /// none where this platform keeps no backups.
    pub(crate) overdue_backups: i64,
    /// Hotels whose last tries to back them up failed.
    pub(crate) failing_backups: i64,
    /// Hotels whose last restore drill failed.
    pub(crate) failed_drills: i64,
    /// Custom domains that worked, or should, and do not.
    pub(crate) stuck_domains: i64,
    /// Hosts that are full, not reachable, or not active.
    pub(crate) db_hosts: Vec<HostFinding>,
    /// Trials that end within three days, or should have ended.
    pub(crate) ending_trials: Vec<EndingTrial>,
    /// Owners of data that is to be deleted who were not told: no mail server took the letter.
    pub(crate) untold_owners: Vec<UntoldOwner>,
    /// Custom domains that fail, and whose owners were not told: no mail server took the letter.
    pub(crate) untold_failures: Vec<UntoldFailure>,
    /// The audit log, if the platform found that it is not as it was written; until it finds it whole.
    pub(crate) broken_audit_chain: Option<BrokenChain>,
    /// Since when the platform should look along the audit log and does not: no `control-plane work`
    /// runs, or it says in its own log what keeps it.
    pub(crate) audit_walk_overdue_since: Option<DateTime<Utc>>,
}

/// How many hotels there are in a status.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusCount {
    #[schema(value_type = String)]
    pub(crate) status: Status,
    pub(crate) count: i64,
}

/// A host that somebody should look at.
#[derive(Serialize, ToSchema)]
pub(crate) struct HostFinding {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) state: HostState,
    pub(crate) databases: i64,
    pub(crate) max_databases: i32,
    pub(crate) is_full: bool,
    /// The provisioner did not reach it when it last looked.
    pub(crate) is_away: bool,
    pub(crate) error: Option<String>,
}

/// A trial that ends soon.
#[derive(Serialize, ToSchema)]
pub(crate) struct EndingTrial {
    pub(crate) tenant_id: Uuid,
    pub(crate) slug: String,
    pub(crate) company_name: String,
    pub(crate) owner_email: String,
    pub(crate) trial_ends_at: DateTime<Utc>,
}

/// What needs attention now.
///
/// # Errors
/// Fails if the database does, and for a role that may not look.
pub(crate) async fn now(app: &App, vendor: &Vendor) -> ApiResult<Attention> {
    vendor.require("tenants.read")?;
    let at = app.clock.now();
    let (open, undone, trials, jobs) = tokio::try_join!(
        list_operations(app, "open"),
        list_operations(app, "undone"),
        list_trials(app),
        heap_routes::count_heaps(app, vendor)
    )?;
    let (counts, hosts, fleet, untold) = tokio::try_join!(
        tenants::count_by_status(&app.db),
        db_hosts::list(&app.db),
        fleet_migrations::find_latest(&app.db),
        retention::list_untold(&app.db, at, MOST)
    )
    .map_err(database_failed)?;
    let (backups, drills, domains, untold_failures, walks) = tokio::try_join!(
        backups::summarize(&app.db, at),
        backups::count_failed_drills(&app.db),
        domains::count_stuck(&app.db),
        domains::list_untold(&app.db, at - ON_ITS_WAY, MOST),
        audit::find_walks(&app.db)
    )
    .map_err(database_failed)?;
    let if_kept = |count: i64| if app.objects.is_some() { count } else { 0 };
    let count_of = |status: &Status| StatusCount {
        status: *status,
        count: counts.iter().find(|(it, _)| it == status).map_or(0, |(_, count)| *count),
    };
    Ok(Attention {
        tenants: Status::ALL.iter().map(count_of).collect(),
        open_operations: open,
        undone_operations: undone.into_iter().filter(|it| it.requested_at > at - NEWS).collect(),
        fleet_migration: fleet.filter(needs_somebody),
        dead_jobs: jobs.iter().filter(|it| it.state == "dead").map(|it| it.count).sum(),
        overdue_backups: if_kept(backups.overdue),
        failing_backups: if_kept(backups.failing),
        failed_drills: if_kept(drills),
        stuck_domains: domains,
        db_hosts: hosts.into_iter().filter_map(finding).collect(),
        ending_trials: trials
            .into_iter()
            .filter(|it| it.trial_ends_at < at + TRIAL_ENDS_SOON)
            .collect(),
        untold_owners: untold,
        untold_failures,
        broken_audit_chain: walks.broken(),
        audit_walk_overdue_since: walks.overdue_since(at),
    })
}

async fn list_operations(app: &App, state: &str) -> ApiResult<Vec<Progress>> {
    let wanted = operations::routes::ListQuery {
        state: Some(state.to_owned()),
        limit: Some(MOST),
        ..operations::routes::ListQuery::default()
    };
    Ok(operations::routes::list(app, wanted).await?.0)
}

async fn list_trials(app: &App) -> ApiResult<Vec<EndingTrial>> {
    let wanted = Wanted {
        status: Some(Status::Trial.to_string()),
        provisioning: Some("ready".to_owned()),
        sort: Some("trial_end".to_owned()),
        limit: Some(MOST),
        ..Wanted::default()
    };
    let found = listing::page(app, wanted).await?.rows.into_iter();
    let ending = found.filter_map(|listing::Listed { tenant, .. }| {
        Some(EndingTrial {
            tenant_id: tenant.id.as_uuid(),
            trial_ends_at: tenant.trial_ends_at?,
            slug: tenant.slug,
            company_name: tenant.company_name,
            owner_email: tenant.owner_email,
        })
    });
    Ok(ending.collect())
}

fn needs_somebody(run: &FleetMigration) -> bool {
    !run.state.is_over() || run.rings.iter().any(|it| it.quarantined > 0)
}

fn finding(host: DbHost) -> Option<HostFinding> {
    let is_full = host.databases * 100 >= i64::from(host.max_databases) * FULL_PERCENT;
    let is_away = host.is_reachable == Some(false);
    let is_worth_a_look = is_full || is_away || host.state != HostState::Active;
    is_worth_a_look.then_some(HostFinding {
        id: host.id.as_uuid(),
        name: host.name,
        state: host.state,
        databases: host.databases,
        max_databases: host.max_databases,
        is_full,
        is_away,
        error: host.error,
    })
}

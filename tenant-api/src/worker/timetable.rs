//! What is due in every hotel by the clock.
//!
//! Further schedules come with what they are about: the night audit of each property at its own hour
//! (which then opens the business day), availability to OTAs every 15 minutes, sitemaps of search
//! pages daily at 03:00, the search index daily at 04:00, tax tokens every 30 minutes, and the
//! licence's heartbeat of a hotel that runs on its own. Backups and billing are the platform's, not
//! the hotel's.

use std::time::Duration;

use chrono::{DateTime, Utc, Weekday};
use hotelhub_core::life::Access;
use hotelhub_jobs::schedules::{Misfire, Schedule, Scope, When, fire_due};
use hotelhub_tenancy::db::TenantConnection;
use tokio_postgres::Error;

use super::{
    HotelJob,
    kinds::{CleanUp, OpenBusinessDay, ReportDay},
};

const SCHEDULES: &[Schedule] = &[
    Schedule {
        name: "open_business_day",
        kind: OpenBusinessDay::KIND,
        runs_under: OpenBusinessDay::RUNS_UNDER,
        when: When::Daily { hour: 0, minute: 0 },
        scope: Scope::Property,
        misfire: Misfire::Once,
        splay: Duration::ZERO,
    },
    Schedule {
        name: "report_day",
        kind: ReportDay::KIND,
        runs_under: ReportDay::RUNS_UNDER,
        when: When::Daily { hour: 8, minute: 0 },
        scope: Scope::Property,
        misfire: Misfire::Once,
        splay: Duration::ZERO,
    },
    Schedule {
        name: "clean_up",
        kind: CleanUp::KIND,
        runs_under: CleanUp::RUNS_UNDER,
        when: When::Weekly { day: Weekday::Sun, hour: 3, minute: 0 },
        scope: Scope::Tenant,
        misfire: Misfire::Once,
        splay: Duration::from_secs(2 * 3_600),
    },
];

/// Makes jobs of what is due in a hotel; when something is due next.
pub(super) async fn fire(
    connection: &mut TenantConnection,
    access: Access,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let tenant = connection.tenant();
    let tx = connection.transaction().await?;
    let fired = fire_due(&tx, tenant, SCHEDULES, access, now).await?;
    tx.commit().await?;
    if fired.enqueued > 0 {
        tracing::info!(jobs = fired.enqueued, "what is due by the clock has a job");
    }
    Ok(fired.next_due)
}

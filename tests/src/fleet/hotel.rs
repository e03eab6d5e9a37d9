//! One hotel of a fleet, seen by the superuser of its database.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use hotelhub_core::ids::{JobId, TenantId};
use tokio_postgres::{Client, Row, types::ToSql};
use url::Url;

use super::{Counts, NewJobs};
use crate::postgres::connect;

/// Where jobs of the kind `test_insert` leave their effect.
const EFFECTS: &str = "CREATE TABLE job_effects (
       job_id uuid NOT NULL, attempt int NOT NULL, at timestamptz NOT NULL DEFAULT now());
     GRANT SELECT, INSERT ON job_effects TO hotel_app";
const OPEN: &str = "state NOT IN ('done', 'dead', 'cancelled')";

/// A hotel that is ready to work.
#[derive(Debug)]
pub struct FleetHotel {
    tenant: TenantId,
    host: String,
    database: Url,
    inserted: Mutex<Vec<JobId>>,
}

impl FleetHotel {
    pub(super) async fn open(superuser: &Url, tenant: &str, host: &str) -> Result<Self> {
        let tenant: TenantId = tenant.parse().context("read the id of a tenant")?;
        let mut database = superuser.clone();
        database.set_path("/hotelhub_control");
        let sql = "SELECT 'tenant_' || replace(id::text, '-', '') FROM databases
             WHERE tenant_id = $1 AND state = 'assigned'";
        let control = connect(&database).await.context("look for a hotel's database")?;
        let found = control.query_one(sql, &[&tenant]).await.context("find a hotel's database")?;
        database.set_path(found.get(0));
        let hotel =
            Self { tenant, host: host.to_owned(), database, inserted: Mutex::new(Vec::new()) };
        hotel.session().await?.simple_query(EFFECTS).await.context("make room for effects")?;
        Ok(hotel)
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Its host name.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// A superuser's session in its database, past all programs.
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn session(&self) -> Result<Client> {
        connect(&self.database).await.with_context(|| format!("look into {}", self.host))
    }

    /// Puts so many jobs in, as a committed transaction that nobody tells the broker of; their ids.
    ///
    /// # Errors
    /// Fails if the database does.
    pub async fn insert_jobs(&self, jobs: &NewJobs, count: usize) -> Result<Vec<JobId>> {
        let ids = jobs.insert(&self.session().await?, count).await?;
        self.inserted.lock().unwrap_or_else(PoisonError::into_inner).extend(&ids);
        Ok(ids)
    }

    /// How many jobs are in each state.
    ///
    /// # Errors
    /// Fails if the database does.
    pub async fn counts(&self) -> Result<Counts> {
        let rows = self.query("SELECT state, count(*) FROM jobs GROUP BY state", &[]).await?;
        Ok(rows.iter().map(|it| (it.get(0), it.get(1))).collect())
    }

    /// Tells whether no job is open.
    pub(super) async fn has_ended(&self) -> Result<bool> {
        let sql = format!("SELECT id FROM jobs WHERE {OPEN} LIMIT 1");
        Ok(self.query(&sql, &[]).await?.is_empty())
    }

    /// What is wrong with the jobs, in words.
    pub(super) async fn faults(&self) -> Result<Vec<String>> {
        let inserted = self.inserted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sql = format!(
            "SELECT 'job ' || id || ' is lost' FROM unnest($1::uuid[]) AS inserted (id)
               WHERE NOT EXISTS (SELECT FROM jobs WHERE jobs.id = inserted.id)
             UNION ALL
             SELECT 'job ' || id || ' is still ' || state FROM jobs WHERE {OPEN}
             UNION ALL
             SELECT 'job ' || id || ' was tried ' || attempt || ' times of ' || max_attempts
               FROM jobs WHERE attempt > max_attempts
             UNION ALL
             SELECT 'job ' || jobs.id || ' is ' || state || ' and had its effect '
                 || count(job_effects.job_id) || ' times'
               FROM jobs LEFT JOIN job_effects ON job_effects.job_id = jobs.id
               WHERE kind = 'test_insert' GROUP BY jobs.id
               HAVING count(job_effects.job_id) <> CASE state WHEN 'done' THEN 1 ELSE 0 END
             UNION ALL
             SELECT 'there is an effect of job ' || job_id || ', which is not there'
               FROM job_effects WHERE NOT EXISTS (SELECT FROM jobs WHERE jobs.id = job_id)"
        );
        let rows = self.query(&sql, &[&inserted]).await?;
        Ok(rows.iter().map(|it| it.get(0)).collect())
    }

    async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        let session = self.session().await?;
        session.query(sql, params).await.with_context(|| format!("look into {}", self.host))
    }
}

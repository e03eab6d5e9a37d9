//! Restores one backup after the other into a copy of nobody's, asks whether a hotel could work with
//! it, and drops it.
//!
//! The copy is on record as one that is being made, under the lock of its maker: whoever makes the
//! warm copies' dead makers' leftovers disappear takes it away as well, also after a kill.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{
    clock::Clock,
    errors::Chain,
    ids::{BackupId, DatabaseId, DbHostId, DrillId, TenantId},
    keys::Keyring,
    sql::Query as _,
    tasks::Tasks,
};
use hotelhub_storage::Storage;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::{Config as Login, Error};

use super::{fetch, invariants, store};
use crate::{
    config::Config,
    contents::load,
    copies,
    engine::StepError,
    hosts::{self, usable},
    locks::Lock,
    session::Session,
};

const LOOK_EVERY: Duration = Duration::from_secs(15);
const LIMIT: Duration = Duration::from_secs(6 * 60 * 60);
/// Every tenant has its turn once in so many days.
const ROUND_DAYS: i64 = 30;
/// When the next one is tried after one that broke off: what is away may be back.
const AGAIN: TimeDelta = TimeDelta::minutes(10);
/// For so long after its drill broke off, a tenant lets all others go first.
const STEPS_BACK: TimeDelta = TimeDelta::hours(12);

/// Tries backups. One at a time, of all processes.
#[derive(Debug)]
pub struct Drills {
    control: Login,
    sealing_keys: Keyring,
    storage: Storage,
    clock: Clock,
    tasks: Tasks,
}

/// A backup that is to be tried.
#[derive(PartialEq, Eq)]
struct Turn {
    tenant: TenantId,
    backup: BackupId,
}

impl Drills {
    /// One of those who take turns.
    #[must_use]
    pub fn new(config: &Config, storage: Storage, tasks: Tasks) -> Self {
        Self {
            control: config.control.clone(),
            sealing_keys: config.sealing_keys.clone(),
            storage,
            clock: config.clock.clone(),
            tasks,
        }
    }

    /// Works without end.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(error = %Chain(&error), "cannot try backups");
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// The session, and its locks, last for one look.
    async fn look(&self) -> Result<(), StepError> {
        let control = Session::open(&self.control, &self.tasks).await?;
        let lock = Lock::Drill.key();
        let locked = control.query_one("SELECT pg_try_advisory_lock($1)", &[&lock]).await?;
        if !locked.try_get::<_, bool>(0)? {
            return Ok(());
        }
        let now = self.clock.now();
        // Whoever was at it before us is dead.
        let broken = "UPDATE restore_drills SET state = 'broken_off', finished_at = $1
             WHERE state = 'running'";
        control.execute(broken, &[&now]).await?;
        let Some(turn) = find_turn(&control, now).await? else { return Ok(()) };
        // Whoever deletes the tenant waits, and finds the copy on record.
        if !store::try_lock(&control, turn.tenant).await? {
            return Ok(());
        }
        // Whoever held the lock before may have been deleting it.
        if find_turn(&control, now).await?.as_ref() != Some(&turn) {
            return Ok(());
        }
        let id = DrillId::generate();
        let begin = "INSERT INTO restore_drills (id, tenant_id, backup_id, state, started_at)
             VALUES ($1, $2, $3, 'running', $4)";
        control.execute(begin, &[&id, &turn.tenant, &turn.backup, &now]).await?;
        let mut tried = timeout(LIMIT, self.try_backup(&control, &turn))
            .await
            .unwrap_or(Err(StepError::TooLong(LIMIT.as_secs())));
        if tried.is_err() && store::find_kept(&control, turn.backup).await?.is_none() {
            // Nothing is wrong with a backup whose time is over.
            tried = Err(StepError::NotYet("the backup expired meanwhile".to_owned()));
        }
        self.finish(&control, id, &turn, tried).await?;
        Ok(())
    }

    async fn try_backup(&self, control: &Session, turn: &Turn) -> Result<Value, StepError> {
        let backup = store::find_kept(control, turn.backup).await?;
        let backup =
            backup.ok_or_else(|| StepError::NotYet("the backup has expired".to_owned()))?;
        let began = Instant::now();
        let bundle = fetch(&self.storage, &backup).await?;
        let (version, rows) = (bundle.manifest().schema_version, bundle.manifest().rows());
        let fetched = began.elapsed();

        let copy = DatabaseId::generate();
        let host = register(control, (copy, turn.tenant), version).await?;
        let host = hosts::find(control, host).await?;
        let lost = || StepError::NotYet("the database server is not on record".to_owned());
        let host = host.ok_or_else(lost)?;
        let login = host.admin_login(&self.sealing_keys).map_err(|error| {
            StepError::NotYet(format!("log in to `{}`: {}", host.name, Chain(&error)))
        })?;
        let server = Session::open(&login, &self.tasks).await?;
        copies::lock(&server, copy).await?;
        let tried = async {
            let inside = copies::make_fresh(&server, &login, (copy, version), &self.tasks).await?;
            load::load(&inside, bundle, None).await?;
            Ok::<_, StepError>(invariants::list_broken(&inside, version).await?)
        };
        let broken = tried.await;
        // Its maker's lock goes with the session of this look; then it is dropped.
        let give_up = "UPDATE databases SET state = 'discarding' WHERE id = $1";
        control.execute(give_up, &[&copy]).await?;
        copies::unlock(&server, copy).await?;
        let broken = broken?;
        if broken.is_empty() {
            let ms = |it: Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
            return Ok(json!({
                "rows": rows, "invariants": invariants::COUNT, "schema_version": version,
                "fetch_ms": ms(fetched), "total_ms": ms(began.elapsed()), "db_host": host.name,
            }));
        }
        Err(StepError::Never(broken.join("; ")))
    }

    async fn finish(
        &self,
        control: &Session,
        id: DrillId,
        turn: &Turn,
        tried: Result<Value, StepError>,
    ) -> Result<(), Error> {
        let (state, error, figures) = match tried {
            Ok(figures) => ("passed", None, figures),
            // What may pass says nothing about the backup; it is tried again.
            Err(error) if error.is_transient() => {
                ("broken_off", Some(Chain(&error).to_string()), json!({}))
            }
            Err(error) => ("failed", Some(Chain(&error).to_string()), json!({})),
        };
        metrics::counter!("restore_drills_total", "outcome" => state).increment(1);
        let (tenant, backup) = (turn.tenant, turn.backup);
        match &error {
            Some(error) => {
                tracing::error!(tenant.id = %tenant, backup.id = %backup, error, "a restore drill {state}");
            }
            None => {
                tracing::info!(tenant.id = %tenant, backup.id = %backup, "a restore drill passed")
            }
        }
        let sql = "UPDATE restore_drills SET state = $2, error = $3, figures = $4, finished_at = $5
             WHERE id = $1";
        control.execute(sql, &[&id, &state, &error, &figures, &self.clock.now()]).await.map(drop)
    }
}

/// The tenant whose backups were tried longest ago, with its latest one; `None` while it is too early
/// for the next drill: the fleet's are spread evenly over the round. A drill that broke off says
/// nothing, so it is nobody's turn: it is tried again soon, and others come first for a while.
async fn find_turn(control: &Session, now: DateTime<Utc>) -> Result<Option<Turn>, Error> {
    let row = control
        .query_one(
            "SELECT (SELECT count(*) FROM tenants WHERE provisioning = 'ready'),
               (SELECT max(started_at) FROM restore_drills WHERE state <> 'broken_off'),
               (SELECT max(started_at) FROM restore_drills WHERE state = 'broken_off')",
            &[],
        )
        .await?;
    let tenants: i64 = row.try_get(0)?;
    let (last, broken): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) =
        (row.try_get(1)?, row.try_get(2)?);
    // At least one a day, however few there are.
    let pause =
        TimeDelta::days(ROUND_DAYS) / i32::try_from(tenants.max(ROUND_DAYS)).unwrap_or(i32::MAX);
    let is_within = |it: Option<DateTime<Utc>>, pause| it.is_some_and(|it| now - it < pause);
    if is_within(last, pause) || is_within(broken, AGAIN) {
        return Ok(None);
    }
    let sql = "SELECT t.id, b.id FROM tenants t
         CROSS JOIN LATERAL (
           SELECT id FROM backups WHERE tenant_id = t.id AND state = 'kept'
           ORDER BY taken_at DESC LIMIT 1) AS b
         LEFT JOIN LATERAL (
           SELECT max(started_at) FILTER (WHERE state <> 'broken_off') AS at,
             coalesce(max(started_at) FILTER (WHERE state = 'broken_off') > $1, false) AS has_broken
           FROM restore_drills d WHERE d.tenant_id = t.id) AS drill ON true
         WHERE t.provisioning = 'ready'
         ORDER BY drill.has_broken, drill.at NULLS FIRST, t.id LIMIT 1";
    let row = control.query_opt(sql, &[&(now - STEPS_BACK)]).await?;
    row.map(|it| Ok(Turn { tenant: it.try_get(0)?, backup: it.try_get(1)? })).transpose()
}

/// Puts the copy on record, held by this session, on the server with the most room.
async fn register(
    control: &Session,
    (copy, tenant): (DatabaseId, TenantId),
    version: i32,
) -> Result<DbHostId, StepError> {
    control.query_one("SELECT pg_advisory_lock($1)", &[&copies::lock_key(copy)]).await?;
    let (lock, usable) = (Lock::Room.key(), usable!());
    control
        .run(&format!(
            "SELECT pg_advisory_xact_lock({lock});
             INSERT INTO databases (id, db_host_id, generation, schema_version, state, data_of)
             SELECT '{copy}', h.id, 1, {version}, 'making', '{tenant}' FROM db_hosts h
             CROSS JOIN LATERAL (
               SELECT h.max_databases - count(*) AS left_over FROM databases d
               WHERE d.db_host_id = h.id) AS room
             WHERE {usable} AND room.left_over > 0
             ORDER BY room.left_over DESC, h.name LIMIT 1"
        ))
        .await?;
    let sql = "SELECT db_host_id FROM databases WHERE id = $1";
    let row = control.query_opt(sql, &[&copy]).await?;
    let full = || StepError::NotYet("no database server that is reachable has room".to_owned());
    Ok(row.ok_or_else(full)?.try_get(0)?)
}

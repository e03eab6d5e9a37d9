//! Leads the runs, one after the other.

use std::time::{Duration, Instant};

use hotelhub_core::{errors::Chain, keys::Keyring, sql::Query as _, tasks::Tasks};
use tokio::{sync::watch, time::sleep};
use tokio_postgres::{Config as Login, Error};
use uuid::Uuid;

use super::{
    judge::{self, Verdict},
    orders::{self, Order, Run, RunState},
    rings, tenants,
    work::Work,
};
use crate::{config::Config, locks::Lock, session::Session, wake::Wake};

/// How often to look without having been woken.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often to look for the templates that a run waits for, and for how long: building one takes
/// seconds.
const LOOK_WHILE_PREPARING: Duration = Duration::from_millis(200);
const TEMPLATE_LIMIT: Duration = Duration::from_secs(60);

/// Leads fleet migrations, or stands by while another process does.
#[derive(Debug)]
pub struct Leader {
    control: Login,
    sealing_keys: Keyring,
    own_version: i32,
    woken: watch::Receiver<()>,
    tasks: Tasks,
    /// Since when a run has been waiting for templates.
    preparing: Option<(Uuid, Instant)>,
}

impl Leader {
    /// A leader with a session of its own on the control database.
    #[must_use]
    pub fn new(config: &Config, wake: &Wake, tasks: Tasks) -> Self {
        Self {
            control: config.control.clone(),
            sealing_keys: config.sealing_keys.clone(),
            own_version: config.schema_version,
            woken: wake.on_fleet_migrations(),
            tasks,
            preparing: None,
        }
    }

    /// Leads until the tasks stop, over as many sessions as it takes.
    pub async fn run(mut self) {
        let stop = self.tasks.stop_token();
        while !stop.is_cancelled() {
            let outcome = match Session::open(&self.control, &self.tasks).await {
                Ok(control) => self.lead(&control).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::warn!(
                    error = %Chain(&error), "the control database failed a fleet migration"
                );
                self.pause(LOOK_EVERY).await;
            }
        }
    }

    async fn lead(&mut self, control: &Session) -> Result<(), Error> {
        while !self.may_lead(control).await? {
            self.pause(LOOK_EVERY).await;
            if self.tasks.stop_token().is_cancelled() {
                return Ok(());
            }
        }
        while !self.tasks.stop_token().is_cancelled() {
            if orders::is_newer_at_work(control, self.own_version).await? {
                tracing::info!("a newer provisioner is at work and shall lead");
                return Ok(());
            }
            self.woken.mark_unchanged();
            tenants::set_aside(control).await?;
            let pause = match orders::find_open(control).await? {
                Some(order) => self.follow(control, &order).await?,
                None => Some(LOOK_EVERY),
            };
            if let Some(pause) = pause {
                self.pause(pause).await;
            }
        }
        Ok(())
    }

    /// Takes the lock, unless another process has it, or should.
    async fn may_lead(&self, control: &Session) -> Result<bool, Error> {
        if orders::is_newer_at_work(control, self.own_version).await? {
            return Ok(false);
        }
        let lock = "SELECT pg_try_advisory_lock($1)";
        control.query_one(lock, &[&Lock::Fleet.key()]).await?.try_get(0)
    }

    /// Takes an order one step further; says how long to wait before the next.
    async fn follow(
        &mut self,
        control: &Session,
        order: &Order,
    ) -> Result<Option<Duration>, Error> {
        let Some(run) = order.run else {
            let version = order.schema_version.unwrap_or(self.own_version);
            orders::begin(control, order.id, version).await?;
            let refusal = judge::refuse(order.schema_version, self.own_version);
            if let Some(reason) = refusal.filter(|_| !order.is_cancelled) {
                halt(control, order.id, &reason).await?;
            }
            return Ok(None);
        };
        if order.is_cancelled {
            end(control, order.id, "cancelled").await?;
            return Ok(None);
        }
        if matches!(run.state, RunState::Halted | RunState::Ended) || order.resumes > run.resumed {
            tracing::info!(fleet_migration.id = %order.id, "a fleet migration is resumed");
            orders::resume(control, order).await?;
            return Ok(None);
        }
        match run.state {
            RunState::Preparing => self.prepare(control, order, run).await,
            _ => {
                let (keys, tasks) = (&self.sealing_keys, self.tasks.clone());
                let work = Work::new(control, order, run, keys, tasks);
                let verdict = work.go(self.own_version, &mut self.woken).await?;
                conclude(control, order.id, verdict).await.map(|()| None)
            }
        }
    }

    /// New tenants first, then the list of those that are behind.
    async fn prepare(
        &mut self,
        control: &Session,
        order: &Order,
        run: Run,
    ) -> Result<Option<Duration>, Error> {
        if run.schema_version > self.own_version {
            let reason = judge::refuse(Some(run.schema_version), self.own_version);
            halt(control, order.id, &reason.unwrap_or_default()).await?;
            return Ok(None);
        }
        let unprepared = orders::list_unprepared(control, run.schema_version).await?;
        if !unprepared.is_empty() {
            return self.wait_for_templates(control, order.id, &unprepared).await;
        }
        self.preparing = None;
        let behind = tenants::list_behind(control, run.schema_version).await?;
        let rings = rings::assign(&behind, &order.canaries);
        tenants::insert_first(control, order.id, &rings).await?;
        orders::start(control, order.id).await?;
        tracing::info!(
            fleet_migration.id = %order.id, schema_version = run.schema_version,
            tenants = behind.len(), "a fleet migration runs"
        );
        Ok(None)
    }

    async fn wait_for_templates(
        &mut self,
        control: &Session,
        id: Uuid,
        unprepared: &[String],
    ) -> Result<Option<Duration>, Error> {
        let began = match self.preparing {
            Some((of, began)) if of == id => began,
            _ => self.preparing.insert((id, Instant::now())).1,
        };
        if began.elapsed() < TEMPLATE_LIMIT {
            tracing::debug!(db_hosts = ?unprepared, "a fleet migration waits for templates");
            return Ok(Some(LOOK_WHILE_PREPARING));
        }
        self.preparing = None;
        let reason = format!(
            "no template of the new schema after {} s on {}: see the provisioner's log for why, \
             cordon what cannot have one, then resume",
            TEMPLATE_LIMIT.as_secs(),
            unprepared.join(", ")
        );
        halt(control, id, &reason).await?;
        Ok(None)
    }

    async fn pause(&mut self, length: Duration) {
        tokio::select! {
            () = sleep(length) => {}
            Ok(()) = self.woken.changed() => {}
            () = self.tasks.stopping() => {}
        }
    }
}

/// Records why the work on a run ended; not that this program stops.
async fn conclude(control: &Session, id: Uuid, verdict: Verdict) -> Result<(), Error> {
    match verdict {
        Verdict::NobodyLeft => end(control, id, "done").await,
        Verdict::Cancel => end(control, id, "cancelled").await,
        Verdict::Halt(reason) => {
            let last = tenants::tell_last_failure(control, id).await?;
            let told = last.map(|last| format!("{reason}; {last}"));
            halt(control, id, &told.unwrap_or(reason)).await
        }
        Verdict::GoOn(_) => Ok(()),
    }
}

async fn halt(control: &Session, id: Uuid, reason: &str) -> Result<(), Error> {
    tracing::error!(fleet_migration.id = %id, reason, "a fleet migration is halted");
    orders::halt(control, id, reason).await
}

async fn end(control: &Session, id: Uuid, state: &'static str) -> Result<(), Error> {
    tracing::info!(fleet_migration.id = %id, state, "a fleet migration has ended");
    orders::end(control, id, state).await
}

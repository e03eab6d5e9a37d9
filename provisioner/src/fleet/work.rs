//! The work on a run: turns are given, and what came of them is written down.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use hotelhub_core::{errors::Chain, ids::DbHostId, keys::Keyring, tasks::Tasks};
use tokio::{sync::watch, time::sleep};
use tokio_postgres::{Config as Login, Error};
use uuid::Uuid;

use super::{
    crew::{Answer, Crew},
    judge::{self, Verdict},
    migrate::Ending,
    orders::{self, Order, Run},
    rings::ALL_OTHERS,
    tenants::{self, Due, Failure, Reached},
};
use crate::{
    hosts,
    session::{self, Session},
};

/// How often to look whether a tenant's next turn has come.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Tries with something in the way before a tenant is put in quarantine.
const TRIES: i32 = 8;
/// In seconds, before the second try; each next one is half as long again.
const FIRST_PAUSE: f64 = 1.0;
const LONGEST_PAUSE: f64 = 15.0;
/// In seconds, before a server is asked again that was away.
const AWAY_PAUSE: f64 = 3.0;
/// In seconds, before looking again at a tenant that something else is being done to.
const BUSY_PAUSE: f64 = 1.0;

/// The work on one run, until it ends or is stopped.
pub(super) struct Work<'a> {
    control: &'a Session,
    run: Uuid,
    version: i32,
    sealing_keys: &'a Keyring,
    tasks: Tasks,
    crew: Crew,
    /// The way into each server.
    logins: HashMap<DbHostId, Login>,
    /// Servers that were away, and until when their tenants are not tried.
    resting: HashMap<DbHostId, Instant>,
}

impl<'a> Work<'a> {
    /// The work on a run, with nobody at it yet.
    pub(super) fn new(
        control: &'a Session,
        order: &Order,
        run: Run,
        sealing_keys: &'a Keyring,
        tasks: Tasks,
    ) -> Self {
        Self {
            control,
            run: order.id,
            version: run.schema_version,
            sealing_keys,
            crew: Crew::new(order.workers, run.schema_version, tasks.clone()),
            tasks,
            logins: HashMap::new(),
            resting: HashMap::new(),
        }
    }

    /// Gives tenants their turns until nobody is left, or the run or the program is stopped; those
    /// at work have ended then.
    pub(super) async fn go(
        mut self,
        own_version: i32,
        woken: &mut watch::Receiver<()>,
    ) -> Result<Verdict, Error> {
        self.list_logins().await?;
        let verdict = loop {
            woken.mark_unchanged();
            let verdict = match self.judge(own_version).await? {
                // They have their turn in the last ring.
                Verdict::NobodyLeft if self.someone_comes().await? => Verdict::GoOn(ALL_OTHERS),
                verdict => verdict,
            };
            match verdict {
                Verdict::GoOn(ring) if !self.tasks.stop_token().is_cancelled() => {
                    self.give_turns(ring).await?;
                }
                verdict => break verdict,
            }
            tokio::select! {
                answers = self.crew.answers() => self.write_down(answers).await?,
                () = sleep(LOOK_EVERY) => {}
                Ok(()) = woken.changed() => {}
                () = self.tasks.stopping() => {}
            }
        };
        loop {
            let answers = self.crew.wind_up().await;
            if answers.is_empty() {
                return Ok(verdict);
            }
            self.write_down(answers).await?;
        }
    }

    /// Looks at the tables, and enters the next ring if its time has come.
    async fn judge(&self, own_version: i32) -> Result<Verdict, Error> {
        let order = orders::find(self.control, self.run).await?;
        let Some(run) = order.run else { return Ok(Verdict::Cancel) };
        if !order.set_aside.is_empty() {
            tenants::set_aside(self.control).await?;
        }
        let standing = tenants::stand(self.control, self.run, &order.set_aside).await?;
        let verdict = judge::judge(&order, run, standing, own_version);
        if let Verdict::GoOn(ring) = verdict
            && ring > run.ring
        {
            tracing::info!(fleet_migration.id = %self.run, ring, "a ring begins");
            orders::enter_ring(self.control, self.run, ring).await?;
        }
        Ok(verdict)
    }

    /// Whether there are tenants that were made with an older schema meanwhile, or will be.
    async fn someone_comes(&self) -> Result<bool, Error> {
        // Asked first: one that comes between the two questions is then listed.
        let is_one_coming = tenants::is_one_coming(self.control, self.version).await?;
        let listed = tenants::insert_late(self.control, self.run, self.version).await?;
        Ok(is_one_coming || listed > 0)
    }

    async fn give_turns(&mut self, ring: i32) -> Result<(), Error> {
        let Some(room) = self.crew.room() else { return Ok(()) };
        let at_work = self.crew.at_work();
        for due in tenants::list_due(self.control, self.run, ring, &at_work, room).await? {
            if due.is_busy {
                self.leave_for_now(&due).await?;
                continue;
            }
            let Some((database, host)) = due.place else {
                tenants::forget(self.control, self.run, due.tenant).await?;
                continue;
            };
            let is_resting = self.resting.get(&host).is_some_and(|until| *until > Instant::now());
            match self.logins.get(&host) {
                Some(login) if !is_resting && !due.is_away => {
                    self.crew.take_on(due, session::owner_login(login, &database.name()));
                }
                Some(_) | None => self.wait_for_server(&due, None).await?,
            }
        }
        Ok(())
    }

    async fn write_down(&mut self, answers: Vec<Answer>) -> Result<(), Error> {
        let mut reached = Vec::new();
        for (due, ending) in answers {
            match ending {
                None => {}
                Some(Ending::Reached(version, took)) => reached.extend(reach(&due, version, took)),
                Some(Ending::Busy) => self.leave_for_now(&due).await?,
                // The others there say otherwise: it is this tenant's trouble.
                Some(Ending::Away(failure)) if self.answers(&due).await? => {
                    self.try_later(&due, &failure).await?;
                }
                Some(Ending::Away(failure)) => {
                    self.rest(&due);
                    self.wait_for_server(&due, Some(&failure)).await?;
                    // It may have another address by now.
                    self.list_logins().await?;
                }
                Some(Ending::Hindered(failure)) => self.try_later(&due, &failure).await?,
                Some(Ending::Failed(failure)) => self.quarantine(&due, &failure).await?,
            }
        }
        if !reached.is_empty() {
            count("done", reached.len());
            tenants::finish(self.control, self.run, &reached).await?;
        }
        Ok(())
    }

    /// Whether the tenant's server answers others.
    async fn answers(&self, due: &Due) -> Result<bool, Error> {
        let Some((_, host)) = due.place else { return Ok(false) };
        hosts::is_reachable(self.control, host).await
    }

    async fn try_later(&self, due: &Due, failure: &Failure) -> Result<(), Error> {
        let attempts = due.attempts + 1;
        if attempts >= TRIES {
            return self.quarantine(due, failure).await;
        }
        count("hindered", 1);
        let pause = (pause_after(due.attempts), Some(failure));
        tenants::postpone(self.control, self.run, due, attempts, pause).await
    }

    async fn leave_for_now(&self, due: &Due) -> Result<(), Error> {
        let pause = (BUSY_PAUSE, None);
        tenants::postpone(self.control, self.run, due, due.attempts, pause).await
    }

    async fn wait_for_server(&self, due: &Due, failure: Option<&Failure>) -> Result<(), Error> {
        count("away", 1);
        let pause = (AWAY_PAUSE, failure);
        tenants::postpone(self.control, self.run, due, due.attempts, pause).await
    }

    async fn quarantine(&self, due: &Due, failure: &Failure) -> Result<(), Error> {
        count("quarantined", 1);
        tracing::warn!(
            fleet_migration.id = %self.run, tenant.id = %due.tenant, sqlstate = failure.sqlstate,
            error = failure.error, "a tenant is put in quarantine and keeps its schema"
        );
        tenants::quarantine(self.control, self.run, due.tenant, failure).await
    }

    fn rest(&mut self, due: &Due) {
        if let Some((_, host)) = due.place {
            self.resting.insert(host, Instant::now() + Duration::from_secs_f64(AWAY_PAUSE));
        }
    }

    async fn list_logins(&mut self) -> Result<(), Error> {
        self.logins.clear();
        for host in hosts::list(self.control).await? {
            match host.admin_login(self.sealing_keys) {
                Ok(login) => drop(self.logins.insert(host.id, login)),
                Err(error) => {
                    let error = Chain(&error);
                    tracing::warn!(db_host = host.name, %error, "cannot log in to a server");
                }
            }
        }
        Ok(())
    }
}

fn reach(due: &Due, version: i32, took: Duration) -> Option<Reached> {
    metrics::histogram!("fleet_migration_seconds").record(took);
    let (database, _) = due.place?;
    let ms = i32::try_from(took.as_millis()).unwrap_or(i32::MAX);
    Some(Reached { tenant: due.tenant, database, version, ms })
}

fn count(outcome: &'static str, tenants: usize) {
    let tenants = u64::try_from(tenants).unwrap_or(u64::MAX);
    metrics::counter!("fleet_tenants_total", "outcome" => outcome).increment(tenants);
}

/// Seconds before the try after `attempts` others.
fn pause_after(attempts: i32) -> f64 {
    (FIRST_PAUSE * 1.5_f64.powi(attempts)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_one_second_to_fifteen() {
        assert!((pause_after(0) - 1.0).abs() < 1e-9);
        assert!((pause_after(2) - 2.25).abs() < 1e-9);
        assert!((pause_after(40) - 15.0).abs() < 1e-9);
    }
}

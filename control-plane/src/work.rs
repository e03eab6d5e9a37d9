//! The role `work`: does the platform's own jobs.
//!
//! Reconcilers write jobs and ask for moves, runners claim the jobs and do them. Several processes may
//! run side by side: rows are claimed with a lease, and outcomes are written only while the fence still
//! stands.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use hotelhub_core::{clock::Clock, errors::Chain, tasks::Tasks};
use hotelhub_jobs::{
    kind::Kind,
    outcome::{Failure, JobError, Outcome},
    rows::{self, Ended, Ending, RunningJob},
};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::ExposeSecret;
use tokio::{sync::Notify, time::timeout};
use tokio_postgres::NoTls;

use crate::{
    config::WorkConfig,
    database::{self, login},
    domain_mails::{self, DomainMails, DomainMailsError},
    domains::{Checker, recheck::Recheck},
    drain::Drain,
    post::Post,
    retention::{self, Reaper},
    upkeep::upkeep,
    wakes::Wakes,
    welcome::{self, WelcomeError},
};

/// How many jobs one process does at a time.
const RUNNERS: usize = 2;
/// Each has a connection while it looks.
const RECONCILERS: usize = 3;
/// The platform's own jobs.
const KINDS: [&Kind; 3] = [&welcome::KIND, &retention::KIND, &domain_mails::KIND];
/// The reconciler looks this often even if nothing woke it.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A retry that is due, or another process's job, is found by looking.
const POLL_EVERY: Duration = Duration::from_secs(1);
const DATABASE_TIMEOUT: Duration = Duration::from_secs(5);
const SMTP_TIMEOUT: Duration = Duration::from_secs(15);

/// Works until SIGTERM, then ends what it is at.
///
/// # Errors
/// Fails if the settings are of no use or a task died that it needs.
pub async fn run(config: WorkConfig) -> anyhow::Result<()> {
    let tasks = Tasks::default();
    let pool = pool(&config).context("read CONTROL_DATABASE_URL")?;
    let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(config.smtp_url.expose_secret());
    let smtp = smtp.context("read SMTP_URL")?.timeout(Some(SMTP_TIMEOUT)).build();
    let fresh = Arc::new(Notify::new());

    let wakes = Wakes::listen(config.database_url.clone(), "route_changes", &tasks);
    let clock = config.program.clock.clone();
    let reconciler = Reconciler { pool: pool.clone(), clock, wakes, fresh: Arc::clone(&fresh) };
    tasks.spawn_critical("mail reconciler", reconciler.run(tasks.clone()));
    let wakes = Wakes::listen(config.database_url.clone(), "db_hosts", &tasks);
    let drain = Drain { pool: pool.clone(), wakes };
    tasks.spawn_critical("drain reconciler", drain.run(tasks.clone()));
    let db = database::pool(&config.database_url, "control-plane work").await?;
    let checker = Checker::new(config.domains, &config.addresses, config.program.clock.clone());
    let checker = checker.context("prepare to look at domains")?;
    let clock = config.program.clock;
    let recheck = Recheck { db: db.clone(), clock: clock.clone(), checker: checker.clone() };
    tasks.spawn_critical("domain reconciler", recheck.run(tasks.clone()));
    let reaper = Reaper {
        pool: pool.clone(),
        db: db.clone(),
        clock: clock.clone(),
        fresh: Arc::clone(&fresh),
    };
    tasks.spawn_critical("retention reconciler", reaper.run(tasks.clone()));
    let (addresses, from) = (config.addresses, config.mail_from);
    let post = Post { pool: pool.clone(), addresses, from, smtp };
    let domain_mails = DomainMails { post: post.clone(), db, checker, clock };
    for number in 0..RUNNERS {
        let runner = Runner {
            name: format!("control-plane-{}-{number}", std::process::id()),
            pool: pool.clone(),
            post: post.clone(),
            domain_mails: domain_mails.clone(),
            fresh: Arc::clone(&fresh),
        };
        tasks.spawn_critical("job runner", runner.run(tasks.clone()));
    }
    tasks.run_until_signal().await.context("listen for signals")?;
    if !tasks.drain(config.program.grace).await {
        tracing::warn!("some jobs did not end in time; their leases run out");
    }
    if tasks.has_failed() {
        bail!("a task ended that the program cannot do without");
    }
    Ok(())
}

fn pool(config: &WorkConfig) -> anyhow::Result<Pool> {
    let database = login(&config.database_url, "control-plane work")?;
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Verified };
    let pool = Pool::builder(Manager::from_config(database, NoTls, recycling))
        .max_size(RUNNERS + RECONCILERS + 1)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(DATABASE_TIMEOUT))
        .create_timeout(Some(DATABASE_TIMEOUT))
        .recycle_timeout(Some(DATABASE_TIMEOUT))
        .build()?;
    Ok(pool)
}

/// Writes the jobs that are missing.
struct Reconciler {
    pool: Pool,
    clock: Clock,
    wakes: Wakes,
    fresh: Arc<Notify>,
}

impl Reconciler {
    async fn run(mut self, tasks: Tasks) {
        loop {
            self.wakes.catch_up();
            match timeout(LOOK_EVERY, self.ask_for_mails()).await {
                Ok(Ok(0)) => {}
                Ok(Ok(asked)) => {
                    tracing::info!(asked, "asked for mails");
                    self.fresh.notify_waiters();
                    self.fresh.notify_one();
                    continue;
                }
                Ok(Err(error)) => tracing::warn!(error = %Chain(&error), "a pass failed"),
                Err(_elapsed) => tracing::warn!("a pass took too long"),
            }
            self.keep_in_order().await;
            tokio::select! {
                () = self.wakes.heard() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    /// Asks for the mails of both sorts; how many.
    async fn ask_for_mails(&self) -> Result<usize, PassError> {
        let now = self.clock.now();
        let welcomes = welcome::ask_for_mails(&self.pool, now).await?;
        Ok(welcomes + domain_mails::ask_for_mails(&self.pool, now).await?)
    }

    async fn keep_in_order(&self) {
        match timeout(LOOK_EVERY, upkeep(&self.pool, self.clock.now())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %Chain(&error), "upkeep failed"),
            Err(_elapsed) => tracing::warn!("upkeep took too long"),
        }
    }
}

/// A pass of the reconciler failed; the next one tries again.
#[derive(Debug, thiserror::Error)]
enum PassError {
    #[error(transparent)]
    Welcome(#[from] WelcomeError),
    #[error(transparent)]
    DomainMails(#[from] DomainMailsError),
}

/// What a runner could not do; it tries again.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error("connect to run jobs")]
    Connect(#[from] deadpool_postgres::PoolError),
    #[error("claim or finish a job")]
    Database(#[from] tokio_postgres::Error),
    #[error("claim or finish a job in time")]
    Slow(#[from] tokio::time::error::Elapsed),
}

/// Claims jobs and does them, one after the other.
struct Runner {
    name: String,
    pool: Pool,
    post: Post,
    domain_mails: DomainMails,
    fresh: Arc<Notify>,
}

impl Runner {
    async fn run(self, tasks: Tasks) {
        while !tasks.stop_token().is_cancelled() {
            match self.run_next().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(error = %Chain(&error), "no jobs for a moment"),
            }
            tokio::select! {
                () = self.fresh.notified() => {}
                () = tokio::time::sleep(POLL_EVERY) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    /// Does the next job that is due; `false` if there is none.
    async fn run_next(&self) -> Result<bool, RunError> {
        let Some(job) = self.claim().await? else { return Ok(false) };
        let done = self.attempt(&job).await;
        let written = self.finish(&job, done).await?;
        if !written {
            tracing::warn!(job.id = %job.id, "the lease was lost; somebody else has the job");
        }
        Ok(true)
    }

    async fn claim(&self) -> Result<Option<RunningJob>, RunError> {
        let client = self.pool.get().await?;
        let claiming = rows::claim_next(&**client, &self.name, lease());
        match timeout(DATABASE_TIMEOUT, claiming).await {
            Ok(claimed) => Ok(claimed?),
            Err(elapsed) => Err(give_up(client, elapsed)),
        }
    }

    /// Writes down what came of a job; `false` if somebody else has it by now.
    async fn finish(
        &self,
        job: &RunningJob,
        done: Result<Outcome, JobError>,
    ) -> Result<bool, RunError> {
        let client = self.pool.get().await?;
        let finishing = async {
            match &done {
                Ok(Outcome::Recorded) => Ok(true),
                Ok(Outcome::Done(result)) => {
                    count(job, "done");
                    write_ending(&client, Ending::done(job, result.clone())).await
                }
                Err(error) => self.finish_failed(&client, job, error).await,
            }
        };
        match timeout(DATABASE_TIMEOUT, finishing).await {
            Ok(written) => written,
            Err(elapsed) => Err(give_up(client, elapsed)),
        }
    }

    async fn attempt(&self, job: &RunningJob) -> Result<Outcome, JobError> {
        if job.crash_count >= rows::CRASHES {
            return Err(JobError::fail("POISON", "too many workers died of this job"));
        }
        let Some(kind) = kind_of(job) else {
            return Err(JobError::fail("UNKNOWN_KIND", format!("no handler for `{}`", job.kind)));
        };
        let work = async {
            match kind.name {
                it if it == retention::KIND.name => retention::send(&self.post, job).await,
                it if it == domain_mails::KIND.name => self.domain_mails.send(job).await,
                _ => welcome::send(&self.post, job).await,
            }
        };
        match timeout(kind.timeout, work).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(JobError::timed_out()),
        }
    }

    async fn finish_failed(
        &self,
        db: &tokio_postgres::Client,
        job: &RunningJob,
        error: &JobError,
    ) -> Result<bool, RunError> {
        let ended = judge(job, error);
        let outcome = ended.name();
        count(job, outcome);
        match ended {
            Ended::Dead => tracing::error!(
                job.id = %job.id, job.kind = %job.kind, job.attempt = job.attempt,
                error = %Chain(error), "ALARM: the job is dead"
            ),
            _ => tracing::warn!(
                job.id = %job.id, job.kind = %job.kind, job.attempt = job.attempt,
                outcome, error = %Chain(error), "a try failed"
            ),
        }
        write_ending(db, Ending::failed(job, error, ended)).await
    }
}

fn kind_of(job: &RunningJob) -> Option<&'static Kind> {
    KINDS.into_iter().find(|it| it.name == job.kind)
}

/// How long a claim stands: longer than a try of any of these jobs.
fn lease() -> Duration {
    KINDS.into_iter().map(Kind::lease).max().unwrap_or_default()
}

fn count(job: &RunningJob, outcome: &'static str) {
    let name = kind_of(job).map_or("unknown", |it| it.name);
    metrics::counter!("job_attempts_total", "kind" => name, "outcome" => outcome).increment(1);
}

/// What becomes of a job whose try failed so. Only what is the job's own doing costs a try.
fn judge(job: &RunningJob, error: &JobError) -> Ended {
    let Some(kind) = kind_of(job) else { return Ended::Dead };
    let first = kind.first_wait().with_jitter();
    match error.failure() {
        Failure::Permanent | Failure::Cancelled => Ended::Dead,
        Failure::PeerDown | Failure::HandedBack => Ended::HandedBack(first.time()),
        Failure::RateLimited(after) | Failure::NotYet(after) => Ended::HandedBack(after),
        Failure::Retry => match kind.wait_after(job.attempt) {
            Some(wait) => Ended::Retry(wait.with_jitter().time()),
            None => Ended::Dead,
        },
    }
}

/// Whether the claim still stood.
async fn write_ending(db: &tokio_postgres::Client, ending: Ending) -> Result<bool, RunError> {
    Ok(rows::finish(db, &ending).await?)
}

/// Nobody may get a connection again whose statement still runs.
fn give_up(client: Object, elapsed: tokio::time::error::Elapsed) -> RunError {
    drop(Object::take(client));
    elapsed.into()
}

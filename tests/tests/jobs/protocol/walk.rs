//! A walk, and what must be true on it.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::future::join;
use hotelhub_core::{ids::JobId, life::Access};
use hotelhub_jobs::rows::{self, Due, Ended, Ending, HeldFor, RunningJob, Wanted};
use tokio_postgres::Client;

use super::{End, Step};

const LEASE: Duration = Duration::from_secs(600);
const MAX_ATTEMPTS: i32 = 3;
/// More than any walk leaves open.
const LAST_ROUNDS: usize = 20;

/// A walk, and what is known on it.
pub(super) struct Walk<'a> {
    db: &'a mut Client,
    /// Another worker's session.
    other: &'a Client,
    tickets: Vec<Due>,
    /// Claims whose workers believe that they hold them, and what those are called.
    claims: Vec<(String, RunningJob)>,
    /// Workers that are known to be dead.
    gone: HashSet<String>,
    /// How many workers there were; each claims once.
    workers: usize,
    may_run: bool,
    /// The fence under which a lease of each job lives, unless it has ended.
    leases: HashMap<JobId, i64>,
    effects: usize,
}

impl<'a> Walk<'a> {
    /// A walk from an empty table, for two workers' sessions.
    pub(super) async fn begin(db: &'a mut Client, other: &'a Client) -> Self {
        db.execute("TRUNCATE jobs, effects", &[]).await.unwrap();
        let mut walk = Self {
            db,
            other,
            tickets: Vec::new(),
            claims: Vec::new(),
            gone: HashSet::new(),
            workers: 0,
            may_run: true,
            leases: HashMap::new(),
            effects: 0,
        };
        walk.set_access(true).await;
        walk
    }

    /// Takes one step.
    pub(super) async fn take(&mut self, step: Step) {
        match step {
            Step::Enqueue => self.enqueue().await,
            Step::Relay { marks } => self.relay(marks).await,
            Step::Deliver { tickets, again, alone } => {
                let mut taken = Vec::new();
                for ticket in tickets {
                    let Some(at) = pick(ticket, self.tickets.len()) else { continue };
                    taken.push(match again {
                        true => self.tickets[at].clone(),
                        false => self.tickets.remove(at),
                    });
                }
                self.deliver(&taken, alone).await;
            }
            Step::Race { ticket } => {
                let Some(at) = pick(ticket, self.tickets.len()) else { return };
                let ticket = self.tickets.remove(at);
                self.race(&ticket).await;
            }
            Step::Lose { ticket } => {
                pick(ticket, self.tickets.len()).map(|at| self.tickets.remove(at));
            }
            Step::Finish { claim, end } => {
                let Some(at) = pick(claim, self.claims.len()) else { return };
                let (_, claim) = self.claims.remove(at);
                self.finish(&claim, end).await;
            }
            Step::Crash { claim, seen } => {
                let Some(at) = pick(claim, self.claims.len()) else { return };
                let (worker, _) = self.claims.remove(at);
                // Other jobs of the same worker die with it.
                self.claims.retain(|(of, _)| *of != worker);
                if seen {
                    self.gone.insert(worker);
                }
            }
            Step::Expire { job } => self.expire(job).await,
            Step::Cancel { job } => self.cancel(job).await,
            Step::Access { full } => self.set_access(full).await,
            Step::Wake => self.sql("UPDATE jobs SET run_at = now() WHERE run_at > now()").await,
            Step::Replay { job } => self.replay(job).await,
        }
    }

    async fn enqueue(&mut self) {
        let sql = "INSERT INTO jobs (id, kind, class, max_attempts, payload) \
                   VALUES ($1, 'test', 'default', $2, '{}')";
        self.db.execute(sql, &[&JobId::generate(), &MAX_ATTEMPTS]).await.unwrap();
    }

    async fn relay(&mut self, marks: bool) {
        let ready = rows::ready(self.db).await.unwrap();
        let ids: Vec<(JobId, i32)> = ready.iter().map(|it| (it.id, it.epoch)).collect();
        self.tickets.extend(ready);
        if marks {
            rows::mark_queued(self.db, &ids).await.unwrap();
        }
    }

    /// Who asks for the job of a ticket, and what is known of whoever holds it.
    async fn wanted(&mut self, ticket: &Due, alone: bool) -> Wanted {
        let owner = rows::find_owner(self.db, ticket.id).await.unwrap();
        let gone = owner.filter(|it| self.gone.contains(it));
        if gone.is_some() {
            self.leases.remove(&ticket.id);
        }
        Wanted {
            job: ticket.id,
            epoch: ticket.epoch,
            kind: "test",
            lease: LEASE,
            under: vec![Access::Full],
            otherwise: HeldFor::Access,
            gone,
            alone,
        }
    }

    fn next_worker(&mut self) -> String {
        self.workers += 1;
        format!("worker {}", self.workers)
    }

    async fn deliver(&mut self, tickets: &[Due], alone: bool) {
        let mut wanted = Vec::new();
        for ticket in tickets {
            wanted.push(self.wanted(ticket, alone).await);
        }
        let worker = self.next_worker();
        let claims = rows::claim(self.db, &worker, &wanted, None).await.unwrap();
        assert_eq!(claims.len(), tickets.len());
        for ((ticket, wanted), claim) in tickets.iter().zip(&wanted).zip(claims) {
            match claim {
                Some(job) => self.note(ticket, &worker, *job).await,
                None => drop(rows::explain(self.db, wanted).await.unwrap()),
            }
        }
    }

    async fn race(&mut self, ticket: &Due) {
        let wanted = [self.wanted(ticket, true).await];
        let (one, two) = (self.next_worker(), self.next_worker());
        let (first, second) = join(
            rows::claim(self.db, &one, &wanted, None),
            rows::claim(self.other, &two, &wanted, None),
        )
        .await;
        for (worker, claims) in [(one, first.unwrap()), (two, second.unwrap())] {
            let [claim] = claims.try_into().unwrap();
            match claim {
                Some(job) => self.note(ticket, &worker, *job).await,
                None => drop(rows::explain(self.db, &wanted[0]).await.unwrap()),
            }
        }
    }

    async fn note(&mut self, ticket: &Due, worker: &str, running: RunningJob) {
        assert!(self.may_run, "a stopped hotel's job runs");
        assert_eq!(running.id, ticket.id);
        assert!(!self.leases.contains_key(&ticket.id), "a second live lease of {}", ticket.id);
        assert!(running.attempt <= MAX_ATTEMPTS, "attempt {}", running.attempt);
        let sql = "SELECT epoch FROM jobs WHERE id = $1";
        let epoch: i32 = self.db.query_one(sql, &[&ticket.id]).await.unwrap().get(0);
        assert_eq!(epoch, ticket.epoch, "an old ticket claims nothing");
        self.leases.insert(ticket.id, running.fence);
        self.claims.push((worker.to_owned(), running));
    }

    async fn cancel(&mut self, which: usize) {
        let open = "state NOT IN ('done', 'dead', 'cancelled')";
        let Some(job) = self.find(open, which).await else { return };
        rows::cancel(self.db, job).await.unwrap();
    }

    async fn replay(&mut self, which: usize) {
        let over = "state IN ('dead', 'cancelled', 'retry_wait')";
        let Some(job) = self.find(over, which).await else { return };
        assert!(rows::start_again(self.db, job, "somebody").await.unwrap());
    }

    /// One of the jobs in some state.
    async fn find(&self, state: &str, which: usize) -> Option<JobId> {
        let sql = format!("SELECT id FROM jobs WHERE {state} ORDER BY id");
        let jobs = self.db.query(&sql, &[]).await.unwrap();
        pick(which, jobs.len()).map(|at| jobs[at].get(0))
    }

    async fn set_access(&mut self, full: bool) {
        let access = if full { Access::Full } else { Access::Stopped };
        let sql = "UPDATE tenant_identity SET access = $1";
        self.db.execute(sql, &[&access.as_str()]).await.unwrap();
        self.may_run = full;
        rows::release(self.db, &[("test", Access::Full)]).await.unwrap();
    }

    async fn finish(&mut self, claim: &RunningJob, end: End) {
        // A worker gives up a job whose tries are used up.
        let end = match end {
            End::Retry if claim.attempt >= MAX_ATTEMPTS => End::Dead,
            end => end,
        };
        let error = hotelhub_jobs::outcome::JobError::retry("TEST", "told to");
        let failed = |ended| Ending::failed(claim, &error, ended);
        let ending = match end {
            End::Done => Ending::done(claim, serde_json::Value::Null),
            End::Retry => failed(Ended::Retry(LEASE)),
            End::HandedBack => failed(Ended::HandedBack(LEASE)),
            End::Dead => failed(Ended::Dead),
        };
        let holds = self.leases.get(&claim.id) == Some(&claim.fence);
        let is_last = self.fence_of(claim.id).await == claim.fence;
        let tx = self.db.transaction().await.unwrap();
        tx.execute("INSERT INTO effects VALUES ($1)", &[&claim.id]).await.unwrap();
        let stands = rows::finish(&tx, &ending).await.unwrap();
        match (stands, end) {
            (true, End::Done) => {
                tx.commit().await.unwrap();
                self.effects += 1;
            }
            (true, _) => {
                tx.execute("DELETE FROM effects WHERE job = $1", &[&claim.id]).await.unwrap();
                tx.commit().await.unwrap();
            }
            (false, _) => tx.rollback().await.unwrap(),
        }
        assert!(stands || !holds, "who holds the lease may write");
        assert!(!stands || is_last, "who lost the fence may not");
        if stands {
            self.leases.remove(&claim.id);
        }
    }

    async fn expire(&mut self, which: usize) {
        let mut jobs: Vec<JobId> = self.leases.keys().copied().collect();
        jobs.sort_unstable();
        let Some(at) = pick(which, jobs.len()) else { return };
        self.leases.remove(&jobs[at]);
        let sql = "UPDATE jobs SET lease_until = now() - interval '1 hour' WHERE id = $1";
        self.db.execute(sql, &[&jobs[at]]).await.unwrap();
    }

    async fn fence_of(&self, job: JobId) -> i64 {
        let sql = "SELECT fence FROM jobs WHERE id = $1";
        self.db.query_one(sql, &[&job]).await.unwrap().get(0)
    }

    /// However the walk went, the nets bring every job to its end.
    pub(super) async fn bring_home(&mut self) {
        self.claims.clear();
        self.tickets.clear();
        self.leases.clear();
        self.gone.clear();
        self.set_access(true).await;
        for _ in 0..LAST_ROUNDS {
            self.sql(
                "UPDATE jobs SET run_at = now() - interval '1 hour', \
                   queued_at = now() - interval '1 hour', lease_until = now() - interval '1 hour' \
                 WHERE state NOT IN ('done', 'dead', 'cancelled')",
            )
            .await;
            self.relay(true).await;
            let overdue = rows::overdue(self.db).await.unwrap();
            self.tickets.extend(overdue);
            for ticket in std::mem::take(&mut self.tickets) {
                self.deliver(&[ticket], true).await;
            }
            for (_, claim) in std::mem::take(&mut self.claims) {
                self.finish(&claim, End::Done).await;
            }
        }
        let sql = "SELECT count(*) FILTER (WHERE state = 'done'), \
                     count(*) FILTER (WHERE state NOT IN ('done', 'dead', 'cancelled')), \
                     (SELECT count(*) FROM effects), (SELECT count(DISTINCT job) FROM effects) \
                   FROM jobs";
        let row = self.db.query_one(sql, &[]).await.unwrap();
        let [done, open, effects, jobs]: [i64; 4] = std::array::from_fn(|at| row.get(at));
        assert_eq!(open, 0, "a job is left");
        assert_eq!((effects, jobs), (done, done), "each done job had its effect once");
        assert_eq!(i64::try_from(self.effects).unwrap(), done);
    }

    async fn sql(&self, sql: &str) {
        self.db.execute(sql, &[]).await.unwrap();
    }
}

fn pick(which: usize, of: usize) -> Option<usize> {
    which.checked_rem(of)
}

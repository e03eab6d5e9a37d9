//! Mails to a hotel's owner about a custom domain: that it fails, and that it works again.
//!
//! A reconciler compares how each domain stands with what its owner was told last; what is told and
//! the job that tells it are written in one transaction. Each change is told once, and a failure at
//! most once a day, so that a domain that comes and goes is no storm of mails. A mail that is overtaken
//! by events is not sent.

mod letter;
mod store;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hotelhub_core::{clock::Clock, errors::Chain, ids::DomainId};
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::{JobError, Outcome},
    rows::{self, NewJob, RunningJob},
};
use sea_orm::{DatabaseConnection, DbErr};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::letter::Told;
use crate::{
    domains::{Checker, Domain},
    post::Post,
    tenants,
};

/// The job that sends one.
pub(crate) const KIND: Kind = Kind {
    name: "domain_mail",
    class: Class::Default,
    priority: 0,
    tries: 5,
    timeout: Duration::from_secs(30),
    ladder: &[Wait::S10, Wait::M2],
    words: Words {
        name: ["Surel tentang domain", "Mail about a domain"],
        dead: [
            "Pemilik belum diberi tahu tentang domainnya. Periksa alamat surelnya.",
            "The owner was not told about the domain. Check the e-mail address.",
        ],
    },
};

/// Domains of one transaction.
const BATCH: i64 = 50;
/// No two mails about failures of one domain are closer.
const QUIET: TimeDelta = TimeDelta::days(1);

/// What an owner is told of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum News {
    /// It worked, and does not, or should by now.
    Failed,
    /// It does again.
    Works,
}

impl News {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Works => "works",
        }
    }

    /// Whether it is still so.
    fn holds(self, domain: &Domain) -> bool {
        match self {
            Self::Failed => domain.state.as_str() == "stuck",
            Self::Works => domain.state.as_str() == "live",
        }
    }
}

/// What the job needs to know.
#[derive(Serialize, Deserialize)]
struct Payload {
    domain_id: DomainId,
    news: News,
}

/// A pass of the reconciler failed; the next one looks again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DomainMailsError {
    #[error("connect to look for news of domains")]
    Connect(#[from] deadpool_postgres::PoolError),
    #[error("ask for mails about domains")]
    Database(#[from] tokio_postgres::Error),
    #[error("write the job's payload")]
    Payload(#[from] serde_json::Error),
}

/// Asks for the mails that are due; how many.
///
/// # Errors
/// Fails if the database does.
pub(crate) async fn ask_for_mails(
    pool: &deadpool_postgres::Pool,
    now: DateTime<Utc>,
) -> Result<usize, DomainMailsError> {
    let mut client = pool.get().await?;
    let tx = client.transaction().await?;
    let due = store::list_news_for_update(&*tx, now - QUIET, BATCH).await?;
    for (domain_id, news) in &due {
        store::note_told(&*tx, *domain_id, *news, now).await?;
        let payload = serde_json::to_value(Payload { domain_id: *domain_id, news: *news })?;
        rows::enqueue(&*tx, NewJob::new(&KIND, &payload)).await?;
    }
    tx.commit().await?;
    Ok(due.len())
}

/// Sends mails about domains.
#[derive(Clone)]
pub(crate) struct DomainMails {
    pub(crate) post: Post,
    pub(crate) db: DatabaseConnection,
    pub(crate) checker: Checker,
    pub(crate) clock: Clock,
}

impl DomainMails {
    /// Sends the mail of one job.
    ///
    /// # Errors
    /// Says whether another try may help.
    pub(crate) async fn send(&self, job: &RunningJob) -> Result<Outcome, JobError> {
        let Payload { domain_id, news } = serde_json::from_value(job.payload.clone())
            .map_err(|error| JobError::fail("BAD_PAYLOAD", error))?;
        let domain = self.checker.find(&self.db, domain_id).await.map_err(failed)?;
        let Some(domain) = domain else { return Ok(skipped("the domain was released")) };
        if !news.holds(&domain) {
            if news == News::Failed {
                let client = self.post.pool.get().await.map_err(JobError::no_connection)?;
                store::forget_failure(&**client, domain_id).await.map_err(JobError::database)?;
            }
            return Ok(skipped("the domain stands otherwise by now"));
        }
        let tenant = tenants::store::find(&self.db, domain.tenant_id.into()).await;
        let Some(tenant) = tenant.map_err(failed)? else {
            return Ok(skipped("the hotel is gone"));
        };
        let addresses = &self.post.addresses;
        let own = addresses.of_hotel(&addresses.host_of(&tenant.slug));
        let told = Told { tenant: &tenant, domain: &domain, own: &own, now: self.clock.now() };
        let letter = told.write(news).map_err(|error| JobError::fail("BAD_MAIL", error))?;
        self.post.send(job, letter).await
    }
}

fn skipped(why: &str) -> Outcome {
    Outcome::Done(json!({ "skipped": why }))
}

fn failed(error: DbErr) -> JobError {
    JobError::retry("DATABASE", Chain(&error).to_string())
}

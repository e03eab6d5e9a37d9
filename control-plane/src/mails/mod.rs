//! The mails that the platform sends of itself.
//!
//! A reconciler finds whom a mail is due to. The note that it was asked for and the job that sends it
//! are written in one transaction, so nobody is told twice or forgotten. Should a job send twice,
//! because its worker died after sending, both mails carry the same Message-ID.

mod post;

use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use futures_util::future::BoxFuture;
use hotelhub_core::sql::Query;
use hotelhub_jobs::{
    kind::Kind,
    outcome::{JobError, Outcome},
    rows::{self, NewJob, RunningJob},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

pub(crate) use self::post::{Letter, Post};
use crate::work::{AskError, PlatformJob};

/// Mails that are asked for in one transaction.
const BATCH: i64 = 50;

/// A sort of mail: whom it is due to, and what it says.
pub(crate) trait Mail: Send + Sync {
    /// The job that sends it.
    const KIND: &'static Kind;

    /// Whom or what it is about: the job's payload.
    type About: Serialize + DeserializeOwned + Send + Sync;

    /// Notes, within a transaction, that up to `limit` mails which are due by `now` are asked for, and
    /// says which; two who do so at once never note the same one.
    fn note_due(
        &self,
        tx: &impl Query,
        now: DateTime<Utc>,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Self::About>, tokio_postgres::Error>> + Send;

    /// Writes one as things stand when it is sent.
    fn write(
        &self,
        post: &Post,
        about: Self::About,
    ) -> impl Future<Output = Result<Written, JobError>> + Send;

    /// Notes that a mail server has taken one. If that fails the mail is sent again.
    fn sent(
        &self,
        _post: &Post,
        _about: Self::About,
    ) -> impl Future<Output = Result<(), JobError>> + Send {
        std::future::ready(Ok(()))
    }
}

/// What came of writing a mail.
#[derive(Debug)]
pub(crate) enum Written {
    /// It is to be sent.
    Letter(Letter),
    /// It was overtaken by this, and is not sent.
    Overtaken(&'static str),
}

impl Written {
    /// It is to be sent, unless its template failed.
    pub(crate) fn of(letter: Result<Letter, askama::Error>) -> Result<Self, JobError> {
        letter.map(Self::Letter).map_err(|error| JobError::fail("BAD_MAIL", error))
    }
}

/// Sends one sort of mail.
pub(crate) struct Mailing<M> {
    pub(crate) mail: M,
    pub(crate) post: Post,
}

impl<M: Mail> PlatformJob for Mailing<M> {
    fn kind(&self) -> &'static Kind {
        M::KIND
    }

    fn ask<'a>(
        &'a self,
        pool: &'a Pool,
        now: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<usize, AskError>> {
        Box::pin(async move {
            let mut client = pool.get().await?;
            let tx = client.transaction().await?;
            let due = self.mail.note_due(&*tx, now, BATCH).await?;
            for about in &due {
                let payload = serde_json::to_value(about)?;
                rows::enqueue(&*tx, NewJob::new(M::KIND, &payload)).await?;
            }
            tx.commit().await?;
            Ok(due.len())
        })
    }

    fn attempt<'a>(&'a self, job: &'a RunningJob) -> BoxFuture<'a, Result<Outcome, JobError>> {
        Box::pin(async move {
            let about = || -> Result<M::About, JobError> {
                serde_json::from_value(job.payload.clone())
                    .map_err(|error| JobError::fail("BAD_PAYLOAD", error))
            };
            match self.mail.write(&self.post, about()?).await? {
                Written::Letter(letter) => {
                    let outcome = self.post.send(job, letter).await?;
                    self.mail.sent(&self.post, about()?).await?;
                    Ok(outcome)
                }
                Written::Overtaken(why) => Ok(Outcome::Done(json!({ "skipped": why }))),
            }
        })
    }
}

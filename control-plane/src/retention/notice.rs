//! Tells owners two weeks before their data is deleted.
//!
//! The note that an owner is told and the job that does it are written in one transaction, so nobody is
//! told twice or forgotten.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hotelhub_core::ids::TenantId;
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::{JobError, Outcome},
    rows::{self, NewJob, RunningJob},
};
use serde::{Deserialize, Serialize};

use super::{letter, stores::notices as store};
use crate::post::Post;

/// The job that sends the letter.
pub(crate) const KIND: Kind = Kind {
    name: "deletion_notice",
    class: Class::Default,
    priority: 0,
    tries: 5,
    timeout: Duration::from_secs(30),
    ladder: &[Wait::S10, Wait::M2],
    words: Words {
        name: ["Surel sebelum penghapusan", "Notice of deletion"],
        dead: [
            "Pemilik belum tahu kapan datanya dihapus. Periksa alamatnya, atau tahan penghapusannya.",
            "The owner does not know when the data is deleted. Check the address, or hold the deletion back.",
        ],
    },
};

/// How many tenants are looked at in one transaction.
const BATCH: i64 = 50;

/// What the job needs to know.
#[derive(Serialize, Deserialize)]
struct Payload {
    tenant_id: TenantId,
}

/// A look at who is to be told failed; the next one looks again.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoticeError {
    #[error("connect to look for owners to be told")]
    Connect(#[from] deadpool_postgres::PoolError),
    #[error("ask for notices of deletion")]
    Database(#[from] tokio_postgres::Error),
    #[error("write the job's payload")]
    Payload(#[from] serde_json::Error),
}

/// Asks for the letters to owners who are to be told by `now`; how many.
pub(super) async fn ask_for_letters(
    pool: &deadpool_postgres::Pool,
    now: DateTime<Utc>,
) -> Result<usize, NoticeError> {
    let mut client = pool.get().await?;
    let tx = client.transaction().await?;
    let tenants = store::list_unnoticed_for_update(&*tx, now, BATCH).await?;
    for tenant in &tenants {
        store::insert_noticed(&*tx, *tenant, now).await?;
        let payload = serde_json::to_value(Payload { tenant_id: *tenant })?;
        let once = format!("{tenant} {now}");
        let job = NewJob { dedupe_key: Some(&once), ..NewJob::new(&KIND, &payload) };
        rows::enqueue(&*tx, job).await?;
    }
    tx.commit().await?;
    Ok(tenants.len())
}

/// Sends the letter of one job.
pub(crate) async fn send(post: &Post, job: &RunningJob) -> Result<Outcome, JobError> {
    let payload: Payload = serde_json::from_value(job.payload.clone())
        .map_err(|error| JobError::fail("BAD_PAYLOAD", error))?;
    let client = post.pool.get().await.map_err(JobError::no_connection)?;
    let found = store::find_recipient(&**client, payload.tenant_id).await;
    let found = found.map_err(JobError::database)?;
    // Mail takes its time; the connection is of more use to others meanwhile.
    drop(client);
    let Some(recipient) = found else {
        return Ok(Outcome::Done(serde_json::json!({ "skipped": "nothing is to be deleted" })));
    };
    let login = post.addresses.login_of(&recipient.host);
    let letter =
        letter::write(&recipient, &login).map_err(|error| JobError::fail("BAD_MAIL", error))?;
    post.send(job, letter).await
}

//! The welcome mail: every hotel that is ready gets one.
//!
//! A reconciler finds hotels that have had none and asks for it: the note that it was asked for and
//! the job are written in one transaction, so nothing is asked for twice or lost. The job sends it;
//! should it be sent twice, because a worker died after sending, both carry the same Message-ID.

mod letter;
mod store;

use std::time::Duration;

use chrono::{DateTime, Utc};
use hotelhub_core::ids::TenantId;
use hotelhub_jobs::{
    kind::{Class, Kind, Wait, Words},
    outcome::{JobError, Outcome},
    rows::{self, NewJob, RunningJob},
};
use serde::{Deserialize, Serialize};

use crate::{idempotency, post::Post};

/// The job that sends it.
pub(crate) const KIND: Kind = Kind {
    name: "welcome_mail",
    class: Class::Default,
    priority: 0,
    tries: 3,
    timeout: Duration::from_secs(30),
    ladder: &[Wait::S10, Wait::M2],
    words: Words {
        name: ["Surel selamat datang", "Welcome mail"],
        dead: [
            "Pemilik belum menerima surel selamat datang. Periksa alamatnya.",
            "The owner has not received the welcome mail. Check the address.",
        ],
    },
};

/// How many hotels are looked at in one transaction.
const BATCH: i64 = 50;

/// What the job needs to know.
#[derive(Serialize, Deserialize)]
struct Payload {
    tenant_id: TenantId,
}

/// A pass of the reconciler failed; the next one looks again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WelcomeError {
    #[error("connect to look for new hotels")]
    Connect(#[from] deadpool_postgres::PoolError),
    #[error("ask for welcome mails")]
    Database(#[from] tokio_postgres::Error),
    #[error("write the job's payload")]
    Payload(#[from] serde_json::Error),
}

/// Asks for the mails of hotels that have had none, and forgets old idempotency keys. Says how many
/// mails were asked for.
pub(crate) async fn ask_for_mails(
    pool: &deadpool_postgres::Pool,
    now: DateTime<Utc>,
) -> Result<usize, WelcomeError> {
    let mut client = pool.get().await?;
    let tx = client.transaction().await?;
    let tenants = store::list_unwelcomed_for_update(&*tx, BATCH).await?;
    for tenant in &tenants {
        store::insert_welcomed(&*tx, *tenant).await?;
        let payload = serde_json::to_value(Payload { tenant_id: *tenant })?;
        let once = tenant.to_string();
        let job = NewJob { dedupe_key: Some(&once), ..NewJob::new(&KIND, &payload) };
        rows::enqueue(&*tx, job).await?;
    }
    idempotency::forget_old(&*tx, now).await?;
    tx.commit().await?;
    Ok(tenants.len())
}

/// Sends the mail of one job.
pub(crate) async fn send(post: &Post, job: &RunningJob) -> Result<Outcome, JobError> {
    let payload: Payload = serde_json::from_value(job.payload.clone())
        .map_err(|error| JobError::fail("BAD_PAYLOAD", error))?;
    let client = post.pool.get().await.map_err(JobError::no_connection)?;
    let found = store::find_recipient(&**client, payload.tenant_id).await;
    let found = found.map_err(JobError::database)?;
    // Mail takes its time; the connection is of more use to others meanwhile.
    drop(client);
    let Some(recipient) = found else {
        return Ok(Outcome::Done(serde_json::json!({ "skipped": "the hotel is gone" })));
    };
    let login = post.addresses.login_of(&recipient.host);
    let letter =
        letter::write(&recipient, &login).map_err(|error| JobError::fail("BAD_MAIL", error))?;
    post.send(job, letter).await
}

//! Stops the writers of the source, and lets them go on.

use std::time::{Duration, Instant};

use hotelhub_core::sql::Query as _;
use tokio::time::sleep;

use super::{
    Work,
    capture::{is_late, jitter},
    switch,
};
use crate::{access, engine::StepError, session::Session};

/// Waiting for the lock holds up all who write meanwhile, so not for long.
const LOCK_LIMIT: &str = "300ms";
const BETWEEN_TRIES: Duration = Duration::from_millis(700);
/// A transaction that writes for longer than this is waited for by the step's next try.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for the transactions that have written, and from its commit on refuses writes.
///
/// Every noted change reads `move_pause` under a lock that it holds until it ends, so whoever has
/// the table alone has waited for all of them. Readers never touch it.
pub(super) async fn begin(source: &Session) -> Result<(), StepError> {
    let began = Instant::now();
    let pause = format!(
        "SET LOCAL lock_timeout = '{LOCK_LIMIT}';
         LOCK TABLE move_pause IN ACCESS EXCLUSIVE MODE;
         UPDATE move_pause SET is_paused = true;
         UPDATE tenant_identity SET access = 'read_only' WHERE access <> 'stopped'"
    );
    loop {
        match source.run(&pause).await {
            Err(error) if is_late(&error) && began.elapsed() < PATIENCE => {
                sleep(jitter(BETWEEN_TRIES)).await;
            }
            Err(error) if is_late(&error) => {
                return Err(StepError::NotYet(
                    "a transaction of the tenant that has written stays open".to_owned(),
                ));
            }
            done => return Ok(done?),
        }
    }
}

/// What the tenant may do, by its own row.
pub(super) async fn read_access(source: &Session) -> Result<String, StepError> {
    Ok(source.query_one("SELECT access FROM tenant_identity", &[]).await?.try_get(0)?)
}

/// Lets the writers of the source go on, with what the tenant might do before the pause. The
/// control database may be away meanwhile; the keeper of these rows looks again when it is back.
pub(super) async fn lift(
    work: &mut Work,
    control: &Session,
    access: &str,
) -> Result<(), StepError> {
    let source = work.source(control).await?;
    source.run("BEGIN").await?;
    end(source, access).await
}

/// Lets the writers of the source go on, if they were stopped, with what the tenant may do now.
pub(super) async fn release(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if work.facts.from_database_id.is_none() {
        return Ok(());
    }
    if switch::has_committed(work, control).await? {
        return Err(StepError::NotYet("the old copy does not serve any more".to_owned()));
    }
    let (old, tenant) = (work.old_id()?, work.operation.tenant);
    let source = work.source(control).await?;
    let sql = "SELECT is_paused OR access = 'read_only' FROM move_pause, tenant_identity";
    if !source.query_one(sql, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(());
    }
    // Whatever is written now, the keeper of these rows looks at it again.
    access::forget(control, &[old]).await?;
    source.run("BEGIN; SELECT FROM tenant_identity FOR UPDATE").await?;
    let now_allowed = access::intended(control, tenant).await?;
    end(source, &now_allowed).await
}

/// Ends the pause with the transaction that is open.
async fn end(source: &Session, access: &str) -> Result<(), StepError> {
    source.run("UPDATE move_pause SET is_paused = false").await?;
    let sql = "UPDATE tenant_identity SET access = $1 WHERE access = 'read_only'";
    source.execute(sql, &[&access]).await?;
    Ok(source.run("COMMIT").await?)
}

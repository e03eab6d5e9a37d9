//! The triggers that note which rows of the source change.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::{Duration, Instant},
};

use hotelhub_core::sql::Query as _;
use tokio::time::sleep;
use tokio_postgres::error::SqlState;

use super::{Work, pause};
use crate::{
    contents::{rules::MOVE_TRIGGER as TRIGGER, tables},
    engine::StepError,
    session::Session,
};

/// While a lock is waited for, whoever comes later waits behind; so not for long.
const LOCK_LIMIT: &str = "150ms";
/// A transaction that stays open for longer keeps its table: the step is tried again later.
const PATIENCE: Duration = Duration::from_secs(60);

/// Attaches the triggers. Once all stand, every change is noted, and what committed before is in
/// any snapshot that is taken from now on.
pub(super) async fn attach(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let source = work.source(control).await?;
    let began = Instant::now();
    for table in tables::list(source).await?.iter().filter(|it| !it.is_history()) {
        let attach = format!(
            "CREATE OR REPLACE TRIGGER {TRIGGER} AFTER INSERT OR UPDATE OR DELETE ON {}
             FOR EACH ROW EXECUTE FUNCTION note_move_change({})",
            table.sql_name(),
            table.key_arguments()
        );
        with_patience(source, &attach, began).await?;
    }
    Ok(())
}

/// Lets the writers go on, and takes the triggers and what they noted away.
pub(super) async fn detach(work: &mut Work, control: &Session) -> Result<(), StepError> {
    if work.facts.from_database_id.is_none() {
        return Ok(());
    }
    pause::release(work, control).await?;
    let source = work.source(control).await?;
    let began = Instant::now();
    let sql = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = $1 ORDER BY 1";
    for row in source.query(sql, &[&TRIGGER]).await? {
        let table: &str = row.try_get(0)?;
        let drop = format!("DROP TRIGGER IF EXISTS {TRIGGER} ON {table}");
        with_patience(source, &drop, began).await?;
    }
    with_patience(source, "TRUNCATE move_changes", began).await
}

/// The tables without a trigger, of those that need one: a migration may have made them meanwhile.
pub(super) async fn list_missing(source: &Session) -> Result<Vec<String>, StepError> {
    let sql = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = $1";
    let rows = source.query(sql, &[&TRIGGER]).await?;
    let watched: Vec<String> = rows.iter().map(|it| it.try_get(0)).collect::<Result<_, _>>()?;
    let tables = tables::list(source).await?;
    let names = tables.iter().filter(|it| !it.is_history()).map(|it| it.name.clone());
    // A regclass is quoted where it must be; our own names need none.
    Ok(names.filter(|it| !watched.contains(it) && !watched.contains(&tables::quoted(it))).collect())
}

/// Runs a statement that needs a lock, again and again with short waits for it.
async fn with_patience(source: &Session, sql: &str, began: Instant) -> Result<(), StepError> {
    let sql = format!("SET LOCAL lock_timeout = '{LOCK_LIMIT}'; {sql}");
    loop {
        match source.run(&sql).await {
            Err(error) if is_late(&error) && began.elapsed() < PATIENCE => {
                sleep(jitter(Duration::from_millis(300))).await;
            }
            done => return Ok(done?),
        }
    }
}

/// Whether a lock was not to be had in time.
pub(super) fn is_late(error: &tokio_postgres::Error) -> bool {
    let late = [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED];
    error.code().is_some_and(|it| late.contains(it))
}

/// Between once and twice as long, so that two who got in each other's way do not again.
pub(super) fn jitter(pause: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) % 1_000;
    pause + pause * u32::try_from(random).unwrap_or(0) / 1_000
}

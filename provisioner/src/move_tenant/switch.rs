//! The switch: writers stop, the last changes are copied, and one transaction of the control
//! database makes the new copy the tenant's. That commit is the point of no return.

use std::time::{Duration, Instant};

use hotelhub_core::{errors::Chain, sql::Query as _};
use serde_json::{Value, json};

use super::{
    Work, capture, pause, rounds, target,
    work::{Ends, missing},
};
use crate::{
    access,
    contents::{
        rules,
        tables::{self, Table},
    },
    copies,
    engine::{StepError, progress},
    session::Session,
};

/// Writers are not kept waiting for longer: they go on, and a better moment is looked for.
const PAUSE_LIMIT: Duration = Duration::from_secs(10);
const TRIES: u32 = 5;

/// Whether the new copy is the tenant's. While the control database is at a commit of ours, this
/// waits for its outcome.
pub(super) async fn has_committed(work: &Work, control: &Session) -> Result<bool, StepError> {
    let sql = "SELECT state = 'assigned' FROM databases WHERE id = $1 FOR UPDATE";
    let row = control.query_opt(sql, &[&work.facts.database_id]).await?;
    Ok(row.map_or(Ok(false), |it| it.try_get(0))?)
}

/// Switches. A try that was broken off has left the writers stopped, unless it has committed.
pub(super) async fn switch(work: &mut Work, control: &Session) -> Result<(), StepError> {
    for _ in 0..TRIES {
        if has_committed(work, control).await? {
            return Ok(());
        }
        pause::release(work, control).await?;
        rounds::catch_up(work, control).await?;
        match try_once(work, control).await? {
            Outcome::Committed => return Ok(()),
            Outcome::TooSlow => {}
        }
    }
    Err(StepError::NotYet(format!(
        "the last changes took longer than {} s to copy, {TRIES} times",
        PAUSE_LIMIT.as_secs()
    )))
}

enum Outcome {
    Committed,
    TooSlow,
}

async fn try_once(work: &mut Work, control: &Session) -> Result<Outcome, StepError> {
    let list = tables::list(work.source(control).await?).await?;
    let source = work.source(control).await?;
    let access_before = pause::read_access(source).await?;
    let paused = pause::begin(source).await;
    let began = Instant::now();
    let prepared = match paused {
        Ok(()) => tokio::time::timeout(PAUSE_LIMIT, prepare(work, control, &list)).await,
        Err(error) => Ok(Err(error)),
    };
    let access = match prepared {
        Ok(Ok(access)) => access,
        Ok(Err(error)) => {
            go_on(work, control, Some(&access_before)).await;
            return Err(error);
        }
        Err(_late) => {
            tracing::warn!(
                operation.id = %work.operation.id, tenant.id = %work.operation.tenant,
                "a move gives up a pause that takes too long"
            );
            go_on(work, control, Some(&access_before)).await;
            return Ok(Outcome::TooSlow);
        }
    };
    match commit(work, control, &access).await {
        Ok(()) => {
            let pause = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            metrics::histogram!("move_write_pause_seconds").record(began.elapsed());
            let figure = json!({ "write_pause_ms": pause });
            progress::note(control, work.operation.id, &figure).await?;
            Ok(Outcome::Committed)
        }
        Err(error) => {
            go_on(work, control, None).await;
            Err(error)
        }
    }
}

/// Lets the writers go on after an attempt that failed. With the `access` from before the pause no
/// commit was asked for, and nobody else need be asked; without it the control database must say
/// that there was none, and if it cannot, the next try does this.
async fn go_on(work: &mut Work, control: &Session, access: Option<&str>) {
    // They may be in the middle of anything.
    work.hang_up();
    let released = match access {
        Some(access) => pause::lift(work, control, access).await,
        None => pause::release(work, control).await,
    };
    if let Err(error) = released {
        tracing::warn!(
            operation.id = %work.operation.id, tenant.id = %work.operation.tenant,
            error = %Chain(&error), "writers stay stopped until the move's next try"
        );
    }
}

/// Makes the target all that the source is, but for its identity, and lets its login in; what
/// the tenant may do, as it was written there.
async fn prepare(work: &mut Work, control: &Session, list: &[Table]) -> Result<String, StepError> {
    let version = work.schema_version()?;
    let generation = work.facts.from_generation.ok_or_else(|| missing("the generation"))? + 1;
    let (new, tenant) = (work.facts.database_id, work.operation.tenant);
    let ends = work.ends(control).await?;
    // Held until we hang up: whoever migrates this database meanwhile cannot commit.
    ends.source
        .run(
            "BEGIN ISOLATION LEVEL REPEATABLE READ;
             SET LOCAL lock_timeout = '2s';
             LOCK TABLE refinery_schema_history IN SHARE MODE",
        )
        .await?;
    require_unmigrated(ends.source, version).await?;
    ends.target.run("BEGIN").await?;
    rounds::apply(ends, list).await?;
    carry_sequences(ends).await?;
    carry_rules(ends).await?;
    let access = access::intended(control, tenant).await?;
    let ours = json!({ "database_id": new, "generation": generation, "access": access });
    carry_identity(ends, &ours).await?;
    ends.target.run("COMMIT").await?;
    target::let_in(work, control).await?;
    Ok(access)
}

/// Refuses a source whose schema changed since the move began.
async fn require_unmigrated(source: &Session, version: i32) -> Result<(), StepError> {
    let sql = "SELECT max(version) FROM refinery_schema_history";
    let found: Option<i32> = source.query_one(sql, &[]).await?.try_get(0)?;
    let unwatched = capture::list_missing(source).await?;
    if found == Some(version) && unwatched.is_empty() {
        return Ok(());
    }
    Err(StepError::Never(format!(
        "the tenant's schema was changed during the move: version {version} became {found:?}, \
         tables {unwatched:?}"
    )))
}

/// Sequences go on where they are.
async fn carry_sequences(ends: Ends<'_>) -> Result<(), StepError> {
    let sql =
        "SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
           coalesce(last_value, start_value), last_value IS NOT NULL)
         FROM pg_sequences WHERE schemaname = 'public' AND sequencename <> 'move_changes_id_seq'";
    let rows = ends.source.query(sql, &[]).await?;
    let sets: Vec<String> = rows.iter().map(|it| it.try_get(0)).collect::<Result<_, _>>()?;
    Ok(ends.target.run(&sets.join(";")).await?)
}

/// Foreign keys and triggers come back. What the keys say was true on the source and is not
/// proven again while writers wait; that is done after the switch.
async fn carry_rules(ends: Ends<'_>) -> Result<(), StepError> {
    let mut sql = String::new();
    for key in rules::list_foreign_keys(ends.source).await? {
        let not_valid = if key.is_validated { " NOT VALID" } else { "" };
        let rules::ForeignKey { table, name, definition, .. } = key;
        sql.push_str(&format!(
            "ALTER TABLE {table} ADD CONSTRAINT {name} {definition}{not_valid};"
        ));
    }
    for (table, trigger) in rules::list_triggers(ends.target, "D").await? {
        sql.push_str(&format!("ALTER TABLE {table} ENABLE TRIGGER {trigger};"));
    }
    Ok(ends.target.run(&sql).await?)
}

/// The identity is the tenant's, and that of another copy.
async fn carry_identity(ends: Ends<'_>, ours: &Value) -> Result<(), StepError> {
    let row = ends.source.query_one("SELECT to_jsonb(i) FROM tenant_identity AS i", &[]).await?;
    let theirs: Value = row.try_get(0)?;
    ends.target.run("DELETE FROM tenant_identity").await?;
    let written = ends
        .target
        .execute(
            "INSERT INTO tenant_identity
             SELECT r.* FROM jsonb_populate_record(NULL::tenant_identity, $1::jsonb || $2) AS r",
            &[&theirs, ours],
        )
        .await?;
    if written != 1 {
        return Err(StepError::Never("the source does not say whose it is".to_owned()));
    }
    Ok(())
}

/// The point of no return.
async fn commit(work: &Work, control: &Session, access: &str) -> Result<(), StepError> {
    let new = (work.facts.database_id, "claimed");
    copies::replace(control, work.old_id()?, new, work.schema_version()?, access).await
}

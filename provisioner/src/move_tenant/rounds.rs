//! The rounds that follow the copy: rows that changed since are made the same again.
//!
//! A round reads one snapshot of the source. It takes *every* change that the snapshot shows, so
//! after it the target is that snapshot: unique and exclusion constraints hold at its end, because
//! they hold on the source. On the target all changed rows are deleted before any is put in, and
//! foreign keys are away.

use hotelhub_core::sql::Query as _;
use serde_json::json;

use super::{Work, copy, work::Ends};
use crate::{
    contents::{
        rules,
        tables::{self, Table},
    },
    engine::{StepError, progress},
    session::Session,
};

/// A round of fewer rows is over in a moment, and so will the next one be, which writers wait for.
const FEW: i64 = 500;
/// Whoever writes so much that no round is small has to bear a longer pause.
const MOST_ROUNDS: u32 = 20;
/// Below this many keys, rows are looked up one by one; the server, which knows nothing about the
/// keys, might read whole tables.
const LOOK_UP: i64 = 20_000;

/// Rounds until one was small.
pub(super) async fn catch_up(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let operation = work.operation.id;
    let ends = work.ends(control).await?;
    // An attempt to switch that was broken off may have put them back.
    rules::drop_foreign_keys(ends.target).await?;
    let list = tables::list(ends.source).await?;
    let mut changed = 0;
    for round in 1..=MOST_ROUNDS {
        let keys = run_round(ends, &list).await?;
        changed += keys;
        progress::note(control, operation, &json!({"rounds": round, "changed_rows": changed}))
            .await?;
        if keys < FEW {
            break;
        }
    }
    Ok(())
}

/// One round; how many rows it was about. The notes go when the target has them.
async fn run_round(ends: Ends<'_>, list: &[Table]) -> Result<i64, StepError> {
    ends.source.run("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    ends.target.run("BEGIN").await?;
    let keys = apply(ends, list).await?;
    ends.target.run("COMMIT").await?;
    // Exactly those that the snapshot shows: a later one may have a smaller number.
    ends.source.run("DELETE FROM move_changes; COMMIT").await?;
    Ok(keys)
}

/// Makes the rows whose change was noted the same on both sides, in the transactions that the
/// sessions are in; how many there were.
pub(super) async fn apply(ends: Ends<'_>, list: &[Table]) -> Result<i64, StepError> {
    let counts = count_keys(ends.source, list).await?;
    let all: i64 = counts.iter().map(|(_, keys)| keys).sum();
    if all == 0 {
        return Ok(0);
    }
    if all < LOOK_UP {
        let look_up = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
        ends.source.run(look_up).await?;
        ends.target.run(look_up).await?;
    }
    let make = "CREATE TEMPORARY TABLE move_keys (relation text, key jsonb) ON COMMIT DROP";
    ends.target.run(make).await?;
    let give = "COPY (SELECT DISTINCT relation, key FROM move_changes) TO STDOUT (FORMAT binary)";
    let take = "COPY pg_temp.move_keys FROM STDIN (FORMAT binary)";
    copy::stream(ends, give, take, None).await?;
    for (table, _) in &counts {
        ends.target.run(&table.delete(&target_keys(table))).await?;
    }
    for (table, _) in &counts {
        let give = table.copy_out_some(&source_keys(table));
        copy::stream(ends, &give, &table.copy_in(""), None).await?;
    }
    for (table, _) in &counts {
        let (source, target) =
            (table.sum_some(&source_keys(table)), table.sum_some(&target_keys(table)));
        let sums = tokio::try_join!(
            tables::read_sum(ends.source, &source),
            tables::read_sum(ends.target, &target)
        )?;
        copy::require_equal(table, &sums)?;
    }
    Ok(all)
}

/// The tables with changes, and how many rows each.
async fn count_keys<'a>(
    source: &Session,
    list: &'a [Table],
) -> Result<Vec<(&'a Table, i64)>, StepError> {
    let sql =
        "SELECT relation, count(*) FROM (SELECT DISTINCT relation, key FROM move_changes) AS k
         GROUP BY relation ORDER BY relation";
    let mut counts = Vec::new();
    for row in source.query(sql, &[]).await? {
        let name: &str = row.try_get(0)?;
        let unknown = || StepError::Never(format!("`{name}` was made during the move"));
        let table = list.iter().find(|it| it.name == name).ok_or_else(unknown)?;
        counts.push((table, row.try_get(1)?));
    }
    Ok(counts)
}

fn source_keys(table: &Table) -> String {
    let name = table.name.replace('\'', "''");
    format!("SELECT DISTINCT key FROM move_changes WHERE relation = '{name}'")
}

fn target_keys(table: &Table) -> String {
    let name = table.name.replace('\'', "''");
    format!("SELECT key FROM pg_temp.move_keys WHERE relation = '{name}'")
}

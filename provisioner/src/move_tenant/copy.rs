//! The copy: every table as one snapshot shows it, streamed from server to server.

use std::pin::pin;

use futures_util::{SinkExt as _, TryStreamExt as _};

use super::{Work, work::Ends};
use crate::{
    contents::{
        rules,
        tables::{self, Sum, Table},
    },
    engine::{StepError, progress::Progress},
    session::Session,
};

/// Copies all tables, from the beginning: a copy that was broken off is thrown away.
///
/// The triggers stand. What they note of transactions that the snapshot shows does no harm: a
/// round makes a row of the target what it is on the source, whatever it was.
pub(super) async fn copy(work: &mut Work, control: &Session) -> Result<(), StepError> {
    let operation = work.operation.id;
    let ends = work.ends(control).await?;
    let list = tables::list(ends.source).await?;
    tables::require_same(&list, &tables::list(ends.target).await?)?;
    rules::drop_foreign_keys(ends.target).await?;
    let mut progress = Progress::begin(control, operation);

    ends.source.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    for table in &list {
        copy_table(ends, table, &mut progress).await?;
    }
    ends.source.run("COMMIT").await?;
    // One by one, since only those that we own can be had.
    let analyze: Vec<String> = list.iter().map(Table::sql_name).collect();
    ends.target.run(&format!("ANALYZE {}", analyze.join(", "))).await?;
    Ok(progress.tell().await?)
}

/// Emptied and filled in one transaction: so the rows need no second look by a vacuum, and a
/// repetition finds no rows of the try before.
async fn copy_table(
    ends: Ends<'_>,
    table: &Table,
    progress: &mut Progress<'_>,
) -> Result<(), StepError> {
    ends.target.run(&format!("BEGIN; TRUNCATE {}", table.sql_name())).await?;
    let rows =
        stream(ends, &table.copy_out(), &table.copy_in(", FREEZE true"), Some(progress)).await?;
    ends.target.run("COMMIT").await?;
    let sum = table.sum();
    let sums =
        tokio::try_join!(tables::read_sum(ends.source, &sum), tables::read_sum(ends.target, &sum))?;
    require_equal(table, &sums)?;
    progress.add_table(rows);
    Ok(progress.tell().await?)
}

/// Refuses rows that are not the same on both sides.
pub(super) fn require_equal(table: &Table, (source, target): &(Sum, Sum)) -> Result<(), StepError> {
    if source == target {
        return Ok(());
    }
    Err(StepError::Never(format!(
        "`{}` is not the same on both sides: {source:?}, {target:?}",
        table.name
    )))
}

/// Sends what one statement gives to another that takes it, a piece at a time; the number of rows.
pub(super) async fn stream(
    ends: Ends<'_>,
    give: &str,
    take: &str,
    mut progress: Option<&mut Progress<'_>>,
) -> Result<u64, StepError> {
    let mut given = pin!(ends.source.client().copy_out(give).await?);
    let mut taken = pin!(ends.target.client().copy_in(take).await?);
    while let Some(piece) = given.try_next().await? {
        if let Some(progress) = progress.as_deref_mut() {
            progress.add_bytes(piece.len()).await?;
        }
        taken.feed(piece).await?;
    }
    Ok(taken.finish().await?)
}

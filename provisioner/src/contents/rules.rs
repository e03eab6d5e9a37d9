//! What acts on rows by itself, foreign keys and triggers: put aside while rows are brought in, and
//! put back.

use hotelhub_core::sql::Query as _;

use super::tables::Table;
use crate::{engine::StepError, session::Session};

/// Notes changes for a move; it is no trigger of the schema.
pub(crate) const MOVE_TRIGGER: &str = "move_capture";

/// Takes out the seeds of these tables, and for the time of the copy whatever acts on rows by itself: foreign
/// keys, since tables come one after the other, and triggers, which have fired where the rows are
/// from.
pub(crate) async fn empty(
    target: &Session,
    list: impl Iterator<Item = &Table>,
) -> Result<(), StepError> {
    drop_foreign_keys(target).await?;
    let mut sql = "TRUNCATE tenant_identity".to_owned();
    for table in list {
        sql.push_str(", ");
        sql.push_str(&table.sql_name());
    }
    for trigger in list_triggers(target, "O").await? {
        sql.push_str(&format!("; ALTER TABLE {} DISABLE TRIGGER {}", trigger.0, trigger.1));
    }
    Ok(target.run(&sql).await?)
}

/// Drops all foreign keys.
pub(crate) async fn drop_foreign_keys(target: &Session) -> Result<(), StepError> {
    let drops: String = list_foreign_keys(target)
        .await?
        .iter()
        .map(|it| format!("ALTER TABLE {} DROP CONSTRAINT {};", it.table, it.name))
        .collect();
    Ok(target.run(&drops).await?)
}

/// A foreign key, its names quoted.
pub(crate) struct ForeignKey {
    pub(crate) table: String,
    pub(crate) name: String,
    pub(crate) definition: String,
    pub(crate) is_validated: bool,
}

/// All foreign keys of a database.
pub(crate) async fn list_foreign_keys(inside: &Session) -> Result<Vec<ForeignKey>, StepError> {
    let rows = inside
        .query(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid),
               convalidated
             FROM pg_constraint
             WHERE contype = 'f' AND connamespace = 'public'::regnamespace
             ORDER BY 1, 2",
            &[],
        )
        .await?;
    let key = |row: &tokio_postgres::Row| {
        Ok(ForeignKey {
            table: row.try_get(0)?,
            name: row.try_get(1)?,
            definition: row.try_get(2)?,
            is_validated: row.try_get(3)?,
        })
    };
    rows.iter().map(key).collect()
}

/// The triggers of the schema itself in this state of `tgenabled`, with their tables, quoted.
pub(crate) async fn list_triggers(
    inside: &Session,
    state: &str,
) -> Result<Vec<(String, String)>, StepError> {
    let rows = inside
        .query(
            "SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger
             WHERE NOT tgisinternal AND tgenabled::text = $1 AND tgname <> $2
             ORDER BY 1, 2",
            &[&state, &MOVE_TRIGGER],
        )
        .await?;
    rows.iter().map(|it| Ok((it.try_get(0)?, it.try_get(1)?))).collect()
}

//! The tables of a tenant database as its catalogue describes them, and the statements that are made
//! of their columns.

use hotelhub_bundle::Sequence;
use hotelhub_core::sql::Query as _;

use crate::{engine::StepError, session::Session};

/// Tables that belong to a copy and not to the tenant.
const OF_THE_COPY: [&str; 3] = ["tenant_identity", "move_pause", "move_changes"];
/// Written by migrations only.
const HISTORY: &str = "refinery_schema_history";

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// The columns that hold something of their own: no generated ones.
    columns: Vec<String>,
    /// Their types, in the same order.
    types: Vec<String>,
    /// The columns that name a row; all of them if the table has no primary key.
    key: Vec<String>,
    has_primary_key: bool,
}

/// The number of rows, and the sum of the hashes of their texts, which does not depend on their
/// order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) rows: i64,
    hashes: String,
}

/// All tables that hold something of the tenant's.
pub(crate) async fn list(inside: &Session) -> Result<Vec<Table>, StepError> {
    let rows = inside
        .query(
            "SELECT c.relname::text, c.relkind::text = 'r',
               array_agg(a.attname::text ORDER BY a.attnum),
               array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum),
               (SELECT array_agg(k.attname::text ORDER BY part.number)
                FROM pg_index i
                CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS part (attnum, number)
                JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = part.attnum
                WHERE i.indrelid = c.oid AND i.indisprimary)
             FROM pg_class c
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
               AND NOT a.attisdropped AND a.attgenerated = ''
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
               AND c.relname <> ALL ($1::text[]::name[])
             GROUP BY c.oid, c.relname, c.relkind
             ORDER BY c.relname",
            &[&OF_THE_COPY.map(str::to_owned).to_vec()],
        )
        .await?;
    rows.iter().map(Table::from_row).collect()
}

/// All sequences that belong to the tenant, and where they stand.
pub(crate) async fn list_sequences(inside: &Session) -> Result<Vec<Sequence>, StepError> {
    let sql = "SELECT sequencename::text, coalesce(last_value, start_value), last_value IS NOT NULL
         FROM pg_sequences WHERE schemaname = 'public' AND sequencename <> 'move_changes_id_seq'
         ORDER BY 1";
    let sequence = |row: &tokio_postgres::Row| {
        Ok(Sequence { name: row.try_get(0)?, value: row.try_get(1)?, is_called: row.try_get(2)? })
    };
    inside.query(sql, &[]).await?.iter().map(sequence).collect()
}

impl Table {
    fn from_row(row: &tokio_postgres::Row) -> Result<Self, StepError> {
        let name: String = row.try_get(0)?;
        if !row.try_get::<_, bool>(1)? {
            return Err(StepError::Never(format!("`{name}` is partitioned, which nothing copies")));
        }
        let columns: Vec<String> = row.try_get(2)?;
        let primary_key: Option<Vec<String>> = row.try_get(4)?;
        Ok(Self {
            name,
            types: row.try_get(3)?,
            has_primary_key: primary_key.is_some(),
            key: primary_key.unwrap_or_else(|| columns.clone()),
            columns,
        })
    }

    /// Whether it holds the record of migrations.
    pub(crate) fn is_history(&self) -> bool {
        self.name == HISTORY
    }

    /// Its columns that hold something of their own.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Its name for statements.
    pub(crate) fn sql_name(&self) -> String {
        format!("public.{}", quoted(&self.name))
    }

    /// The columns of its key, as the arguments of a trigger.
    pub(crate) fn key_arguments(&self) -> String {
        let literals = self.key.iter().map(|it| format!("'{}'", it.replace('\'', "''")));
        literals.collect::<Vec<_>>().join(", ")
    }

    fn columns_of(&self, row: &str) -> String {
        let columns = self.columns.iter().map(|it| format!("{row}{}", quoted(it)));
        columns.collect::<Vec<_>>().join(", ")
    }

    /// Takes in rows as they come out of [`Table::copy_out`]. `options` follow the format.
    pub(crate) fn copy_in(&self, options: &str) -> String {
        let (name, columns) = (self.sql_name(), self.columns_of(""));
        format!("COPY {name} ({columns}) FROM STDIN (FORMAT binary{options})")
    }

    /// Gives all rows.
    pub(crate) fn copy_out(&self) -> String {
        let (name, columns) = (self.sql_name(), self.columns_of(""));
        format!("COPY {name} ({columns}) TO STDOUT (FORMAT binary)")
    }

    /// Takes in rows as they come out of [`Table::csv_out`], into a table that was emptied in the
    /// same transaction.
    pub(crate) fn csv_in(&self) -> String {
        let (name, columns) = (self.sql_name(), self.columns_of(""));
        format!("COPY {name} ({columns}) FROM STDIN (FORMAT csv, HEADER MATCH, FREEZE true)")
    }

    /// Gives all rows as text with a header.
    pub(crate) fn csv_out(&self) -> String {
        let (name, columns) = (self.sql_name(), self.columns_of(""));
        format!("COPY {name} ({columns}) TO STDOUT (FORMAT csv, HEADER)")
    }

    /// Gives the rows with the keys that `keys` selects.
    pub(crate) fn copy_out_some(&self, keys: &str) -> String {
        let columns = self.columns_of("t.");
        let rows = self.rows_with(keys);
        format!("COPY (SELECT {columns} FROM {rows}) TO STDOUT (FORMAT binary)")
    }

    /// Deletes the rows with the keys that `keys` selects.
    pub(crate) fn delete(&self, keys: &str) -> String {
        let (name, from) = (self.sql_name(), self.keys_as_rows(keys));
        format!("DELETE FROM {name} AS t USING {from} WHERE {}", self.is_row())
    }

    /// Sums all rows.
    pub(crate) fn sum(&self) -> String {
        self.sum_of(&format!("{} AS t", self.sql_name()))
    }

    /// Sums the rows with the keys that `keys` selects.
    pub(crate) fn sum_some(&self, keys: &str) -> String {
        self.sum_of(&self.rows_with(keys))
    }

    fn sum_of(&self, rows: &str) -> String {
        let columns = self.columns_of("t.");
        format!(
            "SELECT count(*), coalesce(sum(hashtextextended(ROW({columns})::text, 0)), 0)::text
             FROM {rows}"
        )
    }

    fn rows_with(&self, keys: &str) -> String {
        format!("{} JOIN {} AS t ON {}", self.keys_as_rows(keys), self.sql_name(), self.is_row())
    }

    /// The keys with the types that they have in the table. `keys` is a query with one column
    /// `key`.
    fn keys_as_rows(&self, keys: &str) -> String {
        let name = self.sql_name();
        format!("({keys}) AS k CROSS JOIN LATERAL jsonb_populate_record(NULL::{name}, k.key) AS r")
    }

    fn is_row(&self) -> String {
        // What is no primary key may be NULL.
        let equals = if self.has_primary_key { "=" } else { "IS NOT DISTINCT FROM" };
        let pairs = self.key.iter().map(|it| {
            let column = quoted(it);
            format!("t.{column} {equals} r.{column}")
        });
        pairs.collect::<Vec<_>>().join(" AND ")
    }
}

/// Asks for a sum.
pub(crate) async fn read_sum(inside: &Session, sql: &str) -> Result<Sum, StepError> {
    let row = inside.query_once(sql, &[]).await?;
    let row = row.first().ok_or_else(|| StepError::Never("a sum has no row".to_owned()))?;
    Ok(Sum { rows: row.try_get(0)?, hashes: row.try_get(1)? })
}

/// Refuses to go on with a target that has other tables than the source.
pub(crate) fn require_same(source: &[Table], target: &[Table]) -> Result<(), StepError> {
    let other = source.iter().find(|it| !target.contains(it));
    match other.or_else(|| target.iter().find(|it| !source.contains(it))) {
        Some(table) => Err(StepError::Never(format!(
            "`{}` is not the same table in the tenant's database and in the template",
            table.name
        ))),
        None => Ok(()),
    }
}

/// A name for statements.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(primary_key: Option<&str>) -> Table {
        Table {
            name: "rules".to_owned(),
            columns: vec!["id".to_owned(), "valid".to_owned()],
            types: vec!["uuid".to_owned(), "daterange".to_owned()],
            key: primary_key
                .map_or(vec!["id".to_owned(), "valid".to_owned()], |it| vec![it.to_owned()]),
            has_primary_key: primary_key.is_some(),
        }
    }

    #[test]
    fn a_row_is_found_by_its_key_or_else_by_all_it_has() {
        assert_eq!(rules(Some("id")).is_row(), r#"t."id" = r."id""#);
        assert_eq!(
            rules(None).is_row(),
            r#"t."id" IS NOT DISTINCT FROM r."id" AND t."valid" IS NOT DISTINCT FROM r."valid""#
        );
    }

    #[test]
    fn a_name_with_quotes_stays_a_name() {
        assert_eq!(quoted(r#"a"b"#), r#""a""b""#);
    }

    #[test]
    fn a_column_of_another_type_is_another_table() {
        let mut other = rules(Some("id"));
        other.types[1] = "tstzrange".to_owned();
        assert!(require_same(&[rules(Some("id"))], &[other]).is_err());
        assert!(require_same(&[rules(Some("id"))], &[rules(Some("id"))]).is_ok());
    }
}

//! Touches of an audit log by somebody who has the database's own password: each column of a row, rows
//! taken out, a row put in.

use anyhow::Result;
use tokio_postgres::{Client, SimpleQueryMessage};

/// One touch, and how a walk along the log names it.
#[derive(Debug)]
pub struct Touch {
    /// For the message of a test.
    pub name: String,
    /// What is done to the table `audit_log`.
    pub sql: String,
    /// The first row that is wrong.
    pub seq: i64,
    /// What is wrong with it.
    pub kind: &'static str,
}

/// Keeps the log as it is, once.
///
/// # Errors
/// Fails if the database does.
pub async fn keep(session: &Client) -> Result<()> {
    tamper(session, "CREATE TABLE kept_log AS TABLE audit_log").await
}

/// Puts the log back as it was kept.
///
/// # Errors
/// Fails if the database does.
pub async fn put_back(session: &Client) -> Result<()> {
    tamper(session, "DELETE FROM audit_log; INSERT INTO audit_log TABLE kept_log").await
}

/// Does something to the log, past the triggers that guard it.
///
/// # Errors
/// Fails if the database does.
pub async fn tamper(session: &Client, sql: &str) -> Result<()> {
    let sql = format!(
        "BEGIN; ALTER TABLE audit_log DISABLE TRIGGER USER; {sql}; \
         ALTER TABLE audit_log ENABLE TRIGGER USER; COMMIT"
    );
    session.simple_query(&sql).await?;
    Ok(())
}

/// Every touch of a log that has more rows behind `seq`.
///
/// # Errors
/// Fails if the database does.
pub async fn touches(session: &Client, seq: i64) -> Result<Vec<Touch>> {
    let found = "SELECT column_name, data_type FROM information_schema.columns \
                 WHERE table_name = 'audit_log' AND table_schema = 'public' \
                 ORDER BY ordinal_position";
    let mut columns = Vec::new();
    for message in session.simple_query(found).await? {
        if let SimpleQueryMessage::Row(row) = message {
            let text = |at| row.get(at).unwrap_or_default().to_owned();
            columns.push((text(0), text(1)));
        }
    }
    let mut touches: Vec<Touch> = columns
        .iter()
        .map(|(column, kind)| {
            let name = format!("{column} of row {seq}");
            let sql = format!(
                "UPDATE audit_log SET {column} = {} WHERE seq = {seq}",
                other(column, kind)
            );
            let kind = if column == "seq" { "missing" } else { "altered" };
            Touch { name, sql, seq, kind }
        })
        .collect();
    let last = session.query_one("SELECT max(seq) FROM audit_log", &[]).await?.get::<_, i64>(0);
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    let shown: Vec<&str> =
        names.iter().map(|it| if *it == "seq" { "seq + 1" } else { it }).collect();
    let (names, shown) = (names.join(", "), shown.join(", "));
    for (name, sql, seq, kind) in [
        ("a row is taken out", format!("DELETE FROM audit_log WHERE seq = {seq}"), seq, "missing"),
        (
            "the last row is taken out",
            format!("DELETE FROM audit_log WHERE seq = {last}"),
            last,
            "truncated",
        ),
        (
            "a row is put in behind the head",
            format!(
                "INSERT INTO audit_log ({names}) SELECT {shown} FROM audit_log WHERE seq = {last}"
            ),
            last + 1,
            "added",
        ),
    ] {
        touches.push(Touch { name: name.to_owned(), sql, seq, kind });
    }
    Ok(touches)
}

/// Another value than the column has, of one that its constraints allow.
fn other(column: &str, kind: &str) -> String {
    match (column, kind) {
        ("actor_kind", _) => "'system'".into(),
        ("details", _) => "'{\"x\":1}'".into(),
        (_, "bigint") => format!("{column} + 1000"),
        (_, "uuid") => "gen_random_uuid()".into(),
        (_, "bytea") => "sha256('x')".into(),
        (_, "timestamp with time zone") => format!("{column} + interval '1 microsecond'"),
        _ => format!("coalesce({column}, '') || 'x'"),
    }
}

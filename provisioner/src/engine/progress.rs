//! How a run goes, for people: rows and bytes while it copies, and other figures.

use std::time::{Duration, Instant};

use hotelhub_core::{ids::OperationId, sql::Query as _};
use serde_json::{Value, json};
use tokio_postgres::Error;

use crate::session::Session;

const TELL_EVERY: Duration = Duration::from_secs(1);

/// Adds to the figures of the run.
pub(crate) async fn note(
    control: &Session,
    operation: OperationId,
    figures: &Value,
) -> Result<(), Error> {
    let sql = "UPDATE operation_runs SET figures = figures || $2 WHERE operation_id = $1";
    control.execute(sql, &[&operation, figures]).await.map(drop)
}

/// Counts what was copied, and tells now and then.
pub(crate) struct Progress<'a> {
    control: &'a Session,
    operation: OperationId,
    began: Instant,
    told: Instant,
    rows: u64,
    bytes: u64,
    tables: usize,
}

impl<'a> Progress<'a> {
    pub(crate) fn begin(control: &'a Session, operation: OperationId) -> Self {
        let now = Instant::now();
        Self { control, operation, began: now, told: now, rows: 0, bytes: 0, tables: 0 }
    }

    pub(crate) async fn add_bytes(&mut self, bytes: usize) -> Result<(), Error> {
        self.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        if self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            self.tell().await?;
        }
        Ok(())
    }

    pub(crate) fn add_table(&mut self, rows: u64) {
        self.rows += rows;
        self.tables += 1;
    }

    pub(crate) async fn tell(&self) -> Result<(), Error> {
        let figures = json!({
            "rows": self.rows,
            "bytes": self.bytes,
            "tables": self.tables,
            "copy_ms": u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        note(self.control, self.operation, &figures).await
    }
}

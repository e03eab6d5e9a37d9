//! Notes the end of the audit log down in the program's own log, which is kept elsewhere.
//!
//! A log that was cut, or written anew together with its head, shows beside such a note and nowhere
//! else: give one to `hotelhub audit verify --anchor`.

use std::time::Duration;

use hotelhub_core::{audit::hex, clock::Clock, tasks::Tasks};
use sea_orm::DatabaseConnection;

use super::service;

/// No two notes are closer.
const APART: Duration = Duration::from_secs(60);

/// Notes the end of the log whenever it is another one than a minute before, until the program stops.
pub(crate) async fn note_ends(db: DatabaseConnection, clock: Clock, tasks: Tasks) {
    let mut last = None;
    loop {
        match service::head(&db).await {
            Ok(head) if last != Some(head.seq) => {
                let (seq, hash, at) = (head.seq, hex(&head.hash), clock.now());
                tracing::info!(audit.seq = seq, audit.hash = %hash, %at, "the audit log's end");
                last = Some(seq);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the audit log's end cannot be noted now"),
        }
        tokio::select! {
            () = tokio::time::sleep(APART) => {}
            () = tasks.stopping() => return,
        }
    }
}

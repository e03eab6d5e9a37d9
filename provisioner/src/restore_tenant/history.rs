//! The hotel's record of who did what, and of support's stays: no restore takes it back.
//!
//! What the copy that serves has on record since is brought over to the copy that takes its place, and
//! an entry says what was restored, and whether both logs are as they were written. All of it is one
//! commit; a switch that is tried again takes its own entries back first.

use hotelhub_core::{audit::Fault, sql::Query};
use serde_json::{Map, Value, json};
use tokio_postgres::{Error, types::Json};

use super::{Work, work::Source};
use crate::{
    contents::audit::{self, Entry, Head},
    engine::StepError,
    session::Session,
};

const ACTION: &str = "hotel.restore";

/// Brings the record over, if the copy that serves can be asked, and adds the entry; its details, for
/// the operation's figures.
pub(super) async fn carry_on(
    work: &Work,
    control: &Session,
    present: Option<&Session>,
    inside: &mut Session,
) -> Result<Value, StepError> {
    let mut details = find_origin(work, control).await?;
    details.insert("knows_present".to_owned(), json!(present.is_some()));
    let tx = inside.client_mut().transaction().await?;
    let operation = work.operation.id.to_string();
    take_back(&tx, &operation).await?;

    let (head, first) = (Head::of(&tx).await?, audit::next_seq(&tx).await?);
    details.insert("log_ended".to_owned(), json!({ "seq": head.seq, "hash": head.hex() }));
    details.insert("log_goes_on".to_owned(), json!(first));
    note(&mut details, "audit_fault", audit::find_fault(&tx).await?);
    if let Some(present) = present
        && has_log(present).await?
    {
        note(&mut details, "audit_fault_since", audit::find_fault(present).await?);
        audit::carry(present, &tx).await?;
        carry_stays(present, &tx).await?;
    }
    let details = Value::Object(details);
    let entry = Entry {
        at: work.tools.clock.now(),
        action: ACTION,
        subject: ("operation", &operation),
        details: &details,
    };
    audit::append(&tx, &entry).await?;
    tx.commit().await?;
    Ok(details)
}

fn note(details: &mut Map<String, Value>, name: &str, fault: Option<Fault>) {
    if let Some(fault) = fault {
        tracing::warn!(?fault, name, "an audit log of a restore is not whole");
        details.insert(name.to_owned(), json!({ "seq": fault.seq(), "kind": fault.kind() }));
    }
}

/// Takes back what an earlier try of this operation brought over.
async fn take_back(tx: &impl Query, operation: &str) -> Result<(), StepError> {
    let sql = "SELECT details FROM audit_log WHERE action = $1 AND subject_id = $2";
    let Some(row) = tx.query_opt(sql, &[&ACTION, &operation]).await? else { return Ok(()) };
    let details: Value = serde_json::from_str(row.try_get(0)?).unwrap_or_default();
    let number = |path| details.pointer(path).and_then(Value::as_i64);
    let hash = details.pointer("/log_ended/hash").and_then(Value::as_str);
    match (number("/log_goes_on"), number("/log_ended/seq"), hash) {
        (Some(first), Some(seq), Some(hash)) => Ok(audit::take_back(tx, first, (seq, hash)).await?),
        _ => Err(StepError::Never(
            "the audit log names this operation in an entry that it did not write; restore again"
                .to_owned(),
        )),
    }
}

/// Whether the copy has a log: its schema may be an older one.
async fn has_log(present: &Session) -> Result<bool, Error> {
    let sql = "SELECT to_regclass('audit_log') IS NOT NULL";
    present.query_one(sql, &[]).await?.try_get(0)
}

/// Brings over the stays of support that the backup does not know, or not the end of. None of them
/// goes on.
async fn carry_stays(present: &Session, tx: &impl Query) -> Result<(), Error> {
    let all = "SELECT coalesce(jsonb_agg(g), '[]') FROM support_grants g";
    let Json::<Value>(stays) = present.query_one(all, &[]).await?.try_get(0)?;
    let sql = "INSERT INTO support_grants
         SELECT (jsonb_populate_record(g, jsonb_build_object(
             'entry_sha256', NULL, 'entry_expires_at', NULL,
             'decided_by', (SELECT id FROM users WHERE id = g.decided_by),
             'ended_by', CASE WHEN g.ended_at IS NULL AND g.is_allowed IS NOT false
                         THEN 'restore' ELSE g.ended_by END,
             'ended_at', CASE WHEN g.ended_at IS NULL AND g.is_allowed IS NOT false
                         THEN clock_timestamp() ELSE g.ended_at END))).*
         FROM jsonb_populate_recordset(NULL::support_grants, $1) AS g
         ON CONFLICT (id) DO UPDATE SET
           decided_at = excluded.decided_at, decided_by = excluded.decided_by,
           is_allowed = excluded.is_allowed, expires_at = excluded.expires_at,
           session_id = excluded.session_id, entered_at = excluded.entered_at,
           ended_at = excluded.ended_at, ended_by = excluded.ended_by";
    tx.execute(sql, &[&Json(stays)]).await.map(drop)
}

/// The backup, if it is one of ours, and when the data was what it is now.
async fn find_origin(work: &Work, control: &Session) -> Result<Map<String, Value>, Error> {
    let backup = match &work.facts.source {
        Some(Source::Backup { id }) => Some(*id),
        _ => None,
    };
    let sql = "SELECT jsonb_build_object(
           'backup_id', coalesce($1, p.backup_id),
           'origin', r.figures -> 'origin',
           'taken_at', coalesce(to_jsonb(p.taken_at), r.figures -> 'taken_at'))
         FROM operation_runs r LEFT JOIN previews p ON p.database_id = $2
         WHERE r.operation_id = $3";
    let facts = (&work.facts.database_id, &work.operation.id);
    let row = control.query_one(sql, &[&backup, facts.0, facts.1]).await?;
    row.try_get(0).map(|Json(origin)| origin)
}

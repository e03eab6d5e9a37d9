//! What is done with the log: append, look, verify.

use hotelhub_core::{
    audit::{self, Fault, GENESIS, Walk},
    ids::{RequestId, SessionId, UserId},
};
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, TransactionTrait as _};

use super::{
    Actor, AuditEntry, Event,
    model::{Filter, Head, Place, Row, Verification},
    store,
};
use crate::{database::database_failed, paging};

/// Rows of one look along the chain.
const CHUNK: i64 = 1_000;
const CHUNKS: usize = 10;

/// Appends what was done, as the last statement of the transaction that did it.
///
/// # Errors
/// Fails if the database does; then the transaction cannot be committed either.
pub(crate) async fn record(
    tx: &DatabaseTransaction,
    by: impl Into<Actor>,
    event: Event,
) -> ApiResult<()> {
    let by = by.into();
    let head = store::find_head_for_update(tx).await.map_err(database_failed)?;
    let row = row(&head, by, event)?;
    store::append(tx, &row).await.map_err(database_failed)
}

/// Appends what is no change of the control database: a login that failed, or what a hotel's own
/// program is asked for next.
///
/// # Errors
/// Fails if the database does.
pub(crate) async fn record_alone(
    db: &DatabaseConnection,
    by: impl Into<Actor>,
    event: Event,
) -> ApiResult<()> {
    let tx = db.begin().await.map_err(database_failed)?;
    record(&tx, by, event).await?;
    tx.commit().await.map_err(database_failed)
}

fn row(head: &Head, by: Actor, event: Event) -> ApiResult<Row> {
    let (subject_kind, subject_id) = event.subject.map(|(kind, id)| (kind.to_owned(), id)).unzip();
    let mut row = Row {
        seq: head.seq + 1,
        at: audit::kept(by.at),
        actor_kind: by.kind.to_owned(),
        actor_id: by.id.map(UserId::as_uuid),
        actor_name: by.name,
        session_id: by.session.map(SessionId::as_uuid),
        client_address: by.origin.map(|it| it.address.to_string()),
        action: event.action.to_owned(),
        subject_kind,
        subject_id,
        tenant_id: event.tenant.map(|it| it.as_uuid()),
        details: serde_json::to_string(&event.details).map_err(ApiError::internal)?,
        request_id: by.origin.map(|it| RequestId::as_uuid(it.request)),
        hash: Vec::new(),
    };
    row.hash = row.with_fields(|fields| audit::chain(&head.hash, fields));
    Ok(row)
}

/// One page of the log, the newest first, and the cursor to the next.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    (cursor, limit): (Option<&str>, Option<u64>),
) -> ApiResult<(Vec<AuditEntry>, Option<String>)> {
    let limit = paging::limit(limit)?;
    let after: Option<Place> = paging::read_cursor(cursor)?;
    let mut rows = store::list(db, filter, after, limit + 1).await.map_err(database_failed)?;
    let cursor = paging::cut(&mut rows, limit, |it| Place { seq: it.seq })?;
    Ok((rows.into_iter().map(AuditEntry::from).collect(), cursor))
}

/// A row that was noted down elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) seq: i64,
    /// In hexadecimal digits.
    pub(crate) hash: String,
}

/// Walks along the chain from the row after `after`, at most 10 000 rows of it.
///
/// # Errors
/// Fails if the database does; a fault of the log is no error.
pub(crate) async fn verify(
    db: &impl ConnectionTrait,
    after: i64,
    anchor: Option<&Anchor>,
) -> ApiResult<Verification> {
    // Read first: rows that come later are for the next look.
    let head = store::find_head(db).await.map_err(database_failed)?;
    let begin = match after {
        0 => Some(GENESIS.to_vec()),
        _ => store::find_hash(db, after).await.map_err(database_failed)?,
    };
    let missing = begin.is_none();
    let mut walk = Walk::after(after, begin.unwrap_or_default());
    let found = if missing {
        Err(if after > head.seq { Fault::Truncated(after) } else { Fault::Missing(after) })
    } else {
        walk_along(db, &mut walk, &head).await?
    };
    let found = match anchor {
        Some(anchor) if found.is_ok() => check_anchor(db, anchor).await?,
        _ => found,
    };
    Ok(Verification {
        is_whole: found.is_ok(),
        rows: walk.seq() - after,
        through_seq: walk.seq(),
        through_hash: audit::hex(walk.hash()),
        head_seq: head.seq,
        more: found.is_ok() && walk.seq() < head.seq,
        fault: found.err().map(Into::into),
    })
}

async fn walk_along(
    db: &impl ConnectionTrait,
    walk: &mut Walk,
    head: &Head,
) -> ApiResult<Result<(), Fault>> {
    for _ in 0..CHUNKS {
        let rows = store::list_after(db, walk.seq(), head.seq, CHUNK).await;
        let rows = rows.map_err(database_failed)?;
        let is_last = rows.is_empty();
        for row in rows {
            let stepped = row.with_fields(|fields| walk.step(row.seq, fields, &row.hash));
            if let Err(fault) = stepped {
                return Ok(Err(fault));
            }
        }
        if is_last || walk.seq() >= head.seq {
            return Ok(walk.end(head.seq, &head.hash));
        }
    }
    Ok(Ok(()))
}

async fn check_anchor(db: &impl ConnectionTrait, anchor: &Anchor) -> ApiResult<Result<(), Fault>> {
    let hash = match anchor.seq {
        0 => Some(GENESIS.to_vec()),
        seq => store::find_hash(db, seq).await.map_err(database_failed)?,
    };
    Ok(match hash {
        None => Err(Fault::Truncated(anchor.seq)),
        Some(it) if audit::hex(&it) != anchor.hash.to_lowercase() => {
            Err(Fault::Rewritten(anchor.seq))
        }
        Some(_) => Ok(()),
    })
}

/// How long the log is, and the hash at its end.
pub(super) async fn head(db: &impl ConnectionTrait) -> ApiResult<Head> {
    store::find_head(db).await.map_err(database_failed)
}

//! What is done with the log: append, look, verify.

use hotelhub_core::{
    audit::{self, Fault, GENESIS, Walk},
    ids::UserId,
    sql::Query,
};
use hotelhub_http::error::{ApiError, ApiResult};

use super::{
    model::{Actor, AuditEntry, Event, Filter, Head, Place, Verification},
    store,
};
use crate::{desk::Change, paging, site::database_failed};

/// Rows of one look along the chain.
const CHUNK: i64 = 1_000;
const CHUNKS: usize = 10;

/// Appends what was done, as the last statement of the transaction that did it.
///
/// # Errors
/// Fails if the database does; then the transaction cannot be committed either.
pub(crate) async fn record(tx: &impl Query, by: Actor, event: Event) -> ApiResult<()> {
    let Head { seq, hash } = store::find_head_for_update(tx).await.map_err(database_failed)?;
    let (subject_kind, subject_id) = event.subject.map(|(kind, id)| (kind.to_owned(), id)).unzip();
    let entry = AuditEntry {
        seq: seq + 1,
        at: audit::kept(by.at),
        actor_kind: by.kind.to_owned(),
        actor_id: Some(by.id.as_uuid()),
        actor_name: by.name,
        on_behalf_of: by.on_behalf_of.map(UserId::as_uuid),
        client_address: by.address.map(|it| it.to_string()),
        action: event.action.to_owned(),
        subject_kind,
        subject_id,
        details: serde_json::to_string(&event.details).map_err(ApiError::internal)?,
        request_id: Some(by.request.as_uuid()),
        hash: String::new(),
    };
    let fresh = entry.with_fields(|fields| audit::chain(&hash, fields));
    store::append(tx, &entry, &fresh).await.map_err(database_failed)
}

impl Actor {
    /// Whoever makes a change: staff, or support on behalf of whoever let it in.
    pub(crate) async fn of(change: &Change<'_>) -> ApiResult<Self> {
        let (person, session) = (change.person.as_uuid(), change.session.as_uuid());
        let found = store::find_named(change.tx, person, session).await;
        let named = found.map_err(database_failed)?.ok_or_else(ApiError::unauthenticated)?;
        let (kind, name, on_behalf_of) = match named.support {
            Some((email, allowed_by)) => ("support", email, allowed_by),
            None => ("staff", named.name, None),
        };
        Ok(Self {
            kind,
            id: change.person,
            name,
            on_behalf_of: on_behalf_of.map(UserId::from),
            address: Some(change.address),
            request: change.request,
            at: change.now,
        })
    }
}

/// One page of the log, the newest first, and the cursor to the next.
pub(crate) async fn list(
    db: &impl Query,
    filter: &Filter,
    (cursor, limit): (Option<&str>, Option<i64>),
) -> ApiResult<(Vec<AuditEntry>, Option<String>)> {
    let limit = paging::limit(limit)?;
    let before: Option<Place> = paging::read_cursor(cursor)?;
    let found = store::list(db, filter, before.map(|it| it.seq), limit + 1).await;
    let mut found = found.map_err(database_failed)?;
    let cursor = paging::cut(&mut found, limit, |it| Place { seq: it.seq })?;
    Ok((found, cursor))
}

/// At most 10 000 rows after `seq`, the oldest first.
pub(super) async fn list_after(db: &impl Query, seq: i64) -> ApiResult<Vec<AuditEntry>> {
    let rows = store::list_after(db, seq, i64::MAX, CHUNK * 10).await;
    rows.map_err(database_failed)
}

/// Walks along the chain from the row after `after`, at most 10 000 rows of it.
///
/// # Errors
/// Fails if the database does; a fault of the log is no error.
pub(crate) async fn verify(db: &impl Query, after: i64) -> ApiResult<Verification> {
    // Read first: rows that come later are for the next look.
    let head = store::find_head(db).await.map_err(database_failed)?;
    let begin = match after {
        0 => Some(GENESIS.to_vec()),
        _ => store::find_hash(db, after).await.map_err(database_failed)?,
    };
    let is_there = begin.is_some();
    let mut walk = Walk::after(after, begin.unwrap_or_default());
    let found = match is_there {
        true => walk_along(db, &mut walk, &head).await?,
        false if after > head.seq => Err(Fault::Truncated(after)),
        false => Err(Fault::Missing(after)),
    };
    Ok(Verification {
        is_whole: found.is_ok(),
        through_seq: walk.seq(),
        through_hash: audit::hex(walk.hash()),
        more: found.is_ok() && walk.seq() < head.seq,
        broken_seq: found.as_ref().err().map(Fault::seq),
        broken: found.as_ref().err().map(Fault::kind),
    })
}

async fn walk_along(db: &impl Query, walk: &mut Walk, head: &Head) -> ApiResult<Result<(), Fault>> {
    for _ in 0..CHUNKS {
        let rows = store::list_after(db, walk.seq(), head.seq, CHUNK).await;
        let rows = rows.map_err(database_failed)?;
        let is_last = rows.is_empty();
        for row in rows {
            let Some(hash) = bytes(&row.hash) else { return Ok(Err(Fault::Altered(row.seq))) };
            let stepped = row.with_fields(|fields| walk.step(row.seq, fields, &hash));
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

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = (0..hex.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

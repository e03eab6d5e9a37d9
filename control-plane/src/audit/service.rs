//! What is done with the log: append, look, verify.

use hotelhub_core::{
    audit::{self, End, Fault, GENESIS, Linked, Log, Look, Walk},
    ids::{RequestId, SessionId, UserId},
};
use hotelhub_http::error::{ApiError, ApiResult};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait as _,
};

use super::{
    Actor, AuditEntry, Event,
    model::{Filter, Head, Place, Row, Verification},
    store, walker,
};
use crate::{database::database_failed, paging};

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

/// The cursor to the page that this row is the first of.
///
/// # Errors
/// Fails if it cannot be written; a bug of ours.
pub(crate) fn cursor_at(seq: i64) -> ApiResult<String> {
    paging::write_cursor(&Place { seq: seq.saturating_add(1) })
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
    let mut look = audit::look_along(&Kept(db), after).await.map_err(database_failed)?;
    if let Some(anchor) = anchor.filter(|_| look.fault.is_none()) {
        look.fault = check_anchor(db, anchor).await?.err();
    }
    let walks = walker::find(db).await.map_err(database_failed)?;
    Ok(Verification {
        is_whole: look.fault.is_none(),
        rows: look.walk.seq() - after,
        through_seq: look.walk.seq(),
        through_hash: audit::hex(look.walk.hash()),
        head_seq: look.head_seq,
        more: look.has_more(),
        fault: look.fault.map(Into::into),
        last_walk: walks.last_walk(),
    })
}

/// Goes on along the chain from where a walk stands, at most 10 000 rows of it.
pub(super) async fn look_on(db: &DatabaseConnection, walk: Walk) -> Result<Look, DbErr> {
    audit::look_on(&Kept(db), walk).await
}

/// The log in the control database.
struct Kept<'a, C>(&'a C);

impl<C: ConnectionTrait> Log for Kept<'_, C> {
    type Error = DbErr;

    async fn end(&self) -> Result<End, DbErr> {
        store::find_end(self.0).await
    }

    async fn hash(&self, seq: i64) -> Result<Option<Vec<u8>>, DbErr> {
        store::find_hash(self.0, seq).await
    }

    async fn rows(&self, seq: i64, until: i64, limit: i64) -> Result<Vec<Linked>, DbErr> {
        store::list_links(self.0, seq, until, limit).await
    }

    async fn count(&self, seq: i64, until: i64) -> Result<i64, DbErr> {
        store::count_between(self.0, seq, until).await
    }
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

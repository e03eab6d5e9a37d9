//! What is done with the log: append, look, verify.

use hotelhub_core::{
    audit::{self, End, Fault, Linked, Log},
    ids::UserId,
    sql::Query,
};
use hotelhub_http::error::{ApiError, ApiResult};
use tokio_postgres::Error;

use super::{
    model::{Actor, AuditEntry, Event, Filter, Head, Place, Verification},
    store,
};
use crate::{change::Change, paging, site::database_failed};

/// Rows of an export that are read at a time: no more of them are in memory.
const PIECE: i64 = 1_000;

/// Appends what was done, as the last statement of the transaction that did it.
///
/// # Errors
/// Fails if the database does; then the transaction cannot be committed either.
pub(crate) async fn record(tx: &impl Query, by: Actor, event: Event) -> ApiResult<()> {
    let Head { seq, hash } = store::find_head_for_update(tx).await.map_err(database_failed)?;
    let details = event.details_text()?;
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
        details,
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

/// The newest row there is.
pub(super) async fn find_newest(db: &impl Query) -> ApiResult<i64> {
    store::find_newest(db).await.map_err(database_failed)
}

/// The next rows of an export, after `seq` and up to `until`; none at its end.
pub(super) async fn list_piece(
    db: &impl Query,
    (seq, until): (i64, i64),
) -> ApiResult<Vec<AuditEntry>> {
    store::list_after(db, (seq, until), PIECE).await.map_err(database_failed)
}

/// Walks along the chain from the row after `after`, at most 10 000 rows of it.
///
/// # Errors
/// Fails if the database does; a fault of the log is no error.
pub(crate) async fn verify(db: &impl Query, after: i64) -> ApiResult<Verification> {
    let look = audit::look_along(&Kept(db), after).await.map_err(database_failed)?;
    Ok(Verification {
        is_whole: look.fault.is_none(),
        through_seq: look.walk.seq(),
        through_hash: audit::hex(look.walk.hash()),
        more: look.has_more(),
        broken_seq: look.fault.as_ref().map(Fault::seq),
        broken: look.fault.as_ref().map(Fault::kind),
    })
}

/// The log in the hotel's database.
struct Kept<'a, Q>(&'a Q);

impl<Q: Query> Log for Kept<'_, Q> {
    type Error = Error;

    async fn end(&self) -> Result<End, Error> {
        store::find_end(self.0).await
    }

    async fn hash(&self, seq: i64) -> Result<Option<Vec<u8>>, Error> {
        store::find_hash(self.0, seq).await
    }

    async fn rows(&self, seq: i64, until: i64, limit: i64) -> Result<Vec<Linked>, Error> {
        store::list_links(self.0, seq, until, limit).await
    }

    async fn count(&self, seq: i64, until: i64) -> Result<i64, Error> {
        store::count_between(self.0, seq, until).await
    }
}

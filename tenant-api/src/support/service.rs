//! What is done with grants: by the hotel's people on its pages, and by support itself.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{SessionId, UserId},
    sql::Query,
};
use hotelhub_http::error::{ApiError, ApiResult};
use uuid::Uuid;

use super::{
    model::{Consent, Grant, Place, Presence, State, are_open_to, may_be_link},
    store,
};
use crate::{
    audit::{self, Actor, Event},
    change::Change,
    paging,
    site::database_failed,
};

/// The code of the answer to support that comes from elsewhere.
pub(crate) const ADDRESS_NOT_ALLOWED: &str = "ADDRESS_NOT_ALLOWED";

/// One page of grants, the newest first, and the cursor to the next.
pub(crate) async fn list(
    db: &impl Query,
    (cursor, limit): (Option<&str>, Option<i64>),
    now: DateTime<Utc>,
) -> ApiResult<(Vec<Grant>, Option<String>)> {
    let limit = paging::limit(limit)?;
    let after: Option<Place> = paging::read_cursor(cursor)?;
    let found = store::list(db, after, (limit + 1, now)).await;
    let mut found = found.map_err(database_failed)?;
    let place = |it: &Grant| Place { requested_at: it.requested_at, id: it.id };
    let cursor = paging::cut(&mut found, limit, place)?;
    Ok((found, cursor))
}

/// Whether support may come in without being asked.
pub(crate) async fn find_consent(db: &impl Query) -> ApiResult<Consent> {
    let is_standing = store::find_standing(db).await.map_err(database_failed)?;
    Ok(Consent { is_standing })
}

/// Who of support is in the hotel, as it is told to this person, and whether somebody waits to come in.
pub(crate) async fn find_presence(
    db: &impl Query,
    person: UserId,
    now: DateTime<Utc>,
) -> ApiResult<Presence> {
    let (inside, is_waiting) = futures_util::join!(
        store::list_inside(db, person.as_uuid(), now),
        store::has_waiting(db, now),
    );
    let inside = inside.map_err(database_failed)?;
    Ok(Presence { inside, is_waiting: is_waiting.map_err(database_failed)? })
}

/// Allows a request, or refuses it.
///
/// # Errors
/// 404; `SUPPORT_ACCESS_OVER` if it does not wait for an answer any more.
pub(crate) async fn answer(change: &Change<'_>, id: Uuid, is_allowed: bool) -> ApiResult<()> {
    let grant = find(change, id).await?;
    if grant.state != State::Requested {
        return Err(over(grant.state));
    }
    let by = (is_allowed, Some(change.person.as_uuid()));
    store::decide(change.tx, id, by, change.now).await.map_err(database_failed)?;
    let action = if is_allowed { "support.allow" } else { "support.refuse" };
    let event = told(Event::of(action), &grant);
    audit::record(change.tx, Actor::of(change).await?, event).await
}

/// Ends a grant at once, with its session.
///
/// # Errors
/// 404; `SUPPORT_ACCESS_OVER`.
pub(crate) async fn end(change: &Change<'_>, id: Uuid) -> ApiResult<()> {
    let grant = find(change, id).await?;
    if !grant.is_open() {
        return Err(over(grant.state));
    }
    let actor = Actor::of(change).await?;
    let by = (&*actor.name, change.now);
    store::end(change.tx, &grant, by).await.map_err(database_failed)?;
    audit::record(change.tx, actor, told(Event::of("support.end"), &grant)).await
}

/// Says whether support may come in without being asked. Where it may no more, the stays that began
/// without being asked are over at once; those that somebody allowed go on.
pub(crate) async fn set_standing(change: &Change<'_>, is_standing: bool) -> ApiResult<()> {
    // Held, so that no request finds the old word afterwards.
    let before = store::find_standing_for_update(change.tx).await.map_err(database_failed)?;
    store::update_standing(change.tx, is_standing).await.map_err(database_failed)?;
    let actor = Actor::of(change).await?;
    let mut ended = Vec::new();
    if !is_standing {
        let unasked = store::list_unasked_for_update(change.tx, change.now).await;
        ended = unasked.map_err(database_failed)?;
        for grant in &ended {
            let by = (&*actor.name, change.now);
            store::end(change.tx, grant, by).await.map_err(database_failed)?;
        }
    }
    let event = Event::of("support.standing_consent").with("before", before);
    audit::record(change.tx, actor.clone(), event.with("after", is_standing)).await?;
    for grant in &ended {
        let event = told(Event::of("support.end"), grant);
        let event = event.with("because", "the standing consent was withdrawn");
        audit::record(change.tx, actor.clone(), event).await?;
    }
    Ok(())
}

/// Refuses support that comes from elsewhere than the stay of its session may be used from. The stay
/// goes on for whoever comes from there.
///
/// # Errors
/// `ADDRESS_NOT_ALLOWED`; `FORBIDDEN` for a session without a stay.
pub(crate) async fn require_place(
    db: &impl Query,
    session: SessionId,
    from: IpAddr,
) -> ApiResult<()> {
    let lists = store::find_addresses(db, session).await.map_err(database_failed)?;
    let lists = lists.ok_or_else(|| ApiError::forbidden("support"))?;
    if are_open_to(&lists, from) { Ok(()) } else { Err(not_from_there()) }
}

/// The refusal of support that comes from elsewhere.
fn not_from_there() -> ApiError {
    let message = "the vendor's people are not let in from this address; use an allowed network";
    ApiError::refused(StatusCode::FORBIDDEN, ADDRESS_NOT_ALLOWED, message)
}

/// The refusal of a one-time link that is used from elsewhere, and with that used up.
pub(super) fn link_not_from_there() -> ApiError {
    let message = "the vendor's people are not let in from this address, and the link is used up; \
                   ask for another one on an allowed network";
    ApiError::refused(StatusCode::FORBIDDEN, ADDRESS_NOT_ALLOWED, message)
}

/// Whether the stay of this session has seen the page or record of this method and path before.
pub(crate) async fn has_viewed(
    db: &impl Query,
    session: SessionId,
    doing: &str,
) -> ApiResult<bool> {
    let details = view(doing).details_text()?;
    store::has_viewed(db, session, &details).await.map_err(database_failed)
}

/// Notes that the stay sees the page or record of this method and path.
pub(crate) async fn record_view(change: &Change<'_>, doing: &str) -> ApiResult<()> {
    let grant = store::find_id_by_session(change.tx, change.session).await;
    let grant = grant.map_err(database_failed)?.ok_or_else(unknown)?;
    let event = view(doing).on("support_grant", grant);
    audit::record(change.tx, Actor::of(change).await?, event).await
}

fn view(doing: &str) -> Event {
    Event::of("support.view").with("request", doing)
}

/// Ends the grant of support's own session. If it is over already, that stays as it was.
pub(crate) async fn leave(change: &Change<'_>) -> ApiResult<()> {
    let found = store::find_by_session_for_update(change.tx, change.session, change.now).await;
    let grant = found.map_err(database_failed)?.ok_or_else(unknown)?;
    // The hotel may have ended it since the session was looked at.
    if !grant.is_open() {
        return Ok(());
    }
    let actor = Actor::of(change).await?;
    let by = (&*actor.name, change.now);
    store::end(change.tx, &grant, by).await.map_err(database_failed)?;
    audit::record(change.tx, actor, told(Event::of("support.leave"), &grant)).await
}

async fn find(change: &Change<'_>, id: Uuid) -> ApiResult<Grant> {
    let found = store::find_for_update(change.tx, id, change.now).await;
    found.map_err(database_failed)?.ok_or_else(unknown)
}

/// An event about a grant.
pub(super) fn told(event: Event, grant: &Grant) -> Event {
    let event = event.on("support_grant", grant.id).with("support", &*grant.vendor_email);
    event.with("reason", &*grant.reason).with("minutes", grant.minutes)
}

pub(super) fn unknown() -> ApiError {
    ApiError::not_found("support access")
}

/// Refuses what is no one-time link, whatever the hotel knows.
///
/// # Errors
/// 404, as for a link that is not good any more.
pub(crate) fn require_link(text: &str) -> ApiResult<()> {
    if may_be_link(text) { Ok(()) } else { Err(unknown_link()) }
}

pub(super) fn unknown_link() -> ApiError {
    ApiError::not_found("support link")
}

pub(super) fn over(state: State) -> ApiError {
    let message = match state {
        State::Requested => "this support access waits for the hotel's answer; come back after it",
        State::Lapsed => "this support access was not answered in time; ask for another one",
        State::Refused => "this support access was refused; talk to the hotel before asking again",
        State::Allowed => "this support access is allowed already",
        State::Expired => "this support access has expired; ask for another one if it is needed",
        State::Ended => "this support access has ended; ask for another one if it is needed",
    };
    ApiError::refused(StatusCode::CONFLICT, "SUPPORT_ACCESS_OVER", message)
}

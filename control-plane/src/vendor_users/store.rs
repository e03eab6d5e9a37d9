//! Reads and writes the vendor's people and their sessions. The only module that knows the tables.

use chrono::{DateTime, Utc};
use hotelhub_core::{
    ids::{SessionId, UserId},
    keys::sha256,
};
use hotelhub_http::{auth::tokens::SESSION_TTL, client_addr::AddressList};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QuerySelect,
    sea_query::Expr,
};

use super::{Vendor, VendorRole, entity, model::Known, session_entity};
use crate::{
    audit::Origin,
    database::{damaged, violates},
};

/// A login to be made. The e-mail address is in lower case.
#[derive(Debug)]
pub(crate) struct NewVendorUser<'a> {
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) role: VendorRole,
    pub(crate) password_hash: String,
    /// Until when the password holds, if somebody else has seen it.
    pub(crate) password_expires_at: Option<DateTime<Utc>>,
    pub(crate) now: DateTime<Utc>,
}

/// A login could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InsertVendorUserError {
    #[error("somebody has this e-mail address already")]
    EmailTaken,
    #[error("write the login")]
    Database(#[from] DbErr),
}

/// Writes a login and gives its id.
pub(crate) async fn insert(
    db: &impl ConnectionTrait,
    user: NewVendorUser<'_>,
) -> Result<UserId, InsertVendorUserError> {
    let id = UserId::generate();
    let row = entity::ActiveModel {
        id: Set(id.as_uuid()),
        email: Set(user.email.to_owned()),
        name: Set(user.name.to_owned()),
        role: Set(user.role.as_str().to_owned()),
        password_hash: Set(user.password_hash),
        disabled_at: NotSet,
        password_expires_at: Set(user.password_expires_at),
        totp_confirmed_at: NotSet,
        allowed_addresses: NotSet,
        created_at: Set(user.now),
    };
    match entity::Entity::insert(row).exec_without_returning(db).await {
        Ok(_) => Ok(id),
        Err(error) if violates(&error, "vendor_users_email") => {
            Err(InsertVendorUserError::EmailTaken)
        }
        Err(error) => Err(error.into()),
    }
}

/// The name of one of the vendor's people, whether they still work here or not.
pub(crate) async fn find_name(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<String>, DbErr> {
    entity::Entity::find_by_id(id.as_uuid())
        .select_only()
        .column(entity::Column::Name)
        .into_tuple()
        .one(db)
        .await
}

/// The person who may log in with this e-mail address, and the hash of the password, which holds at
/// `now`.
pub(super) async fn find_candidate(
    db: &impl ConnectionTrait,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Option<(Known, String)>, DbErr> {
    let holds = Condition::any()
        .add(entity::Column::PasswordExpiresAt.is_null())
        .add(entity::Column::PasswordExpiresAt.gt(now));
    let row = entity::Entity::find()
        .filter(entity::Column::Email.eq(email.to_lowercase()))
        .filter(entity::Column::DisabledAt.is_null())
        .filter(holds)
        .one(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let known = known(&row)?;
    Ok(Some((known, row.password_hash)))
}

/// The person of this id who may log in.
pub(super) async fn find_known(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<Known>, DbErr> {
    let row = entity::Entity::find_by_id(user.as_uuid())
        .filter(entity::Column::DisabledAt.is_null())
        .one(db)
        .await?;
    row.as_ref().map(known).transpose()
}

/// The same, and holds the row until the transaction ends: whoever would change it waits.
pub(super) async fn find_known_for_share(
    tx: &DatabaseTransaction,
    user: UserId,
) -> Result<Option<Known>, DbErr> {
    let row = entity::Entity::find_by_id(user.as_uuid())
        .filter(entity::Column::DisabledAt.is_null())
        .lock_shared()
        .one(tx)
        .await?;
    row.as_ref().map(known).transpose()
}

/// The hash of somebody's password.
pub(super) async fn find_password(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<String>, DbErr> {
    let row = entity::Entity::find_by_id(user.as_uuid()).one(db).await?;
    Ok(row.map(|it| it.password_hash))
}

fn known(row: &entity::Model) -> Result<Known, DbErr> {
    Ok(Known {
        user: row.id.into(),
        email: row.email.clone(),
        has_totp: row.totp_confirmed_at.is_some(),
        allowed: addresses(row)?,
        password_sha256: sha256(row.password_hash.as_bytes()),
    })
}

fn addresses(row: &entity::Model) -> Result<Option<AddressList>, DbErr> {
    row.allowed_addresses.as_deref().map(str::parse).transpose().map_err(damaged)
}

/// The person of a session, if both stand when the request came.
pub(super) async fn find_by_session(
    db: &impl ConnectionTrait,
    session: SessionId,
    user: UserId,
    origin: Origin,
) -> Result<Option<Vendor>, DbErr> {
    let this = Condition::all()
        .add(session_entity::Column::Id.eq(session.as_uuid()))
        .add(session_entity::Column::UserId.eq(user.as_uuid()));
    find_standing(db, this, origin).await
}

/// The person whose page has the cookie with this digest, if both stand when the request
/// came.
pub(super) async fn find_by_page(
    db: &impl ConnectionTrait,
    page_sha256: &[u8],
    origin: Origin,
) -> Result<Option<Vendor>, DbErr> {
    let this = Condition::all().add(session_entity::Column::RefreshSha256.eq(page_sha256));
    find_standing(db, this, origin).await
}

async fn find_standing(
    db: &impl ConnectionTrait,
    session: Condition,
    origin: Origin,
) -> Result<Option<Vendor>, DbErr> {
    let found = session_entity::Entity::find()
        .filter(session)
        .filter(session_entity::Column::RevokedAt.is_null())
        .filter(session_entity::Column::ExpiresAt.gt(origin.at))
        .find_also_related(entity::Entity)
        .filter(entity::Column::DisabledAt.is_null())
        .one(db)
        .await?;
    let Some((session, Some(person))) = found else { return Ok(None) };
    let role = person.role.parse().map_err(damaged)?;
    let allowed = addresses(&person)?;
    Ok(Some(Vendor {
        user: person.id.into(),
        session: session.id.into(),
        email: person.email,
        name: person.name,
        role,
        origin,
        has_totp: person.totp_confirmed_at.is_some(),
        has_shown_password: person.password_expires_at.is_some(),
        allowed,
    }))
}

/// Writes a session.
pub(super) async fn insert_session(
    db: &impl ConnectionTrait,
    user: UserId,
    refresh_sha256: Vec<u8>,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<SessionId, DbErr> {
    let id = SessionId::generate();
    let row = session_entity::ActiveModel {
        id: Set(id.as_uuid()),
        user_id: Set(user.as_uuid()),
        refresh_sha256: Set(refresh_sha256),
        replaced_sha256: NotSet,
        created_at: Set(now),
        expires_at: Set(until),
        revoked_at: NotSet,
    };
    session_entity::Entity::insert(row).exec_without_returning(db).await?;
    Ok(id)
}

/// A session that a refresh token belongs, or belonged, to.
#[derive(Debug)]
pub(super) struct Refreshable {
    pub(super) session: SessionId,
    pub(super) user: UserId,
    /// Whether the token is the current one; if not, it was used before.
    pub(super) current: bool,
}

/// Finds the standing session of a refresh token, and holds it until the transaction ends.
pub(super) async fn find_refreshable_for_update(
    tx: &DatabaseTransaction,
    refresh_sha256: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Refreshable>, DbErr> {
    use session_entity::Column::{ExpiresAt, RefreshSha256, ReplacedSha256, RevokedAt};

    let either = Condition::any()
        .add(RefreshSha256.eq(refresh_sha256))
        .add(ReplacedSha256.eq(refresh_sha256));
    let row = session_entity::Entity::find()
        .filter(either)
        .filter(RevokedAt.is_null())
        .filter(ExpiresAt.gt(now))
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(row.map(|it| Refreshable {
        session: it.id.into(),
        user: it.user_id.into(),
        current: it.refresh_sha256 == refresh_sha256,
    }))
}

/// Whether the person may still log in.
pub(super) async fn is_enabled(tx: &DatabaseTransaction, user: UserId) -> Result<bool, DbErr> {
    let person = entity::Entity::find_by_id(user.as_uuid())
        .filter(entity::Column::DisabledAt.is_null())
        .one(tx)
        .await?;
    Ok(person.is_some())
}

/// Puts a new refresh token in the place of the one that was used.
pub(super) async fn replace_refresh(
    tx: &DatabaseTransaction,
    session: SessionId,
    (used, fresh): (Vec<u8>, Vec<u8>),
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = session_entity::ActiveModel {
        refresh_sha256: Set(fresh),
        replaced_sha256: Set(Some(used)),
        expires_at: Set(now + SESSION_TTL),
        ..Default::default()
    };
    session_entity::Entity::update_many()
        .set(row)
        .filter(session_entity::Column::Id.eq(session.as_uuid()))
        .exec(tx)
        .await
        .map(drop)
}

/// Ends a session.
pub(super) async fn revoke(
    db: &impl ConnectionTrait,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    session_entity::Entity::update_many()
        .col_expr(session_entity::Column::RevokedAt, Expr::value(now))
        .filter(session_entity::Column::Id.eq(session.as_uuid()))
        .filter(session_entity::Column::RevokedAt.is_null())
        .exec(db)
        .await
        .map(drop)
}
